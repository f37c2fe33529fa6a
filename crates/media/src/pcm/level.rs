//! How loud a block is.

/// Peak and mean level of some samples, in decibels below the loudest possible (0 is full scale).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Of the largest sample.
    pub peak_dbfs: f32,
    /// Of the root of the mean square; a full-scale square wave has 0.
    pub rms_dbfs: f32,
}

/// What silence is called: RTP's lowest audio level.
const FLOOR: f32 = -127.0;

impl Level {
    /// The level of `samples`; silence for none.
    pub fn of(samples: &[i16]) -> Self {
        let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
        let sum: u64 = samples.iter().map(|s| u64::from(s.unsigned_abs()).pow(2)).sum();
        let mean = (sum as f64 / samples.len().max(1) as f64).sqrt();
        Self { peak_dbfs: decibels(f64::from(peak)), rms_dbfs: decibels(mean) }
    }

    /// The level as RTP's audio level extension (RFC 6464) says it: 0 loudest, 127 silence.
    pub fn dbov(self) -> u8 {
        (-self.rms_dbfs).round().clamp(0.0, 127.0) as u8
    }
}

fn decibels(amplitude: f64) -> f32 {
    let level = 20.0 * (amplitude / 32768.0).log10();
    if level.is_finite() { (level as f32).max(FLOOR) } else { FLOOR }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sounds_have_their_known_levels() {
        let sine: Vec<i16> =
            (0..48_000).map(|n| ((f64::from(n) / 48.0 * std::f64::consts::TAU).sin() * 32767.0) as i16).collect();
        let level = Level::of(&sine);
        assert!(level.peak_dbfs.abs() < 0.01 && (level.rms_dbfs + 3.01).abs() < 0.01, "{level:?}");
        assert_eq!(level.dbov(), 3);
        let square = Level::of(&[-32768, -32768]);
        assert_eq!((square.peak_dbfs, square.rms_dbfs, square.dbov()), (0.0, 0.0, 0));
        assert_eq!(Level::of(&[0; 480]).dbov(), 127);
        assert_eq!(Level::of(&[]).rms_dbfs, -127.0);
        assert!((Level::of(&[3276, -3277]).rms_dbfs + 20.0).abs() < 0.01);
    }
}
