//! Restarting the machine and switching it off: asked of whoever is in charge of it, so that everything on it ends in order. Under
//! systemd that is `systemctl` (which asks logind where the daemon is not root), else the system's own `reboot` and `poweroff`.
//!
//! D-Bus is not spoken here: the programs say the same, and cost nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::control::{Failure, PowerAct};

/// Where programs are when the environment does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Who is in charge of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Power {
    /// systemd, by this `systemctl`.
    Systemd(PathBuf),
    /// An init that is told by these programs.
    Programs {
        /// Restarts.
        reboot: PathBuf,
        /// Switches off.
        poweroff: PathBuf,
    },
    /// Nobody whom we could ask, as in a container; why.
    Nobody(&'static str),
}

impl Power {
    /// Looks who it is.
    pub fn find() -> Self {
        let path = std::env::var("PATH").ok().filter(|path| !path.is_empty());
        Self::on(Path::new("/run/systemd/system").is_dir(), path.as_deref().unwrap_or(PATH))
    }

    fn on(systemd: bool, path: &str) -> Self {
        let program = |name: &str| path.split(':').map(|folder| Path::new(folder).join(name)).find(|file| file.is_file());
        if systemd {
            return program("systemctl")
                .map_or(Self::Nobody("systemd runs, but there is no `systemctl` to ask it with"), Self::Systemd);
        }
        match (program("reboot"), program("poweroff")) {
            (Some(reboot), Some(poweroff)) => Self::Programs { reboot, poweroff },
            _ => Self::Nobody("this system has neither systemd nor the programs `reboot` and `poweroff`"),
        }
    }

    /// Why the machine cannot be restarted or switched off from here.
    pub fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Nobody(why) => Some(why),
            Self::Systemd(_) | Self::Programs { .. } => None,
        }
    }

    /// Has it done. It comes back when the request was taken, not when the machine is down. May wait; seconds in the worst case.
    ///
    /// # Errors
    /// What the program said; mostly that the daemon's user may not.
    pub fn act(&self, act: PowerAct) -> Result<(), Failure> {
        let verb = match act {
            PowerAct::Reboot => "reboot",
            PowerAct::Shutdown => "poweroff",
        };
        let mut command = match (self, act) {
            (Self::Systemd(systemctl), _) => {
                let mut command = Command::new(systemctl);
                command.args(["--no-ask-password", "--no-block", verb]);
                command
            }
            (Self::Programs { reboot, .. }, PowerAct::Reboot) => Command::new(reboot),
            (Self::Programs { poweroff, .. }, PowerAct::Shutdown) => Command::new(poweroff),
            (Self::Nobody(why), _) => return Err(Failure::NotAvailable((*why).into())),
        };
        let said = command.stdin(Stdio::null()).output().map_err(|why| Failure::Device(format!("{verb}: {why}")))?;
        if said.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&said.stderr);
        let why = text
            .lines()
            .find(|line| !line.trim().is_empty())
            .map_or_else(|| said.status.to_string(), |line| line.trim().to_owned());
        Err(Failure::Device(format!("{verb}: {why}")))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn program(folder: &Path, name: &str, text: &str) {
        let file = folder.join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn whoever_is_in_charge_is_asked_and_what_it_says_is_passed_on() {
        let folder = tempfile::tempdir().unwrap();
        let (at, asked) = (folder.path(), folder.path().join("asked"));
        let path = format!("/nowhere:{}", at.display());
        assert!(Power::on(true, &path).refusal().is_some_and(|why| why.contains("systemctl")));
        let nobody = Power::on(false, &path);
        assert!(nobody.refusal().is_some_and(|why| why.contains("neither systemd")), "{nobody:?}");
        assert!(matches!(nobody.act(PowerAct::Reboot), Err(Failure::NotAvailable(_))));
        for name in ["systemctl", "reboot", "poweroff"] {
            program(at, name, &format!("echo $(basename $0) $* >> {}", asked.display()));
        }
        for systemd in [true, false] {
            let power = Power::on(systemd, &path);
            assert_eq!(power.refusal(), None);
            assert_eq!((power.act(PowerAct::Reboot), power.act(PowerAct::Shutdown)), (Ok(()), Ok(())));
        }
        let systemctl = "systemctl --no-ask-password --no-block";
        let wanted = format!("{systemctl} reboot\n{systemctl} poweroff\nreboot\npoweroff\n");
        assert_eq!(std::fs::read_to_string(&asked).unwrap(), wanted);
        program(at, "systemctl", "echo >&2; echo '  Interactive authentication required.' >&2; exit 1");
        let refused = Power::on(true, &path).act(PowerAct::Reboot).unwrap_err();
        assert_eq!(refused, Failure::Device("reboot: Interactive authentication required.".into()));
        program(at, "systemctl", "exit 3");
        let refused = Power::on(true, &path).act(PowerAct::Shutdown).unwrap_err();
        assert_eq!(refused, Failure::Device("poweroff: exit status: 3".into()));
    }
}
