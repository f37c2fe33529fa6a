//! A frame of a camera that sends MJPEG. The first byte chooses the size that the camera announced and the one that is wanted.

use std::cell::RefCell;
use std::time::Duration;

use media::convert::Converter;
use media::{Frame, FramePool, PixelFormat, Plane, RawFrame, Size};

const SIZES: [Size; 4] = [Size::new(64, 48), Size::new(16, 16), Size::new(66, 50), Size::new(640, 480)];

pub(crate) fn run(data: &[u8]) {
    thread_local! {
        // One converter for all, as a camera has: what one frame leaves behind must not harm the next.
        static CONVERTER: RefCell<Converter> = RefCell::default();
    }
    let Some((choice, jpeg)) = data.split_first() else { return };
    let size = SIZES[usize::from(choice & 3)];
    let wanted = SIZES[usize::from(choice >> 2 & 1)];
    let plane = Plane { data: jpeg, stride: 0 };
    let raw = RawFrame {
        format: PixelFormat::Mjpeg,
        size,
        planes: [Some(plane), None, None],
        captured_at: Duration::from_secs(1),
        sequence: 1,
    };
    let mut out = vec![0; wanted.i420_len() + 16];
    let end = out.len() - 16;
    CONVERTER.with_borrow_mut(|converter| {
        let _ = converter.convert(&raw, wanted, &mut out[..end]);
    });
    assert_eq!(out[end..], [0; 16], "nothing is written behind the picture");
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let picture = |number: u8| {
        let size = SIZES[usize::from(number & 3)];
        let mut pool = FramePool::new(size, 1);
        let draw = |bytes: &mut [u8]| {
            for (n, byte) in bytes.iter_mut().enumerate() {
                *byte = (n * 7 % 251) as u8 ^ number;
            }
            Ok::<_, std::convert::Infallible>(())
        };
        let frame: Frame = pool.fill(Duration::ZERO, 0, draw)?.ok()?;
        let jpeg = media::jpeg::encode(&frame, 30).ok()?;
        Some([vec![number], jpeg].concat())
    };
    (0..7).filter_map(picture).chain([vec![0, 0xff, 0xd8, 0xff, 0xd9]]).collect()
}
