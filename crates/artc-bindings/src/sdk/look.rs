//! Where an SDK has what: its Python modules and its service program. Looks, and runs nothing.

use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::CreateError;

/// The documented modules that are loaded.
const MODULES: [&str; 2] = ["AliRTCEngine", "AliRTCLinuxSdkDefine"];
/// The vendor's program, which its modules start.
const SERVICE: &str = "AliRtcCoreService";
/// Folders of the package, as its versions have them, in which the modules are looked for.
const MODULE_FOLDERS: [&str; 4] = ["", "Demo", "Python", "Python/Demo"];
/// The same for the service, from the folder of the modules, too.
const SERVICE_FOLDERS: [&str; 5] = ["", "lib", "Release/lib", "Python/Release/lib", "../Release/lib"];

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The folders to load modules from.
    pub folders: Vec<PathBuf>,
    /// The service; where there is none, the place where it would be: modules that need none do not mind.
    pub service: PathBuf,
}

/// Whether `path` has the modules of an SDK, and its service is for this machine. What was found, a line each.
///
/// # Errors
/// [`CreateError::Setting`] lists what was looked for and where.
pub fn look(path: &Path) -> Result<String, CreateError> {
    let found = find(path)?;
    let service = if found.service.exists() { "" } else { " (not there)" };
    Ok(format!("modules in {}; service {}{service}", listed(&found.folders), found.service.display()))
}

pub(super) fn find(path: &Path) -> Result<Found, CreateError> {
    let wrong = |why: String| CreateError::Setting { what: format!("[engine.sdk] path = {:?}", path.display().to_string()), why };
    match fs::metadata(path) {
        Err(why) => return Err(wrong(format!("no such folder of an SDK: {why}; name the folder that was unpacked"))),
        Ok(is) if !is.is_dir() => return Err(wrong("is a file; name the folder that was unpacked".into())),
        Ok(_) => {}
    }
    let folders: Vec<PathBuf> = MODULE_FOLDERS.iter().map(|one| path.join(one)).filter(|one| one.is_dir()).collect();
    let mut text = String::new();
    let mut missing = false;
    for module in MODULES {
        let at = folders.iter().find(|folder| has_module(folder, module));
        missing |= at.is_none();
        // Writing to a String cannot fail.
        let _ = match at {
            Some(folder) => write!(text, "\n  module {module}: in {}", folder.display()),
            None => write!(text, "\n  module {module}: missing; looked for {module}.py and {module}/ in {}", listed(&folders)),
        };
    }
    if missing {
        return Err(wrong(format!("is no SDK with the documented Python modules:{text}")));
    }
    let around = folders.iter().flat_map(|folder| SERVICE_FOLDERS.iter().map(move |one| folder.join(one)));
    let service = around.map(|folder| folder.join(SERVICE)).find(|file| file.is_file());
    if let Some(other) = service.as_deref().and_then(other_machine) {
        let service = service.unwrap_or_default();
        let ours = std::env::consts::ARCH;
        return Err(wrong(format!("{} is a program for {other}, and this machine is {ours}", service.display())));
    }
    Ok(Found { folders, service: service.unwrap_or_else(|| path.join(SERVICE)) })
}

fn has_module(folder: &Path, module: &str) -> bool {
    folder.join(format!("{module}.py")).is_file() || folder.join(module).join("__init__.py").is_file()
}

fn listed(folders: &[PathBuf]) -> String {
    folders.iter().map(|one| one.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// What machine a program is for, when it is for another one than ours; what is no program of Linux says nothing.
fn other_machine(program: &Path) -> Option<&'static str> {
    let mut head = [0_u8; 20];
    fs::File::open(program).ok()?.read_exact(&mut head).ok()?;
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    let name = match u16::from_le_bytes([head[18], head[19]]) {
        3 => "x86",
        40 => "arm",
        62 => "x86_64",
        183 => "aarch64",
        243 => "riscv64",
        _ => "another machine",
    };
    (name != std::env::consts::ARCH).then_some(name)
}
