//! Encodes raw I420 pictures from a file, paced like a camera or flat out, and prints what it cost as one JSON line.
//!
//! `encode FILE WIDTH HEIGHT FPS KBPS [--flat] [--out FILE.h264]`

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use artc_open::encoder::openh264::OpenH264;
use artc_open::encoder::{Encoded, Picture, Settings, Usage, VideoEncoder as _};
use media::Size;

fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().filter_map(|&i| fields.get(i)?.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

#[expect(clippy::disallowed_methods, reason = "a measuring program owns its clock")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, file, width, height, fps, kbps, rest @ ..] = args.as_slice() else {
        return Err("usage: encode FILE WIDTH HEIGHT FPS KBPS [--flat] [--out FILE.h264]".into());
    };
    let size = Size::new(width.parse()?, height.parse()?);
    let fps: f32 = fps.parse()?;
    let settings = Settings { size, fps, bitrate_bps: kbps.parse::<u32>()? * 1000, usage: Usage::Camera, key_interval: None };
    let mut out_file = match rest.iter().position(|a| a == "--out").and_then(|i| rest.get(i + 1)) {
        Some(path) => Some(std::fs::File::create(path)?),
        None => None,
    };
    let mut all = Vec::new();
    std::fs::File::open(file)?.read_to_end(&mut all)?;
    let mut encoder = OpenH264::new(settings)?;
    let (cpu_before, start) = (cpu(), Instant::now());
    let (mut times, mut bytes, mut keys, mut largest, mut out) = (Vec::new(), 0, 0, 0, Vec::new());
    for (n, data) in all.chunks_exact(size.area() * 3 / 2).enumerate() {
        let at = Duration::from_secs_f32(n as f32 / fps);
        if !rest.iter().any(|a| a == "--flat") {
            std::thread::sleep((start + at).saturating_duration_since(Instant::now()));
        }
        let w = size.width as usize;
        let picture = Picture::contiguous(data, size, [w, w / 2, w / 2], at).ok_or("odd size")?;
        let began = Instant::now();
        out.clear();
        if let Encoded::Unit { key } = encoder.encode(&picture, false, &mut out)? {
            keys += u32::from(key);
        }
        times.push(began.elapsed());
        bytes += out.len();
        if n > 0 {
            largest = largest.max(out.len());
        }
        if let Some(f) = &mut out_file {
            f.write_all(&out)?;
        }
    }
    let wall = start.elapsed();
    let used = cpu() - cpu_before;
    let frames = times.len();
    times.sort();
    println!(
        "{{\"frames\":{frames},\"keys\":{keys},\"kbps\":{:.0},\"largest_bytes\":{largest},\"encode_ms_p50\":{:.2},\"encode_ms_p99\":{:.2},\"cpu_percent\":{:.2},\"cpu_ms_per_frame\":{:.3}}}",
        bytes as f64 * 8.0 / (frames as f64 / f64::from(fps)) / 1000.0,
        times[frames / 2].as_secs_f64() * 1000.0,
        times[frames * 99 / 100].as_secs_f64() * 1000.0,
        used.as_secs_f64() * 100.0 / wall.as_secs_f64(),
        used.as_secs_f64() * 1000.0 / frames as f64,
    );
    Ok(())
}
