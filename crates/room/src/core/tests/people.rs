//! Who is in the room, what they hear of each other, and who is refused.

use rtc::DataChannel;
use rtc::packet;
use rtc::proto::{
    self, DisconnectReason, MuteTrackRequest, ParticipantPermission, TrackSource, leave_request::Action, participant_info::State,
    request_response::Reason,
};
use rtc::signal::{Request, Response};

use super::world::{TO_PUBLISHER, World, grant};
use crate::core::api::{ApiError, Call, Reply};
use crate::core::{ClientTraits, JoinRefused, Way};
use crate::token::{Claims, VideoGrant};

fn leave_of(world: &World, index: usize) -> Option<(i32, i32)> {
    world.clients[index].inbox.iter().find_map(|m| if let Response::Leave(l) = m { Some((l.reason, l.action)) } else { None })
}

#[test]
fn participants_hear_of_each_other_coming_being_active_and_leaving() {
    for way in [Way::Two, Way::One] {
        let mut world = World::new();
        let alice = world.join("alice", way);
        let bob = world.join("bob", way);
        let Some(Response::Join(join)) = world.clients[bob].inbox.first() else { panic!("join comes first") };
        assert_eq!(join.other_participants.iter().map(|p| p.identity.as_str()).collect::<Vec<_>>(), ["alice"]);
        assert_eq!((join.ping_interval, join.ping_timeout), (5, 15), "the Rust SDK panics on zero");
        assert_eq!(join.subscriber_primary, way == Way::Two);
        assert_eq!(world.clients[alice].knows("bob").unwrap().state(), State::Active);
        assert_eq!(world.clients[bob].knows("bob").unwrap().state(), State::Active, "also itself");
        let versions: Vec<u32> = world.clients[alice].updates().filter(|p| p.identity == "bob").map(|p| p.version).collect();
        assert!(versions.windows(2).all(|w| w[0] < w[1]), "clients ignore what is not newer: {versions:?}");

        world.send(bob, Request::Leave(proto::LeaveRequest::default()));
        let gone = world.clients[alice].knows("bob").unwrap();
        assert_eq!((gone.state(), gone.disconnect_reason()), (State::Disconnected, DisconnectReason::ClientInitiated));
        assert!(!world.clients[bob].connected, "the websocket is closed");
    }
}

#[test]
fn sids_have_the_prefixes_that_the_rust_sdk_insists_on() {
    let mut world = World::new();
    let alice = world.join("alice", Way::Two);
    let track = world.publish(alice, "cid", TrackSource::Camera, &[]);
    let Some(Response::Join(join)) = world.clients[alice].inbox.first() else { panic!("join comes first") };
    assert!(join.room.as_ref().unwrap().sid.starts_with("RM_"));
    assert!(world.clients[alice].sid.starts_with("PA_") && track.starts_with("TR_"), "{track}");
}

#[test]
fn which_of_two_tracks_was_announced_first_is_the_same_for_everybody() {
    let mut world = World::new();
    let (alice, bob) = (world.join("alice", Way::Two), world.join("bob", Way::One));
    world.publish(bob, "b", TrackSource::Camera, &[]);
    world.publish(alice, "a", TrackSource::Camera, &[]);
    let version_of = |client: usize, owner: &str| {
        let version = world.clients[client].knows(owner).unwrap().tracks[0].version.unwrap();
        (version.unix_micro, version.ticks)
    };
    assert!(version_of(alice, "bob") < version_of(alice, "alice"));
    let told =
        world.clients[bob].inbox.iter().find_map(|m| if let Response::TrackPublished(t) = m { t.track.clone() } else { None });
    let told = told.and_then(|track| track.version).unwrap();
    assert_eq!(version_of(alice, "bob"), (told.unix_micro, told.ticks), "its publisher knows the same");
    assert!(told.unix_micro > 0);
}

#[test]
fn a_duplicate_identity_replaces_the_earlier_one() {
    let mut world = World::new();
    let first = world.join("alice", Way::Two);
    let second = world.join("alice", Way::One);
    assert_eq!(leave_of(&world, first), Some((DisconnectReason::DuplicateIdentity as i32, Action::Disconnect as i32)));
    assert_eq!((world.clients[first].connected, world.clients[second].connected), (false, true));
}

#[test]
fn hidden_participants_are_not_shown_but_see_and_send() {
    let mut world = World::new();
    let alice = world.join("alice", Way::Two);
    let hidden = VideoGrant { hidden: true, ..grant("camera") };
    let ghost = world.join_with("ghost", Way::One, hidden, ClientTraits { auto_subscribe: true, ..Default::default() });
    assert!(world.clients[alice].knows("ghost").is_none());
    world.data(ghost, packet::user(Some("t"), &[], b"boo", DataChannel::Reliable, 1));
    assert_eq!(world.packets(alice).len(), 1);
    world.send(ghost, Request::Leave(proto::LeaveRequest::default()));
    assert!(world.clients[alice].knows("ghost").is_none());
}

#[test]
fn limits_refuse_with_their_reason() {
    let mut world = World::new();
    for n in 0..4 {
        world.join(&format!("p{n}"), Way::Two);
    }
    let claims = |who: &str, room: &str| Claims { sub: who.into(), video: Some(grant(room)), ..Default::default() };
    let full = world.core.admit(&claims("p5", "camera"), world.at);
    assert_eq!(full, Err(JoinRefused::RoomFull { room: "camera".into(), limit: 4 }));
    assert_eq!(world.core.admit(&claims("p1", "camera"), world.at), Ok(()), "who comes back has a place");
    for room in ["two", "three"] {
        world.join_with("x", Way::Two, grant(room), ClientTraits::default());
    }
    assert_eq!(world.core.admit(&claims("x", "four"), world.at), Err(JoinRefused::TooManyRooms(3)));
    let mut refused = 0;
    for _ in 0..2000 {
        refused += u32::from(world.core.admit(&claims("p1", "camera"), world.at) == Err(JoinRefused::TooFast(100)));
    }
    assert!(refused > 1000);
}

#[test]
fn a_token_for_viewers_publishes_nothing_and_is_told_so() {
    let mut world = World::new();
    let grant = VideoGrant { can_publish: Some(false), ..VideoGrant::join("camera") };
    let viewer = world.join_with("viewer", Way::Two, grant, ClientTraits::default());
    assert_eq!(world.publish(viewer, "cid", TrackSource::Camera, &[]), "");
    let refused = world.clients[viewer]
        .inbox
        .iter()
        .find_map(|m| if let Response::RequestResponse(r) = m { Some(r.reason()) } else { None });
    assert_eq!(refused, Some(Reason::NotAllowed));

    let grant = VideoGrant { can_publish_sources: vec!["microphone".into()], ..VideoGrant::join("camera") };
    let speaker = world.join_with("speaker", Way::Two, grant, ClientTraits::default());
    assert_eq!(world.publish(speaker, "cam", TrackSource::Camera, &[]), "");
    assert_ne!(world.publish(speaker, "mic", TrackSource::Microphone, &[]), "");
}

#[test]
fn own_metadata_changes_only_with_the_right_to() {
    let mut world = World::new();
    let alice = world.join("alice", Way::Two);
    let bob = world.join_with("bob", Way::Two, VideoGrant::join("camera"), ClientTraits::default());
    let update = |key: &str, value: &str| {
        Request::UpdateMetadata(proto::UpdateParticipantMetadata {
            attributes: [(key.to_owned(), value.to_owned())].into(),
            request_id: 7,
            ..Default::default()
        })
    };
    world.send(alice, update("k", "v"));
    assert_eq!(world.clients[bob].knows("alice").unwrap().attributes["k"], "v");
    let reply = |world: &World, index: usize| {
        world.clients[index].inbox.iter().rev().find_map(|m| match m {
            Response::RequestResponse(r) => Some((r.request_id, r.reason())),
            _ => None,
        })
    };
    assert_eq!(reply(&world, alice), Some((7, Reason::Ok)));
    world.send(alice, update("k", ""));
    assert!(world.clients[bob].knows("alice").unwrap().attributes.is_empty(), "an empty value deletes");
    world.send(bob, update("k", "v"));
    assert_eq!(reply(&world, bob), Some((7, Reason::NotAllowed)));
    world.send(alice, update("k", &"x".repeat(70_000)));
    assert_eq!(reply(&world, alice), Some((7, Reason::LimitExceeded)));
}

#[test]
fn data_reaches_whom_it_is_for_and_says_who_sent_it() {
    for way in [Way::Two, Way::One] {
        let mut world = World::new();
        let [alice, bob, eve] = ["alice", "bob", "eve"].map(|who| world.join(who, way));
        if way == Way::Two {
            // In this topology a client opens its publisher connection to send.
            world.publish(alice, "mic", TrackSource::Microphone, &[]);
        }
        world.data(alice, packet::user(Some("t"), &["bob".into()], b"secret", DataChannel::Reliable, 1));
        world.data(alice, packet::user(None, &[], b"all", DataChannel::Reliable, 2));
        assert_eq!((world.packets(alice).len(), world.packets(bob).len(), world.packets(eve).len()), (0, 2, 1));
        let got = &world.packets(bob)[0];
        assert_eq!((got.participant_identity.as_str(), &got.participant_sid), ("alice", &world.clients[alice].sid));
        assert_eq!(got.sequence, 1, "receivers count on the sender's numbers");
    }
}

#[test]
fn data_without_the_right_is_not_relayed() {
    let mut world = World::new();
    let alice = world.join("alice", Way::One);
    let grant = VideoGrant { can_publish_data: Some(false), ..VideoGrant::join("camera") };
    let mute = world.join_with("mute", Way::One, grant, ClientTraits::default());
    world.data(mute, packet::user(None, &[], b"x", DataChannel::Reliable, 1));
    world.data(mute, bytes::Bytes::from_static(b"\xff\xff\xff garbage"));
    assert!(world.packets(alice).is_empty());
}

#[test]
fn a_resumed_client_keeps_its_place_and_gets_the_data_it_missed() {
    for way in [Way::Two, Way::One] {
        let mut world = World::new();
        let (alice, bob) = (world.join("alice", way), world.join("bob", way));
        if way == Way::Two {
            world.publish(alice, "mic", TrackSource::Microphone, &[]);
        }
        world.data(alice, packet::user(None, &[], b"one", DataChannel::Reliable, 1));
        let sid = world.clients[bob].sid.clone();
        world.clients[bob].inbox.clear();
        let states = vec![proto::DataChannelReceiveState { publisher_sid: world.clients[alice].sid.clone(), last_seq: 0 }];
        world.resume(bob, 3000, states);
        assert!(
            matches!(world.clients[bob].inbox.first(), Some(Response::Reconnect(_))),
            "{:?}",
            world.clients[bob].inbox.first()
        );
        assert_eq!(world.clients[bob].knows("bob").unwrap().sid, sid);
        assert!(world.clients[alice].knows("bob").unwrap().state() == State::Active, "nobody was told it left");
        let numbers: Vec<u32> = world.packets(bob).iter().map(|p| p.sequence).collect();
        assert_eq!(numbers, [1, 1], "it said it had none, so it is sent again; clients drop what they have");
    }
}

#[test]
fn a_client_that_does_not_come_back_is_gone_after_twenty_seconds() {
    let mut world = World::new();
    let (alice, bob) = (world.join("alice", Way::Two), world.join("bob", Way::Two));
    let conn = world.clients[bob].conn;
    world.core.signal_closed(conn, world.at);
    world.run(15_000);
    assert_eq!(world.clients[alice].knows("bob").unwrap().state(), State::Active);
    world.run(10_000);
    assert_eq!(world.clients[alice].knows("bob").unwrap().state(), State::Disconnected);
    world.resume(bob, 0, Vec::new());
    assert_eq!(leave_of(&world, bob), Some((DisconnectReason::StateMismatch as i32, Action::Reconnect as i32)));
}

#[test]
fn garbage_in_lawful_messages_changes_nothing() {
    let mut world = World::new();
    let alice = world.join("alice", Way::One);
    let offer =
        |sdp: &str| Request::Offer(proto::SessionDescription { r#type: "offer".into(), sdp: sdp.into(), ..Default::default() });
    let trickle = |json: &str| {
        Request::Trickle(proto::TrickleRequest { candidate_init: json.into(), target: TO_PUBLISHER, ..Default::default() })
    };
    for bad in [
        offer(""),
        offer("v=0\r\n"),
        offer(&"m=audio 9 X 0\r\n".repeat(1000)),
        Request::Answer(proto::SessionDescription { sdp: "nonsense".into(), ..Default::default() }),
        trickle("{"),
        trickle(r#"{"candidate":"candidate:x"}"#),
        Request::Mute(MuteTrackRequest { sid: "TR_nobody".into(), muted: true }),
        Request::Subscription(proto::UpdateSubscription { track_sids: vec!["?".into()], ..Default::default() }),
        Request::TrackSetting(proto::UpdateTrackSettings { track_sids: vec!["?".into()], quality: 99, ..Default::default() }),
        Request::AddTrack(proto::AddTrackRequest::default()),
        Request::SyncState(proto::SyncState::default()),
    ] {
        world.send(alice, bad);
    }
    let bob = world.join("bob", Way::One);
    world.data(alice, packet::user(None, &[], b"still here", DataChannel::Reliable, 1));
    assert_eq!(world.packets(bob).len(), 1);
}

#[test]
fn room_service_does_what_it_says() {
    let mut world = World::new();
    let (alice, bob) = (world.join("alice", Way::Two), world.join("bob", Way::Two));
    let at = world.at;
    let track = world.publish(alice, "mic", TrackSource::Microphone, &[]);
    let Ok(Reply::Rooms(rooms)) = world.core.call(Call::ListRooms { names: vec![] }, at) else { panic!("rooms") };
    assert_eq!((rooms[0].name.as_str(), rooms[0].num_participants, rooms[0].num_publishers), ("camera", 2, 1));

    let mute =
        |muted| proto::MuteRoomTrackRequest { room: "camera".into(), identity: "alice".into(), track_sid: track.clone(), muted };
    world.core.call(Call::MuteTrack(mute(true)), at).unwrap();
    world.run(50);
    assert!(world.clients[alice].inbox.iter().any(|m| matches!(m, Response::Mute(m) if m.muted && m.sid == track)));
    assert!(world.clients[bob].knows("alice").unwrap().tracks[0].muted);
    assert_eq!(world.core.call(Call::MuteTrack(mute(false)), at).unwrap_err(), ApiError::NoRemoteUnmute);

    let data = proto::SendDataRequest {
        room: "camera".into(),
        data: b"from afar".to_vec(),
        destination_identities: vec!["bob".into()],
        ..Default::default()
    };
    world.core.call(Call::SendData(data), at).unwrap();
    world.run(100);
    assert_eq!((world.packets(bob).len(), world.packets(alice).len()), (1, 0));

    let permission = ParticipantPermission { can_subscribe: true, can_publish: false, ..Default::default() };
    let update = proto::UpdateParticipantRequest {
        room: "camera".into(),
        identity: "alice".into(),
        permission: Some(permission),
        ..Default::default()
    };
    world.core.call(Call::UpdateParticipant(update), at).unwrap();
    world.run(50);
    assert!(world.clients[bob].knows("alice").unwrap().tracks.is_empty(), "what is no longer allowed ends");
    assert!(world.clients[alice].inbox.iter().any(|m| matches!(m, Response::TrackUnpublished(t) if t.track_sid == track)));

    let gone = Call::RemoveParticipant { room: "camera".into(), identity: "alice".into() };
    world.core.call(gone, at).unwrap();
    world.run(50);
    assert_eq!(leave_of(&world, alice).unwrap().0, DisconnectReason::ParticipantRemoved as i32);
    let nobody = Call::GetParticipant { room: "camera".into(), identity: "alice".into() };
    assert!(matches!(world.core.call(nobody, at), Err(ApiError::NoParticipant { .. })));

    world.core.call(Call::DeleteRoom { room: "camera".into() }, at).unwrap();
    world.run(500);
    assert_eq!(leave_of(&world, bob).unwrap().0, DisconnectReason::RoomDeleted as i32);
    let missing = world.core.call(Call::ListParticipants { room: "camera".into() }, world.at);
    assert_eq!(missing.unwrap_err(), ApiError::NoRoom("camera".into()));
}

#[test]
fn clients_get_a_fresh_token_at_once_and_every_five_minutes() {
    let mut world = World::new();
    let alice = world.join("alice", Way::Two);
    let count = |world: &World| world.clients[alice].inbox.iter().filter(|m| matches!(m, Response::RefreshToken(_))).count();
    assert_eq!(count(&world), 1);
    world.run(301_000);
    assert_eq!(count(&world), 2);
}

#[test]
fn an_empty_room_closes_and_a_room_made_beforehand_waits() {
    let mut world = World::new();
    let alice = world.join("alice", Way::Two);
    let made = proto::CreateRoomRequest { name: "later".into(), metadata: "m".into(), ..Default::default() };
    world.core.call(Call::CreateRoom(made), world.at).unwrap();
    world.send(alice, Request::Leave(proto::LeaveRequest::default()));
    world.run(30_000);
    let names = |world: &mut World| {
        let Ok(Reply::Rooms(rooms)) = world.core.call(Call::ListRooms { names: vec![] }, world.at) else { panic!("rooms") };
        rooms.into_iter().map(|room| room.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&mut world), ["later"]);
    world.run(300_000);
    assert!(names(&mut world).is_empty());
}
