//! Clips as people have them, and as nobody should have them.

use proptest::prelude::*;

use super::*;

/// Parameter sets for 1280x720 and slices as x264 writes them; the slices' payload is not looked at.
const SPS: &[u8] = &[
    0, 0, 0, 1, 0x67, 0x64, 0, 0x1f, 0xac, 0xd9, 0x40, 0x50, 5, 0xbb, 1, 0x10, 0, 0, 3, 0, 0x10, 0, 0, 3, 3, 0x20, 0xf1, 0x83,
    0x19, 0x60,
];
const PPS: &[u8] = &[0, 0, 0, 1, 0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0];
const IDR: &[u8] = &[0, 0, 0, 1, 0x65, 0x88, 0x84, 0x12];
const DELTA: &[u8] = &[0, 0, 0, 1, 0x41, 0x9a, 0x21, 0x6c];

fn config(width: u32, height: u32, fps: f64) -> Config {
    Config { width, height, fps, ..Config::default() }
}

fn cut(kind: Kind, bytes: &[u8]) -> Result<Clip, String> {
    Clip::cut(kind, bytes.to_vec(), &config(32, 16, 25.0))
}

fn y4m_of(header: &str, frames: usize) -> Vec<u8> {
    let mut bytes = format!("{header}\n").into_bytes();
    for n in 0..frames {
        bytes.extend(b"FRAME\n");
        bytes.extend(vec![n as u8; 32 * 16 * 3 / 2]);
    }
    bytes
}

fn jpeg(luma: u8) -> Vec<u8> {
    media::jpeg::encode_i420(Size::new(32, 16), &[luma; 32 * 16 * 3 / 2], 80).unwrap()
}

#[test]
fn raw_pictures_with_a_header() {
    let clip = cut(Kind::Y4m, &y4m_of("YUV4MPEG2 W32 H16 F30000:1001 Ip A1:1 C420mpeg2 XYSCSS=420", 3)).unwrap();
    assert_eq!((clip.mode.to_string().as_str(), clip.len(), clip.format), ("32x16@29.97 YU12", 3, PixelFormat::I420));
    assert_eq!((clip.frame(1)[0], clip.frame(5)[0], clip.frame(5).len()), (1, 2, 768), "round and round");
    let clip = cut(Kind::Y4m, &y4m_of("YUV4MPEG2 W32 H16", 1)).unwrap();
    assert_eq!(clip.mode.to_string(), "32x16@25 YU12", "the configured rate where the header has none");
}

#[test]
fn raw_pictures_without_a_header_are_as_large_as_configured() {
    let clip = cut(Kind::Raw(FourCc(*b"YUYV")), &[9; 32 * 16 * 2 * 4]).unwrap();
    assert_eq!((clip.mode.to_string().as_str(), clip.len()), ("32x16@25 YUYV", 4));
    let why = cut(Kind::Raw(FourCc(*b"NV12")), &[9; 1000]).unwrap_err();
    assert!(why.starts_with("1000 bytes are no whole number of NV12 pictures of 32x16 (768 bytes each); set [camera]"), "{why}");
}

#[test]
fn jpeg_pictures_one_after_the_other() {
    let all = [jpeg(20), jpeg(120), jpeg(220)];
    let clip = cut(Kind::Mjpeg, &all.concat()).unwrap();
    assert_eq!((clip.mode.to_string().as_str(), clip.len()), ("32x16@25 MJPG", 3));
    assert_eq!([clip.frame(0), clip.frame(1), clip.frame(2)], [&all[0][..], &all[1][..], &all[2][..]]);
}

#[test]
fn access_units_begin_at_the_first_key_frame() {
    let stream = [DELTA, SPS, PPS, IDR, DELTA, DELTA, IDR, DELTA].concat();
    let clip = cut(Kind::H264, &stream).unwrap();
    assert_eq!((clip.mode.size, clip.len()), (Size::new(1280, 720), 5));
    assert_eq!(clip.frame(0), [SPS, PPS, IDR].concat());
    assert_eq!((clip.frame(1), clip.frame(3)), (DELTA, IDR));
    assert_eq!([0, 1, 3, 4, 5].map(|n| clip.key_from(n)), [0, 3, 3, 0, 0], "the next key frame, round and round");
}

#[test]
fn what_is_wrong_is_said() {
    let short = y4m_of("YUV4MPEG2 W32 H16 F30:1", 2);
    let cases: &[(Kind, &[u8], &str)] = &[
        (Kind::Y4m, b"", "it has no YUV4MPEG2 header"),
        (Kind::Y4m, b"RIFF....AVI \n", "it has no YUV4MPEG2 header"),
        (Kind::Y4m, b"YUV4MPEG2 W32 H16 F30:1\n", "no whole frame is in it"),
        (Kind::Y4m, b"YUV4MPEG2 W3x H16\n", "its header says \"W3x\""),
        (Kind::Y4m, b"YUV4MPEG2 W32 H16 C422\n", "its pictures are 422; only 4:2:0 with 8 bits is played"),
        (Kind::Y4m, b"YUV4MPEG2 W32 H16 It\n", "its pictures are interlaced"),
        (Kind::Y4m, b"YUV4MPEG2 W31 H16\n", "its pictures are 31x16; sides must be even and at most 8192"),
        (Kind::Y4m, b"YUV4MPEG2 W32 H16 F100000:1\n", "its rate is 100000; it must be from 1 to 240 frames a second"),
        (Kind::Y4m, b"YUV4MPEG2 W32 H16\nFRAMX\n", "no frame begins at byte 18"),
        (Kind::Y4m, &short[..short.len() - 1], "its last frame, number 2, is cut off"),
        (Kind::Mjpeg, b"\x89PNG", "it does not begin with a JPEG picture"),
        (Kind::Mjpeg, b"\xff\xd8\xff", "it does not begin with a JPEG picture"),
        (Kind::H264, b"nothing", "it has no sequence parameter set"),
        (Kind::H264, &[SPS, PPS, DELTA].concat(), "it has no key frame (IDR)"),
        (Kind::Raw(FourCc(*b"UYVY")), b"", "no whole frame is in it"),
    ];
    for (kind, bytes, why) in cases {
        assert_eq!(cut(*kind, bytes).err().as_deref(), Some(*why), "{kind:?}");
    }
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let read = |name: &str| {
        let error = Clip::read(&path(name), &Config::default()).unwrap_err();
        (error.loss(), error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    };
    let not_there = "file gone.y4m: cannot be read: No such file or directory (os error 2)".to_owned();
    assert_eq!(read("gone.y4m"), (Loss::Unplugged, not_there));
    assert_eq!(
        read("clip.avi"),
        (Loss::NotACamera, format!("file clip.avi: what it holds cannot be told by its name; it must end in {ENDINGS}"))
    );
    std::fs::create_dir(path("folder.h264")).unwrap();
    assert_eq!(read("folder.h264"), (Loss::NotACamera, "file folder.h264: is no regular file".into()));
    // A file with a hole takes no room on the disk.
    File::create(path("huge.yuyv")).unwrap().set_len(MAX_BYTES + (1 << 20)).unwrap();
    let text = "file huge.yuyv: 513 MiB are too much, at most 512 are held in memory; cut it shorter";
    assert_eq!(read("huge.yuyv"), (Loss::NotACamera, text.into()));
}

/// A clip can be played from every place, whatever it was cut from.
fn plays(clip: &Clip) {
    for n in 0..clip.len().min(50) * 2 {
        assert!(!clip.frame(n).is_empty());
        assert!(clip.key_from(n) < clip.len());
    }
}

proptest! {
    #[test]
    fn damaged_clips_are_cut_or_refused(which in 0usize..4, changes in proptest::collection::vec((0usize..4000, any::<u8>()), 0..8), keep in 0usize..4000) {
        let (kind, mut bytes) = match which {
            0 => (Kind::Y4m, y4m_of("YUV4MPEG2 W32 H16 F30:1", 3)),
            1 => (Kind::Mjpeg, [jpeg(20), jpeg(120)].concat()),
            2 => (Kind::H264, [SPS, PPS, IDR, DELTA, IDR, DELTA].concat()),
            _ => (Kind::Raw(FourCc(*b"YUYV")), vec![7; 4096]),
        };
        let length = bytes.len();
        for (at, value) in changes {
            bytes[at % length] = value;
        }
        bytes.truncate(keep.max(1));
        if let Ok(clip) = cut(kind, &bytes) {
            plays(&clip);
        }
    }

    #[test]
    fn whatever_a_file_holds_does_no_harm(which in 0usize..4, bytes in proptest::collection::vec(prop_oneof![Just(0), Just(1), Just(0xff), Just(0x67), Just(0x65), any::<u8>()], 0..600)) {
        let kind = [Kind::Y4m, Kind::Mjpeg, Kind::H264, Kind::Raw(FourCc(*b"NV12"))][which];
        if let Ok(clip) = cut(kind, &bytes) {
            plays(&clip);
        }
    }
}
