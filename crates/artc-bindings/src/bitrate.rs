//! The documented table of bitrates by size and frame rate, and how a wish is moved into it.

use crate::encoder::Dimensions;

/// Frame rates of the table's columns.
pub const RATES: [u32; 5] = [5, 10, 15, 20, 30];

/// Lowest, recommended and highest bitrate in kbit/s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// kbit/s.
    pub min: u32,
    /// kbit/s.
    pub recommended: u32,
    /// kbit/s.
    pub max: u32,
}

const fn r(min: u32, recommended: u32, max: u32) -> Range {
    Range { min, recommended, max }
}

/// One row: size, then a range for each of [`RATES`]. Source: reference section 8; 840x480 at 30 has its minimum above its
/// recommendation there too.
pub const TABLE: [((u32, u32), [Range; 5]); 19] = [
    ((120, 120), [r(10, 25, 75), r(17, 50, 150), r(25, 70, 210), r(34, 90, 270), r(50, 115, 345)]),
    ((160, 120), [r(10, 30, 90), r(20, 55, 165), r(30, 80, 240), r(40, 100, 300), r(60, 130, 390)]),
    ((180, 180), [r(10, 50, 150), r(17, 70, 210), r(26, 100, 300), r(34, 130, 390), r(51, 180, 540)]),
    ((240, 180), [r(15, 60, 180), r(30, 90, 270), r(45, 130, 390), r(60, 165, 495), r(90, 230, 690)]),
    ((320, 180), [r(15, 65, 195), r(30, 110, 330), r(45, 170, 510), r(60, 220, 660), r(90, 300, 900)]),
    ((240, 240), [r(15, 70, 140), r(30, 100, 200), r(45, 150, 300), r(60, 200, 400), r(90, 256, 512)]),
    ((320, 240), [r(20, 100, 200), r(40, 170, 340), r(60, 256, 512), r(80, 320, 640), r(120, 400, 800)]),
    ((424, 240), [r(26, 100, 200), r(53, 170, 340), r(79, 260, 520), r(105, 340, 680), r(158, 430, 860)]),
    ((360, 360), [r(30, 120, 240), r(60, 180, 360), r(90, 260, 520), r(120, 330, 660), r(180, 400, 800)]),
    ((480, 360), [r(40, 150, 300), r(80, 240, 480), r(120, 350, 700), r(160, 430, 860), r(240, 512, 1024)]),
    ((640, 360), [r(83, 200, 400), r(165, 340, 680), r(248, 512, 1024), r(330, 600, 1200), r(495, 700, 1400)]),
    ((480, 480), [r(83, 170, 340), r(165, 260, 520), r(248, 400, 800), r(330, 470, 940), r(495, 600, 1200)]),
    ((640, 480), [r(110, 200, 400), r(220, 350, 700), r(330, 512, 1024), r(440, 600, 1200), r(660, 700, 1400)]),
    ((840, 480), [r(180, 256, 512), r(360, 512, 1024), r(540, 610, 1220), r(720, 800, 1600), r(1080, 930, 1860)]),
    ((960, 720), [r(250, 250, 600), r(500, 500, 750), r(750, 750, 1125), r(1000, 1000, 1500), r(1500, 1500, 2250)]),
    ((1280, 720), [r(400, 400, 600), r(800, 800, 1200), r(1200, 1200, 1800), r(1600, 1600, 2400), r(2400, 2400, 3600)]),
    ((1920, 1080), [r(500, 500, 750), r(1000, 1000, 1500), r(1500, 1500, 2250), r(2000, 2000, 3000), r(3000, 3000, 4500)]),
    ((2560, 1440), [r(800, 800, 1200), r(1600, 1600, 2400), r(2400, 2400, 3600), r(3200, 3200, 4800), r(4800, 4800, 7200)]),
    ((3840, 2160), [r(1000, 1000, 1500), r(2000, 2000, 3000), r(3000, 3000, 4500), r(4000, 4000, 6000), r(6000, 6000, 9000)]),
];

/// The range for a size and a frame rate: the row with the nearest number of pixels, the column with the nearest rate (the
/// higher one when two are equally near, since too little hurts more than too much).
pub fn range(size: Dimensions, fps: u32) -> Range {
    let area = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
    let row = TABLE.iter().min_by_key(|(s, _)| (area(*s).abs_diff(size.area()), u64::MAX - area(*s)));
    let column = RATES.iter().enumerate().min_by_key(|(_, rate)| (rate.abs_diff(fps), u32::MAX - **rate)).map_or(0, |(i, _)| i);
    row.map_or(TABLE[0].1[column], |(_, ranges)| ranges[column])
}

/// The bitrate for a wish in kbit/s: 0 gives the recommendation, anything else is moved into the range.
pub fn clamp(size: Dimensions, fps: u32, wish_kbps: u32) -> u32 {
    let range = range(size, fps);
    match wish_kbps {
        0 => range.recommended.max(range.min),
        wish => wish.clamp(range.min, range.max),
    }
}
