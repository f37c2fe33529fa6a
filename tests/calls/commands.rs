//! Commands from the app server to its devices: over HTTP, the broker and the daemon's own dispatcher, and back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use artc_room::{Config, HttpConfig, KeyConfig, Role, Server};
use call_control::ClientId;
use mqtt_link::{Event, Link};
use serde_json::{Value, json};

use crate::broker::{self, Broker, person};
use crate::device::Device;
use crate::{PATIENCE, UP, until};

const KEYS: [(&str, Role); 3] = [("watcher", Role::Observe), ("operator", Role::Operate), ("admin", Role::Own)];

fn serve(broker: &Broker) -> Server {
    let any = || SocketAddr::from(([127, 0, 0, 1], 0));
    let keys = KEYS.map(|(name, role)| {
        let secret_file = broker.file(name);
        std::fs::write(&secret_file, format!("key of the {name} of the tests\n")).expect("written");
        (name.to_owned(), KeyConfig { secret_file, role })
    });
    let config = Config {
        room: room::Config { listen: any(), media_port: 0, tcp_port: 0, ..room::Config::default() },
        calls: broker.config(&broker::server()),
        http: HttpConfig {
            enabled: true,
            listen: any(),
            requests_per_second: 10_000,
            keys: keys.into(),
            ..HttpConfig::default()
        },
        ..Config::default()
    };
    Server::start(&config).expect("it starts")
}

/// Asks the server's API with the key `key`: the status, and what came.
async fn ask(server: &Server, method: &str, path: &str, key: &str, body: &Value) -> (u16, Vec<u8>) {
    let to = server.http().expect("an address");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Auth-Token: key of the {key} of the tests\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let asking = tokio::task::spawn_blocking(move || {
        let mut answer = Vec::new();
        let mut stream = TcpStream::connect(to).expect("it listens");
        stream.set_read_timeout(Some(4 * PATIENCE)).expect("a time");
        stream.write_all(text.as_bytes()).expect("written");
        stream.read_to_end(&mut answer).expect("an answer");
        answer
    });
    let answer = asking.await.expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer[end + 4..].to_vec())
}

async fn json_of(server: &Server, path: &str) -> Value {
    let (status, body) = ask(server, "GET", path, "watcher", &Value::Null).await;
    assert_eq!(status, 200, "{path}");
    serde_json::from_slice(&body).expect("JSON")
}

/// What became of a command at each device.
async fn command(server: &Server, key: &str, body: &Value) -> Vec<Value> {
    let (status, answer) = ask(server, "POST", "/v1/commands", key, body).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    answer["results"].as_array().expect("results").clone()
}

/// The device as the list has it, once it satisfies.
async fn listed(server: &Server, client: &ClientId, what: &str, so: impl Fn(&Value) -> bool) -> Value {
    let looking = async {
        loop {
            let list = json_of(server, "/v1/devices").await;
            let found = list["devices"].as_array().expect("devices").iter().find(|one| one["client"] == client.as_str()).cloned();
            match found {
                Some(found) if so(&found) => return found,
                _ => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            }
        }
    };
    tokio::time::timeout(4 * PATIENCE, looking).await.unwrap_or_else(|_| panic!("in vain: {what}"))
}

async fn online(server: &Server, client: &ClientId) -> Value {
    listed(server, client, "it is there", |one| one["state"] == "online").await
}

/// Somebody at the broker who is there and answers nothing.
async fn silent(broker: &Broker, server: &Server) -> Link {
    let client = person("mallory");
    let mut link = broker.link(&client, None);
    let up = async { while !matches!(link.next().await, Event::Up) {} };
    tokio::time::timeout(PATIENCE, up).await.expect("let in");
    link.publish(&format!("{UP}/{client}/presence"), "online").expect("room for it");
    online(server, &client).await;
    link
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_goes_to_many_and_each_says_what_became_of_it() {
    let broker = Broker::start();
    let server = serve(&broker);
    let room = server.room().expect("a room").signal_url();
    let (willing, other) = (broker::device(), broker::other_device());
    let lets = [("CONTROL__BROKER_ROLE", "operate"), ("DEVICE__NAME", "Gate")];
    let device = Device::start_with(&broker, &room, &willing, &lets);
    let _stubborn = Device::start_with(&broker, &room, &other, &[]);
    until("the cameras deliver", || device.get("/readyz").contains("waiting for calls")).await;
    let told = listed(&server, &willing, "it told what it is", |one| one["firmware"].is_string()).await;
    assert_eq!((&told["name"], &told["firmware"]), (&json!("Gate"), &json!(env!("CARGO_PKG_VERSION"))));
    assert!(told.get("picture").is_none() && told["board"].is_string(), "{told}");
    online(&server, &other).await;
    let mallory = silent(&broker, &server).await;

    // Each in its own way, in the order that was asked.
    let nobody = ClientId::new("GID", "never-heard").expect("an id");
    let everybody = [&willing, &other, &person("mallory"), &nobody];
    let asked = json!({ "devices": everybody, "method": "device.info", "wait_ms": 3000 });
    let results = command(&server, "operator", &asked).await;
    let outcomes: Vec<_> = results.iter().map(|one| (one["client"].as_str(), one["outcome"].as_str())).collect();
    let expected = ["answered", "refused", "timed_out", "unknown"];
    let expected: Vec<_> =
        everybody.iter().zip(expected).map(|(client, outcome)| (Some(client.as_str()), Some(outcome))).collect();
    assert_eq!(outcomes, expected, "{results:?}");
    assert_eq!(results[0]["result"]["name"], "Gate");
    assert_eq!(results[1]["error"]["data"]["name"], "not_allowed", "denied by default");

    the_last_picture(&server, &willing).await;
    what_may_not_be(&server, &willing).await;
    the_stream_is_muted_and_heard_again(&server, &willing).await;

    // Off line: it is not asked, and not later either.
    device.kill();
    listed(&server, &willing, "its last will", |one| one["state"] == "offline").await;
    let mute = json!({ "devices": [willing], "method": "stream.mute", "params": { "muted": true } });
    assert_eq!(command(&server, "operator", &mute).await[0]["outcome"], "offline");
    let _device = Device::start_with(&broker, &room, &willing, &lets);
    online(&server, &willing).await;
    let stream = command(&server, "operator", &json!({ "devices": [willing], "method": "stream.get" })).await;
    assert_eq!(stream[0]["result"]["muted"], false, "{stream:?}");
    mallory.stop(PATIENCE).await;
    server.stop().await;
}

/// A picture that is asked for small comes with the answer, and stays.
async fn the_last_picture(server: &Server, device: &ClientId) {
    let path = format!("/v1/devices/{device}/picture");
    assert_eq!(ask(server, "GET", &path, "watcher", &Value::Null).await.0, 404);
    let asked = json!({ "devices": [device], "method": "camera.snapshot", "params": { "longest": 160 } });
    let taking = async {
        // The camera may not have delivered yet.
        loop {
            let result = command(server, "operator", &asked).await.remove(0);
            if result["outcome"] == "answered" {
                return result;
            }
        }
    };
    let result = tokio::time::timeout(4 * PATIENCE, taking).await.expect("a picture");
    assert_eq!(result["result"]["mime"], "image/jpeg");
    let (status, jpeg) = ask(server, "GET", &path, "watcher", &Value::Null).await;
    assert_eq!((status, jpeg.len() as u64), (200, result["result"]["bytes"].as_u64().expect("a number")));
    assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]));
    let listed = online(server, device).await;
    assert!(listed["picture"].as_i64() >= listed["since"].as_i64(), "{listed}");
    assert_eq!(ask(server, "GET", &path, "nobody", &Value::Null).await.0, 401);
}

/// Who may not ask, and what cannot be asked.
async fn what_may_not_be(server: &Server, device: &ClientId) {
    let with = |method: &str, more: Value| {
        let mut body = json!({ "devices": [device], "method": method });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    let many: Vec<String> = (0..201).map(|number| format!("GID@@@cam{number}")).collect();
    for (key, body, status) in [
        ("nobody", with("device.info", json!({})), 401),
        ("watcher", with("device.info", json!({})), 403),
        ("operator", with("device.reboot", json!({})), 403),
        ("operator", with("config.set", json!({})), 403),
        ("admin", with("device.inf", json!({})), 400),
        ("admin", with("viewer.address", json!({})), 400),
        ("admin", with("device.info", json!({ "params": [] })), 400),
        ("admin", with("device.info", json!({ "wait_ms": 99 })), 400),
        ("admin", with("device.info", json!({ "wait_ms": 15_001 })), 400),
        ("admin", with("device.info", json!({ "more": 1 })), 400),
        ("admin", with("device.info", json!({ "devices": [] })), 400),
        ("admin", with("device.info", json!({ "devices": ["no-client-id"] })), 400),
        ("admin", with("device.info", json!({ "devices": [device, device] })), 400),
        ("admin", with("device.info", json!({ "devices": many })), 400),
        ("admin", json!(["device.info"]), 400),
    ] {
        let (told, answer) = ask(server, "POST", "/v1/commands", key, &body).await;
        assert_eq!(told, status, "{key} {body}: {}", String::from_utf8_lossy(&answer));
    }
    // What the server lets pass, the device still judges.
    let wrong = command(server, "admin", &with("stream.mute", json!({ "params": { "muted": 7 } }))).await;
    assert_eq!((&wrong[0]["outcome"], &wrong[0]["error"]["data"]["name"]), (&json!("refused"), &json!("invalid_params")));
    let kept = command(server, "admin", &with("config.get", json!({}))).await;
    assert_eq!(kept[0]["error"]["data"]["name"], "not_allowed", "its role over the broker is no more than operate");
}

/// What is asked twice is done twice.
async fn the_stream_is_muted_and_heard_again(server: &Server, device: &ClientId) {
    for muted in [true, false] {
        let mute = json!({ "devices": [device], "method": "stream.mute", "params": { "muted": muted } });
        assert_eq!(command(server, "operator", &mute).await[0]["result"]["muted"], muted);
    }
}
