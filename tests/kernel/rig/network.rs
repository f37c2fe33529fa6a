//! Networks between processes of the guest: namespaces, cables between them, and what goes wrong on those.

use std::path::PathBuf;

use super::run;

/// A network of its own, with an address in it by which it is met.
pub struct Namespace {
    name: &'static str,
    address: String,
}

impl Namespace {
    /// Makes one. `address` is the one that others meet it by; [`link`] gives it to an end of a cable.
    pub fn new(name: &'static str, address: &str) -> Self {
        run("ip", ["netns", "add", name]);
        let made = Self { name, address: address.to_owned() };
        made.ip(&["link", "set", "lo", "up"]);
        made
    }

    /// Where the kernel shows it.
    pub fn path(&self) -> PathBuf {
        PathBuf::from("/run/netns").join(self.name)
    }

    /// The address that others meet it by.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Runs `ip` in it.
    pub fn ip(&self, arguments: &[&str]) {
        run("ip", [&["netns", "exec", self.name, "ip"], arguments].concat());
    }
}

/// Lays a cable between two networks, nothing being the guest's own: each end with its name, and its address with the length of the
/// prefix.
pub fn link(one: (Option<&Namespace>, &str, &str), other: (Option<&Namespace>, &str, &str)) {
    let ends = [("end-a", one), ("end-b", other)];
    run("ip", ["link", "add", "end-a", "type", "veth", "peer", "name", "end-b"]);
    for (end, (namespace, name, address)) in ends {
        let ip = |arguments: &[&str]| match namespace {
            Some(namespace) => namespace.ip(arguments),
            None => drop(run("ip", arguments)),
        };
        if let Some(namespace) = namespace {
            run("ip", ["link", "set", end, "netns", namespace.name]);
        }
        ip(&["link", "set", end, "name", name]);
        ip(&["address", "add", address, "dev", name]);
        ip(&["link", "set", name, "up"]);
    }
}

/// What a network does to what is sent out of the end `name`: netem's words, or nothing for a good one.
pub fn trouble(namespace: Option<&Namespace>, name: &str, words: &str) {
    let tc = |arguments: &[&str]| match namespace {
        Some(namespace) => drop(run("ip", [&["netns", "exec", namespace.name, "tc"], arguments].concat())),
        None => drop(run("tc", arguments)),
    };
    let mut arguments = vec!["qdisc", "replace", "dev", name, "root", "netem", "limit", "1000"];
    arguments.extend(words.split_whitespace());
    tc(&arguments);
}
