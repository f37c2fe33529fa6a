//! The baseline of the processor's rows: the daemon's encoder (and JPEG decoder) alone, on the same clip, at the same pace. Not for
//! anything else that the daemon does: no capture, no sending.

use std::path::PathBuf;
use std::time::Duration;

use artc_open::encoder::{self, Choice, Encoded, Picture, Settings, Usage};
use clap::Args;
use media::{Converter, Fit, FramePool, PixelFormat, Plane, RawFrame, Size};
use serde_json::json;

use crate::Failure;
use crate::clip::Clip;
use crate::steer::{monotonic, now, over, poll, say, sleep_until};

/// Pictures that are in use at once: this program holds one.
const POOL: usize = 2;

#[derive(Args)]
pub struct Encode {
    /// A clip: .y4m, or .mjpeg, which is decoded too
    clip: PathBuf,
    /// Pictures a second
    #[arg(long, default_value_t = 30.0)]
    fps: f64,
    /// Bits a second to keep to, in thousands
    #[arg(long, default_value_t = 2000)]
    kbps: u32,
    /// Size of a .mjpeg's pictures
    #[arg(long, default_value = "1280x720", value_parser = size)]
    size: Size,
}

fn size(text: &str) -> Result<Size, String> {
    let parse = || text.split_once('x').and_then(|(w, h)| Some(Size::new(w.parse().ok()?, h.parse().ok()?)));
    parse().ok_or_else(|| format!("{text} is not WIDTHxHEIGHT"))
}

impl Encode {
    pub fn run(self) -> Result<(), Failure> {
        let clip = Clip::read(&self.clip, self.size)?;
        let size = clip.size;
        // As the daemon's video thread makes it for a camera (crates/artc-open/src/video/worker.rs).
        let settings =
            Settings { size, fps: self.fps as f32, bitrate_bps: self.kbps * 1000, usage: Usage::Camera, key_interval: None };
        let mut encoder = encoder::open(Choice::OpenH264, settings)?;
        let mut converter = Converter::new(Fit::Letterbox);
        let mut pool = FramePool::with_slack(size, POOL);
        let (start, mut out) = (now(), Vec::new());
        let (mut frames, mut bytes, mut keys, mut late, mut encode_us) = (0_u64, 0_u64, 0_u64, 0_u64, Vec::new());
        say(&json!({ "event": "streaming", "encoder": encoder.name() }));
        loop {
            let due = start + Duration::from_secs_f64(frames as f64 / self.fps);
            sleep_until(due);
            late += u64::from(now() > due + Duration::from_secs_f64(0.5 / self.fps));
            let data = &clip.bytes[clip.frames[frames as usize % clip.frames.len()].clone()];
            let captured_at = monotonic();
            let decoded;
            let picture = if clip.jpeg {
                let planes = [Some(Plane { data, stride: 0 }), None, None];
                let raw = RawFrame { format: PixelFormat::Mjpeg, size, planes, captured_at, sequence: 0 };
                let filled = pool.fill(captured_at, 0, |to| converter.convert(&raw, size, to));
                decoded = filled.ok_or("no free picture")??;
                decoded.buffer.as_ref().as_ref()
            } else {
                data
            };
            let width = size.width as usize;
            let picture =
                Picture::contiguous(picture, size, [width, width / 2, width / 2], captured_at).ok_or("not a picture's size")?;
            let began = now();
            out.clear();
            if let Encoded::Unit { key } = encoder.encode(&picture, false, &mut out)? {
                keys += u64::from(key);
            }
            encode_us.push(now().saturating_duration_since(began).as_micros() as u64);
            frames += 1;
            bytes += out.len() as u64;
            if over(poll(), || json!({ "frames": frames, "bytes": bytes, "keys": keys, "late": late })) {
                encode_us.sort_unstable();
                let part = |p: usize| encode_us.get(encode_us.len() * p / 100);
                say(&json!({ "event": "end", "encode_us_p50": part(50), "encode_us_p99": part(99) }));
                return Ok(());
            }
        }
    }
}
