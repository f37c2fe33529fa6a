//! How loud it is: what went out since it was asked for last, as one number.

use std::sync::{Mutex, PoisonError};

/// Gathers samples between two questions.
#[derive(Debug, Default)]
pub(super) struct Level(Mutex<Gathered>);

#[derive(Debug, Default)]
struct Gathered {
    squares: u64,
    count: u64,
}

impl Level {
    pub fn hear(&self, samples: &[i16]) {
        let squares: u64 = samples.iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.squares = gathered.squares.saturating_add(squares);
        gathered.count += samples.len() as u64;
    }

    /// The mean level in dB of full scale, at least -96; `None` where nothing came.
    pub fn take(&self) -> Option<f32> {
        let Gathered { squares, count } = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        (count > 0).then(|| {
            let mean = squares as f64 / count as f64 / f64::from(i16::MAX).powi(2);
            (10.0 * mean.log10()).clamp(-96.0, 0.0) as f32
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_is_0_db_half_of_it_6_less_and_silence_the_least() {
        let level = Level::default();
        assert_eq!(level.take(), None);
        let of = |samples: &[i16]| {
            level.hear(samples);
            level.take().expect("heard")
        };
        assert!(of(&[i16::MAX, i16::MIN]).abs() < 0.01);
        assert!((of(&[i16::MAX / 2; 480]) + 6.02).abs() < 0.01);
        assert_eq!(of(&[0; 480]), -96.0);
        level.hear(&[i16::MAX; 100]);
        level.hear(&[0; 100]);
        assert!((level.take().expect("heard") + 3.01).abs() < 0.01, "the mean of all that came");
    }
}
