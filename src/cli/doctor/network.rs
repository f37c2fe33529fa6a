//! The daemon that may be running, the ports it needs, and the room that it is to join.

use std::{
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
    path::Path,
    time::{Duration, SystemTime},
};

use artc_open::ConnectError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use url::Url;

use super::{Exit, Finding, holders};
use crate::{
    config::Config,
    control::{client, socket},
};

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The daemon that answers on the control socket, if one does.
pub(super) fn daemon(config: &Config) -> Option<Finding> {
    let about = "daemon";
    let path = socket::find(&config.control, |name| std::env::var(name).ok());
    match client::call(&path, "device.status", None, PATIENCE) {
        Ok(_) => Some(Finding::ok(about, format!("running, answers on {}", path.display()))),
        Err(client::CallError::NotRunning { .. }) => None,
        Err(why @ client::CallError::Denied { .. }) => {
            Some(Finding::warning(about, why.to_string(), "join the group of the socket, or run this as the daemon's user"))
        }
        Err(why) => Some(Finding::warning(about, why.to_string(), "look at its log: journalctl -u artc-edge")),
    }
}

/// Whether the ports are there to be taken; a running daemon has them, which is as it should be.
pub(super) fn ports(config: &Config, running: bool) -> Vec<Finding> {
    let mut wanted: Vec<(&'static str, bool, SocketAddr)> = Vec::new();
    if config.room.enabled {
        // Media listens on the same address.
        let ip = config.room.listen.ip();
        wanted.push(("room.listen", true, config.room.listen));
        wanted.push(("room.media_port", false, SocketAddr::new(ip, config.room.media_port)));
        if config.room.tcp {
            wanted.push(("room.tcp_port", true, SocketAddr::new(ip, config.room.tcp_port)));
        }
    }
    if config.telemetry.http {
        wanted.push(("telemetry.listen", true, config.telemetry.listen));
    }
    wanted.retain(|(_, _, address)| address.port() != 0);
    wanted.into_iter().map(|(key, tcp, address)| port(key, tcp, address, running)).collect()
}

fn port(key: &'static str, tcp: bool, address: SocketAddr, running: bool) -> Finding {
    let about = "ports";
    let shown = format!("{key} = {address} ({})", if tcp { "TCP" } else { "UDP" });
    let bound = if tcp { TcpListener::bind(address).map(drop) } else { UdpSocket::bind(address).map(drop) };
    let Err(why) = bound else { return Finding::ok(about, format!("{shown}: free")) };
    match why.kind() {
        io::ErrorKind::AddrInUse if running => Finding::ok(about, format!("{shown}: taken while the daemon runs")),
        io::ErrorKind::AddrInUse => {
            let found = holders::port_holders(if tcp { ["tcp", "tcp6"] } else { ["udp", "udp6"] }, address.port());
            let by = if found.is_empty() { "another process".into() } else { found.join(", ") };
            Finding::failure(
                about,
                Exit::TryAgain,
                format!("{shown}: taken by {by}"),
                format!("stop that, or set another `{key}`"),
            )
        }
        io::ErrorKind::PermissionDenied => {
            let way_out = format!("set `{key}` to a port from 1024 on, or give the daemon CAP_NET_BIND_SERVICE");
            Finding::failure(about, Exit::Permission, format!("{shown}: permission denied"), way_out)
        }
        io::ErrorKind::AddrNotAvailable => {
            let way_out = format!("`ip addr` lists the addresses; set another `{key}`");
            Finding::failure(about, Exit::Configuration, format!("{shown}: no address of this machine"), way_out)
        }
        _ => Finding::failure(about, Exit::TryAgain, format!("{shown}: {why}"), format!("set another `{key}`")),
    }
}

/// The server to join, where it is not the room of the same process: its name, its address, the token.
pub(super) fn room(config: &Config) -> Vec<Finding> {
    let open = &config.engine.open;
    let Some(url) = open.url.as_deref().and_then(|text| Url::parse(text).ok()) else { return Vec::new() };
    let mut findings = vec![reach(&url, open.ca_file.as_deref())];
    let file = open.token_file.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
    if let Some(token) = open.token.as_deref().or(file.as_deref()) {
        #[expect(clippy::disallowed_methods, reason = "whether a token has expired is a matter of the machine's clock")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        findings.push(token_fits(token.trim(), open.channel.as_deref(), open.identity.as_deref(), now));
    }
    findings
}

/// The way to the server, by the first steps that the engine takes too.
fn reach(url: &Url, ca_file: Option<&Path>) -> Finding {
    let about = "room";
    let port = url.port().unwrap_or(if matches!(url.scheme(), "wss" | "https") { 443 } else { 80 });
    let shown = format!("{}://{}:{port}", url.scheme(), url.host_str().unwrap_or_default());
    let options = artc_open::Options { ca_file: ca_file.map(Path::to_owned), ..artc_open::Options::new(url.as_str()) };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return Finding::failure(about, Exit::TryAgain, format!("{shown}: {why}"), "free some memory"),
    };
    let reached = runtime.block_on(artc_open::reach(&options));
    // The name service's threads may still be waiting; this process ends without them.
    runtime.shutdown_background();
    let why = match reached {
        Ok(address) => {
            let trusted = if matches!(url.scheme(), "wss" | "https") { ", with a certificate that is trusted" } else { "" };
            return Finding::ok(about, format!("{shown}: takes connections at {address}{trusted}"));
        }
        Err(why) => why,
    };
    let (exit, way_out) = match &why {
        ConnectError::Name { .. } => (Exit::TryAgain, "check `engine.open.url`, and the name server in /etc/resolv.conf"),
        ConnectError::Certificate { .. } => (
            Exit::Configuration,
            "put the certificate of its issuer into `engine.open.ca_file`; if it has expired, compare the clocks",
        ),
        ConnectError::CaFile { .. } => {
            (Exit::Configuration, "`engine.open.ca_file` is to be a PEM file that the daemon's user can read")
        }
        ConnectError::Address { .. } => (Exit::Configuration, "put `engine.open.url` right"),
        ConnectError::NotLiveKit { .. } => {
            (Exit::Configuration, "is it ws:// instead of wss://, or another port? check `engine.open.url`")
        }
        _ => (Exit::TryAgain, "is the server running, and does the firewall let TCP and UDP out?"),
    };
    Finding::failure(about, exit, format!("{shown}: {why}"), way_out)
}

/// What can be seen of a join token without its key: whether it has expired, and for whom it is.
fn token_fits(token: &str, channel: Option<&str>, identity: Option<&str>, now: Duration) -> Finding {
    let about = "token";
    let wrong = |text: String, way_out: &str| Finding::failure(about, Exit::Configuration, text, way_out);
    let anew = "ask the server's operator for a new one, or mint one: artc-edge token --help";
    let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    let Some(claims) = claims.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) else {
        return wrong("is no JWT: a LiveKit access token has three parts with dots between them".into(), anew);
    };
    let seconds = |key: &str| claims.get(key).and_then(Value::as_u64);
    let said = |key: &str| claims.get(key).and_then(Value::as_str);
    let grant = |key: &str| claims.get("video").and_then(|video| video.get(key));
    if let Some(expiry) = seconds("exp").filter(|expiry| *expiry <= now.as_secs()) {
        return wrong(format!("expired {} ago", span(now.as_secs() - expiry)), anew);
    }
    if let Some(start) = seconds("nbf").filter(|start| *start > now.as_secs() + 10) {
        return wrong(format!("is good only in {}", span(start - now.as_secs())), "compare the clocks of both machines");
    }
    if grant("roomJoin").and_then(Value::as_bool) != Some(true) {
        return wrong("does not allow to join: the grant roomJoin is missing".into(), anew);
    }
    let room = grant("room").and_then(Value::as_str).unwrap_or_default();
    for (key, wanted, found) in [("channel", channel, room), ("identity", identity, said("sub").unwrap_or_default())] {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            let text = format!("is for the {key} \"{found}\", but `engine.open.{key}` is \"{wanted}\"");
            return wrong(text, "take that key out, or get a token for it");
        }
    }
    let left = seconds("exp").map(|expiry| format!(", good for another {}", span(expiry - now.as_secs()))).unwrap_or_default();
    Finding::ok(about, format!("for \"{}\" in \"{room}\"{left}", said("sub").unwrap_or_default()))
}

/// A span of time in its largest unit.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    fn token(claims: &str) -> String {
        format!("eyJhbGciOiJIUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_is_judged_by_what_it_says() {
        let now = Duration::from_secs(1_800_000_000);
        let good = token(r#"{"sub":"cam","exp":1800003600,"video":{"roomJoin":true,"room":"gate"}}"#);
        let said = |token: &str, channel, identity| {
            let finding = token_fits(token, channel, identity, now);
            assert!(finding.level == Level::Ok || finding.way_out.is_some());
            finding.text
        };
        assert_eq!(said(&good, Some("gate"), Some("cam")), "for \"cam\" in \"gate\", good for another 60 min");
        assert_eq!(said(&good, Some("door"), None), "is for the channel \"gate\", but `engine.open.channel` is \"door\"");
        assert_eq!(said(&good, None, Some("x")), "is for the identity \"cam\", but `engine.open.identity` is \"x\"");
        let old = token(r#"{"sub":"cam","exp":1799000000,"video":{"roomJoin":true,"room":"gate"}}"#);
        assert_eq!(said(&old, None, None), "expired 11 days ago");
        let early = token(r#"{"sub":"cam","nbf":1800000300,"exp":1800003600,"video":{"roomJoin":true}}"#);
        assert_eq!(said(&early, None, None), "is good only in 5 min");
        let powerless = token(r#"{"sub":"cam","exp":1800003600,"video":{"room":"gate"}}"#);
        assert_eq!(said(&powerless, None, None), "does not allow to join: the grant roomJoin is missing");
        for garbage in ["", "abc", "a.b.c", "a.e30=.c"] {
            assert_ne!(token_fits(garbage, None, None, now).level, Level::Ok, "{garbage}");
        }
    }

    #[test]
    fn a_taken_port_is_told_with_its_holder() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let finding = port("room.listen", true, address, false);
        assert_eq!((finding.level, finding.exit), (Level::Failure, Exit::TryAgain));
        assert!(finding.text.starts_with(&format!("room.listen = {address} (TCP): taken by")), "{}", finding.text);
        assert_eq!(port("room.listen", true, address, true).level, Level::Ok, "the daemon has it");
        drop(listener);
        assert_eq!(port("room.listen", true, address, false).level, Level::Ok);
        let elsewhere = port("room.listen", true, "192.0.2.1:7880".parse().expect("an address"), false);
        assert_eq!(elsewhere.text, "room.listen = 192.0.2.1:7880 (TCP): no address of this machine");
    }

    #[test]
    fn a_server_that_is_not_there_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let url = |scheme: &str| Url::parse(&format!("{scheme}://127.0.0.1:{port}")).expect("an address");
        assert_eq!(reach(&url("ws"), None).level, Level::Ok);
        let file = reach(&url("wss"), Some(Path::new("/nowhere/ca.pem")));
        assert_eq!((file.level, file.exit), (Level::Failure, Exit::Configuration));
        assert!(file.text.contains("/nowhere/ca.pem"), "{}", file.text);
        drop(listener);
        let gone = reach(&url("ws"), None);
        assert_eq!((gone.level, gone.exit), (Level::Failure, Exit::TryAgain));
        let unknown = reach(&Url::parse("wss://no-such-host.invalid").expect("an address"), None);
        assert!(unknown.text.contains("no-such-host.invalid is not known to the name service"), "{}", unknown.text);
    }

    #[test]
    fn a_server_whose_certificate_nobody_vouches_for_is_told_and_one_of_the_given_issuer_is_well() {
        let folder = tempfile::tempdir().expect("a directory");
        let at = |name: &str| folder.path().join(name);
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        std::fs::write(at("cert.pem"), made.cert.pem()).expect("written");
        std::fs::write(at("key.pem"), made.signing_key.serialize_pem()).expect("written");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let inside = runtime.enter();
        let settings = room::Config {
            listen: "127.0.0.1:0".parse().expect("an address"),
            media_port: 0,
            tcp_port: 0,
            tls_cert: Some(at("cert.pem")),
            tls_key: Some(at("key.pem")),
            ..room::Config::default()
        };
        let server = room::Server::start(settings).expect("it starts");
        drop(inside);
        let url = Url::parse(&server.signal_url()).expect("an address");
        let stranger = reach(&url, None);
        assert_eq!((stranger.level, stranger.exit), (Level::Failure, Exit::Configuration), "{}", stranger.text);
        assert!(stranger.text.contains("is not trusted") && stranger.way_out.is_some_and(|text| text.contains("ca_file")));
        let known = reach(&url, Some(&at("cert.pem")));
        assert_eq!(known.level, Level::Ok, "{}", known.text);
        assert!(known.text.ends_with("with a certificate that is trusted"), "{}", known.text);
        runtime.block_on(server.stop());
    }
}
