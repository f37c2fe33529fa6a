//! The contract suite on the sdk engine, in pairs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use artc_bindings::contract::{self, Driver};
use artc_bindings::sdk::{Options, SdkEngine};
use artc_bindings::{AuthInfo, Engine, token};

use crate::server::{Server, Tokens};

/// Our modules, with a room of this process as their cloud.
struct Ours {
    server: Server,
}

/// The vendor's SDK, with the vendor's cloud.
struct Vendors {
    path: PathBuf,
    app: String,
    key: String,
}

impl Driver for Ours {
    fn engine(&mut self) -> Result<Arc<dyn Engine>, String> {
        let options = crate::options(&self.server.room().signal_url());
        SdkEngine::create(options).map_err(|error| error.to_string())
    }

    fn token(&mut self, channel: &str, user: &str) -> String {
        self.server.token(channel, user)
    }

    fn forged_token(&mut self, channel: &str, user: &str) -> String {
        self.server.forged_token(channel, user)
    }

    fn expired_token(&mut self, channel: &str, user: &str) -> String {
        self.server.expired_token(channel, user)
    }

    fn pass(&mut self, time: Duration) {
        self.server.pass(time);
    }

    fn patience(&self) -> Duration {
        self.server.patience()
    }

    fn remove(&mut self, channel: &str, user: &str) -> bool {
        self.server.remove(channel, user)
    }
}

impl Vendors {
    /// Where the environment names the SDK's folder, an app of the vendor's, and the file of its key.
    fn named() -> Option<Self> {
        let variable =
            |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("ARTC_VENDOR_SDK is set, so {name} is needed too"));
        let path = std::env::var_os("ARTC_VENDOR_SDK")?.into();
        let key = std::fs::read_to_string(variable("ARTC_VENDOR_KEY_FILE")).expect("the file of the app's key");
        Some(Self { path, app: variable("ARTC_VENDOR_APP"), key: key.trim().to_owned() })
    }

    #[expect(clippy::disallowed_methods, reason = "tokens of a cloud elsewhere end by the calendar")]
    fn sign(&self, channel: &str, user: &str, key: &str, ends: i64) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let mut info = AuthInfo {
            app_id: self.app.clone(),
            channel: channel.into(),
            user_id: user.into(),
            timestamp: i64::try_from(now.as_secs()).expect("a date") + ends,
            ..AuthInfo::default()
        };
        token::generate(&mut info, key).expect("names of the suite are valid").expose().to_owned()
    }
}

impl Driver for Vendors {
    fn engine(&mut self) -> Result<Arc<dyn Engine>, String> {
        SdkEngine::create(Options::new(&self.path)).map_err(|error| error.to_string())
    }

    fn token(&mut self, channel: &str, user: &str) -> String {
        self.sign(channel, user, &self.key, 3600)
    }

    fn forged_token(&mut self, channel: &str, user: &str) -> String {
        self.sign(channel, user, "another-key", 3600)
    }

    fn expired_token(&mut self, channel: &str, user: &str) -> String {
        self.sign(channel, user, &self.key, -60)
    }

    fn pass(&mut self, time: Duration) {
        std::thread::park_timeout(time);
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn remove(&mut self, _channel: &str, _user: &str) -> bool {
        false
    }
}

fn keeps_the_contract(what: &str, sdk: &mut dyn Driver) {
    let only = std::env::var("ARTC_CONTRACT_CASE").unwrap_or_default();
    let report = contract::run_some(sdk, |case| case.contains(&only));
    println!("{what}: {report}");
    assert!(report.failed.is_empty(), "{what}: {report}");
    assert!(!report.passed.is_empty(), "no case has this name: {only}");
    assert!(report.unsupported.is_empty(), "{what}: {report}");
}

#[test]
fn the_sdk_engine_keeps_the_contract_on_every_sdk_that_is_here() {
    keeps_the_contract("our modules", &mut Ours { server: Server::own(false, Tokens::LiveKit) });
    match Vendors::named() {
        Some(mut vendors) => keeps_the_contract("the vendor's SDK", &mut vendors),
        None => println!("the vendor's SDK: not run, ARTC_VENDOR_SDK names no folder of it"),
    }
}
