//! Archives a channel: each user's camera as it was sent, in `USER.h264`, and everybody's sound mixed, in `channel.wav`. Ends with
//! standard input (Ctrl-D).
//!
//! `cargo run --release --example archive_channel -- URL TOKEN CHANNEL USER FOLDER`

mod channel;

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use artc_bindings::{
    AudioFormat, AudioFrame, AudioPcmFrame, ChannelProfile, Event, Extra, JoinChannelConfig, SubscribeMode, VideoTranscodingCodec,
};
use channel::{Arguments, Failure};

const TURN: Duration = Duration::from_millis(100);

/// A sound file whose length is known only when it ends.
struct Wav(BufWriter<File>);

impl Wav {
    fn create(path: &Path, frame: &AudioPcmFrame) -> std::io::Result<Self> {
        let mut out = BufWriter::new(File::create(path)?);
        let sample = u32::from(frame.channels) * 2;
        // Should the program be killed, players take the rest of the file for sound.
        out.write_all(b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0")?;
        out.write_all(&frame.channels.to_le_bytes())?;
        out.write_all(&frame.sample_rates.to_le_bytes())?;
        out.write_all(&(frame.sample_rates * sample).to_le_bytes())?;
        out.write_all(&(sample as u16).to_le_bytes())?;
        out.write_all(b"\x10\0data\xff\xff\xff\xff")?;
        Ok(Self(out))
    }

    fn push(&mut self, frame: &AudioPcmFrame) -> std::io::Result<()> {
        frame.pcm.iter().try_for_each(|sample| self.0.write_all(&sample.to_le_bytes()))
    }

    fn end(mut self) -> std::io::Result<()> {
        let bytes = u32::try_from(self.0.stream_position()?).unwrap_or(u32::MAX);
        self.0.seek(SeekFrom::Start(4))?;
        self.0.write_all(&bytes.saturating_sub(8).to_le_bytes())?;
        self.0.seek(SeekFrom::Start(40))?;
        self.0.write_all(&bytes.saturating_sub(44).to_le_bytes())?;
        self.0.flush()
    }
}

/// The file of a user; names come from others, so nothing in them may lead elsewhere.
fn file_of(folder: &Path, uid: &str) -> PathBuf {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    folder.join(uid.chars().take(64).map(safe).collect::<String>() + ".h264")
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read("FOLDER")?;
    let folder = PathBuf::from(arguments.rest.first().ok_or("into which folder?")?);
    std::fs::create_dir_all(&folder)?;
    // Pictures as they were sent: nothing is decoded.
    let extra = Extra { video_observer_codec: Some(VideoTranscodingCodec::H264), ..Extra::default() };
    let engine = channel::engine(&arguments, &extra)?;
    let config = JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        subscribe_mode: SubscribeMode::Automatically,
        subscribe_audio_format: AudioFormat::MixedPcm,
        ..JoinChannelConfig::default()
    };
    channel::join(&*engine, &arguments, &config)?;
    let ended = Arc::new(AtomicBool::new(false));
    std::thread::spawn({
        let ended = Arc::clone(&ended);
        move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            ended.store(true, Ordering::Relaxed);
        }
    });
    let events = engine.event_handler();
    let (mut cameras, mut sound) = (HashMap::new(), None);
    while !ended.load(Ordering::Relaxed) {
        match events.next_timeout(TURN) {
            Some(Event::RemoteVideoEncodedSample { uid, frame }) => {
                if !cameras.contains_key(&uid) {
                    let path = file_of(&folder, &uid);
                    println!("{uid} goes to {}", path.display());
                    cameras.insert(uid.clone(), BufWriter::new(File::create(path)?));
                }
                if let Some(out) = cameras.get_mut(&uid) {
                    out.write_all(frame.frame.bytes())?;
                }
            }
            Some(Event::SubscribeMixAudioFrame { frame: AudioFrame::Pcm(frame) }) => {
                if sound.is_none() {
                    sound = Some(Wav::create(&folder.join("channel.wav"), &frame)?);
                }
                if let Some(out) = &mut sound {
                    out.push(&frame)?;
                }
            }
            Some(Event::Error { code, detail }) => return Err(format!("{code}: {detail}").into()),
            _ => {}
        }
    }
    for out in cameras.values_mut() {
        out.flush()?;
    }
    if let Some(sound) = sound {
        sound.end()?;
    }
    println!("archived {} cameras", cameras.len());
    channel::leave(&*engine)
}
