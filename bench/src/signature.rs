//! The time that a signed command costs the desk: opened, believed and decided, and beside each the same command without a signature.

use std::time::Duration;

use artc_edge::control::{Config, Desk, KeyConfig, Sender, Step, View};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use clap::Args;
use serde_json::{Value, json};
use wire::Role;

use crate::Failure;
use crate::steer::{now, say};

/// Seconds since 1970 at which the bench plays.
const TODAY: u64 = 1_790_000_000;

#[derive(Args)]
pub struct Signature {
    /// Commands that are timed
    #[arg(long, default_value_t = 5000)]
    count: u64,
}

impl Signature {
    pub fn run(self) -> Result<(), Failure> {
        let pair = Ed25519KeyPair::generate()?;
        let mut config = Config::default();
        config.keys.insert("bench".into(), KeyConfig { key: BASE64.encode(pair.public_key()), role: Role::Operate });
        let mut desk = Desk::new(&config);
        let mut view = View { clock_trusted: true, ..View::default() };
        view.info.id = "bench".into();
        view.status.time_ms = TODAY * 1000;
        let from = Sender::participant("app-server");
        let ask = |id: u64, method: &str, params: Value| {
            json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
        };
        let Step::Send(told) = desk.receive(&from, ask(0, "auth.session", json!({})).as_bytes(), &view, Duration::ZERO) else {
            return Err("auth.session has no answer".into());
        };
        let session = serde_json::from_slice::<Value>(&told.message)?["result"]["session"].clone();
        let head = BASE64.encode(r#"{"alg":"EdDSA","kid":"bench"}"#);
        let plain = ask(0, "stream.get", json!({}));
        let (mut signed_us, mut plain_us) = (Vec::new(), Vec::new());
        for seq in 0..self.count {
            let claims = json!({
                "aud": "bench", "sid": session, "iat": TODAY, "exp": TODAY + 60, "jti": format!("{seq:022}"), "seq": seq, "kid": "bench",
                "method": "stream.get", "params": {},
            });
            let message = format!("{head}.{}", BASE64.encode(claims.to_string()));
            let jws = format!("{message}.{}", BASE64.encode(pair.sign(message.as_bytes())));
            let signed = ask(seq + 1, "rpc.signed", json!({ "jws": jws }));
            for (message, times) in [(&signed, &mut signed_us), (&plain, &mut plain_us)] {
                // A second a command: no rate is limited.
                let at = Duration::from_secs(seq + 1);
                let began = now();
                let step = desk.receive(&from, message.as_bytes(), &view, at);
                times.push(began.elapsed().as_secs_f64() * 1e6);
                if !matches!(&step, Step::Send(letter) if letter.message.windows(8).any(|part| part == b"\"result\"")) {
                    return Err(format!("command {seq} was not answered: {step:?}").into());
                }
            }
        }
        say(&json!({ "event": "end", "signed_us": signed_us, "plain_us": plain_us }));
        Ok(())
    }
}
