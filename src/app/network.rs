//! The machine's network in the words of the command plane, by what the kernel says in /sys and /proc; and what can be reached over it.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use artc_bindings::NetworkStats;
use artc_open::{ConnectError, Options};
use if_addrs::IfAddr;
use wire::net::{Interface, Probed, Reached, Route, Status};

use super::clock::now;

/// How long an attempt may take; whoever asked is answered before its patience ends.
const WITHIN: Duration = Duration::from_secs(8);
/// `RTF_REJECT` of a route: there is none.
const REJECT: u32 = 0x200;
/// `ARPHRD_LOOPBACK`.
const LOOPBACK: &str = "772";

/// The server that the device joins over the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its address.
    pub url: String,
    /// Certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// Interfaces, routes, and the way to the channel as the engine counts it. Reads files.
pub fn status(path: Option<NetworkStats>) -> Status {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let mut routes = routes_v4(&read("/proc/net/route"));
    routes.extend(routes_v6(&read("/proc/net/ipv6_route")));
    routes.sort_by_key(|route| (route.metric, route.version));
    Status { interfaces: interfaces(Path::new("/sys/class/net")), routes, path: path.as_ref().map(way) }
}

fn way(stats: &NetworkStats) -> wire::net::Path {
    wire::net::Path {
        rtt_ms: (!stats.rtt.is_zero()).then_some(stats.rtt.as_secs_f32() * 1000.0),
        loss: stats.loss,
        available_kbps: Some(stats.available_kbps).filter(|kbps| *kbps > 0),
        sent_bytes: stats.bytes_sent,
        received_bytes: stats.bytes_received,
        retransmissions: stats.retransmissions,
        reconnects: stats.reconnects,
    }
}

fn interfaces(class: &Path) -> Vec<Interface> {
    let addresses = if_addrs::get_if_addrs().unwrap_or_default();
    let names = fs::read_dir(class).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let read = |name: &str, what: &str| fs::read_to_string(class.join(name).join(what)).ok().map(|text| text.trim().to_owned());
    let mut found: Vec<Interface> = names
        .filter(|name| class.join(name).is_dir() && read(name, "type").as_deref() != Some(LOOPBACK))
        .map(|name| Interface {
            state: read(&name, "operstate").unwrap_or_else(|| "unknown".into()),
            carrier: read(&name, "carrier").map(|text| text == "1"),
            wireless: class.join(&name).join("wireless").exists() || class.join(&name).join("phy80211").exists(),
            speed_mbit: read(&name, "speed").and_then(|text| text.parse().ok()),
            addresses: addresses.iter().filter(|one| one.name == name).map(|one| prefix(&one.addr)).collect(),
            name,
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn prefix(address: &IfAddr) -> String {
    match address {
        IfAddr::V4(v4) => format!("{}/{}", v4.ip, v4.prefixlen),
        IfAddr::V6(v6) => format!("{}/{}", v6.ip, v6.prefixlen),
    }
}

/// Default routes of `/proc/net/route`: interface, destination, gateway, flags, two counters, metric, mask; numbers in hexadecimal, addresses
/// as they lie in memory.
fn routes_v4(text: &str) -> Vec<Route> {
    let one = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let hex = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok();
        let default = hex(1)? == 0 && hex(7)? == 0 && hex(3)? & REJECT == 0;
        let gateway = Ipv4Addr::from(hex(2)?.to_ne_bytes());
        let gateway = (!gateway.is_unspecified()).then(|| gateway.to_string());
        let metric = fields.get(6)?.parse().ok()?;
        default.then(|| Route { interface: fields[0].into(), gateway, version: 4, metric })
    };
    text.lines().skip(1).filter_map(one).collect()
}

/// Default routes of `/proc/net/ipv6_route`: destination, length of its prefix, source, length, gateway, metric, two counters, flags, interface.
fn routes_v6(text: &str) -> Vec<Route> {
    let one = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let hex = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok();
        let address = |at: usize| Some(Ipv6Addr::from(u128::from_str_radix(fields.get(at)?, 16).ok()?));
        let interface = *fields.get(9)?;
        let default = address(0)?.is_unspecified() && hex(1)? == 0 && hex(8)? & REJECT == 0 && interface != "lo";
        let gateway = Some(address(4)?).filter(|gateway| !gateway.is_unspecified()).map(|gateway| gateway.to_string());
        let metric = hex(5)?;
        default.then(|| Route { interface: interface.into(), gateway, version: 6, metric })
    };
    text.lines().filter_map(one).collect()
}

/// Looks whether `server` and the STUN server can be reached, both at once.
pub async fn probe(server: Option<Server>, stun: Option<(String, u16)>) -> Probed {
    let server = async {
        let Server { url, ca_file } = server?;
        let options = Options { ca_file, ..Options::new(url.clone()) };
        Some(attempt(host(&url), artc_open::reach(&options)).await)
    };
    let stun = async {
        let (host, port) = stun?;
        Some(attempt(format!("{host}:{port}"), artc_open::mirror(&host, port)).await)
    };
    let (server, stun) = tokio::join!(server, stun);
    Probed { server, stun }
}

async fn attempt(name: String, reaching: impl Future<Output = Result<SocketAddr, ConnectError>>) -> Reached {
    let start = now();
    let (address, error) = match tokio::time::timeout(WITHIN, reaching).await {
        Ok(Ok(address)) => (Some(address.to_string()), None),
        Ok(Err(why)) => (None, Some(why.to_string())),
        Err(_) => (None, Some(format!("{name} is not reached within {} s", WITHIN.as_secs()))),
    };
    let took_ms = u32::try_from(now().saturating_sub(start).as_millis()).unwrap_or(u32::MAX);
    Reached { name, ok: error.is_none(), address, took_ms, error }
}

/// Scheme, host and port of an address: it may carry more than others are to read.
fn host(url: &str) -> String {
    url::Url::parse(url).map_or_else(
        |_| "server".into(),
        |url| {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_routes_are_read_and_the_rest_is_left() {
        let gateway = u32::from_ne_bytes([192, 0, 2, 1]);
        let v4 = format!(
            "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
             eth0\t00000000\t{gateway:08X}\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
             eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n\
             wwan0\t00000000\t00000000\t0001\t0\t0\t700\t00000000\t0\t0\t0\n\
             eth1\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n\
             cut\toff\n\n"
        );
        let found = routes_v4(&v4);
        let route = |interface: &str, gateway: Option<&str>, version, metric| Route {
            interface: interface.into(),
            gateway: gateway.map(str::to_owned),
            version,
            metric,
        };
        assert_eq!(found, [route("eth0", Some("192.0.2.1"), 4, 100), route("wwan0", None, 4, 700)]);
        let zero = "0".repeat(32);
        let v6 = format!(
            "{zero} 00 {zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003 eth0\n\
             20010db8000000000000000000000000 40 {zero} 00 {zero} 00000100 00000001 00000000 00000001 eth0\n\
             {zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200       lo\nrubbish\n"
        );
        assert_eq!(routes_v6(&v6), [route("eth0", Some("fe80::1"), 6, 1024)]);
        assert!(routes_v4("").is_empty() && routes_v6("").is_empty());
    }

    #[test]
    fn interfaces_are_told_with_their_links_and_without_loopback() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, files: &[(&str, &str)]| {
            fs::create_dir_all(folder.path().join(name)).unwrap();
            for (file, text) in files {
                fs::write(folder.path().join(name).join(file), text).unwrap();
            }
        };
        write("lo", &[("type", "772\n"), ("operstate", "unknown\n")]);
        write("wlan0", &[("type", "1\n"), ("operstate", "down\n")]);
        fs::create_dir(folder.path().join("wlan0/wireless")).unwrap();
        write("eth9", &[("type", "1\n"), ("operstate", "up\n"), ("carrier", "1\n"), ("speed", "1000\n")]);
        write("tun0", &[("type", "65534\n"), ("operstate", "unknown\n"), ("carrier", "0\n"), ("speed", "-1\n")]);
        fs::write(folder.path().join("bonding_masters"), "").unwrap();
        let told: Vec<_> = interfaces(folder.path())
            .into_iter()
            .map(|one| (one.name, one.state, one.carrier, one.wireless, one.speed_mbit))
            .collect();
        let line =
            |name: &str, state: &str, carrier, wireless, speed| (name.to_owned(), state.to_owned(), carrier, wireless, speed);
        assert_eq!(
            told,
            [
                line("eth9", "up", Some(true), false, Some(1000)),
                line("tun0", "unknown", Some(false), false, None),
                line("wlan0", "down", None, true, None),
            ]
        );
    }

    #[test]
    fn an_address_is_named_without_what_it_carries() {
        assert_eq!(host("wss://user:secret@live.example.com:7443/rtc?access_token=x"), "wss://live.example.com:7443");
        assert_eq!(host("ws://[::1]"), "ws://[::1]");
    }
}
