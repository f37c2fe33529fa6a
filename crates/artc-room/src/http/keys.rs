//! Who asks, by the key that the request carries, and whether they may.

use aws_lc_rs::{constant_time, digest};
use axum::http::{HeaderMap, StatusCode, header};

use super::config::{Config, Role};
use super::failure::Failure;
use crate::config::read_secret;
use crate::telemetry;

/// Shortest key.
const SHORTEST: usize = 16;
/// The header of seed 002, in which its service expects the token of its identity service.
const AUTH_TOKEN: &str = "x-auth-token";

/// The keys of the configuration. Only their digests are kept.
pub(super) struct Keys(Vec<(String, [u8; 32], Role)>);

impl Keys {
    pub fn read(config: &Config) -> Result<Self, String> {
        let mut keys = Vec::new();
        for (name, key) in &config.keys {
            let secret = read_secret("http.keys.NAME.secret_file", &key.secret_file)?;
            if secret.len() < SHORTEST {
                let file = key.secret_file.display();
                return Err(format!("`http.keys.{name}` {file}: shorter than {SHORTEST}; put a random text there"));
            }
            keys.push((name.clone(), digested(&secret), key.role));
        }
        Ok(Self(keys))
    }

    /// The name of whoever asks, if they may.
    pub fn allow(&self, headers: &HeaderMap, need: Role) -> Result<&str, Failure> {
        let refuse = |status, why: &'static str, text: &str| {
            telemetry::refused("key", why);
            Err(Failure::new(status, why, text))
        };
        let Some(given) = given(headers) else {
            let text = "a key is needed: send it as `Authorization: Bearer ...` or `X-Auth-Token`";
            return refuse(StatusCode::UNAUTHORIZED, "missing", text);
        };
        let given = digested(given);
        // All are looked at, so that time does not tell which is like it.
        let mut found = None;
        for (name, digest, role) in &self.0 {
            if constant_time::verify_slices_are_equal(digest, &given).is_ok() {
                found = Some((name, *role));
            }
        }
        match found {
            None => refuse(StatusCode::UNAUTHORIZED, "unknown", "the key is none of `[http.keys]`"),
            Some((_, role)) if role < need => refuse(StatusCode::FORBIDDEN, "role", "the key's role does not allow it"),
            Some((name, _)) => Ok(name),
        }
    }
}

fn given(headers: &HeaderMap) -> Option<&str> {
    if let Some(token) = headers.get(AUTH_TOKEN) {
        return token.to_str().ok();
    }
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn digested(secret: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    bytes
}
