//! Which profile fits this machine.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{Machine, Profile, ProfileError};

/// Where profiles are looked for besides those in the program; later ones win where ids are equal. Below the machine's `/`.
pub const DIRECTORIES: [&str; 2] = ["usr/share/artc-edge/boards", "etc/artc-edge/boards"];

const EMBEDDED: [(&str, &str); 6] = [
    ("built-in generic.toml", include_str!("../profiles/generic.toml")),
    ("built-in generic-arm.toml", include_str!("../profiles/generic-arm.toml")),
    ("built-in generic-x86.toml", include_str!("../profiles/generic-x86.toml")),
    ("built-in raspberrypi4.toml", include_str!("../profiles/raspberrypi4.toml")),
    ("built-in raspberrypi5.toml", include_str!("../profiles/raspberrypi5.toml")),
    ("built-in rk3588.toml", include_str!("../profiles/rk3588.toml")),
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
    let best = (0..known.len()).max_by_key(|index| fit(&known[*index], machine)).unwrap_or(0);
    Ok(known.swap_remove(best))
}

/// How well a profile fits: 0 fits every machine, more is better; a profile for others is not taken.
fn fit(profile: &Profile, machine: &Machine) -> i32 {
    let wanted = &profile.matches;
    // The first entry of a device tree is the board itself, the last the chip.
    let depth = machine.compatible.iter().position(|name| wanted.compatible.contains(name));
    let dmi = wanted
        .dmi
        .iter()
        .any(|dmi| Some(&dmi.vendor) == machine.vendor.as_ref() && Some(&dmi.product) == machine.product.as_ref());
    match depth {
        Some(depth) => 1000 - depth as i32,
        None if dmi => 999,
        None if wanted.architecture.contains(&machine.architecture) => 1,
        None if profile.badge.id == "generic" => 0,
        None => -1,
    }
}
