//! Apps whose tokens of the vendor's rule let in: looking the app up, checking the token, and what it allows here.
//!
//! Such a token names one channel and one user and no rights: it allows what a usual participant may, in that channel. Not for
//! making tokens: their app server does that.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use join_token::{JoinToken, Secret, VerifyError};

use crate::token::{Claims, TokenError, VideoGrant};

/// App ids with their keys.
#[derive(Clone, Debug, Default)]
pub struct Apps(BTreeMap<String, Secret>);

impl Apps {
    /// An app by its id and key.
    pub fn add(&mut self, id: impl Into<String>, key: impl Into<String>) {
        self.0.insert(id.into(), Secret::new(key));
    }

    /// Whether a token is of this kind; an access token is not: its parts are joined by dots.
    pub(crate) fn concerns(&self, token: &str) -> bool {
        !self.0.is_empty() && !token.contains('.')
    }

    /// What the token allows, in the words of access tokens.
    pub(crate) fn verify(&self, token: &str, now: SystemTime) -> Result<Claims, TokenError> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let id = JoinToken::read(token).map_err(told)?.app_id;
        let Some(key) = self.0.get(&id) else { return Err(TokenError::UnknownApp(id.chars().take(64).collect())) };
        let content = JoinToken::verify(token, &id, key, now).map_err(told)?;
        let grant = VideoGrant { can_update_own_metadata: Some(true), ..VideoGrant::join(&content.channel) };
        Ok(Claims {
            iss: id,
            sub: content.user_id,
            exp: u64::try_from(content.timestamp).unwrap_or(0),
            video: Some(grant),
            ..Default::default()
        })
    }
}

fn told(why: VerifyError) -> TokenError {
    match why {
        VerifyError::Expired { ago } => TokenError::Expired(Duration::as_secs(&ago)),
        VerifyError::Signature => TokenError::ForgedByApp,
        other => TokenError::Malformed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use join_token::AuthInfo;

    const NOW: u64 = 1_800_000_000;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn made(app: &str, key: &str) -> String {
        let timestamp = i64::try_from(NOW).unwrap() + 60;
        let (channel, user_id) = ("yard".to_owned(), "cam".to_owned());
        let mut info = AuthInfo { channel, user_id, app_id: app.to_owned(), timestamp, ..Default::default() };
        join_token::generate(&mut info, key).unwrap().expose().to_owned()
    }

    fn apps() -> Apps {
        let mut apps = Apps::default();
        apps.add("first", "key of the first");
        apps.add("second", "key of the second");
        apps
    }

    #[test]
    fn a_token_lets_its_user_into_its_channel_and_no_other() {
        let token = made("second", "key of the second");
        assert!(apps().concerns(&token));
        let claims = apps().verify(&token, at(NOW)).unwrap();
        assert_eq!((claims.sub.as_str(), claims.exp), ("cam", NOW + 60));
        let permission = claims.joins_room("yard").unwrap().permission();
        assert!(permission.can_publish && permission.can_subscribe && permission.can_publish_data);
        assert!(matches!(claims.joins_room("street"), Err(TokenError::OtherRoom { .. })));
        assert!(claims.administers("yard").is_err(), "it does not rule");
    }

    #[test]
    fn expired_forged_foreign_and_broken_tokens_are_told_apart() {
        let late = apps().verify(&made("first", "key of the first"), at(NOW + 61));
        assert_eq!(late, Err(TokenError::Expired(1)));
        assert_eq!(apps().verify(&made("first", "key of the second"), at(NOW)), Err(TokenError::ForgedByApp));
        assert_eq!(apps().verify(&made("third", "x"), at(NOW)), Err(TokenError::UnknownApp("third".into())));
        for text in ["", "bm8=", "no base64", "e30="] {
            assert!(matches!(apps().verify(text, at(NOW)), Err(TokenError::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn without_apps_no_such_token_is_looked_at() {
        assert!(!Apps::default().concerns(&made("first", "key of the first")));
        assert!(!apps().concerns("eyJh.eyJh.c2ln"));
    }
}
