//! Makes sound shorter or longer by one period of its pitch, so that a delay changes without a click and without a change of tone:
//! overlap-add where the wave looks most like itself, as WSOLA and NetEQ do it. Mono at 48 kHz. Pure.

use super::RATE;

/// Shortest and longest lag that is tried: 2.5 to 15 ms hold the pitch of all voices.
const LAGS: std::ops::RangeInclusive<usize> = RATE / 400..=RATE * 15 / 1000;
/// Sound that [`shorten`] needs to look at: two of the longest lags.
pub const WINDOW: usize = 2 * *LAGS.end();
/// Lags are looked for in the wave thinned out by this, then found exactly.
const THIN: usize = 8;
/// Sound below this root mean square has nothing that could click: -54 dBFS.
const QUIET: f64 = 64.0;

/// How alike the wave and its neighbour a period away must be (1 = equal).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness(pub f64);

impl Likeness {
    /// Nobody hears it.
    pub const GOOD: Self = Self(0.9);
    /// A delay that is far off is heard more than this.
    pub const FAIR: Self = Self(0.5);
}

/// Takes one period out of the first [`WINDOW`] samples of `pcm`. Gives the number of samples that are gone: 0 where the wave does not
/// look like itself at any lag.
pub fn shorten(pcm: &mut Vec<i16>, least: Likeness) -> usize {
    let middle = *LAGS.end();
    if pcm.len() < WINDOW {
        return 0;
    }
    let Some(lag) = period(&pcm[..WINDOW], middle, middle, least) else { return 0 };
    for n in 0..lag {
        pcm[middle - lag + n] = fade(pcm[middle - lag + n], pcm[middle + n], n, lag);
    }
    pcm.drain(middle..middle + lag);
    lag
}

/// Puts one period before `pcm`, made of the sound that came before it (`past`, the newest last) and of its own beginning. Gives the
/// number of samples that were added: 0 where the wave does not look like itself at any lag.
pub fn lengthen(past: &[i16], pcm: &mut Vec<i16>, least: Likeness) -> usize {
    let longest = (*LAGS.end()).min(past.len()).min(pcm.len());
    if longest < *LAGS.start() {
        return 0;
    }
    let mut seam = [0i16; WINDOW];
    let seam = &mut seam[..2 * longest];
    seam[..longest].copy_from_slice(&past[past.len() - longest..]);
    seam[longest..].copy_from_slice(&pcm[..longest]);
    let Some(lag) = period(seam, longest, longest, least) else { return 0 };
    // From what comes next to what has just been, which what comes next follows.
    drop(pcm.splice(..0, (0..lag).map(|n| fade(seam[longest + n], seam[longest - lag + n], n, lag))));
    lag
}

/// From `one` to `other`, at step `n` of `count`.
fn fade(one: i16, other: i16, n: usize, count: usize) -> i16 {
    let share = (n as f32 + 0.5) / count as f32;
    (f32::from(one) * (1.0 - share) + f32::from(other) * share).round() as i16
}

/// The lag, at most `longest`, at which the wave behind `middle` is most like the wave before it.
fn period(pcm: &[i16], middle: usize, longest: usize, least: Likeness) -> Option<usize> {
    let energy: f64 = pcm.iter().map(|s| f64::from(*s).powi(2)).sum();
    if (energy / pcm.len() as f64).sqrt() < QUIET {
        return Some(longest);
    }
    let mut thin = [0f32; WINDOW / THIN];
    for (sum, chunk) in thin.iter_mut().zip(pcm.chunks_exact(THIN)) {
        *sum = chunk.iter().map(|s| f32::from(*s)).sum();
    }
    let (thin, thin_middle) = (&thin[..pcm.len() / THIN], middle / THIN);
    let coarse = (LAGS.start().div_ceil(THIN)..=longest / THIN)
        .max_by(|a, b| alike(thin, thin_middle, *a).total_cmp(&alike(thin, thin_middle, *b)))?;
    let mut full = [0f32; WINDOW];
    for (to, from) in full.iter_mut().zip(pcm) {
        *to = f32::from(*from);
    }
    let full = &full[..pcm.len()];
    let around = (coarse * THIN).saturating_sub(THIN).max(*LAGS.start())..=(coarse * THIN + THIN).min(longest);
    let (lag, found) = around.map(|lag| (lag, alike(full, middle, lag))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    (f64::from(found) >= least.0).then_some(lag)
}

/// Normalised correlation of the `lag` samples before `middle` with those behind it.
fn alike(wave: &[f32], middle: usize, lag: usize) -> f32 {
    let (before, behind) = (&wave[middle - lag..middle], &wave[middle..middle + lag]);
    let (mut both, mut one, mut other) = (0.0, 1.0, 1.0);
    for (a, b) in before.iter().zip(behind) {
        both += a * b;
        one += a * a;
        other += b * b;
    }
    both / (one * other).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A voice at 140 Hz: a tone with its overtones.
    fn voice(count: usize) -> Vec<i16> {
        let at = |n: usize, part: f64| (n as f64 * 140.0 * part * std::f64::consts::TAU / RATE as f64).sin();
        (0..count).map(|n| (6000.0 * at(n, 1.0) + 3000.0 * at(n, 2.0) + 1500.0 * at(n, 5.0)) as i16).collect()
    }

    /// The largest step from sample to sample: a click is one larger than the wave's own.
    fn steepest(pcm: &[i16]) -> i32 {
        pcm.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap_or(0)
    }

    #[test]
    fn a_period_comes_and_goes_without_a_click() {
        let original = voice(3 * WINDOW);
        let mut shorter = original.clone();
        let gone = shorten(&mut shorter, Likeness::GOOD);
        // 140 Hz have 342.9 samples; a multiple of them fits as well.
        assert!(gone > 0 && (gone as f64 / 342.86).fract().min(1.0 - (gone as f64 / 342.86).fract()) < 0.02, "{gone}");
        assert_eq!(shorter.len(), original.len() - gone);
        assert!(steepest(&shorter) <= steepest(&original) * 11 / 10, "{} {}", steepest(&shorter), steepest(&original));

        let (past, rest) = original.split_at(WINDOW);
        let mut longer = rest.to_vec();
        let more = lengthen(past, &mut longer, Likeness::GOOD);
        assert!(more > 0 && longer.len() == rest.len() + more);
        let heard = [past, &longer].concat();
        assert!(steepest(&heard) <= steepest(&original) * 11 / 10);
    }

    #[test]
    fn noise_is_left_alone_and_silence_is_not() {
        let mut seed = 1u32;
        let mut noise: Vec<i16> = (0..WINDOW)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 16) as i16 / 4
            })
            .collect();
        assert_eq!(shorten(&mut noise, Likeness::GOOD), 0);
        let mut silence = vec![3i16; WINDOW];
        assert_eq!(shorten(&mut silence, Likeness::GOOD), *LAGS.end());
        assert_eq!(lengthen(&[], &mut silence, Likeness::GOOD), 0, "nothing has been yet");
    }

    #[test]
    fn too_little_sound_stays_as_it_is() {
        let mut little = voice(WINDOW - 1);
        assert_eq!(shorten(&mut little, Likeness::FAIR), 0);
        assert_eq!(little.len(), WINDOW - 1);
        let mut few = voice(10);
        assert_eq!(lengthen(&voice(700), &mut few, Likeness::FAIR), 0);
    }
}
