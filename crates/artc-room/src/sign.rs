//! Join tokens, by LiveKit's rule or one of the vendor's three.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use call_control::Secret;
use join_token::AuthInfo;
use room::token::{Claims, Key, VideoGrant};

use crate::config::{Config, TokenRule, read_secret};

/// How long a token lets in where nobody says: as long as the vendor's rule allows.
pub(crate) const TTL: Duration = join_token::MAX_LIFETIME;

/// Who signs.
pub(crate) struct Signer {
    livekit: Key,
    apps: BTreeMap<String, Secret>,
    usual: (TokenRule, Option<String>),
}

/// Who is let in, and where.
#[derive(Clone, Debug)]
pub(crate) struct Pass<'a> {
    pub channel: &'a str,
    pub user: &'a str,
    /// What LiveKit's rule can say beyond that; the vendor's cannot.
    pub grant: VideoGrant,
    pub ttl: Duration,
}

impl<'a> Pass<'a> {
    /// With the rights of a usual participant.
    pub fn usual(channel: &'a str, user: &'a str) -> Self {
        let grant = VideoGrant { can_update_own_metadata: Some(true), ..VideoGrant::join(channel) };
        Self { channel, user, grant, ttl: TTL }
    }
}

/// A token, and what clients are told beside it.
#[derive(Debug)]
pub(crate) struct Signed {
    pub token: Secret,
    pub app_id: String,
    /// One token has one session, which the rule of 2018 signs.
    pub session: String,
    /// Of the vendor's rules; may be empty by the present one, and better is.
    pub nonce: String,
    /// When it ends, in seconds since 1970.
    pub timestamp: i64,
}

impl Signer {
    /// The one of the configuration; `key` is the room's.
    pub fn new(config: &Config, key: Key) -> Result<Self, String> {
        let mut apps = BTreeMap::new();
        for (id, app) in &config.room.apps {
            apps.insert(id.clone(), Secret::new(read_secret("room.apps.ID.key_file", &app.key_file)?));
        }
        Ok(Self { livekit: key, apps, usual: (config.service.token, config.service.app.clone()) })
    }

    /// A token by the rule of the configuration.
    pub fn sign(&self, pass: Pass<'_>, now: SystemTime) -> Result<Signed, String> {
        let (rule, app) = &self.usual;
        self.sign_by(*rule, app.as_deref(), pass, now)
    }

    /// A token by this rule; those of the vendor want an app.
    pub fn sign_by(&self, rule: TokenRule, app: Option<&str>, pass: Pass<'_>, now: SystemTime) -> Result<Signed, String> {
        let timestamp = (now + pass.ttl).duration_since(SystemTime::UNIX_EPOCH).map_err(|_| "the clock is not set")?.as_secs();
        let timestamp = i64::try_from(timestamp).map_err(|_| "the clock is not set")?;
        let session = format!("{:016x}", rand::random::<u64>());
        if rule == TokenRule::LiveKit {
            let claims = Claims { sub: pass.user.to_owned(), video: Some(pass.grant), ..Claims::default() };
            let token = self.livekit.mint(claims, pass.ttl, now).map_err(|why| why.to_string())?;
            metrics::counter!("artc_server_tokens_total", "rule" => rule.name()).increment(1);
            let (token, app_id) = (Secret::new(token), self.livekit.id().to_owned());
            return Ok(Signed { token, app_id, session, nonce: String::new(), timestamp });
        }
        let id = app.ok_or("no app is named whose key signs")?;
        let key = self.apps.get(id).ok_or("the app is none of `[room.apps]`")?;
        // The documents of 2018 show a nonce in every message; later ones advise against it.
        let nonce = if rule == TokenRule::ChannelKey { format!("AK-{:032x}", rand::random::<u128>()) } else { String::new() };
        let (channel, user_id, app_id) = (pass.channel.to_owned(), pass.user.to_owned(), id.to_owned());
        let mut info = AuthInfo { channel, user_id, app_id, timestamp, nonce, ..AuthInfo::default() };
        // It looks at names and numbers for all three.
        let token = join_token::generate(&mut info, key.expose()).map_err(|why| why.to_string())?;
        let token = match rule {
            TokenRule::App | TokenRule::LiveKit => token,
            TokenRule::AppFields => Secret::new(join_token::signature(
                &info.app_id,
                key.expose(),
                &info.channel,
                &info.user_id,
                &info.nonce,
                timestamp,
            )),
            TokenRule::ChannelKey => Secret::new(join_token::channel_key_signature(&info, key.expose(), &session)),
        };
        metrics::counter!("artc_server_tokens_total", "rule" => rule.name()).increment(1);
        Ok(Signed { token, app_id: info.app_id, session, nonce: info.nonce, timestamp })
    }
}

#[cfg(test)]
mod tests {
    use join_token::JoinToken;

    use super::*;

    fn signer() -> Signer {
        let apps = [("app1".to_owned(), Secret::new("key of app1"))].into();
        Signer { livekit: Key::new("key", room::token::Secret::new("s".repeat(32))), apps, usual: (TokenRule::LiveKit, None) }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn each_rule_signs_as_its_documents_say() {
        let (signer, now) = (signer(), 1_800_000_000);
        let sign = |rule| signer.sign_by(rule, Some("app1"), Pass::usual("yard", "cam"), at(now)).expect("a token");
        let key = Secret::new("key of app1");

        let livekit = sign(TokenRule::LiveKit);
        let claims = signer.livekit.verify(livekit.token.expose(), at(now)).expect("ours");
        assert_eq!((claims.sub.as_str(), claims.exp), ("cam", now + 86_400));
        assert!(claims.joins_room("yard").is_ok() && claims.joins_room("street").is_err());

        let app = sign(TokenRule::App);
        let read = JoinToken::verify(app.token.expose(), "app1", &key, Duration::from_secs(now)).expect("by the rule");
        assert_eq!((read.channel.as_str(), read.user_id.as_str(), read.timestamp), ("yard", "cam", app.timestamp));

        let fields = sign(TokenRule::AppFields);
        let expected = join_token::signature("app1", key.expose(), "yard", "cam", "", fields.timestamp);
        assert_eq!(fields.token.expose(), expected);

        let old = sign(TokenRule::ChannelKey);
        assert!(old.nonce.starts_with("AK-") && old.nonce.len() <= 64);
        let info = AuthInfo {
            channel: "yard".into(),
            user_id: "cam".into(),
            app_id: "app1".into(),
            timestamp: old.timestamp,
            nonce: old.nonce.clone(),
            ..AuthInfo::default()
        };
        assert_eq!(old.token.expose(), join_token::channel_key_signature(&info, key.expose(), &old.session));
    }

    #[test]
    fn without_its_app_no_rule_of_the_vendor_signs() {
        for app in [None, Some("another")] {
            assert!(signer().sign_by(TokenRule::App, app, Pass::usual("yard", "cam"), at(1_800_000_000)).is_err());
        }
        assert!(signer().sign_by(TokenRule::App, Some("app1"), Pass::usual("a b", "cam"), at(1_800_000_000)).is_err());
    }
}
