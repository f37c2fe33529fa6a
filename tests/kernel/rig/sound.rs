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

/// The same again and again, for a minute.
pub fn long_speech() -> PathBuf {
    let path = PathBuf::from("/run/long.wav");
    let spoken = samples(&speech());
    let count = 48_000 * 60 / spoken.len();
    let bytes = (spoken.len() * count * 2) as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((bytes + 36).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(48_000_u32.to_le_bytes());
    file.extend(96_000_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(bytes.to_le_bytes());
    let once: Vec<u8> = spoken.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    file.extend(once.repeat(count));
    std::fs::write(&path, file).expect("/run can be written");
    path
}

/// How well `heard` contains the loudest tenth of a second of `spoken`: the best normalised correlation, 1.0 for the same.
pub fn correlation(heard: &[i16], spoken: &[i16]) -> f64 {
    // At 12 kHz, which is where speech is.
    let coarse = |samples: &[i16]| -> Vec<f32> {
        samples.chunks_exact(4).map(|four| four.iter().map(|sample| f32::from(*sample)).sum()).collect()
    };
    let energy = |part: &[f32]| part.iter().map(|sample| sample * sample).sum::<f32>();
    let (heard, spoken) = (coarse(heard), coarse(spoken));
    let key = spoken.chunks_exact(1200).max_by(|a, b| energy(a).total_cmp(&energy(b))).expect("a tenth of a second");
    let own = energy(key);
    let likeness = |part: &[f32]| {
        let product: f32 = part.iter().zip(key).map(|(a, b)| a * b).sum();
        f64::from(product / (energy(part) * own).sqrt().max(1.0))
    };
    heard.windows(key.len()).map(likeness).fold(0.0, f64::max)
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
