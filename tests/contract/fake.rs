//! On the fake engine: virtual time, so it takes no time.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::contract::{self, Driver};
use artc_bindings::fake::{Fault, World, WorldConfig};
use artc_bindings::{AuthInfo, Engine, ErrorCode, Event, JoinChannelConfig, Secret, token};

use crate::numbers;

const APP: &str = "contract";
const KEY: &str = "contract-key";
/// Seconds since 1970 at the world's beginning.
const EPOCH: u64 = 1_700_000_000;

struct Fake {
    world: Arc<World>,
}

impl Fake {
    fn new() -> Self {
        let app = Some((APP.to_owned(), Secret::new(KEY)));
        Self { world: World::new(WorldConfig { app, epoch: Duration::from_secs(EPOCH), ..WorldConfig::default() }) }
    }

    fn sign(channel: &str, user: &str, key: &str, ends: i64) -> String {
        Self::sign_for(APP, channel, user, key, ends)
    }

    fn sign_for(app: &str, channel: &str, user: &str, key: &str, ends: i64) -> String {
        let mut info = AuthInfo {
            app_id: app.into(),
            channel: channel.into(),
            user_id: user.into(),
            timestamp: i64::try_from(EPOCH).expect("a date") + ends,
            ..AuthInfo::default()
        };
        token::generate(&mut info, key).expect("names of the suite are valid").expose().to_owned()
    }
}

impl Driver for Fake {
    fn engine(&mut self) -> Result<Arc<dyn Engine>, String> {
        Ok(self.world.engine())
    }

    fn token(&mut self, channel: &str, user: &str) -> String {
        Self::sign(channel, user, KEY, 24 * 3600)
    }

    fn forged_token(&mut self, channel: &str, user: &str) -> String {
        Self::sign(channel, user, "another-key", 24 * 3600)
    }

    fn expired_token(&mut self, channel: &str, user: &str) -> String {
        Self::sign(channel, user, KEY, -1)
    }

    fn pass(&mut self, time: Duration) {
        self.world.advance(time);
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn remove(&mut self, _channel: &str, user: &str) -> bool {
        self.world.inject(Fault::Remove { user: user.to_owned() });
        true
    }
}

#[test]
fn the_fake_engine_keeps_the_contract() {
    let report = contract::run(&mut Fake::new());
    println!("{report}");
    assert!(report.failed.is_empty(), "{report}");
    assert!(report.skipped.is_empty() && report.unsupported.is_empty(), "the fake engine does everything: {report}");
    assert!(report.passed.len() >= 75, "cases got lost: {}", report.passed.len());
    numbers::came_with_the_contract(&report);
}

/// A world of the vendor's rules: 48 hours for a channel, one app that is switched off.
fn vendors_world() -> Arc<World> {
    World::new(WorldConfig {
        app: Some((APP.to_owned(), Secret::new(KEY))),
        disabled_apps: vec!["resting".to_owned()],
        channel_lifetime: Some(48 * HOUR),
        epoch: Duration::from_secs(EPOCH),
        ..WorldConfig::default()
    })
}

const HOUR: Duration = Duration::from_secs(3600);

/// Joins and gives the result.
fn join(world: &Arc<World>, engine: &dyn Engine, token: &str) -> ErrorCode {
    engine.join_channel(token, "yard", "cam", "", &JoinChannelConfig::default()).expect("not joined");
    world.advance(Duration::from_secs(15));
    let queue = engine.event_handler();
    std::iter::from_fn(|| queue.try_next())
        .find_map(|event| if let Event::JoinChannelResult { result, .. } = event { Some(result) } else { None })
        .expect("a result")
}

#[test]
fn a_channel_can_be_joined_for_48_hours() {
    let world = vendors_world();
    let engine = world.engine();
    let token = Fake::sign("yard", "cam", KEY, 1_000_000);
    assert_eq!(join(&world, &*engine, &token), ErrorCode::Ok);
    world.advance(47 * HOUR);
    engine.leave_channel().expect("joined");
    world.advance(Duration::from_secs(1));
    assert_eq!(join(&world, &*engine, &token), ErrorCode::Ok, "a join does not begin it anew");
    world.advance(HOUR);
    engine.leave_channel().expect("who is in stays in");
    world.advance(Duration::from_secs(1));
    assert_eq!(join(&world, &*engine, &token), ErrorCode::JoinInvalidChannel);
}

#[test]
fn apps_that_are_unknown_or_switched_off_and_a_silent_network_have_their_numbers() {
    let world = vendors_world();
    let engine = world.engine();
    let of = |app: &str| Fake::sign_for(app, "yard", "cam", KEY, 1_000);
    assert_eq!(join(&world, &*engine, &of("unknown")), ErrorCode::JoinBadAppid);
    assert_eq!(join(&world, &*engine, &of("resting")), ErrorCode::JoinInvalidAppid);
    world.inject(Fault::LinkDown);
    assert_eq!(join(&world, &*engine, &of(APP)), ErrorCode::JoinTimeout);
    world.inject(Fault::LinkUp);
    assert_eq!(join(&world, &*engine, &of(APP)), ErrorCode::Ok);
    world.inject(Fault::LinkDown);
    world.advance(Duration::from_secs(31));
    assert_eq!(errors(&*engine), [ErrorCode::NetworkDisconnect]);
}

fn errors(engine: &dyn Engine) -> Vec<ErrorCode> {
    let queue = engine.event_handler();
    std::iter::from_fn(|| queue.try_next())
        .filter_map(|event| if let Event::Error { code, .. } = event { Some(code) } else { None })
        .collect()
}

#[test]
fn what_only_the_vendors_engine_says_comes_by_script() {
    let world = vendors_world();
    let engine = world.engine();
    assert_eq!(join(&world, &*engine, &Fake::sign("yard", "cam", KEY, 1_000)), ErrorCode::Ok);
    let codes: Vec<_> = numbers::scripted().collect();
    for code in codes.clone() {
        world.inject(Fault::Error { user: "cam".to_owned(), code });
    }
    assert_eq!(errors(&*engine), codes);
}

#[test]
fn the_fake_engine_tells_the_same_story_twice() {
    let story = || {
        let world = World::new(WorldConfig::default());
        let engine = world.engine();
        let config = artc_bindings::JoinChannelConfig::default();
        world.schedule(Duration::from_secs(1), Fault::LinkDown);
        world.schedule(Duration::from_secs(3), Fault::LinkUp);
        engine.join_channel("t", "yard", "cam", "", &config).expect("not joined yet");
        world.advance(Duration::from_secs(10));
        let queue = engine.event_handler();
        std::iter::from_fn(|| queue.try_next()).map(|event| format!("{event:?}")).collect::<Vec<_>>()
    };
    let first = story();
    assert!(first.len() >= 5 && first.iter().any(|line| line.contains("Reconnecting")), "{first:?}");
    assert_eq!(first, story());
}
