//! How well speech is understood that went through something: the short-time objective intelligibility measure of Taal, Hendriks,
//! Heusdens and Jensen (IEEE Transactions on Audio, Speech and Language Processing 19, 2011). For tests and for the bench, not for
//! anything that runs while somebody listens.

/// Rate at which both sounds must be given, in Hz.
pub const STOI_RATE: u32 = 10_000;
/// Samples of a frame; each begins half a frame behind the one before.
const FRAME: usize = 256;
/// Points of the transform.
const POINTS: usize = 512;
/// Third-octave bands, the lowest around 150 Hz.
const BANDS: usize = 15;
/// Frames that are looked at together: 384 ms.
const SEGMENT: usize = 30;
/// Frames so far below the loudest count as silence, in dB.
const RANGE: f64 = 40.0;
/// Lowest signal-to-distortion ratio that counts, in dB.
const FLOOR: f64 = -15.0;

/// How well `heard` is understood by somebody who knows `original`: 0 (not at all) to 1. Both at [`STOI_RATE`], beginning at the same
/// moment. `None` where there is not enough speech to tell: 0.4 s besides silence.
pub fn stoi(original: &[f32], heard: &[f32]) -> Option<f64> {
    let count = original.len().min(heard.len());
    let (clean, dirty) = without_silence(&original[..count], &heard[..count]);
    let (clean, dirty) = (bands(&clean), bands(&dirty));
    let segments = clean.len().checked_sub(SEGMENT - 1).filter(|n| *n > 0)?;
    let mut sum = 0.0;
    for first in 0..segments {
        for band in 0..BANDS {
            let row = |of: &[[f64; BANDS]]| -> [f64; SEGMENT] { std::array::from_fn(|n| of[first + n][band]) };
            sum += alike(&row(&clean), &row(&dirty));
        }
    }
    Some(sum / (segments * BANDS) as f64)
}

/// Correlation of a band's envelopes, the heard one normalised and clipped.
fn alike(clean: &[f64; SEGMENT], dirty: &[f64; SEGMENT]) -> f64 {
    let norm = |of: &[f64; SEGMENT]| of.iter().map(|x| x * x).sum::<f64>().sqrt();
    let scale = norm(clean) / (norm(dirty) + f64::EPSILON);
    let most = 1.0 + 10f64.powf(-FLOOR / 20.0);
    let clipped: [f64; SEGMENT] = std::array::from_fn(|n| (dirty[n] * scale).min(clean[n] * most));
    let centred = |of: &[f64; SEGMENT]| -> [f64; SEGMENT] {
        let mean = of.iter().sum::<f64>() / SEGMENT as f64;
        of.map(|x| x - mean)
    };
    let (a, b) = (centred(clean), centred(&clipped));
    let both: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    both / (norm(&a) * norm(&b) + f64::EPSILON)
}

fn window(n: usize) -> f64 {
    0.5 - 0.5 * (std::f64::consts::TAU * (n + 1) as f64 / (FRAME + 1) as f64).cos()
}

/// Both sounds without the frames in which the original is silent, put together again by overlap-add.
fn without_silence(original: &[f32], heard: &[f32]) -> (Vec<f64>, Vec<f64>) {
    let starts: Vec<usize> = (0..original.len().saturating_sub(FRAME - 1)).step_by(FRAME / 2).collect();
    let level = |at: usize| {
        let power: f64 = (0..FRAME).map(|n| (f64::from(original[at + n]) * window(n)).powi(2)).sum();
        20.0 * (power.sqrt() + f64::EPSILON).log10()
    };
    let levels: Vec<f64> = starts.iter().map(|at| level(*at)).collect();
    let loudest = levels.iter().copied().fold(f64::MIN, f64::max);
    let kept: Vec<usize> = starts.iter().zip(&levels).filter(|(_, level)| **level > loudest - RANGE).map(|(at, _)| *at).collect();
    let join = |of: &[f32]| {
        let mut joined = vec![0.0; kept.len() * FRAME / 2 + FRAME / 2];
        for (index, at) in kept.iter().enumerate() {
            for n in 0..FRAME {
                joined[index * FRAME / 2 + n] += f64::from(of[at + n]) * window(n);
            }
        }
        joined
    };
    (join(original), join(heard))
}

/// The envelopes of the bands, frame by frame.
fn bands(sound: &[f64]) -> Vec<[f64; BANDS]> {
    let bin = f64::from(STOI_RATE) / POINTS as f64;
    let edge = |third: f64| ((150.0 * 2f64.powf(third / 3.0)) / bin).round() as usize;
    let edges: [(usize, usize); BANDS] = std::array::from_fn(|k| (edge(k as f64 - 0.5), edge(k as f64 + 0.5)));
    let table: Vec<(f64, f64)> = (0..POINTS).map(|n| (std::f64::consts::TAU * n as f64 / POINTS as f64).sin_cos()).collect();
    let starts = (0..sound.len().saturating_sub(FRAME)).step_by(FRAME / 2);
    let frames = starts.map(|at| -> [f64; FRAME] { std::array::from_fn(|n| sound[at + n] * window(n)) });
    frames
        .map(|frame| {
            let power = |k: usize| {
                let (mut re, mut im) = (0.0, 0.0);
                for (n, x) in frame.iter().enumerate() {
                    let (sin, cos) = table[k * n % POINTS];
                    re += x * cos;
                    im -= x * sin;
                }
                re * re + im * im
            };
            edges.map(|(from, to)| (from..to).map(power).sum::<f64>().sqrt())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random numbers from -1 to 1, the same each time.
    fn noise(seed: u64, count: usize) -> Vec<f32> {
        let mut state = seed;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
            })
            .collect()
    }

    /// Noise that swells and fades as syllables do.
    fn speech() -> Vec<f32> {
        let swell = |n: usize| (n as f32 / 10_000.0 * 4.0 * std::f32::consts::TAU).sin().max(0.0).powi(2);
        noise(1, 40_000).iter().enumerate().map(|(n, x)| x * swell(n)).collect()
    }

    fn with_noise(db: f32) -> f64 {
        let clean = speech();
        let factor = 10f32.powf(-db / 20.0) * 0.61;
        let dirty: Vec<f32> = clean.iter().zip(noise(2, clean.len())).map(|(x, n)| x + n * factor).collect();
        stoi(&clean, &dirty).unwrap()
    }

    #[test]
    fn what_is_heard_as_it_was_is_understood_and_noise_makes_it_worse() {
        let clean = speech();
        let same = stoi(&clean, &clean).unwrap();
        assert!((same - 1.0).abs() < 1e-6, "{same}");
        let quieter: Vec<f32> = clean.iter().map(|x| x * 0.1).collect();
        assert!(stoi(&clean, &quieter).unwrap() > 0.999, "loudness does not matter");
        let noisy = [20.0, 5.0, -5.0, -20.0].map(with_noise);
        assert!(noisy.windows(2).all(|pair| pair[0] > pair[1] + 0.05), "{noisy:?}");
        assert!(noisy[0] > 0.9 && noisy[3] < 0.45, "{noisy:?}");
        let other = stoi(&clean, &noise(3, clean.len())).unwrap();
        // Not 0: what is heard is clipped to the original's envelope, and where that is nearly silent it follows it whatever it is.
        assert!(other < 0.45, "{other}");
    }

    #[test]
    fn too_little_speech_says_nothing() {
        assert_eq!(stoi(&[], &[]), None);
        assert_eq!(stoi(&speech()[..3000], &speech()[..3000]), None);
    }
}
