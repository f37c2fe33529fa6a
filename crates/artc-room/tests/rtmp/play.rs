//! A user of the room publishes, and ffmpeg plays the stream.

use artc_open::Options;

use crate::person::{Publisher, Sends, Signal};
use crate::stage::{CHANNEL, Ffmpeg, Stage, is_color, middle, output, pitch, token, wait};

#[test]
fn what_a_user_publishes_is_played_with_its_picture_and_its_tone_until_the_user_leaves() {
    let stage = Stage::new();
    let sends = Sends { color: Some([145, 54, 34]), signal: Signal::Tone };
    let camera = Publisher::join(Options::new(stage.room.as_str()), (&token("cam"), CHANNEL, "cam"), sends);
    let file = stage.file("played.mkv");
    let file = file.to_str().expect("a name");
    // As it comes, so that what is in the file is what was sent.
    let player = Ffmpeg::start(&["-i", &stage.address("cam", &token("player")), "-c", "copy", "-t", "4", file]);
    let (content, said) = player.ended();
    assert!(content, "{said}");
    let entry = |stream: &str, entry: &str| {
        let args = ["-v", "error", "-select_streams", stream, "-show_entries", entry, "-of", "csv=p=0", file];
        String::from_utf8(output("ffprobe", &args)).expect("text").lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(entry("v", "stream=codec_name,width,height"), "h264,320,240");
    assert_eq!(entry("a", "stream=codec_name,sample_rate,channels"), "aac,48000,1");
    let decoded = output("ffmpeg", &["-v", "error", "-i", file, "-map", "0:v", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]);
    let pictures: Vec<[u8; 3]> = decoded.chunks_exact(320 * 240 * 3 / 2).map(|picture| middle(picture, 320, 240)).collect();
    assert!(pictures.len() >= 5 && pictures.iter().all(|got| is_color(*got, [145, 54, 34])), "{pictures:?}");
    let pcm = output("ffmpeg", &["-v", "error", "-i", file, "-map", "0:a", "-f", "s16le", "-"]);
    let pcm: Vec<i16> = pcm.chunks_exact(2).map(|sample| i16::from_le_bytes([sample[0], sample[1]])).collect();
    let tones = pcm.chunks(24_000).filter_map(|half| pitch(half, 48_000)).filter(|pitch| (590.0..610.0).contains(pitch)).count();
    assert!(tones >= 2, "{tones} half seconds of {} samples have the tone", pcm.len());

    // One that goes on is told when the user has left.
    let player = Ffmpeg::start(&["-i", &stage.address("cam", &token("player")), "-c", "copy", "-f", "null", "-"]);
    wait("it plays", || (stage.count("artc_server_rtmp_streams", &["out"]) == 1).then_some(()));
    drop(camera);
    player.ended();
    wait("nobody plays", || (stage.count("artc_server_rtmp_streams", &["out"]) == 0).then_some(()));
}

#[test]
fn what_is_pushed_can_be_played() {
    let stage = Stage::new();
    let _pusher = Ffmpeg::push(&stage.address("encoder", &token("encoder")), "red");
    let file = stage.file("played.mkv");
    let file = file.to_str().expect("a name");
    let player = Ffmpeg::start(&["-i", &stage.address("encoder", &token("player")), "-c", "copy", "-t", "3", file]);
    let (content, said) = player.ended();
    assert!(content, "{said}");
    let decoded = output("ffmpeg", &["-v", "error", "-i", file, "-map", "0:v", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]);
    let pictures: Vec<[u8; 3]> = decoded.chunks_exact(320 * 240 * 3 / 2).map(|picture| middle(picture, 320, 240)).collect();
    assert!(pictures.len() >= 5 && pictures.iter().all(|got| is_color(*got, [81, 90, 240])), "{pictures:?}");
}
