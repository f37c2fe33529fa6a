//! Family `net`: how the network is, and whom a probe may be about. Only the server that the configuration names is looked for, and a STUN server.

use wire::device::Connection;
use wire::net::Probe;
use wire::{Code, Refusal};

use super::{Decision, Effect, View};

pub(super) fn status(view: &View) -> Decision {
    Effect::ReadNetwork { inside: view.status.connection == Connection::Connected }.into()
}

pub(super) fn probe(params: &Probe, view: &View) -> Result<Decision, Refusal> {
    let stun = params.stun.as_deref().map(stun).transpose()?;
    if stun.is_none() && !view.joins_elsewhere {
        let why = "this device joins no server over the network; name a STUN server with `stun`";
        return Err(Refusal::new(Code::NotAvailable, why));
    }
    Ok(Effect::ProbeNetwork(stun).into())
}

/// Host and port of a STUN server.
fn stun(text: &str) -> Result<(String, u16), Refusal> {
    let wrong = || {
        let why = format!("`{}` is no STUN server; write HOST:PORT, as in stun.example.com:3478", wire::shown(text));
        Refusal::new(Code::InvalidParams, why)
    };
    let rest = text.strip_prefix("stun:").unwrap_or(text);
    let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let lawful = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(port) if digits && port > 0 && (1..=253).contains(&host.len()) && host.bytes().all(lawful) => Ok((host.into(), port)),
        _ => Err(wrong()),
    }
}
