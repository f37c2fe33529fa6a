//! Family `net`: the device's network, and what can be reached over it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The network as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NetStatus")]
pub struct Status {
    /// Every interface but loopback, by name.
    pub interfaces: Vec<Interface>,
    /// The ways out, the preferred one first.
    pub routes: Vec<Route>,
    /// The way to the channel; left out while the device is not in it, or its engine cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
}

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NetInterface")]
pub struct Interface {
    /// The kernel's name, such as `eth0`.
    pub name: String,
    /// The kernel's word for its state: `up`, `down`, `dormant`, `lowerlayerdown`, `unknown` and so on.
    pub state: String,
    /// A cable with somebody at the other end, or a radio link; left out where the interface is switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<bool>,
    /// It is a radio.
    pub wireless: bool,
    /// Mbit/s of the link, where the driver tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_mbit: Option<u32>,
    /// Its addresses with the lengths of their prefixes, such as `192.0.2.7/24`.
    pub addresses: Vec<String>,
}

/// A default route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NetRoute")]
pub struct Route {
    /// Through this interface.
    pub interface: String,
    /// Over this router; left out where the link leads there by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// 4 or 6.
    pub version: u8,
    /// The lowest is preferred.
    pub metric: u32,
}

/// The way to the channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NetPath")]
pub struct Path {
    /// Round trip time in milliseconds; left out where it is not known, as on the link to the device's own room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f32>,
    /// Share of our packets that the other side misses, 0 to 1.
    pub loss: f32,
    /// What the network carries by estimate, in kbit/s; left out where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_kbps: Option<u32>,
    /// Bytes sent since the daemon started.
    pub sent_bytes: u64,
    /// Bytes received since then.
    pub received_bytes: u64,
    /// Packets sent again on request since then.
    pub retransmissions: u64,
    /// How often the connection was lost and found again since then.
    pub reconnects: u64,
}

/// What `net.probe` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// A STUN server that is asked too, `HOST:PORT`, with or without `stun:` before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stun: Option<String>,
}

/// What can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Probed {
    /// The server that the device joins: its name, a connection to it, and TLS where its address asks for it. Left out where the
    /// device serves its own room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Reached>,
    /// The STUN server that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stun: Option<Reached>,
}

/// What came of one attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NetReached")]
pub struct Reached {
    /// Whom it was about.
    pub name: String,
    /// It was reached, and is trusted where that is asked for.
    pub ok: bool,
    /// Of a server: the address that took the connection. Of a STUN server: how it sees this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// Why it was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
