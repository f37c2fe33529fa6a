//! Which profile fits this machine.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{Machine, Profile, ProfileError};

/// Where profiles are looked for besides those in the program; later ones win where ids are equal. Below the machine's `/`.
pub const DIRECTORIES: [&str; 2] = ["usr/share/artc-edge/boards", "etc/artc-edge/boards"];

macro_rules! embedded {
    ($($file:literal),+) => { [$((concat!("built-in ", $file), include_str!(concat!("../profiles/", $file)))),+] };
}

/// The files of profiles/; the first fits every machine.
const EMBEDDED: [(&str, &str); 14] = embedded![
    "generic.toml",
    "generic-arm.toml",
    "generic-x86.toml",
    "beagleplay.toml",
    "imx8mp-evk.toml",
    "jetson-orin-nano.toml",
    "orangepi5.toml",
    "qemu.toml",
    "raspberrypi-zero2w.toml",
    "raspberrypi3.toml",
    "raspberrypi4.toml",
    "raspberrypi5.toml",
    "rk3588.toml",
    "rock5b.toml"
];

/// No profile could be chosen.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    /// Nobody knows this id.
    #[error("no board profile is called \"{name}\"; there are {}, or the path of a profile file", known.join(", "))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The file cannot be read.
    #[error("board profile {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is wrong.
    #[error("board profile {0}")]
    Profile(#[from] ProfileError),
}

/// The profiles in the program; the first fits every machine.
pub fn embedded() -> Result<Vec<Profile>, ProfileError> {
    EMBEDDED.iter().map(|(origin, text)| Profile::parse(origin, text)).collect()
}

/// All profiles for the machine whose `/` is `root`: those in the program and those in its [`DIRECTORIES`].
pub fn known(root: &Path) -> Result<Vec<Profile>, ChooseError> {
    let mut known = embedded()?;
    for directory in DIRECTORIES {
        let directory = root.join(directory);
        let mut files = match fs::read_dir(&directory) {
            Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>(),
            Err(why) if why.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(ChooseError::Read { path: directory, source }),
        };
        files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        for path in files {
            let profile = read(&path)?;
            match known.iter_mut().find(|other| other.badge.id == profile.badge.id) {
                Some(other) => *other = profile,
                None => known.push(profile),
            }
        }
    }
    Ok(known)
}

fn read(path: &Path) -> Result<Profile, ChooseError> {
    let text = fs::read_to_string(path).map_err(|source| ChooseError::Read { path: path.into(), source })?;
    Ok(Profile::parse(&path.display().to_string(), &text)?)
}

/// The profile called `name`: an id, a path (anything with a `/`), or `auto` for the one that fits `machine` best.
pub fn choose(name: &str, machine: &Machine, root: &Path) -> Result<Profile, ChooseError> {
    if name.contains('/') {
        return read(Path::new(name));
    }
    let mut known = known(root)?;
    if name != "auto" {
        return match known.iter().position(|profile| profile.badge.id == name) {
            Some(index) => Ok(known.swap_remove(index)),
            None => Err(ChooseError::Unknown {
                name: name.into(),
                known: known.into_iter().map(|profile| profile.badge.id).collect(),
            }),
        };
    }
    // On a tie the later one: a file of the machine goes before one in the program.
    let best = (0..known.len()).max_by_key(|index| known[*index].matched(machine)).unwrap_or(0);
    Ok(known.swap_remove(best))
}

/// By what a profile fits a machine, the most particular first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matched {
    /// It fits every machine.
    Everything,
    /// By the processor's architecture.
    Architecture(String),
    /// By the vendor that DMI names.
    Vendor(String),
    /// By vendor and product that DMI names.
    Product(String, String),
    /// By an entry of the device tree's `compatible`: how many less particular ones follow it, and the entry.
    Compatible(usize, String),
}

impl std::fmt::Display for Matched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everything => f.write_str("nothing more particular fits"),
            Self::Architecture(name) => write!(f, "processor architecture {name}"),
            Self::Vendor(name) => write!(f, "DMI vendor \"{name}\""),
            Self::Product(vendor, product) => write!(f, "DMI vendor \"{vendor}\", product \"{product}\""),
            Self::Compatible(_, name) => write!(f, "device tree compatible \"{name}\""),
        }
    }
}

impl Profile {
    /// By what this profile fits `machine`; `None` when it is for others.
    pub fn matched(&self, machine: &Machine) -> Option<Matched> {
        let wanted = &self.matches;
        // The first entry of a device tree is the board itself, the last the chip.
        let entry = machine.compatible.iter().position(|name| wanted.compatible.contains(name));
        let entry = entry.map(|at| Matched::Compatible(machine.compatible.len() - at, machine.compatible[at].clone()));
        let dmi = wanted.dmi.iter().filter(|dmi| Some(&dmi.vendor) == machine.vendor.as_ref());
        let dmi = dmi.filter_map(|dmi| match &dmi.product {
            None => Some(Matched::Vendor(dmi.vendor.clone())),
            product if *product == machine.product => Some(Matched::Product(dmi.vendor.clone(), product.clone()?)),
            Some(_) => None,
        });
        let architecture = wanted.architecture.contains(&machine.architecture);
        let architecture = architecture.then(|| Matched::Architecture(machine.architecture.clone()));
        let everything = (self.badge.id == "generic").then_some(Matched::Everything);
        dmi.chain(entry).chain(architecture).chain(everything).max()
    }
}
