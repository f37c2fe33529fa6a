//! The software encoder through its trait, its output read by the library's own decoder.

use std::time::Duration;

use ::openh264::decoder::Decoder;
use ::openh264::formats::YUVSource;
use media::Size;

use super::openh264::OpenH264;
use super::*;

/// A picture with texture that moves with `n`: a gradient, a travelling block and a little noise.
pub(crate) fn moving(size: Size, n: u32, noise: u32) -> Vec<u8> {
    let (w, h) = (size.width as usize, size.height as usize);
    let mut out = vec![128; w * h * 3 / 2];
    let mut seed = n.wrapping_mul(2_654_435_761) | 1;
    for y in 0..h {
        for x in 0..w {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            let grain = if noise > 0 { seed % noise } else { 0 };
            let moved = x + (n as usize * 3);
            out[y * w + x] = (((moved / 8 + y / 8) % 2) * 60 + (x * 100 / w) + 40 + grain as usize) as u8;
        }
    }
    out
}

fn settings(size: Size) -> Settings {
    Settings { size, fps: 30.0, bitrate_bps: 1_000_000, usage: Usage::Camera, key_interval: None }
}

fn encode(encoder: &mut dyn VideoEncoder, n: u32, key: bool, noise: u32) -> (Encoded, Vec<u8>) {
    let size = encoder.settings().size;
    let data = moving(size, n, noise);
    let w = size.width as usize;
    let at = Duration::from_millis(u64::from(n) * 1000 / encoder.settings().fps as u64);
    let picture = Picture::contiguous(&data, size, [w, w / 2, w / 2], at).unwrap();
    let mut out = Vec::new();
    let encoded = encoder.encode(&picture, key, &mut out).unwrap();
    (encoded, out)
}

/// Types of the NAL units of an Annex B access unit.
fn nal_types(data: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    for i in 0..data.len().saturating_sub(3) {
        if data[i..i + 3] == [0, 0, 1] {
            types.push(data[i + 3] & 0x1f);
        }
    }
    types
}

#[test]
fn first_and_requested_pictures_are_key_frames_with_parameter_sets_and_the_rest_are_not() {
    let mut encoder = OpenH264::new(settings(Size::new(320, 240))).unwrap();
    for n in 0..12 {
        let (encoded, data) = encode(&mut encoder, n, n == 7, 4);
        let key = n == 0 || n == 7;
        assert_eq!(encoded, Encoded::Unit { key }, "picture {n}");
        assert_eq!(nal_types(&data), if key { vec![7, 8, 5] } else { vec![1] }, "picture {n}");
    }
}

#[test]
fn output_is_constrained_baseline_and_decodes_to_the_picture_that_went_in() {
    let size = Size::new(640, 360);
    let mut encoder = OpenH264::new(settings(size)).unwrap();
    let mut decoder = Decoder::new().unwrap();
    for n in 0..20 {
        let (_, data) = encode(&mut encoder, n, false, 0);
        if n == 0 {
            let sps = data.windows(5).find(|w| w[..3] == [0, 0, 1] && w[3] & 0x1f == 7).map(|w| w[4]);
            assert_eq!(sps, Some(66), "profile_idc");
            let constraints = data.windows(6).find(|w| w[..3] == [0, 0, 1] && w[3] & 0x1f == 7).map(|w| w[5]).unwrap();
            assert_eq!(constraints & 0x40, 0x40, "constraint_set1_flag says constrained baseline");
        }
        let yuv = decoder.decode(&data).unwrap().expect("no picture is held back");
        assert_eq!(yuv.dimensions(), (640, 360));
        let want = moving(size, n, 0);
        let stride = yuv.strides().0;
        let error: u64 = (0..360)
            .flat_map(|y| (0..640).map(move |x| (x, y)))
            .map(|(x, y)| u64::from(yuv.y()[y * stride + x].abs_diff(want[y * 640 + x])).pow(2))
            .sum();
        let mse = error as f64 / (640.0 * 360.0);
        let psnr = 10.0 * (255.0f64 * 255.0 / mse.max(1e-9)).log10();
        assert!(psnr > 30.0, "picture {n}: {psnr:.1} dB");
    }
}

#[test]
fn rate_is_held_and_follows_a_change_without_a_key_frame() {
    let size = Size::new(640, 360);
    let mut encoder = OpenH264::new(settings(size)).unwrap();
    let mut keys = 0;
    let mut rate = |encoder: &mut OpenH264, from: u32, seconds: u32| -> u32 {
        let mut bytes = 0;
        for n in from * 30..(from + seconds) * 30 {
            let (encoded, data) = encode(encoder, n, false, 24);
            keys += u32::from(encoded == Encoded::Unit { key: true });
            bytes += data.len();
        }
        (bytes * 8) as u32 / seconds
    };
    rate(&mut encoder, 0, 3);
    let before = rate(&mut encoder, 3, 5);
    encoder.set_rate(400_000, 30.0).unwrap();
    rate(&mut encoder, 8, 2);
    let after = rate(&mut encoder, 10, 5);
    assert!((800_000..1_200_000).contains(&before), "asked for 1,000,000 bit/s, got {before}");
    assert!((320_000..480_000).contains(&after), "asked for 400,000 bit/s, got {after}");
    assert_eq!(keys, 1, "the first picture only");
}

#[test]
fn sizes_that_it_cannot_encode_are_refused_with_the_reason() {
    for (size, why) in [
        (Size::new(641, 360), "openh264 cannot encode 641x360: sides must be even and at least 16"),
        (Size::new(0, 0), "openh264 cannot encode 0x0: sides must be even and at least 16"),
        (Size::new(2560, 1440), "openh264 cannot encode 2560x1440: it is above 1920x1088"),
    ] {
        assert_eq!(OpenH264::new(settings(size)).err().map(|e| e.to_string()), Some(why.into()));
    }
}

#[test]
fn a_picture_of_another_size_or_too_short_is_refused_and_the_next_one_encodes() {
    let mut encoder = OpenH264::new(settings(Size::new(320, 240))).unwrap();
    let data = moving(Size::new(160, 120), 0, 0);
    let small = Picture::contiguous(&data, Size::new(160, 120), [160, 80, 80], Duration::ZERO).unwrap();
    let mut out = Vec::new();
    assert_eq!(
        encoder.encode(&small, false, &mut out),
        Err(EncodeError::Size { got: Size::new(160, 120), want: Size::new(320, 240) })
    );
    let short = Picture { size: Size::new(320, 240), strides: [320, 160, 160], ..small };
    assert!(matches!(encoder.encode(&short, false, &mut out), Err(EncodeError::Failed { .. })));
    assert_eq!(encode(&mut encoder, 0, false, 0).0, Encoded::Unit { key: true });
}

#[test]
fn planes_are_cut_out_of_contiguous_bytes_or_refused() {
    let data = vec![0; 4 * 4 * 3 / 2];
    let size = Size::new(4, 4);
    let cut = Picture::contiguous(&data, size, [4, 2, 2], Duration::ZERO).unwrap();
    assert_eq!(cut.planes.map(<[u8]>::len), [16, 4, 4]);
    assert!(Picture::contiguous(&data[..23], size, [4, 2, 2], Duration::ZERO).is_none());
    assert!(Picture::contiguous(&data, Size::new(5, 4), [5, 2, 2], Duration::ZERO).is_none());
    assert!(Picture::contiguous(&data, size, [usize::MAX, 2, 2], Duration::ZERO).is_none());
}

#[test]
fn buffers_are_used_again_once_nobody_holds_the_unit() {
    let mut pool = UnitPool::default();
    let fill = |pool: &mut UnitPool, byte: u8| {
        pool.fill(|b| {
            assert!(b.is_empty());
            b.push(byte);
            Ok::<_, ()>(())
        })
        .unwrap()
        .0
    };
    let first = fill(&mut pool, 1);
    let second = fill(&mut pool, 2);
    assert_eq!(((*first).as_ref(), (*second).as_ref(), pool.len()), ([1u8].as_slice(), [2u8].as_slice(), 2));
    drop(first);
    for byte in 0..50 {
        fill(&mut pool, byte);
    }
    assert_eq!(pool.len(), 2);
    assert_eq!((*second).as_ref(), [2]);
}

#[test]
fn key_frames_come_as_often_as_configured_and_no_more_often() {
    let size = Size::new(320, 240);
    let mut encoder =
        OpenH264::new(Settings { fps: 10.0, key_interval: Some(Duration::from_secs(1)), ..settings(size) }).unwrap();
    let keys: Vec<u32> = (0..35).filter(|n| encode(&mut encoder, *n, false, 0).0 == Encoded::Unit { key: true }).collect();
    assert_eq!(keys, [0, 10, 20, 30]);
}
