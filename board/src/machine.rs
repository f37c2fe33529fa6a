//! What this machine says it is.

use std::{fs, path::Path};

/// The machine, as device tree and DMI name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The device tree's `model`, such as `Raspberry Pi 4 Model B Rev 1.4`.
    pub model: Option<String>,
    /// The device tree's `compatible`, the most particular first.
    pub compatible: Vec<String>,
    /// DMI: who made it.
    pub vendor: Option<String>,
    /// DMI: what it is called.
    pub product: Option<String>,
    /// The processor's architecture, as Rust calls it: `x86_64`, `aarch64`, `arm`.
    pub architecture: String,
}

impl Machine {
    /// Looks at the machine whose `/` is `root`. What is not there is not known; that is no error.
    pub fn look(root: &Path) -> Self {
        let read = |path: &str| fs::read(root.join(path)).ok();
        let text = |path: &str| {
            let bytes = read(path)?;
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_matches(|letter: char| letter == '\0' || letter.is_whitespace());
            // Makers who did not care leave these behind.
            let filler = ["", "To Be Filled By O.E.M.", "Default string", "System Product Name", "System manufacturer"];
            (!filler.contains(&text)).then(|| text.to_owned())
        };
        let compatible = read("proc/device-tree/compatible").unwrap_or_default();
        Self {
            model: text("proc/device-tree/model"),
            compatible: compatible
                .split(|byte| *byte == 0)
                .filter(|name| !name.is_empty())
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect(),
            vendor: text("sys/class/dmi/id/sys_vendor"),
            product: text("sys/class/dmi/id/product_name"),
            architecture: std::env::consts::ARCH.to_owned(),
        }
    }

    /// The name that people would know it by, where it has one.
    pub fn name(&self) -> Option<String> {
        self.model.clone().or_else(|| match (&self.vendor, &self.product) {
            (Some(vendor), Some(product)) if !product.starts_with(vendor.as_str()) => Some(format!("{vendor} {product}")),
            (_, product) => product.clone(),
        })
    }
}
