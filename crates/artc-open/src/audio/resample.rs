//! Brings PCM to another rate by a windowed-sinc polyphase filter. For the rates that Opus and AAC do not share; good to -60 dB.

/// Taps of one phase, for each sample of the lower rate: so many keep what the target rate cannot carry 60 dB down; the cost is
/// nothing beside an encoder's.
const TAPS: usize = 64;

/// A rate converter with the state of its filter.
pub struct Resampler {
    up: usize,
    down: usize,
    channels: usize,
    /// Coefficients of one phase.
    taps: usize,
    /// `up` phases.
    phases: Vec<Vec<f32>>,
    /// The last samples, interleaved, oldest first.
    history: Vec<f32>,
    /// Position of the next output sample in the input, in `1 / up`.
    position: usize,
}

impl Resampler {
    /// From `from` Hz to `to` Hz.
    pub fn new(from: u32, to: u32, channels: usize) -> Self {
        let divisor = gcd(from, to).max(1);
        let (up, down) = ((to / divisor) as usize, (from / divisor) as usize);
        // The filter passes what both rates can carry.
        let cutoff = (up as f64 / down as f64).min(1.0) * 0.92;
        let taps = TAPS * down.div_ceil(up);
        let phases = (0..up).map(|phase| kernel(taps, phase as f64 / up as f64, cutoff)).collect();
        Self { up, down, channels, taps, phases, history: vec![0.0; taps * channels], position: 0 }
    }

    /// Appends the converted `input` (interleaved, whole frames) to `output`.
    pub fn process(&mut self, input: &[i16], output: &mut Vec<i16>) {
        let before = self.history.len() / self.channels;
        self.history.extend(input.iter().map(|s| f32::from(*s)));
        let frames = self.history.len() / self.channels;
        debug_assert!(before == self.taps);
        loop {
            let (first, phase) = (self.position / self.up, self.position % self.up);
            if first + self.taps >= frames {
                break;
            }
            for channel in 0..self.channels {
                let taps = &self.phases[phase];
                let sum: f32 =
                    taps.iter().enumerate().map(|(k, tap)| tap * self.history[(first + 1 + k) * self.channels + channel]).sum();
                output.push(sum.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16);
            }
            self.position += self.down;
        }
        let used = frames - self.taps;
        self.history.drain(..used * self.channels);
        self.position -= used * self.up;
    }
}

/// Coefficients for a point `fraction` of a sample behind the middle of the taps.
fn kernel(count: usize, fraction: f64, cutoff: f64) -> Vec<f32> {
    let middle = (count / 2 - 1) as f64 + fraction;
    let mut taps = vec![0.0f64; count];
    for (k, tap) in taps.iter_mut().enumerate() {
        let x = k as f64 - middle;
        let sinc = if x.abs() < 1e-9 { cutoff } else { (std::f64::consts::PI * x * cutoff).sin() / (std::f64::consts::PI * x) };
        let half = count as f64 / 2.0;
        // Blackman window over the taps.
        let w = (x / half).clamp(-1.0, 1.0);
        let window = 0.42 + 0.5 * (std::f64::consts::PI * w).cos() + 0.08 * (2.0 * std::f64::consts::PI * w).cos();
        *tap = sinc * window;
    }
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|t| (t / sum) as f32).collect()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
