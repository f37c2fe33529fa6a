//! The API key of this server and its secret: what makes access tokens and checks them.

use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};

use super::{Claims, TokenError};

/// Clocks of two machines may differ by this much.
const LEEWAY: u64 = 10;
/// Longest token that is looked at; metadata and attributes travel in it.
pub(super) const MAX_TOKEN: usize = 64 * 1024;

/// An API secret. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret of at least 32 bytes is advised; shorter ones are taken, as LiveKit's development key `secret` is.
    pub fn new(secret: impl Into<String>) -> Self {
        Secret(secret.into())
    }

    /// A random one, good until the process ends.
    pub fn random() -> Self {
        Secret(crate::ids::random_text(43))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The API key of this server.
#[derive(Clone, Debug)]
pub struct Key {
    id: String,
    secret: Secret,
}

impl Key {
    /// Key `id` with its secret.
    pub fn new(id: impl Into<String>, secret: Secret) -> Self {
        Key { id: id.into(), secret }
    }

    /// The key's public name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A token for `claims`, valid from `now` for `ttl`. `iss`, `nbf` and `exp` are filled in.
    pub fn mint(&self, mut claims: Claims, ttl: Duration, now: SystemTime) -> Result<String, TokenError> {
        let now = unix(now);
        claims.iss.clone_from(&self.id);
        claims.nbf = Some(now);
        claims.exp = now + ttl.as_secs();
        let secret = EncodingKey::from_secret(self.secret.0.as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &secret).map_err(|e| TokenError::Malformed(e.to_string()))
    }

    /// Checks signature and time. What the token allows is the caller's question.
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<Claims, TokenError> {
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Malformed(format!("{} bytes long", token.len())));
        }
        // The issuer is needed to say which key is unknown; nothing else of the unchecked claims is used.
        let unchecked: Claims =
            jsonwebtoken::dangerous::insecure_decode(token).map_err(|e| TokenError::Malformed(e.to_string()))?.claims;
        if unchecked.iss != self.id {
            return Err(TokenError::UnknownKey(unchecked.iss.chars().take(64).collect()));
        }
        let mut rules = Validation::new(Algorithm::HS256);
        // Times are compared below, with the caller's clock.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        let secret = DecodingKey::from_secret(self.secret.0.as_bytes());
        let claims = jsonwebtoken::decode::<Claims>(token, &secret, &rules)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::InvalidSignature => TokenError::Forged(self.id.clone()),
                other => TokenError::Malformed(format!("{other:?}")),
            })?
            .claims;
        let now = unix(now);
        if claims.exp + LEEWAY < now {
            return Err(TokenError::Expired(now - claims.exp));
        }
        match claims.nbf {
            Some(nbf) if nbf > now + LEEWAY => Err(TokenError::NotYet(nbf - now)),
            _ => Ok(claims),
        }
    }
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}
