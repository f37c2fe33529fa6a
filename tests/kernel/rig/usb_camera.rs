//! A USB camera: the program of tests/kernel/uvc-camera, plugged into the guest's virtual host controller.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::{Process, cameras, wait_for};

/// A camera that is plugged in; dropping it pulls the plug.
pub struct UsbCamera {
    process: Process,
    product: String,
}

impl UsbCamera {
    /// Plugs a camera in. `modes` as uvc-camera takes them.
    pub fn plug(product: &str, serial: &str, modes: &[String]) -> Self {
        Self::plug_with(product, &["--serial", serial], modes)
    }

    /// Plugs a camera in with more of uvc-camera's options.
    pub fn plug_with(product: &str, options: &[&str], modes: &[String]) -> Self {
        let mut command = Command::new(crate::bench::built("examples/uvc-camera"));
        command.args(["--product", product]).args(options).args(modes);
        let mut process = Process::start("uvc-camera", command);
        process.wait_for_line("attached", Duration::from_secs(20));
        Self { process, product: product.to_owned() }
    }

    /// Its node, if the kernel took it for a camera.
    pub fn find(&self) -> Option<PathBuf> {
        cameras().into_iter().find(|(_, name)| name.starts_with(&self.product)).map(|(node, _)| node)
    }

    /// Waits for its node.
    pub fn node(&self) -> PathBuf {
        wait_for("the USB camera's node", Duration::from_secs(10), || self.find())
    }

    /// Lets it fail: a line of uvc-camera's standard input.
    pub fn fault(&mut self, fault: &str) {
        self.process.tell(fault);
        self.process.wait_for_line("fault", Duration::from_secs(5));
    }

    /// Waits for a line in which it says what happens to it.
    pub fn wait_for_line(&mut self, part: &str, limit: Duration) -> String {
        self.process.wait_for_line(part, limit)
    }

    /// Pulls the plug: the node is gone afterwards.
    pub fn pull(self) {
        let Self { process, product } = self;
        drop(process);
        let gone = || cameras().iter().all(|(_, name)| !name.starts_with(&product)).then_some(());
        wait_for("the USB camera's node to go", Duration::from_secs(10), gone);
    }
}
