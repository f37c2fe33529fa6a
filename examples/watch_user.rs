//! Watches a user: subscribes to one user's camera and writes the decoded pictures to a `.y4m` clip, which players open.
//!
//! `cargo run --release --example watch_user -- URL TOKEN CHANNEL USER WHOM OUT.y4m PICTURES`

mod channel;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Duration;

use artc_bindings::{AudioFormat, ChannelProfile, Event, Extra, JoinChannelConfig, SubscribeMode, VideoTrack};
use channel::{Arguments, Failure};

/// How long the user may take to show something.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read("WHOM OUT.y4m PICTURES")?;
    let [whom, path, pictures] = arguments.rest.as_slice() else { return Err("whom, where to, how many pictures?".into()) };
    let pictures: u32 = pictures.parse()?;
    let engine = channel::engine(&arguments, &Extra::default())?;
    let config = JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        subscribe_mode: SubscribeMode::Manually,
        subscribe_audio_format: AudioFormat::None,
        ..JoinChannelConfig::default()
    };
    channel::join(&*engine, &arguments, &config)?;
    let events = engine.event_handler();
    let mut out = BufWriter::new(File::create(path)?);
    let (mut written, mut size) = (0, None);
    while written < pictures {
        match events.next_timeout(PATIENCE).ok_or("nothing came in a minute")? {
            Event::RemoteTrackAvailableNotify { uid, video_track: VideoTrack::Camera | VideoTrack::Both, .. } if uid == *whom => {
                engine.subscribe_remote_video_stream(whom, VideoTrack::Camera, true)?;
            }
            Event::VideoSubscribeStateChanged(change) => {
                println!("{}: {:?} -> {:?}", change.uid, change.old_state, change.new_state);
            }
            Event::RemoteVideoSample { uid, frame } if uid == *whom => {
                let picture = &frame.frame;
                // A clip has one size; a user who changes theirs begins another.
                let (width, height) = *size.get_or_insert((picture.width, picture.height));
                if written == 0 {
                    writeln!(out, "YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420jpeg")?;
                }
                if (picture.width, picture.height) == (width, height) {
                    writeln!(out, "FRAME")?;
                    out.write_all(picture.bytes())?;
                    written += 1;
                }
            }
            Event::Warning { detail, .. } => println!("warning: {detail}"),
            Event::Error { code, detail } => return Err(format!("{code}: {detail}").into()),
            _ => {}
        }
    }
    out.flush()?;
    println!("wrote {written} pictures to {path}");
    channel::leave(&*engine)
}
