//! Which camera is which: ids that survive a reboot and another order of plugging, by what the kernel itself says
//! (sysfs and the driver), so that they are the same with and without udev.
//!
//! | id | for |
//! |---|---|
//! | `usb:046d:0825:2A4B6C8D` | a USB camera with a serial number: vendor, product, serial |
//! | `usb:046d:0825:2A4B6C8D@usb-0000:00:14.0-3` | the same where two cameras claim one serial number: where it is plugged in |
//! | `HD_Webcam@usb-0000:00:14.0-3` | a camera without a serial number: its name, and where it is plugged in |
//! | `vivid-000-vid-cap@platform:vivid-000` | a camera that is no USB device |
//!
//! A device with several cameras gives the second and further ones a `#1`, `#2`, ... at the end. The node's number is
//! never part of an id.

use std::fs;
use std::path::{Path, PathBuf};

use super::file::PREFIX;
use super::state::Identity;
use super::v4l2::{Device, OpenError};

/// A camera that is there, and an open descriptor of it.
#[derive(Debug)]
pub(super) struct Found {
    pub identity: Identity,
    pub device: Device,
}

/// A node that might be a camera.
#[derive(Debug)]
pub(super) struct Candidate {
    pub node: PathBuf,
    pub opened: Result<Found, OpenError>,
}

/// What `[camera] source` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The built-in pattern.
    Pattern,
    /// The first camera.
    First,
    /// A node, or a link to one.
    Node(PathBuf),
    /// A stable id.
    Id(String),
    /// A clip that is played as if it were a camera.
    File(PathBuf),
}

impl Target {
    /// Reads `[camera] source`.
    pub(super) fn parse(source: &str) -> Self {
        match source {
            "pattern" => Self::Pattern,
            "auto" => Self::First,
            path if path.starts_with('/') => Self::Node(path.into()),
            file if file.starts_with(PREFIX) => Self::File(file[PREFIX.len()..].into()),
            id => Self::Id(id.into()),
        }
    }
}

/// Opens every video node of `/dev`, in the order of their numbers, and names the cameras among them.
pub(super) fn scan() -> Vec<Candidate> {
    let mut candidates: Vec<_> = nodes(Path::new("/dev")).into_iter().map(open).collect();
    let ids: Vec<_> = candidates.iter().filter_map(|c| c.opened.as_ref().ok()).map(|found| found.identity.id.clone()).collect();
    for found in candidates.iter_mut().filter_map(|c| c.opened.as_mut().ok()) {
        if ids.iter().filter(|id| **id == found.identity.id).count() > 1 {
            found.identity.id = with_place(&found.identity);
        }
    }
    candidates
}

/// Opens one node.
pub(super) fn open(node: PathBuf) -> Candidate {
    // A link under /dev/v4l names the device; what it points to is the node of today.
    let real = fs::canonicalize(&node).unwrap_or_else(|_| node.clone());
    let opened = Device::open(&real).map(|device| Found { identity: identify(&real, &device), device });
    Candidate { node, opened }
}

/// Whether `present` is the camera that was known as `known`: the serial number decides where there is one that only
/// one camera claims, else name and place.
pub(super) fn is_same(known: &Identity, present: &Identity) -> bool {
    known.id == present.id || (known.id == with_place(present)) || (with_place(known) == present.id)
}

/// Whether the id `asked` means `present`: as it is, or as it would be if another camera claimed its serial number.
pub(super) fn is_meant(asked: &str, present: &Identity) -> bool {
    asked == present.id || asked == with_place(present)
}

fn with_place(identity: &Identity) -> String {
    match (&identity.serial, identity.id.split_once('@')) {
        (Some(_), None) => format!("{}@{}", identity.id, identity.bus),
        _ => identity.id.clone(),
    }
}

fn nodes(dev: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(dev).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut numbers: Vec<u32> = names.filter_map(|name| name.strip_prefix("video")?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|number| dev.join(format!("video{number}"))).collect()
}

fn identify(node: &Path, device: &Device) -> Identity {
    let (card, bus, driver) = device.names();
    let class = Path::new("/sys/class/video4linux").join(node.file_name().unwrap_or_default());
    let Marks { vendor, product, serial, index } = usb_marks(&class);
    // The node's own name tells the nodes of one device apart where the card's does not.
    let own = read(&class.join("name")).unwrap_or_else(|| card.to_owned());
    let name = match (&vendor, &product, &serial) {
        (Some(vendor), Some(product), Some(serial)) => format!("usb:{vendor}:{product}:{}", plain(serial)),
        _ => format!("{}@{}", plain(&own), plain(bus)),
    };
    let id = if index == 0 { name } else { format!("{name}#{index}") };
    Identity { id, node: node.to_owned(), card: card.into(), bus: bus.into(), driver: driver.into(), serial }
}

/// What sysfs says of a device.
#[derive(Debug, Default, PartialEq, Eq)]
struct Marks {
    vendor: Option<String>,
    product: Option<String>,
    serial: Option<String>,
    /// Which of the device's capturing nodes it is.
    index: usize,
}

fn usb_marks(class: &Path) -> Marks {
    let Ok(interface) = fs::canonicalize(class.join("device")) else { return Marks::default() };
    let Some(device) = interface.ancestors().find(|path| path.join("idVendor").exists()) else { return Marks::default() };
    Marks {
        vendor: read(&device.join("idVendor")),
        product: read(&device.join("idProduct")),
        serial: read(&device.join("serial")),
        index: usb_function(&interface, device),
    }
}

/// The text of a file of sysfs.
fn read(path: &Path) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Which of the device's video functions `interface` is: devices with two sensors have two control interfaces.
fn usb_function(interface: &Path, device: &Path) -> usize {
    let mut functions: Vec<PathBuf> = fs::read_dir(device)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("video4linux").exists())
        .collect();
    functions.sort();
    functions.iter().position(|path| interface.ends_with(path.file_name().unwrap_or_default())).unwrap_or(0)
}

/// A text as part of an id: no blanks and nothing that ids use themselves.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() || c.is_control() || matches!(c, '@' | '#' | '"') { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(id: &str, serial: Option<&str>, bus: &str) -> Identity {
        Identity {
            id: id.into(),
            node: "/dev/video0".into(),
            card: "HD Webcam".into(),
            bus: bus.into(),
            driver: "uvcvideo".into(),
            serial: serial.map(Into::into),
        }
    }

    #[test]
    fn a_camera_is_known_again_in_another_socket_only_by_its_serial_number() {
        let here = camera("usb:046d:0825:AB", Some("AB"), "usb-1");
        let there = camera("usb:046d:0825:AB", Some("AB"), "usb-2");
        assert!(is_same(&here, &there));
        let (plain_here, plain_there) = (camera("HD@usb-1", None, "usb-1"), camera("HD@usb-2", None, "usb-2"));
        assert!(is_same(&plain_here, &plain_here) && !is_same(&plain_here, &plain_there));
    }

    #[test]
    fn two_cameras_with_one_serial_number_are_told_apart_by_their_place() {
        let (first, second) =
            (camera("usb:046d:0825:AB@usb-1", Some("AB"), "usb-1"), camera("usb:046d:0825:AB@usb-2", Some("AB"), "usb-2"));
        assert!(!is_same(&first, &second));
        // The other one was unplugged: the id is the short one again, and still the same camera's.
        let alone = camera("usb:046d:0825:AB", Some("AB"), "usb-1");
        assert!(is_same(&first, &alone) && is_same(&alone, &first));
        assert!(!is_same(&second, &alone));
        assert!(is_meant("usb:046d:0825:AB@usb-1", &alone) && !is_meant("usb:046d:0825:AB@usb-2", &alone));
        assert!(is_meant("usb:046d:0825:AB", &alone) && !is_meant("usb:046d:0825:AB", &first));
    }

    #[test]
    fn nodes_come_in_the_order_of_their_numbers() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["video10", "video2", "videodev", "audio1", "video0"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let names: Vec<_> = nodes(dir.path()).iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect();
        assert_eq!(names, ["video0", "video2", "video10"]);
    }

    #[test]
    fn sysfs_says_vendor_product_serial_and_function() {
        let dir = tempfile::tempdir().unwrap();
        let device = dir.path().join("devices/usb1/1-3");
        for (interface, node) in [("1-3:1.0", "video0"), ("1-3:1.2", "video2")] {
            fs::create_dir_all(device.join(interface).join("video4linux").join(node)).unwrap();
            let class = dir.path().join("class").join(node);
            fs::create_dir_all(&class).unwrap();
            std::os::unix::fs::symlink(device.join(interface), class.join("device")).unwrap();
        }
        for (name, text) in [("idVendor", "046d\n"), ("idProduct", "0825\n"), ("serial", "2A 4B\n")] {
            fs::write(device.join(name), text).unwrap();
        }
        let marks = usb_marks(&dir.path().join("class/video2"));
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(marks, Marks { vendor: text("046d"), product: text("0825"), serial: text("2A 4B"), index: 1 });
        assert_eq!(usb_marks(&dir.path().join("class/video9")), Marks::default());
        assert_eq!(plain("2A 4B"), "2A_4B");
    }
}
