//! Which of a camera's modes is used. A pure choice by these rules, in this order:
//!
//! 1. Only formats that we take; where `[camera] format` names one, only that. H.264 is used only where it is named.
//! 2. Only sizes under the 2K limit, if there are any. If there are none, the larger ones with `scale = true`; else the
//!    camera is refused. H.264 is never scaled.
//! 3. Motion first: modes with at least 4/5 of the wanted rate before those with at least 9/20 before the rest, since a
//!    smaller picture is better than a stuttering one (25 and 24 frames a second do for 30, 15 do not if there is better).
//! 4. The wanted size; else the smallest that covers it; else the largest that does not.
//! 5. The rate nearest to the wanted one.
//! 6. The cheapest format: least work first (YU12, YV12, NV12, NV21, YUYV, UYVY, RGB and its kin), then MJPEG, H.264 last.
//!
//! With `scale = true`, what is larger than wanted is scaled down to fit inside the wanted size, its shape kept. Nothing is
//! ever scaled up.

use std::cmp::Reverse;

use media::{PixelFormat, Size, fit_inside};

use super::config::{Config, Format};
use super::mode::{FourCc, Mode, Rate};

/// A chosen mode, and the size that goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub mode: Mode,
    pub size: Size,
}

/// Chooses among `modes` for `config`; `formats` are all of the camera's, for the refusal.
pub(super) fn choose(modes: &[Mode], formats: &[FourCc], config: &Config) -> Result<Choice, String> {
    let (wanted, rate) = (config.size(), Rate::from_fps(config.fps));
    let fits = |mode: &&Mode| mode.size.fits_2k();
    let named: Vec<&Mode> = modes.iter().filter(|mode| config.format.names(mode)).collect();
    let mode = named
        .iter()
        .copied()
        .filter(fits)
        .min_by_key(|mode| key(mode, wanted, rate))
        .or_else(|| {
            let scalable = |mode: &&Mode| config.scale && mode.format() != Some(PixelFormat::H264);
            named.iter().copied().filter(scalable).min_by_key(|mode| key(mode, wanted, rate))
        })
        .ok_or_else(|| refusal(modes, &named, formats, config))?;
    Ok(Choice { mode: *mode, size: output_size(mode, config) })
}

/// The size that goes out when the driver delivers `mode`.
pub(super) fn output_size(mode: &Mode, config: &Config) -> Size {
    match mode.format() {
        Some(PixelFormat::H264) => mode.size,
        _ if config.scale => fit_inside(mode.size, config.size()),
        _ => mode.size.even(),
    }
}

/// What is better comes first.
fn key(mode: &Mode, wanted: Size, rate: Rate) -> impl Ord + use<> {
    let share = mode.fps.fps() / rate.fps();
    let motion = [0.8, 0.45].iter().filter(|least| share < **least).count();
    let Size { width, height } = mode.size;
    let covers = width >= wanted.width && height >= wanted.height;
    let area = mode.size.area() as u64;
    // Of those that cover, the smallest; of those that do not, the largest.
    let size = (mode.size != wanted, !covers, if covers { area } else { u64::MAX - area });
    let distance = ((mode.fps.fps() - rate.fps()).abs() * 1000.0) as u64;
    (motion, size, distance, Reverse(mode.fps), cost(mode.format()))
}

fn cost(format: Option<PixelFormat>) -> u8 {
    match format {
        Some(PixelFormat::I420) => 0,
        Some(PixelFormat::Yv12) => 1,
        Some(PixelFormat::Nv12) => 2,
        Some(PixelFormat::Nv21) => 3,
        Some(PixelFormat::Yuyv) => 4,
        Some(PixelFormat::Uyvy) => 5,
        Some(PixelFormat::Bgra | PixelFormat::Rgb24 | PixelFormat::Bgr24) => 6,
        Some(PixelFormat::Mjpeg) => 7,
        _ => 8,
    }
}

fn refusal(modes: &[Mode], named: &[&Mode], formats: &[FourCc], config: &Config) -> String {
    if !named.is_empty() {
        let largest = if named.iter().any(|mode| mode.size.width < mode.size.height) { "1088x1920" } else { "1920x1088" };
        let way_out = if config.format == Format::H264 { "choose another [camera] format" } else { "set [camera] scale = true" };
        return format!("no mode fits {largest} (offers {}); {way_out}", offers(named.iter().copied()));
    }
    if config.format != Format::Auto {
        return format!("no mode in {} (offers {}); set [camera] format = \"auto\"", config.format, offers(modes));
    }
    if !modes.is_empty() {
        return format!("only H.264 can be used (offers {}); set [camera] format = \"h264\"", offers(modes));
    }
    let codes: Vec<_> = formats.iter().take(8).map(ToString::to_string).collect();
    let codes = if codes.is_empty() { "nothing".into() } else { codes.join(", ") };
    format!("none of its formats can be used (offers {codes})")
}

/// Sizes and formats, each once, largest first, the rest counted.
fn offers<'a>(modes: impl IntoIterator<Item = &'a Mode>) -> String {
    let mut texts: Vec<(Reverse<usize>, String)> =
        modes.into_iter().map(|mode| (Reverse(mode.size.area()), format!("{} {}", mode.size, mode.fourcc))).collect();
    texts.sort();
    texts.dedup();
    let more = texts.len().saturating_sub(6);
    let mut text = texts.into_iter().take(6).map(|(_, text)| text).collect::<Vec<_>>().join(", ");
    if text.is_empty() {
        text.push_str("nothing we take");
    }
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mode(fourcc: &[u8; 4], width: u32, height: u32, fps: u32) -> Mode {
        Mode { fourcc: FourCc(*fourcc), size: Size::new(width, height), fps: Rate::new(fps, 1) }
    }

    fn chosen(modes: &[Mode], config: &Config) -> String {
        match choose(modes, &[], config) {
            Ok(choice) if choice.size == choice.mode.size => choice.mode.to_string(),
            Ok(choice) => format!("{} -> {}", choice.mode, choice.size),
            Err(why) => why,
        }
    }

    /// What a common USB camera offers.
    fn usb_camera() -> Vec<Mode> {
        let raw = [(1920, 1080, 5), (1280, 720, 10), (640, 480, 30), (640, 360, 30), (320, 240, 30)];
        let jpeg = [(1920, 1080, 30), (1280, 720, 30), (1280, 720, 60), (640, 480, 30), (640, 360, 30)];
        let modes = raw.map(|(w, h, f)| mode(b"YUYV", w, h, f)).into_iter();
        modes.chain(jpeg.map(|(w, h, f)| mode(b"MJPG", w, h, f))).chain([mode(b"H264", 1920, 1080, 30)]).collect()
    }

    #[test]
    fn common_wishes_are_met_as_the_rules_say() {
        let wish = |width, height, fps| Config { width, height, fps, ..Config::default() };
        let camera = usb_camera();
        assert_eq!(chosen(&camera, &wish(1280, 720, 30.0)), "1280x720@30 MJPG", "raw is too slow at this size");
        assert_eq!(chosen(&camera, &wish(1280, 720, 60.0)), "1280x720@60 MJPG");
        assert_eq!(chosen(&camera, &wish(640, 480, 30.0)), "640x480@30 YUYV", "raw is cheaper where it is fast enough");
        assert_eq!(chosen(&camera, &wish(1280, 720, 10.0)), "1280x720@10 YUYV");
        assert_eq!(chosen(&camera, &wish(800, 600, 30.0)), "1280x720@30 MJPG", "the smallest that covers");
        assert_eq!(chosen(&camera, &Config { scale: true, ..wish(800, 600, 30.0) }), "1280x720@30 MJPG -> 800x450");
        let h264 = Config { format: Format::H264, ..wish(1280, 720, 30.0) };
        assert_eq!(chosen(&camera, &h264), "1920x1080@30 H264");
        let small = [mode(b"YUYV", 320, 240, 30), mode(b"YUYV", 352, 288, 30)];
        assert_eq!(chosen(&small, &Config { scale: true, ..Config::default() }), "352x288@30 YUYV", "nothing is scaled up");
        let slow = [mode(b"YUYV", 1280, 720, 15), mode(b"YUYV", 640, 480, 30), mode(b"YUYV", 1280, 720, 25)];
        assert_eq!(chosen(&slow, &Config::default()), "1280x720@25 YUYV");
        assert_eq!(chosen(&slow[..2], &Config::default()), "640x480@30 YUYV", "motion first");
    }

    #[test]
    fn what_cannot_be_met_is_refused_with_the_way_out() {
        let large = [mode(b"MJPG", 3840, 2160, 30)];
        let text = "no mode fits 1920x1088 (offers 3840x2160 MJPG); set [camera] scale = true";
        assert_eq!(chosen(&large, &Config::default()), text);
        assert_eq!(chosen(&large, &Config { scale: true, ..Config::default() }), "3840x2160@30 MJPG -> 1280x720");
        let h264 = Config { format: Format::H264, scale: true, ..Config::default() };
        assert_eq!(
            chosen(&[mode(b"H264", 3840, 2160, 30)], &h264),
            "no mode fits 1920x1088 (offers 3840x2160 H264); choose another [camera] format"
        );
        assert_eq!(
            chosen(&large, &Config { format: Format::Nv12, ..Config::default() }),
            "no mode in nv12 (offers 3840x2160 MJPG); set [camera] format = \"auto\""
        );
        assert_eq!(
            chosen(&[mode(b"H264", 1280, 720, 30)], &Config::default()),
            "only H.264 can be used (offers 1280x720 H264); set [camera] format = \"h264\""
        );
        let formats = [FourCc(*b"GRBG"), FourCc(*b"Y16 ")];
        assert_eq!(choose(&[], &formats, &Config::default()).unwrap_err(), "none of its formats can be used (offers GRBG, Y16 )");
    }

    proptest! {
        #[test]
        fn what_is_chosen_is_offered_and_goes_through_the_engine(
            modes in proptest::collection::vec((0usize..6, 1u32..500, 1u32..300, 1u32..61), 0..12),
            width in 8u32..960, height in 8u32..544, fps in 1.0f64..60.0, scale: bool,
        ) {
            let codes = [b"YUYV", b"NV12", b"MJPG", b"H264", b"GRBG", b"YU12"];
            let modes: Vec<_> = modes.into_iter().map(|(c, w, h, f)| mode(codes[c], w * 8, h * 8, f)).collect();
            let config = Config { width: width * 2, height: height * 2, fps, scale, ..Config::default() };
            if let Ok(Choice { mode, size }) = choose(&modes, &[], &config) {
                prop_assert!(modes.contains(&mode));
                prop_assert!(mode.format().is_some_and(|format| format != PixelFormat::H264));
                prop_assert!(size.fits_2k() && size == size.even(), "{size}");
                prop_assert!(size.width <= mode.size.width && size.height <= mode.size.height);
            } else {
                let usable = |mode: &Mode| mode.format().is_some_and(|format| format != PixelFormat::H264);
                prop_assert!(!modes.iter().any(|mode| usable(mode) && (scale || mode.size.fits_2k())));
            }
        }
    }
}
