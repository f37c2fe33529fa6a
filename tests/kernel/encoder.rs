//! Encoders of the kernel: the open engine's way with a stateful memory-to-memory device, on vicodec. That one codes FWHT, not H.264, by the
//! same rules; its own decoder says what the pictures have become.

use std::path::{Path, PathBuf};
use std::time::Duration;

use artc_open::encoder::v4l2::{Coded, V4l2, find};
use artc_open::encoder::{Encoded, Picture, Settings, Usage, VideoEncoder};
use media::Size;
use media::draw::Canvas;
use media::pattern::{Look, draw_background, draw_moving};

use crate::bench::{Guest, in_guest};
use crate::rig::{cameras, read, run, write};

const FWHT: Coded = Coded { fourcc: *b"FWHT", h264: false };
/// V4L2_FWHT_FL_I_FRAME.
const I_FRAME: u32 = 1 << 10;
const SIZE: Size = Size::new(640, 360);

/// The node of vicodec's `what`.
fn node(what: &str) -> PathBuf {
    let all = std::fs::read_dir("/sys/class/video4linux").expect("this kernel has video");
    let names = all.flatten().map(|entry| (Path::new("/dev").join(entry.file_name()), read(entry.path().join("name"))));
    let nodes: Vec<_> = names.collect();
    let found = nodes.iter().find(|(_, name)| name == what);
    found.unwrap_or_else(|| panic!("no {what} among {nodes:?}")).0.clone()
}

fn encoder() -> V4l2 {
    let settings = Settings { size: SIZE, fps: 30.0, bitrate_bps: 1_000_000, usage: Usage::Camera, key_interval: None };
    V4l2::at(&node("stateful-encoder"), FWHT, settings).expect("vicodec encodes")
}

fn picture(n: u32) -> Vec<u8> {
    let mut bytes = vec![0; SIZE.i420_len()];
    let mut canvas = Canvas::new(SIZE, &mut bytes).expect("room for it");
    draw_background(&mut canvas);
    draw_moving(&mut canvas, n, time(n), &Look::default());
    bytes
}

fn time(n: u32) -> Duration {
    Duration::from_secs(7) + Duration::from_micros(33_333) * n
}

/// Encodes picture `n`; whether it became a key frame.
fn encode(encoder: &mut V4l2, n: u32, key: bool, out: &mut Vec<u8>) -> bool {
    let bytes = picture(n);
    let width = SIZE.width as usize;
    let picture = Picture::contiguous(&bytes, SIZE, [width, width / 2, width / 2], time(n)).expect("a whole picture");
    let before = out.len();
    let encoded = encoder.encode(&picture, key, out).unwrap_or_else(|error| panic!("picture {n}: {error}"));
    assert!(matches!(encoded, Encoded::Unit { .. }), "picture {n} came out at once: {encoded:?}");
    // vicodec says in the frame's header what it is, not in the buffer's flags: two words that say "FWHT", version, size, flags.
    let flags = out[before..].get(20..24).and_then(|flags| flags.try_into().ok()).map(u32::from_be_bytes);
    flags.expect("a frame has a header") & I_FRAME != 0
}

/// What vicodec's decoder makes of `stream`: pictures, one after the other.
fn decoded(stream: &[u8]) -> Vec<u8> {
    let (from, to) = ("/run/stream.fwht", "/run/pictures.yuv");
    std::fs::write(from, stream).expect("room for the stream");
    let decoder = node("stateful-decoder");
    run(
        "v4l2-ctl",
        [
            "-d".as_ref(),
            decoder.as_os_str(),
            "--set-fmt-video-out=width=640,height=360,pixelformat=FWHT".as_ref(),
            "--set-fmt-video=pixelformat=YU12".as_ref(),
            "--stream-mmap".as_ref(),
            "--stream-out-mmap".as_ref(),
            format!("--stream-from={from}").as_ref(),
            format!("--stream-to={to}").as_ref(),
        ],
    );
    std::fs::read(to).expect("v4l2-ctl writes a file")
}

/// How like `b` is to `a`, in dB.
fn likeness(a: &[u8], b: &[u8]) -> f64 {
    let error: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
    10.0 * (255.0f64.powi(2) / (error as f64 / a.len() as f64).max(1e-9)).log10()
}

fn pictures_go_in_and_come_out_the_same() {
    assert_eq!(find(Coded::H264).len(), 0, "none of them makes H.264");
    let mut encoder = encoder();
    let mut stream = Vec::new();
    let keys: Vec<u32> = (0..14).filter(|n| encode(&mut encoder, *n, *n == 5, &mut stream)).collect();
    assert_eq!(keys, [0, 5], "the first picture and the one that was asked for are key frames");
    encoder.set_rate(500_000, 15.0).expect("a rate can be changed while it runs");
    assert!(!encode(&mut encoder, 14, false, &mut stream), "and costs no key frame");

    let pictures = decoded(&stream);
    assert_eq!(pictures.len(), 15 * SIZE.i420_len(), "as many pictures come out as went in");
    for (n, got) in pictures.chunks(SIZE.i420_len()).enumerate() {
        let likeness = likeness(&picture(n as u32), got);
        assert!(likeness > 30.0, "picture {n} is {likeness:.1} dB like itself");
    }
}

#[test]
fn a_device_with_one_plane_a_buffer_encodes() {
    in_guest(&Guest { arguments: "vicodec.multiplanar=0", ..Guest::default() }, || {
        assert_eq!(find(FWHT).len(), 1, "one device encodes; its decoders are none");
        pictures_go_in_and_come_out_the_same();
    });
}

#[test]
fn a_device_with_multi_planar_buffers_encodes() {
    in_guest(&Guest { arguments: "vicodec.multiplanar=1", ..Guest::default() }, || {
        assert_eq!(find(FWHT).len(), 1, "one device encodes; its decoders are none");
        pictures_go_in_and_come_out_the_same();
    });
}

#[test]
fn a_device_is_drained_and_goes_on() {
    in_guest(&Guest::default(), || {
        let mut encoder = encoder();
        let mut stream = Vec::new();
        for round in 0..3 {
            for n in 0..3 {
                let key = encode(&mut encoder, round * 3 + n, false, &mut stream);
                assert_eq!(key, n == 0, "round {round}, picture {n}: a stream begins with a key frame");
            }
            assert_eq!(encoder.drain(), Ok(0), "no picture is held back");
        }
        assert_eq!(decoded(&stream).len(), 9 * SIZE.i420_len());
        drop(encoder);
        assert!(encode(&mut self::encoder(), 0, false, &mut stream), "the device is free for the next one");
    });
}

#[test]
fn a_device_that_goes_away_is_an_error_at_once() {
    in_guest(&Guest::default(), || {
        let mut encoder = encoder();
        let mut stream = Vec::new();
        encode(&mut encoder, 0, false, &mut stream);
        write("/sys/bus/platform/drivers/vicodec/unbind", "vicodec.0");
        let bytes = picture(1);
        let width = SIZE.width as usize;
        let picture = Picture::contiguous(&bytes, SIZE, [width, width / 2, width / 2], time(1)).expect("a whole picture");
        let said = encoder.encode(&picture, false, &mut stream).expect_err("there is no device any more").to_string();
        assert!(said.starts_with("v4l2 failed to"), "{said}");
        drop(encoder);
        assert!(find(FWHT).is_empty());
        write("/sys/bus/platform/drivers/vicodec/bind", "vicodec.0");
        assert!(encode(&mut self::encoder(), 2, false, &mut stream), "one that comes back works again");
    });
}

#[test]
fn a_camera_is_no_encoder() {
    in_guest(&Guest::default(), || {
        for (node, name) in cameras().into_iter().filter(|(_, name)| name.starts_with("vivid")) {
            let settings = Settings { size: SIZE, fps: 30.0, bitrate_bps: 1, usage: Usage::Camera, key_interval: None };
            let refused = V4l2::at(Path::new(&node), FWHT, settings).err().map(|error| error.to_string());
            let wanted = format!("no V4L2 encoder for H.264: {}: not an encoder for this", node.display());
            assert_eq!(refused, Some(wanted), "{name}");
        }
    });
}
