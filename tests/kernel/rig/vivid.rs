//! vivid, the kernel's virtual video driver: cameras that can be unplugged and made to fail at will.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::{Process, cameras, run, wait_for, write};

const DRIVER: &str = "/sys/bus/platform/drivers/vivid";

/// One of vivid's cameras. boot.sh asks for two: number 0 with single-planar, number 1 with multi-planar buffers.
#[derive(Clone, Copy, Debug)]
pub struct Vivid(pub usize);

impl Vivid {
    /// Single-planar buffers.
    pub const SINGLE: Self = Self(0);
    /// Multi-planar buffers.
    pub const MULTI: Self = Self(1);

    /// Its node now, if it is plugged in.
    pub fn find(self) -> Option<PathBuf> {
        let name = format!("vivid-{:03}-vid-cap", self.0);
        cameras().into_iter().find(|(_, found)| *found == name).map(|(node, _)| node)
    }

    /// Its node, which it must have.
    pub fn node(self) -> PathBuf {
        self.find().expect("vivid is plugged in")
    }

    /// Sets one of its controls, by v4l2-ctl's name of it.
    pub fn set(self, control: &str, value: i64) {
        let node = self.node();
        run("v4l2-ctl", ["-d".as_ref(), node.as_os_str(), "-c".as_ref(), format!("{control}={value}").as_ref()]);
    }

    /// Somebody else who streams from it, until dropped.
    pub fn taken(self) -> Process {
        let mut command = Command::new("v4l2-ctl");
        command.arg("-d").arg(self.node()).arg("--stream-mmap");
        let mut somebody = Process::start("v4l2-ctl", command);
        // Said once a second, from the first pictures on.
        somebody.wait_for_line("fps", Duration::from_secs(15));
        somebody
    }

    /// Unplugs all of vivid's cameras.
    pub fn unplug() {
        write(format!("{DRIVER}/unbind"), "vivid.0");
        wait_for("the nodes to go", Duration::from_secs(5), || Self(0).find().is_none().then_some(()));
    }

    /// Plugs them in again.
    pub fn plug() {
        write(format!("{DRIVER}/bind"), "vivid.0");
        wait_for("the nodes to come", Duration::from_secs(5), || Self(0).find());
    }
}
