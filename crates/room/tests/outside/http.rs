//! RoomService, validation, and the HTTP of WHIP and WHEP.

use std::time::Duration;

use prost::Message as _;
use room::Server;
use room::token::{Secret, VideoGrant};
use rtc::proto;

use crate::stage::{Client, Reply, SECRET, ask, config, joins, now, start, token, token_of};

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A call: method, token, headers, body; and its refusal: status, code, words.
type Refusal<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, &'a str)], &'a [u8], u16, &'a str, &'a str);
/// An offer: path, headers, body; and its refusal: status, words.
type Posted<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [u8], u16, &'a str);

fn admin() -> String {
    let grant = VideoGrant { room: "yard".into(), room_admin: true, room_list: true, room_create: true, ..VideoGrant::default() };
    token("", grant)
}

async fn call(room: &room::Handle, bearer: Option<&str>, method: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let authorization = bearer.map(|token| format!("Bearer {token}"));
    let mut all = headers.to_vec();
    all.extend(authorization.as_deref().map(|value| ("Authorization", value)));
    ask(room.http(), "POST", &format!("/twirp/livekit.RoomService/{method}"), &all, body).await
}

#[tokio::test]
async fn room_service_speaks_json_and_protobuf() {
    let room = start();
    let mut person = Client::join(&room, &joins("anna")).await;
    let admin = admin();

    let rooms = call(&room, Some(&admin), "ListRooms", &[JSON], b"{}").await;
    assert_eq!((rooms.status, rooms.header("content-type")), (200, Some("application/json")));
    let rooms: serde_json::Value = serde_json::from_slice(&rooms.body).unwrap();
    assert_eq!((&rooms["rooms"][0]["name"], &rooms["rooms"][0]["numParticipants"]), (&"yard".into(), &1.into()));

    let request = proto::ListParticipantsRequest { room: "yard".into() }.encode_to_vec();
    let people = call(&room, Some(&admin), "ListParticipants", &[("Content-Type", "application/protobuf")], &request).await;
    assert_eq!((people.status, people.header("content-type")), (200, Some("application/protobuf")));
    let people = proto::ListParticipantsResponse::decode(people.body.as_slice()).unwrap().participants;
    assert_eq!(people.iter().map(|p| p.identity.as_str()).collect::<Vec<_>>(), ["anna"]);

    let removed = call(&room, Some(&admin), "RemoveParticipant", &[JSON], br#"{"room":"yard","identity":"anna"}"#).await;
    assert_eq!(removed.status, 200, "{}", removed.text());
    let (came, _) = person.rest().await;
    let left = came.iter().find_map(|m| if let rtc::signal::Response::Leave(leave) = m { Some(leave.reason()) } else { None });
    assert_eq!(left, Some(proto::DisconnectReason::ParticipantRemoved));
    room.stop().await;
}

#[tokio::test]
async fn room_service_refuses_in_words() {
    let room = start();
    let admin = admin();
    let list = VideoGrant { room_list: true, ..VideoGrant::default() };
    let other = VideoGrant { room: "garden".into(), room_admin: true, ..VideoGrant::default() };
    let (member, lists, other) = (joins("anna"), token("", list), token("", other));
    let of_room = br#"{"room":"yard","identity":"nobody"}"#.as_slice();
    let rows: [Refusal<'_>; 12] = [
        ("ListRooms", None, &[JSON], b"{}", 401, "unauthenticated", "access token missing"),
        ("ListRooms", Some("nonsense"), &[JSON], b"{}", 401, "unauthenticated", "not a JWT"),
        ("ListRooms", Some(&member), &[JSON], b"{}", 403, "permission_denied", "`roomList`"),
        ("DeleteRoom", Some(&lists), &[JSON], of_room, 403, "permission_denied", "`roomCreate`"),
        ("ListParticipants", Some(&member), &[JSON], of_room, 403, "permission_denied", "`roomAdmin`"),
        ("RemoveParticipant", Some(&other), &[JSON], of_room, 403, "permission_denied", "\"garden\""),
        ("GetParticipant", Some(&admin), &[JSON], of_room, 404, "not_found", "\"yard\""),
        ("OpenTheDoor", Some(&admin), &[JSON], b"{}", 404, "bad_route", "\"OpenTheDoor\""),
        ("MoveParticipant", Some(&admin), &[JSON], b"{}", 501, "unimplemented", "MoveParticipant"),
        ("ListRooms", Some(&admin), &[JSON], b"{\"names\":", 400, "malformed", "EOF"),
        ("ListRooms", Some(&admin), &[("Content-Type", "application/protobuf")], b"\xff\xff", 400, "malformed", ""),
        ("ListRooms", Some(&admin), &[("Content-Type", "text/plain")], b"{}", 404, "bad_route", "application/json"),
    ];
    for (method, bearer, headers, body, status, code, words) in rows {
        let reply = call(&room, bearer, method, headers, body).await;
        let said: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        let message = said["msg"].as_str().unwrap();
        assert_eq!((reply.status, said["code"].as_str()), (status, Some(code)), "{method}: {message}");
        assert!(message.contains(words), "{method}: {message}");
        assert!(bearer.is_none_or(|token| !reply.text().contains(token)), "{method} repeats the token");
    }
    let unknown = ask(room.http(), "POST", "/twirp/livekit.Egress/ListEgress", &[JSON], b"{}").await;
    assert_eq!(unknown.status, 404, "{}", unknown.text());
    let read = ask(room.http(), "GET", "/twirp/livekit.RoomService/ListRooms", &[], b"").await;
    assert_eq!(read.status, 405);
    let large = call(&room, Some(&admin), "SendData", &[JSON], &vec![b' '; 256 * 1024 + 1]).await;
    assert_eq!(large.status, 413);
    let refused = room.stats().refused;
    for (what, count) in [("call: permission_denied", 4), ("call: malformed", 2), ("token: missing", 1), ("token: malformed", 1)]
    {
        assert_eq!(refused.get(what), Some(&count), "{refused:?}");
    }
    room.stop().await;
}

#[tokio::test]
async fn a_token_that_is_no_good_is_told_why_before_and_instead_of_the_websocket() {
    let room = start();
    let hour = Duration::from_secs(3600);
    let powerless = VideoGrant { room: "yard".into(), ..VideoGrant::default() };
    let rows = [
        (String::new(), "access token missing", "token: missing"),
        (token_of(SECRET, now() - hour, "x", VideoGrant::join("yard")), "expired 3000 s ago", "token: expired"),
        (token_of(SECRET, now() + hour, "x", VideoGrant::join("yard")), "compare the clocks", "token: not yet"),
        (token_of("another secret", now(), "x", VideoGrant::join("yard")), "forged, or the secret changed", "token: forged"),
        (token("x", powerless), "`roomJoin` is missing", "token: grants"),
        (token("", VideoGrant::join("yard")), "identity is empty", "token: grants"),
    ];
    for (token, words, counted) in rows {
        let reply = ask(room.http(), "GET", &format!("/rtc/validate?access_token={token}"), &[], b"").await;
        let said = reply.text();
        assert_eq!(reply.status, 401, "{said}");
        // The time of the expired one may have gone on by a second or two.
        let words = words.split("3000").next().unwrap();
        assert!(said.contains(words), "{said:?} lacks {words:?}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "or a page of another origin could not read it");
        let (status, said) = Client::open(&room, &token).await.err().expect("refused");
        assert_eq!(status, 401);
        assert!(said.contains(words), "{said:?} lacks {words:?}");
        assert!(room.stats().refused.get(counted).is_some_and(|count| *count >= 2), "{:?}", room.stats().refused);
    }
    let good = ask(room.http(), "GET", &format!("/rtc/validate?access_token={}", joins("anna")), &[], b"").await;
    assert_eq!((good.status, good.text().as_str()), (200, "success"));
    room.stop().await;
}

#[tokio::test]
async fn a_full_room_and_a_flood_of_joins_are_told_as_such() {
    let room = Server::start_with(room::Config { max_participants: 1, max_joins_per_second: 1, ..config() }, Secret::new(SECRET))
        .unwrap();
    let _anna = Client::join(&room, &joins("anna")).await;
    let (status, said) = Client::open(&room, &joins("berta")).await.err().expect("refused");
    assert_eq!(status, 503);
    assert!(said.contains("holds its limit of 1 participants"), "{said}");
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(ask(room.http(), "GET", &format!("/rtc/validate?access_token={}", joins("anna")), &[], b"").await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    let refused = room.stats().refused;
    assert!(refused.contains_key("join: rate") && refused["join: room full"] == 1, "{refused:?}");
    room.stop().await;
}

#[tokio::test]
async fn whip_and_whep_refuse_in_words() {
    let room = start();
    let sdp = ("Content-Type", "application/sdp");
    let bearer = format!("Bearer {}", joins("anna"));
    let authorized = ("Authorization", bearer.as_str());
    let viewer = VideoGrant { can_publish: Some(false), ..VideoGrant::join("yard") };
    let watches = format!("Bearer {}", token("berta", viewer));
    let rows: [Posted<'_>; 7] = [
        ("/whip/yard", &[sdp], b"v=0", 401, "access token missing"),
        ("/whip/garden", &[sdp, authorized], b"v=0", 403, "for the room \"yard\""),
        ("/whip/yard", &[authorized, ("Content-Type", "text/html")], b"v=0", 415, "send application/sdp"),
        ("/whip/yard", &[sdp, authorized], b"hello", 400, "no section"),
        ("/whip/yard", &[sdp, authorized], b"\xff\xfe", 400, "utf-8"),
        ("/whip/yard", &[sdp, ("Authorization", &watches)], b"v=0", 403, "publish"),
        ("/whep/yard/anna", &[sdp, authorized], b"v=0", 404, "publishes nothing"),
    ];
    for (path, headers, body, status, words) in rows {
        let reply = ask(room.http(), "POST", path, headers, body).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
        assert!(reply.text().contains(words), "{path}: {}", reply.text());
    }
    let preflight = ask(room.http(), "OPTIONS", "/whip/yard", &[], b"").await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, Some("*")));
    let nobody = ask(room.http(), "DELETE", "/whip/yard/PA_nobody", &[authorized], b"").await;
    assert_eq!(nobody.status, 404);
    room.stop().await;
}
