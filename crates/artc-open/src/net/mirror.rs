//! How this machine is seen from outside, asked of one STUN server from a socket of its own: for whoever looks for faults. Media asks
//! from its own sockets, see [`super::ways`].

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;
use turn_client_proto::stun::types::attribute::XorMappedAddress;
use turn_client_proto::stun::types::message::{BINDING, Message, MessageClass, MessageWriteVec};
use turn_client_proto::stun::types::prelude::*;

use super::ConnectError;

/// How long the name service may take.
const NAME_WITHIN: Duration = Duration::from_secs(3);
/// How long an answer is waited for before the question is asked again, and once more.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// Asks the STUN server `host`:`port` by UDP under which address it sees us. Takes at most six seconds or so.
///
/// # Errors
/// The name is not known, or no answer came: no way leads there, a firewall lets no UDP out, or nobody is there.
pub async fn mirror(host: &str, port: u16) -> Result<SocketAddr, ConnectError> {
    let name = format!("{host}:{port}");
    let unreachable = |why: std::io::Error| ConnectError::Unreachable { host: name.clone(), why: why.kind().to_string() };
    let late = |step, within: Duration| ConnectError::Timeout { host: name.clone(), step, seconds: within.as_secs() };
    let unknown = |why: String| ConnectError::Name { host: host.to_owned(), why };
    let found = timeout(NAME_WITHIN, tokio::net::lookup_host((host, port)))
        .await
        .map_err(|_| late("resolve its name", NAME_WITHIN))?
        .map_err(|why| unknown(why.to_string()))?;
    // Where both are known IPv4 is asked: it is there that addresses are translated.
    let mut found: Vec<SocketAddr> = found.take(8).collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    let server = *found.first().ok_or_else(|| unknown("it has no address".into()))?;
    let any: SocketAddr = if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any).await.map_err(unreachable)?;
    socket.connect(server).await.map_err(unreachable)?;
    let question = Message::builder_request(BINDING, MessageWriteVec::new());
    let id = question.transaction_id();
    let question = question.finish();
    let mut buffer = [0; 1500];
    for pause in PAUSES {
        socket.send(&question).await.map_err(unreachable)?;
        let answered = async {
            loop {
                let length = socket.recv(&mut buffer).await?;
                let message = Message::from_bytes(&buffer[..length]).ok();
                let message = message.filter(|m| m.has_class(MessageClass::Success) && m.transaction_id() == id);
                if let Some(seen) = message.and_then(|m| m.attribute::<XorMappedAddress>().ok()) {
                    return Ok(seen.addr(id));
                }
            }
        };
        if let Ok(answer) = timeout(pause, answered).await {
            return answer.map_err(unreachable);
        }
    }
    Err(late("answer by UDP", PAUSES.iter().sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_says_how_it_sees_us_whatever_else_arrives_and_silence_is_told() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        let serving = async {
            let mut buffer = [0; 1500];
            // The first question gets lost.
            server.recv_from(&mut buffer).await.unwrap();
            let (length, from) = server.recv_from(&mut buffer).await.unwrap();
            server.send_to(&[0xff; 40], from).await.unwrap();
            let request = Message::from_bytes(&buffer[..length]).unwrap();
            let mut response = Message::builder_success(&request, MessageWriteVec::new());
            let seen = XorMappedAddress::new("203.0.113.7:40000".parse().unwrap(), request.transaction_id());
            response.add_attribute(&seen).unwrap();
            server.send_to(&response.finish(), from).await.unwrap();
        };
        let (seen, ()) = tokio::join!(mirror("127.0.0.1", port), serving);
        assert_eq!(seen.unwrap(), "203.0.113.7:40000".parse().unwrap());
        // It is there and says nothing more.
        let silent = mirror("127.0.0.1", port).await.unwrap_err();
        assert!(silent.to_string().contains("does not answer within 3 s (answer by UDP)"), "{silent}");
        let unknown = mirror("no-such-host.invalid", 3478).await.unwrap_err();
        assert!(matches!(unknown, ConnectError::Name { .. } | ConnectError::Timeout { .. }), "{unknown}");
    }
}
