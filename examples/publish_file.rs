//! Publishes a file: the pictures of a `.y4m` clip (YUV4MPEG2, 4:2:0) and the sound of a 16-bit `.wav`, paced as they were taken.
//!
//! `cargo run --release --example publish_file -- URL TOKEN CHANNEL USER CLIP.y4m [SOUND.wav] [--times N]`

mod channel;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{
    AudioQualityMode, AudioSceneMode, CallError, ChannelProfile, Dimensions, Engine, Event, Extra, JoinChannelConfig,
    PublishMode, RenderMode, VideoDataSample, VideoEncoderConfiguration, VideoSource,
};
use channel::{Arguments, Failure};

/// A clip of raw pictures.
struct Clip {
    file: BufReader<File>,
    /// Where the first picture begins.
    begins: u64,
    width: u32,
    height: u32,
    fps: f64,
}

impl Clip {
    fn open(path: &str) -> Result<Self, Failure> {
        let mut file = BufReader::new(File::open(path)?);
        let mut header = String::new();
        file.by_ref().take(256).read_line(&mut header)?;
        let word = |tag: char| header.split_whitespace().skip(1).find_map(|word| word.strip_prefix(tag));
        let (Some(width), Some(height), true) = (word('W'), word('H'), header.starts_with("YUV4MPEG2 ")) else {
            return Err(format!("{path} is no YUV4MPEG2 clip").into());
        };
        let rate = word('F').and_then(|rate| rate.split_once(':')).unwrap_or(("25", "1"));
        let fps = rate.0.parse::<f64>()? / rate.1.parse::<f64>()?;
        if !(1.0..=60.0).contains(&fps) || !word('C').unwrap_or("420").starts_with("420") {
            return Err(format!("{path}: 4:2:0 pictures, 1 to 60 a second, can be published").into());
        }
        Ok(Self { width: width.parse()?, height: height.parse()?, fps, begins: file.stream_position()?, file })
    }

    /// The next picture, as bytes that the engine shares instead of copying them.
    fn next(&mut self) -> Result<Option<Arc<Vec<u8>>>, Failure> {
        let mut line = String::new();
        self.file.by_ref().take(256).read_line(&mut line)?;
        if !line.starts_with("FRAME") {
            return Ok(None);
        }
        let (width, height) = (self.width as usize, self.height as usize);
        let mut bytes = vec![0; width * height + 2 * width.div_ceil(2) * height.div_ceil(2)];
        self.file.read_exact(&mut bytes)?;
        Ok(Some(Arc::new(bytes)))
    }
}

/// 16-bit sound.
struct Sound {
    rate: u32,
    channels: u16,
    bytes: Vec<u8>,
}

impl Sound {
    fn open(path: &str) -> Result<Self, Failure> {
        let file = std::fs::read(path)?;
        let (mut rest, mut format) = (file.get(12..).unwrap_or_default(), None);
        while let (true, Some((head, body))) = (file.starts_with(b"RIFF"), rest.split_at_checked(8)) {
            let length = u32::from_le_bytes(head[4..].try_into()?) as usize;
            let content = &body[..length.min(body.len())];
            match (&head[..4], format) {
                (b"fmt ", _) if content.len() >= 16 => {
                    let word = |at: usize| u16::from_le_bytes([content[at], content[at + 1]]);
                    let rate = u32::from_le_bytes(content[4..8].try_into()?);
                    format = Some((word(0), word(2), rate, word(14)));
                }
                (b"data", Some((1, channels @ 1..=2, rate, 16))) => {
                    return Ok(Self { rate, channels, bytes: content.to_vec() });
                }
                _ => {}
            }
            rest = body.get(length + length % 2..).unwrap_or_default();
        }
        Err(format!("{path} is no 16-bit PCM of one or two channels in a RIFF file").into())
    }
}

fn main() -> Result<(), Failure> {
    let mut arguments = Arguments::read("CLIP.y4m [SOUND.wav] [--times N]")?;
    let times = match arguments.rest.iter().position(|word| word == "--times") {
        Some(at) => arguments.rest.drain(at..).nth(1).ok_or("--times needs a number")?.parse()?,
        None => 1,
    };
    let mut clip = Clip::open(arguments.rest.first().ok_or("which clip?")?)?;
    let sound = arguments.rest.get(1).map(|path| Sound::open(path)).transpose()?;
    let engine = channel::engine(&arguments, &Extra::default())?;
    engine.set_video_encoder_configuration(&VideoEncoderConfiguration {
        dimensions: Dimensions { width: clip.width, height: clip.height },
        frame_rate: clip.fps.round() as u32,
        // By the documents' table, for this size and rate.
        bitrate: 0,
        ..VideoEncoderConfiguration::default()
    })?;
    // First say where media comes from, then join.
    engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto)?;
    if let Some(sound) = &sound {
        engine.set_audio_profile(AudioQualityMode::HighQuality, AudioSceneMode::Media)?;
        engine.set_external_audio_source(true, sound.rate, sound.channels.into())?;
    }
    let config = JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        publish_mode: PublishMode::Automatically,
        ..JoinChannelConfig::default()
    };
    channel::join(&*engine, &arguments, &config)?;
    let pictures = publish(&*engine, &mut clip, sound.as_ref(), times)?;
    println!("published {pictures} pictures");
    channel::leave(&*engine)
}

/// Pushes each picture when it is due, and the sound up to there.
#[expect(clippy::disallowed_methods, reason = "a program of its own owns its clock")]
fn publish(engine: &dyn Engine, clip: &mut Clip, sound: Option<&Sound>, times: u32) -> Result<u64, Failure> {
    let (start, events) = (Instant::now(), engine.event_handler());
    let (mut pictures, mut heard) = (0_u64, 0);
    for _ in 0..times {
        clip.file.seek(SeekFrom::Start(clip.begins))?;
        while let Some(bytes) = clip.next()? {
            let due = Duration::from_secs_f64(pictures as f64 / clip.fps);
            std::thread::sleep((start + due).saturating_duration_since(Instant::now()));
            let millis = due.as_millis() as i64;
            let sample = VideoDataSample::i420(bytes, clip.width, clip.height, millis, None);
            engine.push_external_video_frame(&sample, VideoSource::Camera)?;
            pictures += 1;
            if let Some(sound) = sound {
                // 10 ms at a time. A full buffer is no loss: the same chunk goes next time.
                let chunk = (sound.rate / 100) as usize * usize::from(sound.channels) * 2;
                let behind = |heard: usize| Duration::from_millis(heard as u64 * 10) <= due + Duration::from_millis(20);
                while let (true, Some(bytes)) = (behind(heard), sound.bytes.chunks_exact(chunk).cycle().nth(heard)) {
                    match engine.push_external_audio_frame_raw_data(bytes, heard as i64 * 10) {
                        Ok(()) => heard += 1,
                        Err(CallError::BufferFull { .. }) => break,
                        Err(error) => return Err(error.into()),
                    }
                }
            }
            while let Some(event) = events.try_next() {
                match event {
                    Event::Error { code, detail } => return Err(format!("{code}: {detail}").into()),
                    Event::VideoPublishStateChanged(change) => {
                        println!("video: {:?} -> {:?}", change.old_state, change.new_state)
                    }
                    Event::AudioPublishStateChanged(change) => {
                        println!("sound: {:?} -> {:?}", change.old_state, change.new_state)
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(pictures)
}
