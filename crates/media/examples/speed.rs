//! Prints what each step of the picture's way costs on this machine, as JSON lines: microseconds a frame, median and the
//! middle half's bounds.

use std::time::Duration;

use media::barcode::Stamp;
use media::draw::Canvas;
use media::scale::{Fit, Scaler};
use media::{Converter, PixelFormat, Plane, RawFrame, Size, h264, pattern};

#[expect(clippy::disallowed_methods, reason = "a stopwatch is its job")]
fn measure(name: &str, size: Size, mut work: impl FnMut()) {
    let mut times: Vec<f64> = (0..60)
        .map(|_| {
            let start = std::time::Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times[times.len() * part / 4];
    println!(r#"{{"step":"{name}","size":"{size}","us":{:.0},"low":{:.0},"high":{:.0}}}"#, at(2), at(1), at(3));
}

fn main() {
    for size in [Size::new(1280, 720), Size::new(1920, 1080)] {
        let mut out = vec![0; size.area() * 2];
        let mut picture = vec![0; size.i420_len()];
        let mut counter = 0;
        measure("pattern", size, || {
            counter += 1;
            pattern::draw_moving(
                &mut Canvas::new(size, &mut out).expect("large enough"),
                counter,
                Duration::from_millis(33),
                &pattern::Look::default(),
            );
        });
        pattern::draw_background(&mut Canvas::new(size, &mut picture).expect("large enough"));
        pattern::draw_moving(
            &mut Canvas::new(size, &mut picture).expect("large enough"),
            1,
            Duration::from_millis(33),
            &pattern::Look::default(),
        );
        // Some noise, so that the JPEG is as heavy as a camera's.
        let mut state = 1u32;
        for byte in &mut picture {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = byte.saturating_add((state >> 28) as u8);
        }
        let jpeg = media::jpeg::encode_i420(size, &picture, 85).expect("encodes");
        println!(r#"{{"jpeg":{},"size":"{size}"}}"#, jpeg.len());
        let raw = vec![90; size.area() * 4];
        for (name, format, stride) in [
            ("yu12", PixelFormat::I420, 1),
            ("nv12", PixelFormat::Nv12, 1),
            ("yuyv", PixelFormat::Yuyv, 2),
            ("uyvy", PixelFormat::Uyvy, 2),
            ("rgb24", PixelFormat::Rgb24, 3),
            ("bgra", PixelFormat::Bgra, 4),
            ("mjpeg", PixelFormat::Mjpeg, 0),
        ] {
            let data = if format == PixelFormat::Mjpeg { &jpeg } else { &raw };
            let plane = Some(Plane { data, stride: stride * size.width as usize });
            let frame = RawFrame { format, size, planes: [plane, None, None], captured_at: Duration::ZERO, sequence: 0 };
            let mut converter = Converter::default();
            measure(name, size, || converter.convert(&frame, size, &mut out).expect("converts"));
        }
        let half = Size::new(size.width / 2, size.height / 2);
        let mut scaler = Scaler::default();
        measure("halve", size, || scaler.scale((size, &picture), (half, &mut out), Fit::Stretch).expect("scales"));
        measure("stamp", size, || {
            std::hint::black_box(Stamp::read_luma(&picture, size.width as usize, size));
        });
        let unit = [&[0, 0, 0, 1, 0x65, 0xb8][..], &picture[..100_000].iter().map(|b| b | 1).collect::<Vec<_>>()].concat();
        measure("inspect a unit of 100 kB", size, || {
            std::hint::black_box(h264::inspect(&unit).is_ok());
        });
    }
}
