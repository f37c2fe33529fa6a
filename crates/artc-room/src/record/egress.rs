//! Requests of ours to addresses that others name: never to where only this machine or its network should ask, unless the configuration
//! says so.
//!
//! A name is looked up once, each address is judged, and the connection goes to one that was: what the name means a moment later does
//! not matter. Redirects are not followed.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::{Host, Url};

/// Longest time for all of it.
const WITHIN: Duration = Duration::from_secs(10);
/// Longest answer that is listened to.
const MAX_ANSWER: usize = 64 * 1024;

/// Addresses that begin alike: `10.0.0.0/8`, or one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Net {
    address: IpAddr,
    bits: u8,
}

impl FromStr for Net {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no network: ADDRESS or ADDRESS/BITS");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits <= most { Ok(Self { address, bits }) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for Net {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Net> for String {
    fn from(net: Net) -> Self {
        net.to_string()
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Net {
    fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(one)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                net.to_bits() & mask == one.to_bits() & mask
            }
            (IpAddr::V6(net), IpAddr::V6(one)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                net.to_bits() & mask == one.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// Why something was not asked, or not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EgressError {
    /// No address that can be asked.
    #[error("the address is not http:// or https:// with a host and without user or password")]
    Url,
    /// It leads inward.
    #[error("{0} leads to an address of this machine's network, which `record.callbacks_may_reach` does not allow")]
    Inward(String),
    /// Nobody answers there, or nothing that is understood.
    #[error("{0}")]
    Failed(String),
    /// It takes too long.
    #[error("no answer within {WITHIN:?}")]
    Late,
}

/// Who may be asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Egress {
    allowed: Vec<Net>,
}

impl Egress {
    pub fn new(allowed: Vec<Net>) -> Self {
        Self { allowed }
    }

    fn allows(&self, address: IpAddr) -> bool {
        !is_inward(address) || self.allowed.iter().any(|net| net.holds(address.to_canonical()))
    }

    /// Whether `url` may be asked now.
    ///
    /// # Errors
    /// [`EgressError`].
    pub async fn check(&self, url: &str) -> Result<(), EgressError> {
        let url = parse(url)?;
        tokio::time::timeout(WITHIN, self.address(&url)).await.map_err(|_| EgressError::Late)?.map(drop)
    }

    /// The address that is asked for `url`.
    async fn address(&self, url: &Url) -> Result<SocketAddr, EgressError> {
        let port = url.port_or_known_default().ok_or(EgressError::Url)?;
        let found: Vec<SocketAddr> = match url.host().ok_or(EgressError::Url)? {
            Host::Ipv4(address) => vec![(address, port).into()],
            Host::Ipv6(address) => vec![(address, port).into()],
            Host::Domain(name) => {
                let failed = |why: io::Error| EgressError::Failed(format!("{name} has no address: {why}"));
                tokio::net::lookup_host((name, port)).await.map_err(failed)?.collect()
            }
        };
        let inward = || EgressError::Inward(url.host_str().unwrap_or_default().to_owned());
        found.into_iter().find(|address| self.allows(address.ip())).ok_or_else(inward)
    }

    /// Posts JSON. Which status was answered.
    ///
    /// # Errors
    /// [`EgressError`].
    pub async fn post(&self, url: &str, headers: &[(&str, String)], body: String) -> Result<u16, EgressError> {
        let posting = async {
            let url = parse(url)?;
            let address = self.address(&url).await?;
            let stream = TcpStream::connect(address).await.map_err(failed)?;
            if url.scheme() == "http" {
                return exchange(stream, request(&url, headers, body)?).await;
            }
            let name = ServerName::try_from(url.host_str().ok_or(EgressError::Url)?.trim_matches(['[', ']']).to_owned());
            let config = tls_trust::client_config(None).map_err(failed)?;
            let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
            let stream = connector.connect(name.map_err(|_| EgressError::Url)?, stream).await.map_err(failed)?;
            exchange(stream, request(&url, headers, body)?).await
        };
        tokio::time::timeout(WITHIN, posting).await.map_err(|_| EgressError::Late)?
    }
}

fn failed(why: impl fmt::Display) -> EgressError {
    EgressError::Failed(why.to_string())
}

fn parse(url: &str) -> Result<Url, EgressError> {
    let url = Url::parse(url).map_err(|_| EgressError::Url)?;
    let plain = url.username().is_empty() && url.password().is_none() && matches!(url.scheme(), "http" | "https");
    if plain { Ok(url) } else { Err(EgressError::Url) }
}

fn request(url: &Url, headers: &[(&str, String)], body: String) -> Result<Request<Body>, EgressError> {
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = Request::post(path).header(header::HOST, host).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.body(Body::from(body)).map_err(|_| EgressError::Url)
}

async fn exchange<S>(stream: S, request: Request<Body>) -> Result<u16, EgressError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let driving = tokio::spawn(connection);
    let answered = async {
        let answer = sender.send_request(request).await.map_err(failed)?;
        let status = answer.status().as_u16();
        // What it says does not matter, but that it is said: some count an answer that nobody heard as lost.
        drop(axum::body::to_bytes(Body::new(answer.into_body()), MAX_ANSWER).await);
        Ok(status)
    };
    let answered = answered.await;
    driving.abort();
    answered
}

/// Whether an address is of this machine, its network, or nobody's.
fn is_inward(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_inward_v4(address),
        IpAddr::V6(address) => is_inward_v6(address),
    }
}

fn is_inward_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || matches!((a, b, c), (0, ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _) | (224..=255, ..))
}

fn is_inward_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| is_inward_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match segments {
        // Ways to IPv4: translated (NAT64), 6to4, and the compatible form that nobody uses.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        [0, 0, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..] | [0x2001, 0, ..] | [0x2001, 0xdb8, ..] => true,
        // Only 2000::/3 was ever given out.
        [first, ..] => first & 0xe000 != 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inward_are_told_from_those_outward() {
        for inward in [
            "127.0.0.1",
            "127.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:0:1::",
            "2001:db8::1",
            "64:ff9b:1::1",
            "4000::1",
        ] {
            assert!(is_inward(inward.parse().expect("an address")), "{inward}");
        }
        for outward in
            ["1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "193.0.0.1", "2606:4700::1", "2a00::1", "64:ff9b::101:101"]
        {
            assert!(!is_inward(outward.parse().expect("an address")), "{outward}");
        }
    }

    #[test]
    fn a_network_holds_what_begins_alike() {
        let net = |text: &str| text.parse::<Net>();
        let holds = |text: &str, address: &str| net(text).unwrap().holds(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("127.0.0.1", "127.0.0.1") && !holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("0.0.0.0/0", "9.9.9.9") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("fd00::/8", "fd12::1") && holds("::/0", "::1"));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/x", "example.com"] {
            assert!(net(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_leads_inward_is_not_asked_however_it_is_spelt() {
        let egress = Egress::default();
        for url in [
            "http://127.0.0.1/",
            "http://localhost/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://0/",
        ] {
            assert!(matches!(egress.check(url).await, Err(EgressError::Inward(_))), "{url}");
        }
        for url in ["", "ftp://1.1.1.1/", "file:///etc/passwd", "http://user:password@1.1.1.1/", "http://"] {
            assert!(matches!(egress.check(url).await, Err(EgressError::Url)), "{url}");
        }
        let local = Egress::new(vec!["127.0.0.0/8".parse().unwrap()]);
        assert!(local.check("http://127.0.0.1:9/").await.is_ok());
        assert!(local.check("http://[::ffff:127.0.0.1]/").await.is_ok() && local.check("http://10.0.0.1/").await.is_err());
    }
}
