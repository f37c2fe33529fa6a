//! What pictures show that the device gives out: looked at by ffmpeg, which had no part in making them.

use std::process::Command;

use base64::Engine as _;
use serde_json::Value;

/// The bytes in a reply.
pub fn bytes(reply: &Value) -> Vec<u8> {
    let text = reply["base64"].as_str().unwrap_or_else(|| panic!("no bytes: {reply}"));
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

/// The first picture that ffmpeg decodes of these bytes, as brightness of 320 by 240.
pub fn decoded(bytes: &[u8], name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).expect("written");
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&file)
        .args(["-frames:v", "1", "-vf", "scale=in_range=auto:out_range=full", "-pix_fmt", "gray", "-f", "rawvideo", "-"])
        .output()
        .expect("ffmpeg is installed: setup/packages.sh test");
    assert!(done.status.success() && done.stdout.len() == 320 * 240, "{}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}
