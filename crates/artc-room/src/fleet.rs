//! Commands to devices, over the broker: what is sent, who has not answered yet, and what became of it.
//!
//! A command is a JSON-RPC request on the device's own topic, and its reply is known by an id that nobody else has. It goes to who is there
//! now or to nobody: the broker keeps none for later. Whether it is carried out is the device's to decide.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app_state::{Picture, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use call_control::ClientId;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, oneshot};
use wire::Method;

use crate::{clock, telemetry};

/// Commands that are under way at the same time, of all who ask.
const AT_ONCE: usize = 64;
/// Longest time that a device is given to carry a command out, as its own limit has it.
const LONGEST: Duration = Duration::from_secs(10);
/// Largest picture that is kept.
const MAX_PICTURE: usize = 48 * 1024;
/// How every JPEG begins.
const JPEG: [u8; 3] = [0xff, 0xd8, 0xff];

/// What is asked of a device.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub method: Method,
    pub params: Option<Value>,
    /// The word that a method with confirmation wants the second time.
    pub confirm: Option<String>,
    /// How long its answer is waited for.
    pub within: Duration,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Answered(Value),
    Refused(Value),
    TimedOut,
    /// There is no connection to the broker, or too much waits for it.
    Unsent,
}

/// A message on its way to a device.
#[derive(Debug)]
pub(crate) struct Order {
    pub to: ClientId,
    pub message: Vec<u8>,
    id: String,
}

#[derive(Debug)]
struct Waiting {
    of: ClientId,
    reply: oneshot::Sender<Value>,
}

/// The commands of this process.
#[derive(Debug)]
pub(crate) struct Fleet {
    orders: mpsc::Sender<Order>,
    turns: Semaphore,
    waiting: Mutex<HashMap<String, Waiting>>,
    state: State,
}

impl Fleet {
    /// One that knows of no command, and what it wants to be sent.
    pub fn new(state: State) -> (Arc<Self>, mpsc::Receiver<Order>) {
        let (orders, to_send) = mpsc::channel(AT_ONCE);
        let fleet = Self { orders, turns: Semaphore::new(AT_ONCE), waiting: Mutex::default(), state };
        (Arc::new(fleet), to_send)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        // The map is whole after every statement.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a command to `to`, once fewer than [`AT_ONCE`] are under way, and waits for the answer.
    pub async fn command(&self, to: &ClientId, command: &Command) -> Told {
        let Ok(_turn) = self.turns.acquire().await else { return Told::Unsent };
        let (reply, told) = oneshot::channel();
        let id = format!("{:032x}", rand::random::<u128>());
        let message = request(&id, command).to_string().into_bytes();
        self.waiting().insert(id.clone(), Waiting { of: to.clone(), reply });
        let _forgotten = Forgotten { fleet: self, id: &id };
        if self.orders.try_send(Order { to: to.clone(), message, id: id.clone() }).is_err() {
            return Told::Unsent;
        }
        let mut reply = match tokio::time::timeout(command.within, told).await {
            Err(_) => return Told::TimedOut,
            Ok(Err(_)) => return Told::Unsent,
            Ok(Ok(reply)) => reply,
        };
        match (reply.get_mut("result").map(Value::take), reply.get_mut("error").map(Value::take)) {
            (Some(result), None) => {
                if command.method == Method::CameraSnapshot {
                    self.keep_picture(to, &result).await;
                }
                Told::Answered(result)
            }
            (_, error) => Told::Refused(error.unwrap_or_default()),
        }
    }

    /// The message was not sent, so there will be no answer.
    pub fn unsent(&self, order: &Order) {
        self.waiting().remove(&order.id);
    }

    /// `client` says something where it answers commands. What nobody waits for is counted and no more.
    pub fn answered(&self, client: &ClientId, payload: &[u8]) {
        let reply: Value = match serde_json::from_slice(payload) {
            Ok(reply) => reply,
            Err(_) => return telemetry::refused("answer", "malformed"),
        };
        // What a device tells without being asked has no id.
        let Some(id) = reply.get("id").and_then(Value::as_str) else { return telemetry::refused("answer", "unasked") };
        let mut waiting = self.waiting();
        match waiting.get(id) {
            Some(one) if one.of == *client => {
                if let Some(one) = waiting.remove(id) {
                    // Who asked may have gone away.
                    let _ = one.reply.send(reply);
                }
            }
            Some(_) => telemetry::refused("answer", "another's"),
            None => telemetry::refused("answer", "unasked"),
        }
    }

    /// Keeps the picture of an answer, where it is one and small.
    async fn keep_picture(&self, of: &ClientId, result: &Value) {
        let text = result.get("base64").and_then(Value::as_str).filter(|text| text.len() <= MAX_PICTURE * 4 / 3 + 4);
        let Some(jpeg) = text.and_then(|text| STANDARD.decode(text).ok()) else { return };
        if !jpeg.starts_with(&JPEG) || jpeg.len() > MAX_PICTURE {
            return telemetry::refused("answer", "picture");
        }
        let picture = Picture { taken: clock::seconds(), jpeg };
        if let Err(why) = self.state.keep_picture(of.to_string(), picture).await {
            tracing::error!("a picture is not kept: {why}");
        }
    }
}

/// Takes a command off the list, however its waiting ends.
struct Forgotten<'a> {
    fleet: &'a Fleet,
    id: &'a str,
}

impl Drop for Forgotten<'_> {
    fn drop(&mut self) {
        self.fleet.waiting().remove(self.id);
    }
}

fn request(id: &str, command: &Command) -> Value {
    let deadline = u64::try_from(command.within.min(LONGEST).as_millis()).unwrap_or(u64::MAX);
    let mut request = json!({ "jsonrpc": "2.0", "id": id, "method": command.method.name(), "deadline_ms": deadline });
    if let Some(params) = &command.params {
        request["params"] = params.clone();
    }
    if let Some(confirm) = &command.confirm {
        request["confirm"] = json!(confirm);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> ClientId {
        ClientId::new("G", name).unwrap()
    }

    fn command(method: Method) -> Command {
        Command { method, params: None, confirm: None, within: Duration::from_secs(60) }
    }

    /// A fleet, and a command to `cam` that waits for its answer under the id that comes with it.
    async fn asked(method: Method) -> (Arc<Fleet>, mpsc::Receiver<Order>, Order, tokio::task::JoinHandle<Told>) {
        let (fleet, mut orders) = Fleet::new(State::open(None).unwrap());
        let asking = Arc::clone(&fleet);
        let told = tokio::spawn(async move { asking.command(&client("cam"), &command(method)).await });
        let order = orders.recv().await.unwrap();
        (fleet, orders, order, told)
    }

    #[tokio::test]
    async fn only_who_was_asked_answers() {
        let (fleet, _orders, order, told) = asked(Method::DeviceInfo).await;
        let message: Value = serde_json::from_slice(&order.message).unwrap();
        assert_eq!((&message["method"], &message["deadline_ms"]), (&json!("device.info"), &json!(10_000)));
        assert_eq!(message["id"], json!(order.id));
        let answer = |id: &str, who: &str| json!({ "jsonrpc": "2.0", "id": id, "result": who }).to_string().into_bytes();
        fleet.answered(&client("mallory"), &answer(&order.id, "mallory"));
        fleet.answered(&client("cam"), &answer("another", "another"));
        for wrong in ["", "[]", "null", "{\"id\":7}", "{\"method\":\"job.progress\"}"] {
            fleet.answered(&client("cam"), wrong.as_bytes());
        }
        fleet.answered(&client("cam"), &answer(&order.id, "cam"));
        assert_eq!(told.await.unwrap(), Told::Answered(json!("cam")));
        fleet.answered(&client("cam"), &answer(&order.id, "once more"));
        assert!(fleet.waiting().is_empty());
    }

    #[test]
    fn a_request_carries_what_was_asked_and_gives_the_device_no_longer_than_it_is_waited_for() {
        let params = Some(json!({ "muted": true }));
        let command = Command { params, confirm: Some("word".into()), ..command(Method::StreamMute) };
        let request = request("x", &Command { within: Duration::from_millis(700), ..command });
        let expected = json!({ "jsonrpc": "2.0", "id": "x", "method": "stream.mute", "deadline_ms": 700, "params": { "muted": true },
            "confirm": "word" });
        assert_eq!(request, expected);
    }

    #[tokio::test]
    async fn a_refusal_is_one_and_what_is_not_sent_is_told_at_once() {
        let (fleet, _orders, order, told) = asked(Method::DeviceReboot).await;
        fleet.answered(&client("cam"), json!({ "id": order.id, "error": { "code": 2001 } }).to_string().as_bytes());
        assert_eq!(told.await.unwrap(), Told::Refused(json!({ "code": 2001 })));
        let (fleet, _orders, order, told) = asked(Method::DeviceInfo).await;
        fleet.unsent(&order);
        assert_eq!(told.await.unwrap(), Told::Unsent);
        let (fleet, orders) = Fleet::new(State::open(None).unwrap());
        drop(orders);
        assert_eq!(fleet.command(&client("cam"), &command(Method::DeviceInfo)).await, Told::Unsent);
    }

    #[tokio::test]
    async fn who_says_nothing_is_not_waited_for_longer_than_said_and_forgotten_then() {
        let (fleet, mut orders) = Fleet::new(State::open(None).unwrap());
        let brief = Command { within: Duration::from_millis(1), ..command(Method::DeviceInfo) };
        assert_eq!(fleet.command(&client("cam"), &brief).await, Told::TimedOut);
        let order = orders.recv().await.unwrap();
        fleet.answered(&client("cam"), json!({ "id": order.id, "result": 1 }).to_string().as_bytes());
        assert!(fleet.waiting().is_empty());
    }

    #[tokio::test]
    async fn so_many_are_under_way_and_no_more() {
        let (fleet, mut orders) = Fleet::new(State::open(None).unwrap());
        let asking: Vec<_> = (0..AT_ONCE + 1)
            .map(|number| {
                let fleet = Arc::clone(&fleet);
                tokio::spawn(async move { fleet.command(&client(&format!("cam{number}")), &command(Method::DeviceInfo)).await })
            })
            .collect();
        let mut first = Vec::new();
        for _ in 0..AT_ONCE {
            first.push(orders.recv().await.unwrap());
        }
        tokio::task::yield_now().await;
        assert!(orders.try_recv().is_err(), "one waits for its turn");
        fleet.unsent(&first[0]);
        let last = orders.recv().await.unwrap();
        first.iter().skip(1).chain([&last]).for_each(|order| fleet.unsent(order));
        for told in asking {
            assert_eq!(told.await.unwrap(), Told::Unsent);
        }
    }

    #[tokio::test]
    async fn a_picture_is_kept_if_it_is_one_and_small() {
        let state = State::open(None).unwrap();
        let sighting = app_state::Sighting { client: client("cam").to_string(), here: Some(true), about: None, at: 1 };
        state.saw(vec![sighting]).await.unwrap();
        let (fleet, _orders) = Fleet::new(state.clone());
        let kept = async |jpeg: &[u8]| {
            fleet.keep_picture(&client("cam"), &json!({ "base64": STANDARD.encode(jpeg) })).await;
            state.picture(client("cam").to_string()).await.unwrap().map(|picture| picture.jpeg)
        };
        assert_eq!(kept(b"<svg/>").await, None);
        let largest = [&JPEG[..], &vec![0; MAX_PICTURE - JPEG.len()]].concat();
        assert_eq!(kept(&[&largest[..], &[0]].concat()).await, None);
        assert_eq!(kept(&largest).await, Some(largest.clone()));
        fleet.keep_picture(&client("cam"), &json!({ "base64": "not base64" })).await;
        assert_eq!(kept(&JPEG).await.as_deref(), Some(&JPEG[..]));
    }
}
