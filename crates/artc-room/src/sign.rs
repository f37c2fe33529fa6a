//! Tokens for those who are called, by LiveKit's rule or the vendor's.

use std::time::{Duration, SystemTime};

use call_control::Secret;
use join_token::AuthInfo;
use room::token::{Claims, Key, VideoGrant};

use crate::config::{Config, TokenRule, read_secret};

/// How long a token lets in: as long as the vendor's rule allows.
const TTL: Duration = join_token::MAX_LIFETIME;

/// Who signs.
pub(crate) enum Signer {
    LiveKit(Key),
    App { id: String, key: Secret },
}

/// A token, and what clients are told beside it.
pub(crate) struct Signed {
    pub token: Secret,
    pub app_id: String,
    /// When it ends, in seconds since 1970.
    pub timestamp: i64,
}

impl Signer {
    /// The one of the configuration; `key` is the room's.
    pub fn new(config: &Config, key: Key) -> Result<Self, String> {
        match (config.service.token, &config.service.app) {
            (TokenRule::LiveKit, _) => Ok(Self::LiveKit(key)),
            (TokenRule::App, Some(id)) => {
                let app = config.room.apps.get(id).ok_or("`service.app` is none of `[room.apps]`")?;
                let key = read_secret("room.apps.ID.key_file", &app.key_file)?;
                Ok(Self::App { id: id.clone(), key: Secret::new(key) })
            }
            (TokenRule::App, None) => Err("`service.app` is not set".into()),
        }
    }

    /// A token for `user` in `channel`.
    pub fn sign(&self, channel: &str, user: &str, now: SystemTime) -> Result<Signed, String> {
        let ends = now + TTL;
        let timestamp = ends.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| "the clock is not set")?.as_secs();
        let timestamp = i64::try_from(timestamp).map_err(|_| "the clock is not set")?;
        match self {
            Self::LiveKit(key) => {
                let grant = VideoGrant { can_update_own_metadata: Some(true), ..VideoGrant::join(channel) };
                let claims = Claims { sub: user.to_owned(), video: Some(grant), ..Claims::default() };
                let token = key.mint(claims, TTL, now).map_err(|why| why.to_string())?;
                Ok(Signed { token: Secret::new(token), app_id: key.id().to_owned(), timestamp })
            }
            Self::App { id, key } => {
                let (channel, user_id, app_id) = (channel.to_owned(), user.to_owned(), id.clone());
                let mut info = AuthInfo { channel, user_id, app_id, timestamp, ..AuthInfo::default() };
                let token = join_token::generate(&mut info, key.expose()).map_err(|why| why.to_string())?;
                Ok(Signed { token, app_id: info.app_id, timestamp })
            }
        }
    }
}
