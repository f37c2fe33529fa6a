//! The stamp in the picture survives what a viewer's picture went through: H.264 at 1 Mbit/s, and scaling.

use std::time::Duration;

use media::barcode::Stamp;
use media::draw::Canvas;
use media::scale::{Fit, Scaler};
use media::{Size, pattern};
use openh264::OpenH264API;
use openh264::decoder::Decoder;
use openh264::encoder::{BitRate, Encoder, EncoderConfig, FrameRate, RateControlMode, UsageType};
use openh264::formats::{YUVSlices, YUVSource};

const SIZE: Size = Size::new(1280, 720);

fn encoder() -> Encoder {
    let config = EncoderConfig::new()
        .bitrate(BitRate::from_bps(1_000_000))
        .max_frame_rate(FrameRate::from_hz(30.0))
        .rate_control_mode(RateControlMode::Bitrate)
        .usage_type(UsageType::CameraVideoRealTime);
    Encoder::with_api_config(OpenH264API::from_source(), config).unwrap()
}

#[test]
fn it_survives_one_megabit_a_second_and_smaller_layers() {
    let (mut encoder, mut decoder) = (encoder(), Decoder::new().unwrap());
    let mut bytes = vec![0; SIZE.i420_len()];
    pattern::draw_background(&mut Canvas::new(SIZE, &mut bytes).unwrap());
    let (mut read, mut sent, mut total) = (0, 0, 0);
    for counter in 0..90u32 {
        let stamp = Stamp::new(counter, Duration::from_micros(4_000_000_000 + 33_333 * u64::from(counter)));
        pattern::draw_moving(&mut Canvas::new(SIZE, &mut bytes).unwrap(), counter, stamp.time, &pattern::Look::default());
        let (y, chroma) = bytes.split_at(SIZE.area());
        let (u, v) = chroma.split_at(SIZE.area() / 4);
        let unit = encoder.encode(&YUVSlices::new((y, u, v), (1280, 720), (1280, 640, 640))).unwrap().to_vec();
        total += unit.len();
        let Some(decoded) = (!unit.is_empty()).then(|| decoder.decode(&unit).unwrap()).flatten() else { continue };
        sent += 1;
        let (stride, _, _) = decoded.strides();
        assert_eq!(Stamp::read_luma(decoded.y(), stride, SIZE), Some(stamp), "frame {counter}");
        let mut rgba = vec![0; SIZE.area() * 4];
        decoded.write_rgba8(&mut rgba);
        assert_eq!(Stamp::read_rgba(&rgba, SIZE), Some(stamp), "frame {counter} on a canvas");
        read += 1;

        if counter % 30 == 0 {
            for width in [640, 320, 240, 160] {
                let (small, mut out) = (Size::new(width, width * 9 / 16 / 2 * 2), vec![0; 640 * 360 * 3 / 2]);
                let mut packed = Vec::new();
                for (plane, stride, width, height) in [
                    (decoded.y(), decoded.strides().0, 1280, 720),
                    (decoded.u(), decoded.strides().1, 640, 360),
                    (decoded.v(), decoded.strides().2, 640, 360),
                ] {
                    plane.chunks(stride).take(height).for_each(|row| packed.extend_from_slice(&row[..width]));
                }
                Scaler::default().scale((SIZE, &packed), (small, &mut out), Fit::Stretch).unwrap();
                assert_eq!(Stamp::read_luma(&out, width as usize, small), Some(stamp), "frame {counter} at {small}");
            }
        }
    }
    assert!(read == sent && sent >= 60, "{sent} of 90 frames were coded, {read} read");
    assert!(total < 3 * 1_300_000 / 8, "{total} bytes for three seconds are more than the rate that was asked for");
}
