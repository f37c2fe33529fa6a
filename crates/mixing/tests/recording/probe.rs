//! What ffmpeg, which knows nothing of us, makes of a file.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn run(program: &str, args: &[&str]) -> Vec<u8> {
    let out = Command::new(program).args(args).output().expect("ffmpeg is installed: setup/packages.sh test");
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    assert!(out.stderr.is_empty(), "{program} {args:?} complains: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

/// Plays a file from beginning to end; any complaint fails.
pub fn plays(file: &Path) {
    run("ffmpeg", &["-v", "error", "-i", text(file), "-f", "null", "-"]);
}

fn text(file: &Path) -> &str {
    file.to_str().unwrap()
}

/// A value of ffprobe, of a stream (`v`, `a`) or of the file (no stream).
pub fn value(file: &Path, stream: &str, entry: &str) -> String {
    let entries = format!("{}={entry}", if stream.is_empty() { "format" } else { "stream" });
    let select = if stream.is_empty() { "v" } else { stream };
    let out =
        run("ffprobe", &["-v", "error", "-select_streams", select, "-show_entries", &entries, "-of", "csv=p=0", text(file)]);
    String::from_utf8(out).unwrap().lines().next().unwrap_or_default().trim_end_matches(',').to_owned()
}

pub fn duration(file: &Path) -> Duration {
    Duration::from_secs_f64(value(file, "", "duration").parse().unwrap())
}

/// Y, U and V at each point of the picture at a time.
pub fn colors(file: &Path, at: Duration, size: (usize, usize), points: &[(usize, usize)]) -> Vec<[u8; 3]> {
    let seek = at.as_secs_f64().to_string();
    let args = ["-v", "error", "-i", text(file), "-ss", &seek, "-frames:v", "1", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"];
    let picture = run("ffmpeg", &args);
    let (width, height) = size;
    assert_eq!(picture.len(), width * height * 3 / 2);
    let (luma, chroma) = picture.split_at(width * height);
    let (u, v) = chroma.split_at(width * height / 4);
    points.iter().map(|(x, y)| [luma[y * width + x], u[y / 2 * width / 2 + x / 2], v[y / 2 * width / 2 + x / 2]]).collect()
}

/// When flashes begin in the tile around a point, and when beeps begin, in milliseconds of the file.
pub fn flashes_and_beeps(file: &Path, (x, y): (usize, usize)) -> (Vec<f64>, Vec<f64>) {
    // Constant frame rate, so that a picture's number is its time.
    let crop = format!("fps=30,crop=16:16:{x}:{y}");
    let pixels = run("ffmpeg", &["-v", "error", "-i", text(file), "-vf", &crop, "-pix_fmt", "gray", "-f", "rawvideo", "-"]);
    let bright = pixels.chunks(256).map(|picture| picture.iter().map(|p| u32::from(*p)).sum::<u32>() / 256 > 180);
    let flashes = rises(bright, 1000.0 / 30.0, 6);
    let args =
        ["-v", "error", "-i", text(file), "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", "48000", "-f", "s16le", "-"];
    let pcm = run("ffmpeg", &args);
    let loud = pcm
        .chunks(2 * 240)
        .map(|block| block.chunks_exact(2).any(|sample| i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs() > 3000));
    (flashes, rises(loud, 5.0, 40))
}

/// When something begins that was not there for `quiet` steps before.
fn rises(steps: impl Iterator<Item = bool>, step_ms: f64, quiet: usize) -> Vec<f64> {
    let (mut found, mut since) = (Vec::new(), 0);
    for (number, on) in steps.enumerate() {
        if on && since >= quiet {
            found.push(number as f64 * step_ms);
        }
        since = if on { 0 } else { since + 1 };
    }
    found
}
