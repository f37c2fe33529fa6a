//! What flows from publishers to subscribers, and what publishers are told about it.

use rtc::proto::{self, StreamState, TrackSource, VideoQuality};
use rtc::signal::{Request, Response};

use super::world::{World, grant};
use crate::core::api::Call;
use crate::core::peers::Role;
use crate::core::{ClientTraits, Core, Moment, Way};

/// Best quality that a publisher was last told somebody watches.
fn wanted(world: &World, index: usize) -> Option<Option<i32>> {
    let update = world.clients[index].inbox.iter().rev().find_map(|m| match m {
        Response::SubscribedQualityUpdate(update) => Some(update),
        _ => None,
    })?;
    Some(update.subscribed_codecs[0].qualities.iter().filter(|q| q.enabled).map(|q| q.quality).max())
}

#[test]
fn pictures_reach_every_subscriber_in_both_topologies() {
    for (publisher, viewer) in [(Way::Two, Way::Two), (Way::One, Way::One), (Way::Two, Way::One), (Way::One, Way::Two)] {
        let mut world = World::new();
        let alice = world.join("alice", publisher);
        world.publish(alice, "cam", TrackSource::Camera, &[]);
        let early = world.join("early", viewer);
        world.stream(alice, "cam", 0, 30, &[]);
        let late = world.join("late", viewer);
        world.stream(alice, "cam", 60, 30, &[]);
        for who in [early, late] {
            let pictures = world.pictures(who);
            assert!(pictures.len() >= 28, "{publisher:?} to {viewer:?}: {} pictures", pictures.len());
            assert!(pictures[0].1, "the first picture that somebody gets is a key frame");
        }
    }
}

#[test]
fn a_track_published_later_reaches_those_who_are_there() {
    for way in [Way::Two, Way::One] {
        let mut world = World::new();
        let (alice, bob) = (world.join("alice", way), world.join("bob", way));
        let sid = world.publish(alice, "cam", TrackSource::Camera, &[]);
        world.stream(alice, "cam", 0, 30, &[]);
        assert!(world.pictures(bob).len() >= 28);
        let inbox = &world.clients[bob].inbox;
        let told = inbox.iter().position(
            |m| matches!(m, Response::Update(u) if u.participants.iter().any(|p| p.tracks.iter().any(|t| t.sid == sid))),
        );
        let section = inbox.iter().position(|m| match m {
            Response::Offer(offer) => offer.mid_to_track_id.values().any(|t| *t == sid),
            Response::Answer(answer) => answer.mid_to_track_id.values().any(|t| *t == sid),
            _ => false,
        });
        assert!(told.unwrap() < section.unwrap(), "the track is known before its section comes");
        assert!(world.clients[alice].inbox.iter().any(|m| matches!(m, Response::TrackSubscribed(t) if t.track_sid == sid)));
    }
}

#[test]
fn unsubscribing_and_unpublishing_end_the_flow_and_both_can_begin_again() {
    for way in [Way::Two, Way::One] {
        let mut world = World::new();
        let (alice, bob) = (world.join("alice", way), world.join("bob", way));
        let sid = world.publish(alice, "cam", TrackSource::Camera, &[]);
        world.stream(alice, "cam", 0, 10, &[]);
        let subscription = |subscribe| {
            Request::Subscription(proto::UpdateSubscription { track_sids: vec![sid.clone()], subscribe, ..Default::default() })
        };
        world.send(bob, subscription(false));
        world.run(500);
        world.pictures(bob);
        world.stream(alice, "cam", 20, 10, &[]);
        assert!(world.pictures(bob).is_empty(), "{way:?}: unsubscribed");
        world.send(bob, subscription(true));
        world.run(500);
        world.stream(alice, "cam", 40, 30, &[]);
        assert!(world.pictures(bob).len() >= 20, "{way:?}: subscribed again");

        let stop = world.clients[alice].stop("cam");
        world.send(alice, stop);
        world.run(500);
        assert!(world.clients[bob].knows("alice").unwrap().tracks.is_empty(), "an inactive section unpublishes");
        world.publish(alice, "cam2", TrackSource::Camera, &[]);
        world.pictures(bob);
        world.stream(alice, "cam2", 0, 30, &[]);
        assert!(world.pictures(bob).len() >= 25, "{way:?}: published again");
    }
}

#[test]
fn the_layer_follows_the_wish_and_switches_at_a_key_frame() {
    let mut world = World::new();
    let (alice, bob) = (world.join("alice", Way::Two), world.join("bob", Way::Two));
    let sid = world.publish(alice, "cam", TrackSource::Camera, &["q", "h", "f"]);
    let layers = ["q", "h", "f"];
    world.stream(alice, "cam", 0, 60, &layers);
    assert_eq!(world.pictures(bob).last().map(|p| p.0), Some(2), "the best, without another wish");
    let settings = |quality: VideoQuality, size: (u32, u32), disabled| {
        Request::TrackSetting(proto::UpdateTrackSettings {
            track_sids: vec![sid.clone()],
            quality: quality as i32,
            width: size.0,
            height: size.1,
            disabled,
            ..Default::default()
        })
    };
    for (wish, layer) in [
        (settings(VideoQuality::Low, (0, 0), false), 0),
        (settings(VideoQuality::High, (600, 300), false), 1),
        (settings(VideoQuality::High, (0, 0), false), 2),
    ] {
        world.send(bob, wish);
        world.pictures(bob);
        world.stream(alice, "cam", 100 + 100 * layer as u32, 60, &layers);
        let pictures = world.pictures(bob);
        let switch = pictures.iter().position(|p| p.0 == layer).expect("the layer comes");
        assert!(pictures[switch].1, "with a key frame");
        assert!(pictures[switch..].iter().all(|p| p.0 == layer), "and stays: {pictures:?}");
        assert!(pictures.len() >= 50, "nothing is missing: {}", pictures.len());
    }
    world.send(bob, settings(VideoQuality::High, (0, 0), true));
    world.pictures(bob);
    world.stream(alice, "cam", 1000, 30, &layers);
    assert!(world.pictures(bob).len() <= 1, "nobody looks");
    world.send(bob, settings(VideoQuality::High, (0, 0), false));
    world.stream(alice, "cam", 1100, 40, &layers);
    assert!(world.pictures(bob).len() >= 25, "somebody looks again");
}

#[test]
fn a_layer_that_its_publisher_switches_off_is_replaced_by_a_lower_one() {
    let mut world = World::new();
    let (alice, bob) = (world.join("alice", Way::Two), world.join("bob", Way::Two));
    world.publish(alice, "cam", TrackSource::Camera, &["q", "h"]);
    world.stream(alice, "cam", 0, 60, &["q", "h"]);
    assert_eq!(world.pictures(bob).last().map(|p| p.0), Some(1));
    world.stream(alice, "cam", 60, 120, &["q"]);
    assert_eq!(world.pictures(bob).last().map(|p| p.0), Some(0));
}

#[test]
fn key_frame_requests_of_many_viewers_reach_the_publisher_twice_a_second_at_most() {
    let mut world = World::new();
    let alice = world.join("alice", Way::Two);
    world.publish(alice, "cam", TrackSource::Camera, &[]);
    let viewers = ["b", "c", "d"].map(|who| world.join(who, Way::Two));
    world.stream(alice, "cam", 0, 30, &[]);
    let mut keys = 0;
    for n in 0..60 {
        for viewer in viewers {
            world.clients[viewer].ask_key_frame();
        }
        keys += world.stream(alice, "cam", 100 + n, 1, &[]);
    }
    // `stream` begins each time with a key frame of its own accord; requests are counted by what is left over.
    let asked = world.clients[alice].events.iter().filter(|e| matches!(e, rtc::Event::KeyFrameWanted { .. })).count();
    assert!(keys >= 60 && asked <= 1, "{keys} {asked}");
}

#[test]
fn lost_packets_are_sent_again() {
    let mut world = World::new();
    let (alice, bob) = (world.join("alice", Way::Two), world.join("bob", Way::Two));
    world.publish(alice, "cam", TrackSource::Camera, &["q", "h", "f"]);
    world.loss = 5;
    world.stream(alice, "cam", 0, 150, &["q", "h", "f"]);
    world.run(500);
    let pictures = world.pictures(bob);
    assert!(pictures.len() >= 140, "{} of 150", pictures.len());
}

#[test]
fn publishers_are_told_what_is_watched_and_rest_when_nothing_is() {
    let mut world = World::new();
    let alice = world.join("alice", Way::Two);
    let sid = world.publish(alice, "cam", TrackSource::Camera, &["q", "h", "f"]);
    world.run(3000);
    assert_eq!(wanted(&world, alice), Some(None), "nobody is there");
    let bob = world.join("bob", Way::Two);
    world.run(700);
    assert_eq!(wanted(&world, alice), Some(Some(VideoQuality::High as i32)));
    let low = proto::UpdateTrackSettings { track_sids: vec![sid], quality: VideoQuality::Low as i32, ..Default::default() };
    world.send(bob, Request::TrackSetting(low));
    assert_eq!(wanted(&world, alice), Some(Some(VideoQuality::High as i32)), "less is told with patience");
    world.run(3000);
    assert_eq!(wanted(&world, alice), Some(Some(VideoQuality::Low as i32)));
    world.send(bob, Request::Leave(proto::LeaveRequest::default()));
    world.run(3000);
    assert_eq!(wanted(&world, alice), Some(None));
}

#[test]
fn a_muted_track_stays_and_an_admins_mute_stops_its_packets() {
    let mut world = World::new();
    let (alice, bob) = (world.join("alice", Way::Two), world.join("bob", Way::Two));
    let sid = world.publish(alice, "cam", TrackSource::Camera, &[]);
    let mute = |muted| Request::Mute(proto::MuteTrackRequest { sid: sid.clone(), muted });
    world.send(bob, mute(true));
    assert!(!world.clients[bob].knows("alice").unwrap().tracks[0].muted, "only the publisher mutes its track");
    world.send(alice, mute(true));
    assert!(world.clients[bob].knows("alice").unwrap().tracks[0].muted);
    world.send(alice, mute(false));
    world.stream(alice, "cam", 0, 20, &[]);
    assert!(world.pictures(bob).len() >= 15);
    let request =
        proto::MuteRoomTrackRequest { room: "camera".into(), identity: "alice".into(), track_sid: sid.clone(), muted: true };
    world.core.call(Call::MuteTrack(request), world.at).unwrap();
    world.stream(alice, "cam", 100, 20, &[]);
    assert!(world.pictures(bob).len() <= 1, "held back although the publisher goes on");
    world.send(alice, mute(false));
    world.stream(alice, "cam", 200, 20, &[]);
    assert!(world.pictures(bob).len() >= 10, "its publisher may unmute");
}

#[test]
fn speakers_are_named_while_they_speak() {
    let mut world = World::new();
    let (alice, bob) = (world.join("alice", Way::Two), world.join("bob", Way::Two));
    world.publish(alice, "mic", TrackSource::Microphone, &[]);
    for n in 0..50 {
        world.frame(alice, "mic", n, false, &[]);
        world.run(20);
    }
    let speakers = |world: &World| -> Vec<bool> {
        let all = world.clients[bob]
            .inbox
            .iter()
            .filter_map(|m| if let Response::SpeakersChanged(s) = m { Some(&s.speakers) } else { None });
        all.flatten().map(|s| s.active).collect()
    };
    assert_eq!(speakers(&world).first(), Some(&true));
    world.run(1500);
    assert_eq!(speakers(&world).last(), Some(&false), "and when they stop");
}

#[test]
fn private_tracks_reach_only_whom_their_publisher_permits() {
    let mut world = World::new();
    let [alice, bob, eve] = ["alice", "bob", "eve"].map(|who| world.join(who, Way::Two));
    world.publish(alice, "cam", TrackSource::Camera, &[]);
    let only_bob = proto::SubscriptionPermission {
        all_participants: false,
        track_permissions: vec![proto::TrackPermission {
            participant_identity: "bob".into(),
            all_tracks: true,
            ..Default::default()
        }],
    };
    world.send(alice, Request::SubscriptionPermission(only_bob));
    world.run(300);
    world.stream(alice, "cam", 0, 20, &[]);
    assert!(world.pictures(bob).len() >= 15 && world.pictures(eve).is_empty());
    let told = world.clients[eve].inbox.iter().any(|m| matches!(m, Response::SubscriptionPermissionUpdate(u) if !u.allowed));
    assert!(told);
    world.send(
        alice,
        Request::SubscriptionPermission(proto::SubscriptionPermission { all_participants: true, ..Default::default() }),
    );
    world.run(300);
    world.stream(alice, "cam", 100, 20, &[]);
    assert!(world.pictures(eve).len() >= 10);
}

#[test]
fn manual_subscription_gets_nothing_unasked() {
    let mut world = World::new();
    let alice = world.join("alice", Way::Two);
    let sid = world.publish(alice, "cam", TrackSource::Camera, &[]);
    let bob = world.join_with("bob", Way::One, grant("camera"), ClientTraits { auto_subscribe: false, ..Default::default() });
    world.stream(alice, "cam", 0, 10, &[]);
    assert!(world.pictures(bob).is_empty());
    world.send(
        bob,
        Request::Subscription(proto::UpdateSubscription { track_sids: vec![sid], subscribe: true, ..Default::default() }),
    );
    world.run(300);
    world.stream(alice, "cam", 50, 20, &[]);
    assert!(world.pictures(bob).len() >= 15);
}

#[test]
fn a_picture_that_does_not_fit_the_path_is_paused_and_said_so() {
    let mut world = World::new();
    let alice = world.join("alice", Way::Two);
    world.publish(alice, "cam", TrackSource::Camera, &["q", "h", "f"]);
    let traits = ClientTraits { auto_subscribe: true, allow_pause: true, ..Default::default() };
    let bob = world.join_with("bob", Way::Two, grant("camera"), traits);
    world.stream(alice, "cam", 0, 60, &["q", "h", "f"]);
    world.core.narrow("bob", 10_000, world.at);
    let states = |world: &World| -> Vec<StreamState> {
        let all = world.clients[bob]
            .inbox
            .iter()
            .filter_map(|m| if let Response::StreamStateUpdate(s) = m { Some(&s.stream_states) } else { None });
        all.flatten().map(proto::StreamStateInfo::state).collect()
    };
    world.run(20);
    assert_eq!(states(&world).last(), Some(&StreamState::Paused));
}

impl Core {
    /// As if the path to somebody had become that narrow.
    fn narrow(&mut self, identity: &str, rate: u64, at: Moment) {
        let id = self.names["camera"];
        self.with_room(id, at, |room, cx| {
            let who = room.by_identity(identity).map(|p| p.id).unwrap();
            room.bandwidth(cx, who, Role::Subscriber, rate);
        });
    }
}
