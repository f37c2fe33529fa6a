//! Bringing a plane to a whole fraction of its sides: what a small stream is made by. Not for any other size: see [`crate::scale`].

use crate::frame::Plane;

/// Shrinks planes, keeping its scratch: no tables and, once warm, no allocation.
#[derive(Debug, Default)]
pub struct Shrinker {
    /// The sums of the columns of the rows that become one.
    sums: Vec<u16>,
}

impl Shrinker {
    /// Writes `plane` at one `factor`th (1 to 128) of its sides into `out`, `width` pixels a row: each pixel is the rounded mean of
    /// `factor` by `factor`. What fills no whole pixel at the right and the lower edge is left out. False when `plane` is too short
    /// for that.
    #[must_use]
    pub fn shrink(&mut self, plane: Plane<'_>, factor: usize, width: usize, out: &mut [u8]) -> bool {
        if !(1..=128).contains(&factor) || width == 0 || plane.stride < width * factor {
            return false;
        }
        let (span, area) = (width * factor, (factor * factor) as u64);
        // Division by a number that the compiler does not know costs more than all the rest.
        let reciprocal = (1 << 32) / area + 1;
        self.sums.resize(span, 0);
        for (index, out) in out.chunks_exact_mut(width).enumerate() {
            self.sums.fill(0);
            for row in index * factor..(index + 1) * factor {
                let Some(pixels) = plane.data.get(row * plane.stride..).and_then(|rest| rest.get(..span)) else { return false };
                for (sum, pixel) in self.sums.iter_mut().zip(pixels) {
                    *sum += u16::from(*pixel);
                }
            }
            for (out, sums) in out.iter_mut().zip(self.sums.chunks_exact(factor)) {
                let sum: u64 = sums.iter().map(|sum| u64::from(*sum)).sum();
                *out = (((sum + area / 2) * reciprocal) >> 32) as u8;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_pixel_is_the_rounded_mean_of_those_under_it(
            factor in 1usize..9, width in 1usize..8, rows in 1usize..5, padding in 0usize..10, seed in any::<u32>(),
        ) {
            let stride = width * factor + padding;
            let data: Vec<u8> = (0..stride * rows * factor)
                .map(|n| ((n as u32).wrapping_mul(2_654_435_761).wrapping_add(seed) >> 24) as u8)
                .collect();
            let mut out = vec![0; width * rows];
            let shrunk = Shrinker::default().shrink(Plane { data: &data, stride }, factor, width, &mut out);
            prop_assert!(shrunk);
            for y in 0..rows {
                for x in 0..width {
                    let under = (0..factor * factor).map(|n| {
                        u32::from(data[(y * factor + n / factor) * stride + x * factor + n % factor])
                    });
                    let area = (factor * factor) as u32;
                    prop_assert_eq!(u32::from(out[y * width + x]), (under.sum::<u32>() + area / 2) / area);
                }
            }
        }
    }

    #[test]
    fn brightest_and_darkest_stay_what_they_are_at_every_factor_and_short_planes_are_refused() {
        for factor in 1..=128 {
            for value in [0, 255] {
                let data = vec![value; factor * factor];
                let mut out = [7];
                assert!(Shrinker::default().shrink(Plane { data: &data, stride: factor }, factor, 1, &mut out));
                assert_eq!(out, [value], "{factor}");
            }
        }
        let mut shrinker = Shrinker::default();
        assert!(!shrinker.shrink(Plane { data: &[0; 8], stride: 3 }, 3, 1, &mut [0]));
        assert!(!shrinker.shrink(Plane { data: &[0; 9], stride: 2 }, 3, 1, &mut [0]));
        assert!(!shrinker.shrink(Plane { data: &[0; 9], stride: 3 }, 0, 1, &mut [0]));
    }
}
