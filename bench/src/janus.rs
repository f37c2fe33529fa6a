//! Janus' videoroom, to compare with: what its HTTP interface wants to be told by who sends and who watches. Nothing else of it.

use std::net::SocketAddr;

use rtc::{Candidate, Peer};
use serde_json::{Value, json};

use crate::Failure;
use crate::http::ask;
use crate::watch::socket::Socket;

/// Events of a session that are not ours before one is taken to be missing.
const OTHERS: usize = 50;

/// A handle of the videoroom, in a session of its own.
pub struct Handle {
    server: SocketAddr,
    session: String,
    path: String,
}

impl Handle {
    /// A session, and the videoroom in it.
    pub fn attach(server: SocketAddr) -> Result<Self, Failure> {
        let made = |path: &str, request: Value| -> Result<String, Failure> {
            let answer = post(server, path, &request)?;
            Ok(format!("{path}/{}", answer["data"]["id"].as_u64().ok_or_else(|| format!("Janus: {answer}"))?))
        };
        let session = made("/janus", json!({ "janus": "create", "transaction": "0" }))?;
        let path = made(&session, json!({ "janus": "attach", "plugin": "janus.plugin.videoroom", "transaction": "0" }))?;
        Ok(Self { server, session, path })
    }

    /// Tells the videoroom something, with a session description or without; what it answers, and its description.
    pub fn tell(&self, body: &Value, jsep: Option<Value>) -> Result<(Value, Option<String>), Failure> {
        let mut request = json!({ "janus": "message", "transaction": "1", "body": body });
        if let Some(jsep) = jsep {
            request["jsep"] = jsep;
        }
        let mut answer = post(self.server, &self.path, &request)?;
        for _ in 0..OTHERS {
            // What is acknowledged is answered by an event.
            if answer["transaction"] == "1" && answer["janus"] != "ack" {
                break;
            }
            let (_, event) = ask(self.server, &format!("GET {}?maxev=1", self.session), "", "")?;
            answer = serde_json::from_str(&event)?;
        }
        let data = &answer["plugindata"]["data"];
        if data.is_null() || !data["error"].is_null() {
            return Err(format!("Janus: {answer}").into());
        }
        Ok((data.clone(), answer["jsep"]["sdp"].as_str().map(str::to_owned)))
    }

    /// An offer to who watches the only stream of `feed`.
    pub fn offer(&self, room: u64, feed: u64) -> Result<String, Failure> {
        let join = json!({ "request": "join", "ptype": "subscriber", "room": room, "streams": [{ "feed": feed }] });
        self.tell(&join, None)?.1.ok_or_else(|| "Janus offers nothing".into())
    }

    /// Answers that offer.
    pub fn start(&self, answer: &str) -> Result<(), Failure> {
        self.tell(&json!({ "request": "start" }), Some(json!({ "type": "answer", "sdp": answer }))).map(|_| ())
    }
}

/// Makes a room and offers a stream to it; the answer.
pub fn publish(server: SocketAddr, room: u64, feed: u64, offer: &str) -> Result<String, Failure> {
    let janus = Handle::attach(server)?;
    let create = json!({ "request": "create", "room": room, "videocodec": "h264", "h264_profile": "42e01f", "publishers": 1, "bitrate": 0 });
    janus.tell(&create, None)?;
    let join = json!({ "request": "joinandconfigure", "ptype": "publisher", "room": room, "id": feed, "audio": false });
    let (_, answer) = janus.tell(&join, Some(json!({ "type": "offer", "sdp": offer })))?;
    answer.ok_or_else(|| "Janus has no answer".into())
}

/// A socket at the address where Janus can be reached: it is on this machine, and takes no loopback. It learns of ours by being asked.
pub fn beside(peer: &mut Peer, description: &str) -> Result<Socket, Failure> {
    let hosts = description.lines().filter(|line| line.starts_with("a=candidate:")).filter_map(|line| line.split(' ').nth(4));
    let ip = hosts.filter_map(|host| host.parse().ok()).next().ok_or("Janus has no address of IPv4")?;
    let socket = Socket::bind(ip)?;
    peer.add_local_candidate(Candidate::host(socket.address, "udp")?);
    Ok(socket)
}

fn post(server: SocketAddr, path: &str, request: &Value) -> Result<Value, Failure> {
    let (_, answer) = ask(server, &format!("POST {path}"), "Content-Type: application/json\r\n", &request.to_string())?;
    Ok(serde_json::from_str(&answer)?)
}
