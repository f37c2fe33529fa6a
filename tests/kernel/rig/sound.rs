//! Sound cards: snd-aloop, whose two sides are a player's and a recorder's, with recorded speech to play.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::{Process, wait_for, write};

const DRIVER: &str = "/sys/bus/platform/drivers/snd_aloop";
/// Kernel argument: a loopback with one subdevice a side, so that it can be busy.
pub const ONE_SUBDEVICE: &str = "snd_aloop.pcm_substreams=1";
/// Where the microphone listens.
pub const MICROPHONE: &str = "Loopback,1";
/// Where the player plays.
const SPEAKER: &str = "plughw:Loopback,0";

/// Recorded speech (48 kHz, one channel, about 1.4 s), from alsa-utils.
pub fn speech() -> PathBuf {
    PathBuf::from("/usr/share/sounds/alsa/Front_Center.wav")
}

/// The samples of a plain WAV file of 16-bit sound.
pub fn samples(file: &std::path::Path) -> Vec<i16> {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let at = bytes.windows(4).position(|tag| tag == b"data").expect("a WAV file has a data chunk");
    bytes[at + 8..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// Plays a file into the loopback, beside the scenario.
pub fn play(file: &std::path::Path) -> Process {
    let mut command = Command::new("aplay");
    command.args(["-q", "-D", SPEAKER]).arg(file);
    Process::start("aplay", command)
}

/// Pulls the loopback card.
pub fn unplug() {
    write(format!("{DRIVER}/unbind"), "snd_aloop.0");
    wait_for("the card to go", Duration::from_secs(5), || (!card_is_there()).then_some(()));
}

/// Plugs it in again.
pub fn plug() {
    write(format!("{DRIVER}/bind"), "snd_aloop.0");
    wait_for("the card to come", Duration::from_secs(5), || card_is_there().then_some(()));
}

fn card_is_there() -> bool {
    std::path::Path::new("/proc/asound/Loopback").exists()
}
