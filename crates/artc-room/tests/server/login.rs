//! The HTTP twin of the guide's login: both kinds of accounts, CORS, and who does not get in.

use call_control::message::Told;
use call_control::{Account, ClientId, PasswordRule, Secret};

use crate::program::{PASSWORD, Place, Program, Reply};

const SECRET: &str = "a secret of the console";

fn place() -> Place {
    let mut place = Place::new();
    std::fs::write(place.file("broker"), SECRET).expect("written");
    place.sections = format!("[calls]\nsecret_file = {:?}\n", place.file("broker").display().to_string());
    place
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn login(server: &Program, room: &str, user: &str, password: &str) -> Reply {
    let query = format!("room={}&user={}&passwd={}", encoded(room), encoded(user), encoded(password));
    server.ask("GET", &format!("/app/v1/login?{query}"), &[], b"")
}

#[test]
fn whoever_has_an_account_gets_the_documents_answer() {
    let place = place();
    let server = place.start();
    let client: ClientId = "GID_TEST@@@0001".parse().expect("an id");
    let password = |rule| Account::new(rule, &client, "AK", &Secret::new(SECRET), "post-cn").password;
    let (now, then) = (password(PasswordRule::ClientId), password(PasswordRule::GroupId));
    for (room, user, password) in
        [("yard", "alice", PASSWORD), ("call-1", "GID_TEST@@@0001", now.expose()), ("call-1", "GID_TEST@@@0001", then.expose())]
    {
        let reply = login(&server, room, user, password);
        assert_eq!(reply.status, 200, "{user}: {reply:?}");
        let Ok(Told::Enter(enter)) = Told::read(&reply.body) else { panic!("{reply:?}") };
        assert_eq!(enter.channel, room);
        assert!(enter.gslb[0].starts_with("ws://127.0.0.1:") && enter.token.expose().split('.').count() == 3);
        let body = reply.json();
        assert_eq!((&body["code"], body["data"]["gslb"].is_array()), (&0.into(), true), "the sample's later answer has a list");
        assert!(!reply.head.contains("access-control"), "no page asked");
    }
    let form = format!("room=yard&user=alice&passwd={}", encoded(PASSWORD));
    let form_type = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", "https://app.example.com")];
    let reply = server.ask("POST", "/app/v1/login", &form_type, form.as_bytes());
    assert_eq!(reply.status, 200, "{reply:?}");
    for line in [
        "access-control-allow-origin: *",
        "access-control-allow-methods: get,post,head,put,delete,options",
        "access-control-allow-headers: origin,range,accept-encoding,referer,cache-control,x-proxy-authorization,x-requested-with,content-type",
        "cache-control: no-store",
    ] {
        assert!(reply.head.contains(line), "{line}: {}", reply.head);
    }
    let preflight = server.ask("OPTIONS", "/app/v1/login", &[("Origin", "https://app.example.com")], b"");
    assert_eq!((preflight.status, preflight.head.contains("access-control-allow-origin: *")), (200, true));
    assert_eq!(server.count("artc_server_tokens_total", &["livekit"]), 4);
}

#[test]
fn nobody_else_gets_in_and_each_refusal_is_counted() {
    let place = place();
    let server = place.start();
    for (room, user, password) in [
        ("yard", "alice", "another"),
        ("yard", "alice", ""),
        ("street", "alice", PASSWORD),
        ("yard", "bob", PASSWORD),
        ("yard", "GID_TEST@@@0001", SECRET),
        ("call-1", "GID_TEST@@@0001", SECRET),
    ] {
        let reply = login(&server, room, user, password);
        assert_eq!(reply.status, 401, "{room} {user}: {reply:?}");
        assert_eq!(reply.json()["code"], 401, "the sample's clients look at the code");
    }
    assert_eq!(server.count("artc_server_refused_total", &["login", "password"]), 6);
    let long = "r".repeat(65);
    for (room, user) in [("../yard", "alice"), ("yard", "alice'--"), ("yard", "G@@@a@@@b"), (&long, "alice"), ("", "alice")] {
        assert_eq!(login(&server, room, user, PASSWORD).status, 400, "{room} {user}");
    }
    for (method, body) in [("POST", &b"\xff\xfe"[..]), ("POST", b"{\"room\":\"yard\"}"), ("GET", b"")] {
        assert_eq!(server.ask(method, "/app/v1/login", &[], body).status, 400);
    }
    assert_eq!(server.ask("DELETE", "/app/v1/login", &[], b"").status, 405);
    assert_eq!(server.count("artc_server_refused_total", &["login", "malformed"]), 8);
    assert_eq!(server.count("artc_server_tokens_total", &[]), 0);
}

#[test]
fn guessing_is_slowed_down_for_everything_that_comes_from_there() {
    let place = Place { requests: 8, ..place() };
    let server = place.start();
    let statuses: Vec<u16> = (0..30).map(|n| login(&server, "yard", "alice", &n.to_string()).status).collect();
    assert!(statuses.contains(&401) && statuses.contains(&429), "{statuses:?}");
    assert!(server.count("artc_server_refused_total", &["rate"]) > 0);
}
