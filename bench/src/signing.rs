//! Join tokens, signed as the app server does: how many a second of one core's time, and beside them the bare signature of as many bytes.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use clap::Args;
use room::token::{Claims, Key, Secret, VideoGrant};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use crate::Failure;
use crate::steer::say;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// What a token is good for.
const TTL: Duration = Duration::from_secs(3600);

#[derive(Args)]
pub struct Signing {
    /// Tokens of each rule in a round
    #[arg(long, default_value_t = 20_000)]
    count: u32,
    /// Rounds
    #[arg(long, default_value_t = 5)]
    rounds: u32,
}

impl Signing {
    pub fn run(self) -> Result<(), Failure> {
        let key = Key::new("bench", Secret::new(SECRET));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let livekit = |n: u32| -> Result<String, Failure> {
            let video = VideoGrant { can_update_own_metadata: Some(true), ..VideoGrant::join("yard") };
            let claims = Claims { sub: format!("user-{n}"), video: Some(video), ..Claims::default() };
            Ok(key.mint(claims, TTL, now)?)
        };
        let app = |n: u32| -> Result<String, Failure> {
            let mut info = join_token::AuthInfo {
                app_id: "bench".into(),
                channel: "yard".into(),
                user_id: format!("user-{n}"),
                timestamp: 1_790_000_000,
                ..join_token::AuthInfo::default()
            };
            Ok(join_token::generate(&mut info, SECRET)?.expose().to_owned())
        };
        // What of LiveKit's token is signed: all but the signature.
        let bytes = livekit(0)?.rfind('.').ok_or("no token")?;
        let (sealed, text) = (hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), vec![7; bytes]);
        let bare = |_: u32| -> Result<hmac::Tag, Failure> { Ok(hmac::sign(&sealed, black_box(&text))) };
        let (mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            a.push(self.a_second(livekit)?);
            b.push(self.a_second(app)?);
            c.push(self.a_second(bare)?);
        }
        say(&json!({ "event": "end", "bytes": bytes, "livekit": a, "app": b, "hmac": c }));
        Ok(())
    }

    /// How often `make` goes into a second of this thread's own time.
    fn a_second<T>(&self, make: impl Fn(u32) -> Result<T, Failure>) -> Result<f64, Failure> {
        let began = own_time();
        for n in 0..self.count {
            black_box(make(n)?);
        }
        Ok(f64::from(self.count) / (own_time() - began))
    }
}

/// What this thread has had of the processor, in seconds.
fn own_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
