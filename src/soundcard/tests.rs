//! Names of cards, from trees of files as the kernel shows them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::card::{Way, list, node};

struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(machine.root().join("sys/class/sound")).unwrap();
        fs::create_dir_all(machine.root().join("proc/asound")).unwrap();
        machine
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    /// A card with these PCM nodes, behind a device folder with a driver.
    fn card(&self, number: u32, id: &str, name: &str, device: &str, driver: &str, nodes: &[&str]) {
        let root = self.root();
        let card = root.join(format!("sys/devices/{device}/sound/card{number}"));
        fs::create_dir_all(&card).unwrap();
        fs::write(card.join("id"), format!("{id}\n")).unwrap();
        let drivers = root.join(format!("sys/bus/drivers/{driver}"));
        fs::create_dir_all(&drivers).unwrap();
        let behind = root.join("sys/devices").join(device);
        let _ = symlink(&drivers, behind.join("driver"));
        symlink(&behind, card.join("device")).unwrap();
        let class = root.join("sys/class/sound");
        symlink(&card, class.join(format!("card{number}"))).unwrap();
        for node in nodes {
            fs::create_dir(class.join(format!("pcmC{number}{node}"))).unwrap();
        }
        let mut cards = fs::read_to_string(root.join("proc/asound/cards")).unwrap_or_default();
        cards += &format!("{number:2} [{id:<15}]: {driver} - {name}\n                      {name} at somewhere\n");
        fs::write(root.join("proc/asound/cards"), cards).unwrap();
    }

    fn usb(&self, device: &str, vendor: &str, product: &str, serial: Option<&str>) {
        let folder = self.root().join("sys/devices").join(device);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("idVendor"), vendor).unwrap();
        fs::write(folder.join("idProduct"), product).unwrap();
        if let Some(serial) = serial {
            fs::write(folder.join("serial"), format!("{serial}\n")).unwrap();
        }
    }

    fn ids(&self) -> Vec<String> {
        list(self.root(), Way::In).into_iter().map(|device| device.id).collect()
    }
}

#[test]
fn a_machine_without_sound_has_no_devices() {
    let machine = Machine::new();
    assert_eq!(machine.ids(), [""; 0]);
    fs::remove_dir_all(machine.root().join("sys")).unwrap();
    assert_eq!(machine.ids(), [""; 0], "not even the folder");
}

#[test]
fn real_microphones_come_before_loopbacks_and_dummies_and_players_are_none() {
    let machine = Machine::new();
    machine.card(0, "Dummy", "Dummy 1", "platform/snd_dummy.0", "snd_dummy", &["D0c", "D0p"]);
    machine.card(1, "vc4hdmi", "vc4-hdmi", "platform/hdmi", "vc4_hdmi", &["D0p"]);
    machine.card(2, "Loopback", "Loopback 1", "platform/snd_aloop.0", "snd_aloop", &["D0c", "D0p", "D1c", "D1p"]);
    machine.card(10, "PCH", "HDA Intel PCH", "pci0/1f.3", "snd_hda_intel", &["D0c", "D0p", "D2c"]);
    assert_eq!(machine.ids(), ["PCH", "PCH,2", "Loopback", "Loopback,1", "Dummy"]);
    let all = list(machine.root(), Way::In);
    assert_eq!((all[0].name.as_str(), all[0].number, all[0].device, all[0].is_virtual), ("HDA Intel PCH", 10, 0, false));
    assert_eq!(all[0].pcm_names(), ["hw:CARD=PCH,DEV=0", "plughw:CARD=PCH,DEV=0"]);
    assert!(all[3].is_virtual);
    let players: Vec<String> = list(machine.root(), Way::Out).into_iter().map(|device| device.id).collect();
    assert_eq!(players, ["vc4hdmi", "PCH", "Loopback", "Loopback,1", "Dummy"], "and what plays is no microphone");
    assert_eq!(node(&all[1], Way::Out).to_str(), Some("/dev/snd/pcmC10D2p"));
}

#[test]
fn twins_keep_their_names_when_they_change_numbers() {
    let plug = |first: &str, second: &str| {
        let machine = Machine::new();
        machine.usb("usb1/1-1", "046d", "0825", Some("A1"));
        machine.usb("usb1/1-2", "046d", "0825", None);
        // The kernel gives numbers and ids in the order of plugging.
        machine.card(0, "Device", "USB Audio", &format!("usb1/{first}/{first}:1.0"), "snd-usb-audio", &["D0c"]);
        machine.card(1, "Device_1", "USB Audio", &format!("usb1/{second}/{second}:1.0"), "snd-usb-audio", &["D0c"]);
        machine
    };
    assert_eq!(plug("1-1", "1-2").ids(), ["usb-046d:0825-A1", "usb@1-2"]);
    let swapped = plug("1-2", "1-1");
    assert_eq!(swapped.ids(), ["usb@1-2", "usb-046d:0825-A1"]);
    let all = list(swapped.root(), Way::In);
    let meant =
        |source: &str| all.iter().filter(|device| device.is_meant_by(source)).map(|device| device.number).collect::<Vec<_>>();
    assert_eq!(
        (meant("usb-046d:0825-A1"), meant("usb@1-2"), meant("Device_1"), meant("Device,0")),
        (vec![1], vec![0], vec![1], vec![0])
    );
    assert_eq!((meant("Device,1"), meant("hw:0"), meant("")), (vec![], vec![], vec![]));
    assert_eq!(meant("USB Audio"), [0, 1], "what both are called means the first that opens");
}

#[test]
fn a_card_that_vanishes_while_it_is_looked_at_is_left_out() {
    let machine = Machine::new();
    machine.card(0, "PCH", "HDA", "pci0/1", "snd_hda_intel", &["D0c"]);
    fs::create_dir(machine.root().join("sys/class/sound/pcmC7D0c")).unwrap();
    for odd in ["pcmC0D0", "pcmCxDyc", "pcmC0D0cc", "timer", "controlC0"] {
        fs::create_dir(machine.root().join("sys/class/sound").join(odd)).unwrap();
    }
    assert_eq!(machine.ids(), ["PCH"]);
}
