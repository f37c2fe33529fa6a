//! What outlives the process: calls and who was seen; and what is said of health meanwhile. Through a real Mosquitto.

use call_control::message::{Notice, Request, Told};
use call_control::{Answer, ClientId, Said};
use mqtt_link::{Event, Link};

use crate::broker::{self, Broker, person};
use crate::program::{PATIENCE, Place, Program, WATCHER, until};

const UP: &str = "MeetingCtrlUp";

fn place(broker: &Broker) -> Place {
    let mut place = Place::new();
    let file = |name: &str| broker.file(name).display().to_string();
    place.sections = format!(
        "[calls]\nenabled = true\nbroker = {:?}\nca_file = {:?}\nsecret_file = {:?}\ngroup = {:?}\ndevice = {:?}\n\
         access_key = {:?}\npassword = \"group-id\"\n",
        broker.url(),
        file("ca.pem"),
        file("secret"),
        broker::server().group(),
        broker::server().device(),
        broker::KEY,
    );
    place
}

struct Client {
    link: Link,
    client: ClientId,
}

impl Client {
    async fn new(broker: &Broker, client: ClientId) -> Self {
        let mut link = broker.link(&client, None);
        let up = async { while !matches!(link.next().await, Event::Up) {} };
        tokio::time::timeout(PATIENCE, up).await.expect("let in");
        Self { link, client }
    }

    fn say(&self, level: &str, payload: impl Into<Vec<u8>>) {
        self.link.publish(&format!("{UP}/{}{level}", self.client), payload.into()).expect("room for it");
    }

    /// Waits for the message on this level of which `wanted` makes something.
    async fn hear<T>(&mut self, level: &str, wanted: impl Fn(&[u8]) -> Option<T>) -> T {
        let hearing = async {
            loop {
                if let Event::Message { topic, payload } = self.link.next().await
                    && topic.ends_with(level)
                    && let Some(found) = wanted(&payload)
                {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, hearing).await.unwrap_or_else(|_| panic!("nothing on {level}"))
    }
}

fn entered(payload: &[u8]) -> Option<String> {
    match Told::read(payload).ok()? {
        Told::Enter(enter) => enter.call,
        Told::Destroyed { .. } => None,
    }
}

fn destroyed(payload: &[u8]) -> Option<String> {
    match Told::read(payload).ok()? {
        Told::Destroyed { call } => call,
        Told::Enter(_) => None,
    }
}

fn seen(server: &Program, client: &ClientId) -> Option<String> {
    let list = server.get("/v1/devices", WATCHER).json();
    let device = list["devices"].as_array()?.iter().find(|device| device["client"] == client.as_str())?.clone();
    device["state"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_goes_on_when_its_server_was_killed_and_devices_are_known_again() {
    let broker = Broker::start();
    let place = place(&broker);
    let server = place.start();
    until("the server is at the broker", || server.watched("/readyz").status == 200).await;
    let mut device = Client::new(&broker, broker::device()).await;
    let mut alice = Client::new(&broker, person("alice")).await;
    device.say("/presence", "online");
    until("the device is seen", || seen(&server, &broker::device()).as_deref() == Some("online")).await;
    alice.say("", Request::Create { channel: None, invite: vec![broker::device()] }.write());
    let call = device.hear("/enter", entered).await;
    device.say("", Request::Answer { call: call.clone(), answer: Answer::Accept }.write());
    let accepted = |payload: &[u8]| Notice::read(payload).ok().filter(|notice| notice.event == Said::Accepted);
    alice.hear("/call", accepted).await;

    server.kill();
    let server = place.start();
    assert_eq!(seen(&server, &broker::device()).as_deref(), Some("online"), "as it was last seen");
    until("the server is back at the broker", || server.watched("/readyz").status == 200).await;
    until("its call goes on", || server.count("artc_server_calls", &[]) == 1).await;
    alice.say("", Request::Destory { call: Some(call.clone()) }.write());
    assert_eq!(device.hear("/enter", destroyed).await, call);
    until("it has ended", || server.count("artc_server_calls", &[]) == 0).await;
    device.say("/presence", "offline");
    until("the device has gone", || seen(&server, &broker::device()).as_deref() == Some("offline")).await;
    assert_eq!(server.get("/v1/devices", "").status, 401);
    assert_eq!(server.get("/v1/devices?before=x", WATCHER).status, 400);

    // A call that ended is not there again.
    server.kill();
    let server = place.start();
    until("the server is back once more", || server.watched("/readyz").status == 200).await;
    assert_eq!(server.count("artc_server_calls", &[]), 0);
    drop(broker);
    until("it says that the broker is away", || server.watched("/readyz").status == 503).await;
    assert_eq!((server.watched("/livez").status, server.watched("/elsewhere").status), (200, 404));
}
