//! Keys of the kernel's input devices (evdev): what a board's buttons are where a driver (gpio-keys, adc-keys) holds their lines.
//!
//! Devices are told apart by what sysfs says of them, and events read as the kernel writes them (`struct input_event` of its
//! input.h), so that no ioctl is needed. A device is only listened to, never taken from others.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::Press;
use crate::{Button, Profile};

/// Bytes of an event: seconds and microseconds in the kernel's long, type, code, value.
const EVENT: usize = 2 * size_of::<usize>() + 8;
/// Type of an event that is a key's (EV_KEY).
const KEY: u16 = 1;
/// Events that are read at a time.
const BATCH: usize = 64;

/// The keys that a profile declares.
pub(super) struct Keys {
    root: PathBuf,
    wanted: BTreeMap<String, Button>,
    open: Vec<Device>,
}

struct Device {
    node: PathBuf,
    file: File,
    /// Which of the profile's buttons it has, by the kernel's number.
    keys: Vec<(u16, String)>,
}

impl Keys {
    pub(super) fn new(profile: &Profile, root: &Path) -> Self {
        let wanted = profile.buttons.iter().filter(|(_, button)| button.key.is_some());
        let wanted = wanted.map(|(name, button)| (name.clone(), button.clone())).collect();
        Self { root: root.into(), wanted, open: Vec::new() }
    }

    /// Opens the devices that have wanted keys and are not open yet.
    pub(super) fn look(&mut self) {
        for (node, keys) in found(&self.root, &self.wanted) {
            if self.open.iter().any(|device| device.node == node) {
                continue;
            }
            let flags = OFlags::NONBLOCK.bits() as i32;
            if let Ok(file) = OpenOptions::new().read(true).custom_flags(flags).open(&node) {
                self.open.push(Device { node, file, keys });
            }
        }
    }

    /// Whether a wanted key has no device.
    pub(super) fn is_missing_some(&self) -> bool {
        let has = |name: &String| self.open.iter().any(|device| device.keys.iter().any(|(_, other)| other == name));
        !self.wanted.keys().all(has)
    }

    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.open.iter().map(|device| device.file.as_fd())
    }

    /// What the keys did since the last time. A device that is gone is closed.
    pub(super) fn presses(&mut self) -> Vec<Press> {
        let mut presses = Vec::new();
        self.open.retain_mut(|device| {
            let mut bytes = [0; EVENT * BATCH];
            loop {
                match device.file.read(&mut bytes) {
                    Ok(0) => return true,
                    Ok(length) => {
                        presses.extend(bytes[..length].chunks_exact(EVENT).filter_map(|event| press(event, &device.keys)))
                    }
                    Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                    Err(why) => return why.kind() == io::ErrorKind::WouldBlock,
                }
            }
        });
        presses
    }

    /// Each wanted key, and why it cannot be used.
    pub(super) fn declared(&self) -> impl Iterator<Item = (&str, String, Option<String>)> {
        let found = found(&self.root, &self.wanted);
        self.wanted.iter().map(move |(name, button)| {
            let key = button.key.unwrap_or_default();
            let stands_for = match &button.device {
                Some(device) => format!("key {key} of \"{device}\""),
                None => format!("key {key}"),
            };
            let node = found.iter().find(|(_, keys)| keys.iter().any(|(_, other)| other == name)).map(|(node, _)| node);
            let missing = match node.map(|node| (node, File::open(node))) {
                Some((_, Ok(_))) => None,
                Some((node, Err(why))) if why.kind() == io::ErrorKind::PermissionDenied => Some(format!(
                    "button \"{name}\": permission denied for {}; put the user into the group input",
                    node.display()
                )),
                Some((node, Err(why))) => Some(format!("button \"{name}\": {}: {why}", node.display())),
                None => Some(format!(
                    "button \"{name}\": no input device has {stands_for}; /proc/bus/input/devices lists those that there are"
                )),
            };
            (name.as_str(), stands_for, missing)
        })
    }
}

fn press(event: &[u8], keys: &[(u16, String)]) -> Option<Press> {
    let number = |at: usize| u16::from_ne_bytes([event[at], event[at + 1]]);
    let (kind, code) = (number(EVENT - 8), number(EVENT - 6));
    let value = i32::from_ne_bytes(event[EVENT - 4..].try_into().ok()?);
    // 2 is a key that repeats itself.
    if kind != KEY || !(0..=1).contains(&value) {
        return None;
    }
    let (_, button) = keys.iter().find(|(key, _)| *key == code)?;
    Some(Press { button: button.clone(), pressed: value == 1 })
}

/// The nodes that have wanted keys, and which.
fn found(root: &Path, wanted: &BTreeMap<String, Button>) -> Vec<(PathBuf, Vec<(u16, String)>)> {
    let entries = fs::read_dir(root.join("sys/class/input")).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("event"))
        .filter_map(|entry| {
            let read = |file: &str| fs::read_to_string(entry.path().join("device").join(file)).unwrap_or_default();
            let (device, capabilities) = (read("name"), read("capabilities/key"));
            let keys: Vec<(u16, String)> = wanted
                .iter()
                .filter(|(_, button)| button.device.as_ref().is_none_or(|name| name == device.trim_end_matches('\n')))
                .filter_map(|(name, button)| Some((button.key.filter(|key| has(&capabilities, *key))?, name.clone())))
                .collect();
            (!keys.is_empty()).then(|| (root.join("dev/input").join(entry.file_name()), keys))
        })
        .collect();
    found.sort();
    found
}

/// Whether a bitmap of sysfs, words of the kernel's long in hexadecimal with the highest first, has this bit.
fn has(bitmap: &str, bit: u16) -> bool {
    let (word, bit) = (usize::from(bit) / usize::BITS as usize, u32::from(bit) % usize::BITS);
    let word = bitmap.split_whitespace().rev().nth(word).and_then(|word| u64::from_str_radix(word, 16).ok());
    word.is_some_and(|word| word >> bit & 1 == 1)
}
