//! On the fake engine: virtual time, so it takes no time.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::contract::{self, Driver};
use artc_bindings::fake::{Fault, World, WorldConfig};
use artc_bindings::{AuthInfo, Engine, Secret, token};

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
        let mut info = AuthInfo {
            app_id: APP.into(),
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
    assert!(report.passed.len() >= 45, "cases got lost: {}", report.passed.len());
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
