//! Against ffmpeg's pictures (`tests/data`, made as its README says), against plain loops, and with damaged input.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::frame::Plane;

const SMALL: Size = Size::new(70, 46);

fn raw<'a>(format: PixelFormat, size: Size, planes: &[(&'a [u8], usize)]) -> RawFrame<'a> {
    let mut all = [None; 3];
    for (plane, (data, stride)) in all.iter_mut().zip(planes) {
        *plane = Some(Plane { data, stride: *stride });
    }
    RawFrame { format, size, planes: all, captured_at: Duration::ZERO, sequence: 0 }
}

fn convert(raw: &RawFrame<'_>) -> Result<Vec<u8>, BrokenFrame> {
    let mut out = vec![0xaa; raw.size.even().i420_len()];
    Converter::default().convert(raw, raw.size.even(), &mut out).map(|()| out)
}

/// Asserts that two pictures differ by at most `most` anywhere and `mean` on average, each plane.
#[track_caller]
fn close(ours: &[u8], theirs: &[u8], size: Size, most: u8, mean: f64) {
    let ([a, b, c], [x, y, z]) = (planes(size, ours), planes(size, theirs));
    for (name, ours, theirs) in [("Y", a, x), ("U", b, y), ("V", c, z)] {
        let differences: Vec<_> = ours.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b)).collect();
        let worst = differences.iter().copied().max().unwrap_or_default();
        let average = differences.iter().map(|d| f64::from(*d)).sum::<f64>() / differences.len() as f64;
        assert!(worst <= most && average <= mean, "{name}: at most {worst}, on average {average:.3}");
    }
}

fn planes(size: Size, bytes: &[u8]) -> [&[u8]; 3] {
    let (y, rest) = bytes.split_at(size.area());
    let (u, v) = rest.split_at(size.area() / 4);
    [y, u, v]
}

#[test]
fn raw_formats_are_those_of_ffmpeg() {
    let i420 = include_bytes!("../../tests/data/packed.i420");
    for (format, bytes, stride) in [
        (PixelFormat::I420, &i420[..], 70),
        (PixelFormat::Nv12, include_bytes!("../../tests/data/packed.nv12"), 70),
        (PixelFormat::Nv21, include_bytes!("../../tests/data/packed.nv21"), 70),
    ] {
        assert_eq!(convert(&raw(format, SMALL, &[(bytes, stride)])).unwrap(), i420, "{format:?}");
    }
    // ffmpeg takes another mean of two rows' chroma than we do: rounded down.
    for (format, bytes) in [
        (PixelFormat::Yuyv, &include_bytes!("../../tests/data/packed.yuyv")[..]),
        (PixelFormat::Uyvy, include_bytes!("../../tests/data/packed.uyvy")),
    ] {
        let ours = convert(&raw(format, SMALL, &[(bytes, 140)])).unwrap();
        close(&ours, i420, SMALL, 1, 0.5);
    }
}

/// BT.601 by its definition: limited range, the chroma that of the mean of two by two pixels.
fn plain_rgb(bytes: &[u8], pixel: usize, [r, g, b]: [usize; 3], size: Size) -> Vec<u8> {
    let (width, height) = (size.width as usize, size.height as usize);
    let at = |x: usize, y: usize| [r, g, b].map(|c| f64::from(bytes[(y * width + x) * pixel + c]) / 255.0);
    let luma = |[r, g, b]: [f64; 3]| 0.299 * r + 0.587 * g + 0.114 * b;
    let mut out: Vec<u8> = Vec::new();
    for y in 0..height {
        out.extend((0..width).map(|x| (16.0 + 219.0 * luma(at(x, y))).round() as u8));
    }
    for (channel, scale) in [(2, 1.772), (0, 1.402)] {
        for y in (0..height).step_by(2) {
            for x in (0..width).step_by(2) {
                let four = [at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)];
                let mean: [f64; 3] = std::array::from_fn(|c| four.iter().map(|p| p[c]).sum::<f64>() / 4.0);
                out.push((128.0 + 224.0 * (mean[channel] - luma(mean)) / scale).round() as u8);
            }
        }
    }
    out
}

#[test]
fn colours_are_those_of_bt601() {
    for (format, bytes, pixel, order) in [
        (PixelFormat::Bgra, &include_bytes!("../../tests/data/colour.bgra")[..], 4, [2, 1, 0]),
        (PixelFormat::Rgb24, include_bytes!("../../tests/data/colour.rgb24"), 3, [0, 1, 2]),
        (PixelFormat::Bgr24, include_bytes!("../../tests/data/colour.bgr24"), 3, [2, 1, 0]),
    ] {
        let ours = convert(&raw(format, SMALL, &[(bytes, 70 * pixel)])).unwrap();
        close(&ours, &plain_rgb(bytes, pixel, order, SMALL), SMALL, 1, 0.4);
    }
}

/// JPEGs, and what ffmpeg decodes them to: full-range planes whose chroma is for so many pixels across and down.
fn jpegs() -> [(&'static [u8], &'static [u8], [usize; 2]); 3] {
    [
        (include_bytes!("../../tests/data/j420.jpg"), include_bytes!("../../tests/data/j420.yuv"), [2, 2]),
        (include_bytes!("../../tests/data/j422.jpg"), include_bytes!("../../tests/data/j422.yuv"), [2, 1]),
        (include_bytes!("../../tests/data/j444.jpg"), include_bytes!("../../tests/data/j444.yuv"), [1, 1]),
    ]
}

/// Full-range planes to limited range and 4:2:0, by the definition.
fn plain_limited(planes: &[u8], [across, down]: [usize; 2], size: Size) -> Vec<u8> {
    let (width, height) = (size.width as usize, size.height as usize);
    let (y, chroma) = planes.split_at(width * height);
    let mut out: Vec<u8> = y.iter().map(|y| (16.0 + f64::from(*y) * 219.0 / 255.0).round() as u8).collect();
    let stride = width / across;
    for plane in chroma.chunks_exact(stride * (height / down)) {
        for y in (0..height).step_by(2) {
            for x in (0..width).step_by(2) {
                let four = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
                let sum: f64 = four.iter().map(|(x, y)| f64::from(plane[y / down * stride + x / across])).sum();
                out.push((128.0 + (sum / 4.0 - 128.0) * 224.0 / 255.0).round() as u8);
            }
        }
    }
    out
}

#[test]
fn jpegs_are_those_of_ffmpeg_in_limited_range() {
    let mut converter = Converter::default();
    for (jpeg, theirs, step) in jpegs() {
        let expected = plain_limited(theirs, step, SMALL);
        for room in [SMALL.i420_len(), SMALL.area() * 2] {
            let mut out = vec![0xaa; room];
            converter.convert(&raw(PixelFormat::Mjpeg, SMALL, &[(jpeg, 0)]), SMALL, &mut out).unwrap();
            // The inverse transforms of two decoders may differ by one, and rounding to the range by one more.
            close(&out[..SMALL.i420_len()], &expected, SMALL, 2, 0.3);
        }
    }
}

#[test]
fn grey_jpegs_and_rare_chroma_decode() {
    let (width, height) = (SMALL.width as usize, SMALL.height as usize);
    let encode = |subsamp, pixels: &[u8]| {
        let mut compressor = turbojpeg::Compressor::new().unwrap();
        compressor.set_quality(100).unwrap();
        compressor.compress_yuv_to_vec(turbojpeg::YuvImage { pixels, width, align: 1, height, subsamp }).unwrap()
    };
    let gray = encode(turbojpeg::Subsamp::Gray, &vec![255; width * height]);
    let out = convert(&raw(PixelFormat::Mjpeg, SMALL, &[(&gray, 0)])).unwrap();
    let [y, u, v] = planes(SMALL, &out);
    assert!(y.iter().all(|y| *y == 235) && u.iter().chain(v).all(|c| *c == 128));

    for subsamp in [turbojpeg::Subsamp::Sub4x1, turbojpeg::Subsamp::Sub1x2, turbojpeg::Subsamp::Sub1x4] {
        let luma = SMALL.width.next_multiple_of(subsamp.mcu_width() as u32 / 8) as usize
            * SMALL.height.next_multiple_of(subsamp.mcu_height() as u32 / 8) as usize;
        let mut pixels = vec![0; turbojpeg::yuv_pixels_len(width, 1, height, subsamp).unwrap()];
        pixels[luma..].fill(255);
        let jpeg = encode(subsamp, &pixels);
        let out = convert(&raw(PixelFormat::Mjpeg, SMALL, &[(&jpeg, 0)])).unwrap();
        let [y, u, v] = planes(SMALL, &out);
        assert!(y.iter().all(|y| *y <= 17) && u.iter().chain(v).all(|c| *c >= 239), "{subsamp:?}");
    }
}

#[test]
fn a_jpeg_without_huffman_tables_decodes_as_the_whole_one() {
    for (jpeg, ..) in jpegs() {
        let whole = convert(&raw(PixelFormat::Mjpeg, SMALL, &[(jpeg, 0)])).unwrap();
        let stripped = without_segments(jpeg, 0xc4);
        assert!(stripped.len() + 400 < jpeg.len());
        assert_eq!(convert(&raw(PixelFormat::Mjpeg, SMALL, &[(&stripped, 0)])).unwrap(), whole);
    }
}

fn without_segments(jpeg: &[u8], kind: u8) -> Vec<u8> {
    let (mut out, mut at) = (jpeg[..2].to_vec(), 2);
    while jpeg[at + 1] != 0xda {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] != kind {
            out.extend_from_slice(&jpeg[at..end]);
        }
        at = end;
    }
    out.extend_from_slice(&jpeg[at..]);
    out
}

#[test]
fn stray_bytes_before_the_end_cost_nothing_and_padding_behind_it_neither() {
    let (jpeg, ..) = jpegs()[0];
    let whole = convert(&raw(PixelFormat::Mjpeg, SMALL, &[(jpeg, 0)])).unwrap();
    let stray = [&jpeg[..jpeg.len() - 2], &[0, 0, 0], &jpeg[jpeg.len() - 2..]].concat();
    assert_eq!(convert(&raw(PixelFormat::Mjpeg, SMALL, &[(&stray, 0)])).unwrap(), whole);
    let padded = [jpeg, &[0; 5000]].concat();
    assert_eq!(convert(&raw(PixelFormat::Mjpeg, SMALL, &[(&padded, 0)])).unwrap(), whole);
}

#[test]
fn a_damaged_jpeg_is_a_broken_frame_and_the_next_one_is_whole() {
    let mut converter = Converter::default();
    let mut out = vec![0; SMALL.i420_len()];
    for (jpeg, ..) in jpegs() {
        let whole = convert(&raw(PixelFormat::Mjpeg, SMALL, &[(jpeg, 0)])).unwrap();
        for len in 0..jpeg.len() - 2 {
            let cut = raw(PixelFormat::Mjpeg, SMALL, &[(&jpeg[..len], 0)]);
            assert!(matches!(converter.convert(&cut, SMALL, &mut out), Err(BrokenFrame::Jpeg(_))), "cut to {len}");
        }
        converter.convert(&raw(PixelFormat::Mjpeg, SMALL, &[(jpeg, 0)]), SMALL, &mut out).unwrap();
        assert_eq!(out, whole);
    }
    let other = Size::new(64, 46);
    let message = convert(&raw(PixelFormat::Mjpeg, other, &[(jpegs()[0].0, 0)])).unwrap_err().to_string();
    assert_eq!(message, "JPEG frame does not decode: it is 70x46, 64x46 was announced");
}

#[test]
fn a_large_jpeg_is_halved_by_the_decoder() {
    let (large, half) = (Size::new(512, 256), Size::new(256, 128));
    let mut pixels = vec![0; large.i420_len()];
    let mut canvas = crate::draw::Canvas::new(large, &mut pixels).unwrap();
    crate::pattern::draw_background(&mut canvas);
    let image =
        turbojpeg::YuvImage { pixels: &pixels[..], width: 512, align: 1, height: 256, subsamp: turbojpeg::Subsamp::Sub2x2 };
    let jpeg = turbojpeg::Compressor::new().unwrap().compress_yuv_to_vec(image).unwrap();
    let frame = raw(PixelFormat::Mjpeg, large, &[(&jpeg, 0)]);
    let mut out = vec![0; half.i420_len()];
    Converter::default().convert(&frame, half, &mut out).unwrap();
    // In the middle of the second bar: the colour that was drawn, brought to limited range once more by the decoder.
    let [y, ..] = planes(half, &out);
    let drawn = (u32::from(pixels[100 * 512 + 96]) * 219).div_ceil(255) + 16;
    assert!(y[50 * 256 + 48].abs_diff(drawn as u8) <= 2, "{} for {drawn}", y[50 * 256 + 48]);
}

/// What YUYV is by its definition, for any stride: the plain loop that the SIMD one has to match.
fn plain_yuyv(bytes: &[u8], stride: usize, size: Size, [y0, u, v]: [usize; 3]) -> Vec<u8> {
    let (width, height) = (size.width as usize, size.height as usize);
    let at = |row: usize, pair: usize, byte: usize| u16::from(bytes[row * stride + pair * 4 + byte]);
    let mut out = Vec::new();
    for row in 0..height {
        out.extend((0..width).map(|x| at(row, x / 2, y0 + x % 2 * 2) as u8));
    }
    for byte in [u, v] {
        for row in (0..height).step_by(2) {
            out.extend((0..width / 2).map(|pair| (at(row, pair, byte) + at(row + 1, pair, byte)).div_ceil(2) as u8));
        }
    }
    out
}

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut step = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    (0..len).map(|_| step()).collect()
}

proptest! {
    #[test]
    fn packed_422_is_what_it_is_defined_as(w in 1u32..150, h in 1u32..40, pad in 0usize..70, full: bool, seed: u64) {
        let size = Size::new(w * 2, h * 2);
        let stride = size.width as usize * 2 + pad;
        // With or without the padding of the last row, as drivers do.
        let len = stride * size.height as usize - if full { 0 } else { pad };
        let bytes = noise(len, seed);
        let yuyv = convert(&raw(PixelFormat::Yuyv, size, &[(&bytes, stride)])).unwrap();
        prop_assert_eq!(yuyv, plain_yuyv(&bytes, stride, size, [0, 1, 3]));
        let uyvy = convert(&raw(PixelFormat::Uyvy, size, &[(&bytes, stride)])).unwrap();
        prop_assert_eq!(uyvy, plain_yuyv(&bytes, stride, size, [1, 0, 2]));
    }

    #[test]
    fn planes_are_found_in_one_buffer_and_in_many(w in 1u32..80, h in 1u32..40, pad in 0usize..20, odd in 0u32..2, seed: u64) {
        let size = Size::new(w * 2 + odd, h * 2 + odd);
        let (even, half) = (size.even(), (size.width as usize).div_ceil(2));
        let (rows, chroma_rows) = (size.height as usize, (size.height as usize).div_ceil(2));
        let chroma_stride = half + pad;
        let stride = 2 * chroma_stride;
        let y = noise(stride * rows, seed);
        let u = noise(chroma_stride * chroma_rows, seed ^ 1);
        let v = noise(chroma_stride * chroma_rows, seed ^ 2);
        let cut = |plane: &[u8], stride: usize, width: u32, height: u32| -> Vec<u8> {
            plane.chunks(stride).take(height as usize).flat_map(|row| row[..width as usize].to_vec()).collect()
        };
        let (ew, eh) = (even.width, even.height);
        let expected = [cut(&y, stride, ew, eh), cut(&u, chroma_stride, ew / 2, eh / 2), cut(&v, chroma_stride, ew / 2, eh / 2)].concat();

        let many = raw(PixelFormat::I420, size, &[(&y, stride), (&u, chroma_stride), (&v, chroma_stride)]);
        prop_assert_eq!(&convert(&many).unwrap(), &expected);
        let swapped = raw(PixelFormat::Yv12, size, &[(&y, stride), (&v, chroma_stride), (&u, chroma_stride)]);
        prop_assert_eq!(&convert(&swapped).unwrap(), &expected);
        let one = [&y[..], &u, &v].concat();
        prop_assert_eq!(&convert(&raw(PixelFormat::I420, size, &[(&one, stride)])).unwrap(), &expected);
        let one = [&y[..], &v, &u].concat();
        prop_assert_eq!(&convert(&raw(PixelFormat::Yv12, size, &[(&one, stride)])).unwrap(), &expected);

        let mut uv = vec![0; stride * chroma_rows];
        for row in 0..chroma_rows {
            for x in 0..half {
                uv[row * stride + 2 * x] = u[row * chroma_stride + x];
                uv[row * stride + 2 * x + 1] = v[row * chroma_stride + x];
            }
        }
        prop_assert_eq!(&convert(&raw(PixelFormat::Nv12, size, &[(&y, stride), (&uv, stride)])).unwrap(), &expected);
        let one = [&y[..], &uv].concat();
        prop_assert_eq!(&convert(&raw(PixelFormat::Nv12, size, &[(&one, stride)])).unwrap(), &expected);
        let vu: Vec<u8> = uv.chunks(2).flat_map(|p| [p[1], p[0]]).collect();
        prop_assert_eq!(&convert(&raw(PixelFormat::Nv21, size, &[(&y, stride), (&vu, stride)])).unwrap(), &expected);
    }

    #[test]
    fn whatever_the_driver_says_nothing_panics(
        format in 0usize..10, w in 0u32..70, h in 0u32..70, stride in 0usize..300, lens in [0usize..9000, 0usize..3000, 0usize..3000],
        count in 0usize..4, ow in 0u32..40, oh in 0u32..40, seed: u64,
    ) {
        let format = [PixelFormat::I420, PixelFormat::Yv12, PixelFormat::Nv12, PixelFormat::Nv21, PixelFormat::Yuyv, PixelFormat::Uyvy,
            PixelFormat::Bgra, PixelFormat::Rgb24, PixelFormat::Bgr24, PixelFormat::H264][format];
        let data: Vec<_> = lens.iter().map(|len| noise(*len, seed)).collect();
        let planes: Vec<_> = data.iter().take(count).map(|d| (&d[..], stride)).collect();
        let mut out = vec![0; 4096];
        let _ = Converter::default().convert(&raw(format, Size::new(w, h), &planes), Size::new(ow, oh), &mut out);
        let _ = Converter::default().convert(&raw(format, Size::new(w, h), &planes), Size::new(w, h).even(), &mut out);
    }

    #[test]
    fn a_byte_too_few_is_a_short_frame(format in 0usize..9, w in 1u32..40, h in 1u32..40) {
        let size = Size::new(w * 2, h * 2);
        let (format, bytes, stride) = [
            (PixelFormat::I420, size.i420_len(), w * 2), (PixelFormat::Yv12, size.i420_len(), w * 2),
            (PixelFormat::Nv12, size.i420_len(), w * 2), (PixelFormat::Nv21, size.i420_len(), w * 2),
            (PixelFormat::Yuyv, size.area() * 2, w * 4), (PixelFormat::Uyvy, size.area() * 2, w * 4),
            (PixelFormat::Bgra, size.area() * 4, w * 8), (PixelFormat::Rgb24, size.area() * 3, w * 6),
            (PixelFormat::Bgr24, size.area() * 3, w * 6),
        ][format];
        let data = vec![0; bytes];
        prop_assert!(convert(&raw(format, size, &[(&data, stride as usize)])).is_ok());
        let short = convert(&raw(format, size, &[(&data[1..], stride as usize)]));
        prop_assert_eq!(short, Err(BrokenFrame::Short { format, size, got: bytes - 1, need: bytes }));
    }

    #[test]
    fn damaged_jpegs_never_panic(which in 0usize..3, at in 0usize..3000, bytes in proptest::collection::vec(any::<u8>(), 1..9), drop in 0usize..100) {
        let mut jpeg = jpegs()[which].0.to_vec();
        let at = at % jpeg.len();
        for (to, from) in jpeg[at..].iter_mut().zip(bytes) {
            *to = from;
        }
        jpeg.truncate(jpeg.len() - drop);
        let mut out = vec![0; SMALL.area() * 2];
        let _ = Converter::default().convert(&raw(PixelFormat::Mjpeg, SMALL, &[(&jpeg, 0)]), SMALL, &mut out);
    }
}
