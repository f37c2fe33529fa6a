//! Which sound cards there are, under names that stay the same, and which one "auto" takes. Reads files of the kernel only.
//!
//! A card's number depends on the order of plugging and booting, and so does the ending of ALSA's own card id when two cards are of one
//! kind (`Device`, `Device_1`). So the name of a card is, where it is on USB, its serial number, else the port it is plugged into; for
//! all others ALSA's card id, which drivers of built-in cards choose.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// Which way sound goes through a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// It captures: microphones.
    In,
    /// It plays: speakers.
    Out,
}

impl Way {
    /// The last letter of a device's node.
    const fn letter(self) -> char {
        match self {
            Self::In => 'c',
            Self::Out => 'p',
        }
    }
}

/// A sound device that captures, or one that plays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The stable name; what `[microphone] source` and `[speaker] device` take: `usb-046d:0825-1A2B3C`, `usb@1-1.2`, or ALSA's card id such as `PCH`; for a
    /// device of the card other than the first of its way, followed by a comma and its number.
    pub id: String,
    /// What the card calls itself.
    pub name: String,
    /// ALSA's card id.
    pub card: String,
    /// The card's number at this moment.
    pub number: u32,
    /// The device's number on the card.
    pub device: u32,
    /// The card's driver, as the kernel names it.
    pub driver: String,
    /// It has no microphone and no speaker behind it: loopbacks, dummies, test drivers. "auto" takes it only when there is nothing else.
    pub is_virtual: bool,
}

impl Identity {
    /// The names under which ALSA opens it: as it is, then through ALSA's conversions of rate, channels and format.
    pub fn pcm_names(&self) -> [String; 2] {
        ["hw", "plughw"].map(|kind| format!("{kind}:CARD={},DEV={}", self.card, self.device))
    }

    /// The name under which ALSA opens its mixer.
    pub fn mixer_name(&self) -> String {
        format!("hw:CARD={}", self.card)
    }

    /// Whether `source` of the configuration means this device: by its stable name, by ALSA's card id, or by what the card calls itself.
    pub fn is_meant_by(&self, source: &str) -> bool {
        let with_device = |card: &str| source == card || source == format!("{card},{}", self.device);
        source == self.id || source == self.name || with_device(&self.card)
    }
}

/// Drivers without a microphone or a speaker behind them. A loopback may have somebody on its other side; the rest plays to itself.
const LOOPBACKS: [&str; 1] = ["snd_aloop"];
const DUMMIES: [&str; 2] = ["snd_dummy", "pcmtest"];

/// All sound devices that capture, or that play, in the order in which "auto" tries them: those with something behind them, loopbacks,
/// dummies; each kind by number of card and device.
pub fn devices(way: Way) -> Vec<Identity> {
    list(Path::new("/"), way)
}

/// The same below another root than `/`.
pub(super) fn list(root: &Path, way: Way) -> Vec<Identity> {
    let class = root.join("sys/class/sound");
    let Ok(entries) = fs::read_dir(&class) else { return Vec::new() };
    let mut nodes: Vec<(u32, u32)> = entries.flatten().filter_map(|entry| numbers(entry.file_name().to_str()?, way)).collect();
    nodes.sort_unstable();
    let mut found: Vec<Identity> = Vec::new();
    for (number, device) in nodes {
        let first = found.last().is_none_or(|before| before.number != number);
        found.extend(identify(root, &class, number, device, first));
    }
    found.sort_by_key(|device| (device.is_virtual, !LOOPBACKS.contains(&device.driver.as_str())));
    found
}

/// Card and device of a node such as `pcmC0D0c`, where it is of this way.
fn numbers(name: &str, way: Way) -> Option<(u32, u32)> {
    let (card, device) = name.strip_prefix("pcmC")?.strip_suffix(way.letter())?.split_once('D')?;
    Some((card.parse().ok()?, device.parse().ok()?))
}

fn identify(root: &Path, class: &Path, number: u32, device: u32, first: bool) -> Option<Identity> {
    let folder = class.join(format!("card{number}"));
    let card = fs::read_to_string(folder.join("id")).ok()?.trim().to_owned();
    // A virtual card made by a module without a bus has no `device`.
    let behind = fs::canonicalize(folder.join("device")).unwrap_or_default();
    let driver = fs::canonicalize(behind.join("driver")).unwrap_or_default();
    let driver = driver.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let base = usb_name(&behind).unwrap_or_else(|| card.clone());
    Some(Identity {
        id: if first { base } else { format!("{base},{device}") },
        name: long_name(root, number).unwrap_or_else(|| card.clone()),
        is_virtual: LOOPBACKS.iter().chain(&DUMMIES).any(|known| *known == driver),
        card,
        number,
        device,
        driver,
    })
}

/// The name of a card that is on USB, from the folder of its device above the interface.
fn usb_name(interface: &Path) -> Option<String> {
    let device = interface.ancestors().find(|folder| folder.join("idVendor").is_file())?;
    let read = |name: &str| {
        fs::read_to_string(device.join(name)).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    match (read("idVendor"), read("idProduct"), read("serial")) {
        (Some(vendor), Some(product), Some(serial)) => Some(format!("usb-{vendor}:{product}-{serial}")),
        // Without a serial number the port is what tells it from its twin.
        _ => Some(format!("usb@{}", device.file_name()?.to_str()?)),
    }
}

/// What the card calls itself, from a line such as ` 0 [PCH            ]: HDA-Intel - HDA Intel PCH`.
fn long_name(root: &Path, number: u32) -> Option<String> {
    let cards = fs::read_to_string(root.join("proc/asound/cards")).ok()?;
    let line =
        cards.lines().find(|line| line.trim_start().split(' ').next() == Some(&number.to_string()) && line.contains("]: "))?;
    line.split_once("]: ").and_then(|(_, rest)| rest.split_once(" - ")).map(|(_, name)| name.trim().to_owned())
}

/// Where the devices' nodes are, for telling a missing card from a forbidden one.
pub fn node(device: &Identity, way: Way) -> PathBuf {
    PathBuf::from(format!("/dev/snd/pcmC{}D{}{}", device.number, device.device, way.letter()))
}
