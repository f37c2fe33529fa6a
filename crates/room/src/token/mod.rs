//! LiveKit access tokens: JWT signed with HS256 by an API key's secret, carrying an identity and what it may do.
//! Making and checking them. Not for what a grant means to a request; whoever serves the request asks the grant.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rtc::proto::{ParticipantPermission, TrackSource};
use serde::{Deserialize, Serialize};

/// Clocks of two machines may differ by this much.
const LEEWAY: u64 = 10;
/// Longest token that is looked at; metadata and attributes travel in it.
const MAX_TOKEN: usize = 64 * 1024;
/// Longest identity, name or room name.
pub const MAX_NAME: usize = 256;
/// Longest metadata, and all attributes together.
pub const MAX_METADATA: usize = 64 * 1024;

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

/// What a token allows, by LiveKit's names. What is absent is not allowed, except publishing and subscribing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VideoGrant {
    /// Room the token is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// May join that room.
    #[serde(skip_serializing_if = "is_false")]
    pub room_join: bool,
    /// May create and delete rooms.
    #[serde(skip_serializing_if = "is_false")]
    pub room_create: bool,
    /// May list rooms.
    #[serde(skip_serializing_if = "is_false")]
    pub room_list: bool,
    /// May rule over the room: list, remove, mute, send data.
    #[serde(skip_serializing_if = "is_false")]
    pub room_admin: bool,
    /// May publish tracks. Absent: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish: Option<bool>,
    /// May receive tracks. Absent: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_subscribe: Option<bool>,
    /// May send data. Absent: as publishing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish_data: Option<bool>,
    /// Sources it may publish (`camera`, `microphone`, `screen_share`, `screen_share_audio`). Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub can_publish_sources: Vec<String>,
    /// May change its own name, metadata and attributes. Absent: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_update_own_metadata: Option<bool>,
    /// Is not shown to others.
    #[serde(skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// Records; shown to others as such.
    #[serde(skip_serializing_if = "is_false")]
    pub recorder: bool,
    /// Is an agent.
    #[serde(skip_serializing_if = "is_false")]
    pub agent: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl VideoGrant {
    /// Joins `room` with every right of a usual participant.
    pub fn join(room: &str) -> Self {
        VideoGrant { room: room.to_owned(), room_join: true, ..Default::default() }
    }

    /// The permission that clients are shown.
    pub fn permission(&self) -> ParticipantPermission {
        let sources: Vec<i32> = self.can_publish_sources.iter().filter_map(|name| source(name)).map(|s| s as i32).collect();
        let can_publish = self.can_publish.unwrap_or(true) || !sources.is_empty();
        ParticipantPermission {
            can_subscribe: self.can_subscribe.unwrap_or(true),
            can_publish,
            can_publish_data: self.can_publish_data.unwrap_or(can_publish),
            can_publish_sources: sources,
            hidden: self.hidden,
            can_update_metadata: self.can_update_own_metadata.unwrap_or(false),
            ..Default::default()
        }
    }
}

fn source(name: &str) -> Option<TrackSource> {
    Some(match name.to_ascii_lowercase().as_str() {
        "camera" => TrackSource::Camera,
        "microphone" => TrackSource::Microphone,
        "screen_share" => TrackSource::ScreenShare,
        "screen_share_audio" => TrackSource::ScreenShareAudio,
        _ => return None,
    })
}

/// Everything a token says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Claims {
    /// API key whose secret signed it.
    pub iss: String,
    /// Identity of the participant.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sub: String,
    /// Unix seconds after which it is worthless.
    pub exp: u64,
    /// Unix seconds before which it is worthless yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// Name shown to others.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Metadata shown to others.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub metadata: String,
    /// Attributes shown to others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// `standard`, `agent`, `egress`, ...
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// What it allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoGrant>,
    /// Whoever bears it may ask this server for a token with an identity of its own, `SUB-...`, so that one address serves several
    /// viewers. Ours; other LiveKit servers pass over it.
    #[serde(skip_serializing_if = "is_false")]
    pub invitation: bool,
}

/// Why a token is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// None came.
    #[error("access token missing: send it as `Authorization: Bearer ...` or `access_token=`")]
    Missing,
    /// Not a JWT of this kind.
    #[error("access token is not a JWT signed with HS256: {0}")]
    Malformed(String),
    /// Another API key's.
    #[error("access token is of the unknown API key {0:?}")]
    UnknownKey(String),
    /// Made with another secret, or altered.
    #[error("access token is not signed with the secret of API key {0:?}: forged, or the secret changed")]
    Forged(String),
    /// Of an app by the vendor's rule that is none of ours.
    #[error("join token is of the unknown app {0:?}: name it in `[room.apps.ID]`")]
    UnknownApp(String),
    /// Not signed with the key of its app.
    #[error("join token is not signed with the key of its app: forged, or the key changed")]
    ForgedByApp,
    /// Too late.
    #[error("access token expired {0} s ago: ask for a new one")]
    Expired(u64),
    /// Too early.
    #[error("access token is valid only in {0} s: compare the clocks")]
    NotYet(u64),
    /// Without rights.
    #[error("access token has no `video` grant")]
    NoGrant,
    /// For another purpose.
    #[error("access token does not allow to join: `roomJoin` is missing")]
    NoJoin,
    /// For another room.
    #[error("access token is for the room {allowed:?}, not for {asked:?}")]
    OtherRoom {
        /// Room of the token.
        allowed: String,
        /// Room of the request.
        asked: String,
    },
    /// Lacking one right.
    #[error("access token lacks the grant `{0}`")]
    Lacks(&'static str),
    /// Good for its own bearer only.
    #[error("access token is no invitation: join with it as it is")]
    NoInvitation,
    /// Nameless or too long.
    #[error("access token's {0} is empty or longer than {MAX_NAME} bytes")]
    BadName(&'static str),
    /// Too much metadata.
    #[error("access token's metadata and attributes are longer than {MAX_METADATA} bytes")]
    TooMuchMetadata,
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

impl Claims {
    /// The grant to join the room it names.
    pub fn joins(&self) -> Result<&VideoGrant, TokenError> {
        let grant = self.video.as_ref().ok_or(TokenError::NoGrant)?;
        if !grant.room_join {
            return Err(TokenError::NoJoin);
        }
        check_name("identity", &self.sub)?;
        check_name("room", &grant.room)?;
        if self.name.len() > MAX_NAME {
            return Err(TokenError::BadName("name"));
        }
        let attributes: usize = self.attributes.iter().map(|(k, v)| k.len() + v.len()).sum();
        if self.metadata.len() + attributes > MAX_METADATA { Err(TokenError::TooMuchMetadata) } else { Ok(grant) }
    }

    /// The grant to join `room` and no other.
    pub fn joins_room(&self, room: &str) -> Result<&VideoGrant, TokenError> {
        let grant = self.joins()?;
        if grant.room == room {
            Ok(grant)
        } else {
            Err(TokenError::OtherRoom { allowed: grant.room.clone(), asked: room.to_owned() })
        }
    }

    /// The right to rule over `room`.
    pub fn administers(&self, room: &str) -> Result<(), TokenError> {
        let grant = self.video.as_ref().ok_or(TokenError::NoGrant)?;
        if !grant.room_admin {
            return Err(TokenError::Lacks("roomAdmin"));
        }
        if grant.room != room {
            return Err(TokenError::OtherRoom { allowed: grant.room.clone(), asked: room.to_owned() });
        }
        Ok(())
    }
}

fn check_name(what: &'static str, name: &str) -> Result<(), TokenError> {
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        Err(TokenError::BadName(what))
    } else {
        Ok(())
    }
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_800_000_000;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn key() -> Key {
        Key::new("devkey", Secret::new("secret"))
    }

    fn claims() -> Claims {
        Claims { sub: "alice".into(), video: Some(VideoGrant::join("camera")), ..Default::default() }
    }

    #[test]
    fn a_token_says_what_it_was_made_for() {
        let token = key().mint(claims(), Duration::from_secs(60), at(NOW)).unwrap();
        let read = key().verify(&token, at(NOW)).unwrap();
        assert_eq!(read.sub, "alice");
        assert_eq!(read.joins_room("camera").unwrap(), &VideoGrant::join("camera"));
    }

    #[test]
    fn every_way_to_be_refused_has_its_own_reason() {
        let token = key().mint(claims(), Duration::from_secs(60), at(NOW)).unwrap();
        let verify = |token: &str, now| key().verify(token, at(now)).unwrap_err();
        assert_eq!(verify("", NOW), TokenError::Missing);
        assert!(matches!(verify("garbage", NOW), TokenError::Malformed(_)));
        assert!(matches!(verify(&"x".repeat(MAX_TOKEN + 1), NOW), TokenError::Malformed(_)));
        assert_eq!(verify(&token, NOW + 60 + 3600), TokenError::Expired(3600));
        assert_eq!(verify(&token, NOW - 100), TokenError::NotYet(100));
        let other_secret = Key::new("devkey", Secret::new("guess")).mint(claims(), Duration::from_secs(60), at(NOW)).unwrap();
        assert_eq!(verify(&other_secret, NOW), TokenError::Forged("devkey".into()));
        let other_key = Key::new("stranger", Secret::new("secret")).mint(claims(), Duration::from_secs(60), at(NOW)).unwrap();
        assert_eq!(verify(&other_key, NOW), TokenError::UnknownKey("stranger".into()));

        let read = key().verify(&token, at(NOW)).unwrap();
        assert_eq!(
            read.joins_room("kitchen").unwrap_err(),
            TokenError::OtherRoom { allowed: "camera".into(), asked: "kitchen".into() }
        );
        assert_eq!(read.administers("camera").unwrap_err(), TokenError::Lacks("roomAdmin"));
        assert_eq!(Claims::default().joins().unwrap_err(), TokenError::NoGrant);
        let nameless = Claims { sub: String::new(), ..claims() };
        assert_eq!(nameless.joins().unwrap_err(), TokenError::BadName("identity"));
        let admin =
            Claims { video: Some(VideoGrant { room_admin: true, room: "a".into(), ..Default::default() }), ..Default::default() };
        assert_eq!(admin.joins().unwrap_err(), TokenError::NoJoin);
        assert!(matches!(admin.administers("b"), Err(TokenError::OtherRoom { .. })));
        admin.administers("a").unwrap();
        let heavy = Claims { metadata: "x".repeat(MAX_METADATA + 1), ..claims() };
        assert_eq!(heavy.joins().unwrap_err(), TokenError::TooMuchMetadata);
    }

    #[test]
    fn an_unsigned_token_is_refused() {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let head = engine.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let body = engine.encode(serde_json::to_vec(&Claims { iss: "devkey".into(), exp: NOW + 60, ..claims() }).unwrap());
        assert!(key().verify(&format!("{head}.{body}."), at(NOW)).is_err());
    }

    #[test]
    fn absent_grants_mean_what_livekit_says() {
        let usual = VideoGrant::join("r").permission();
        assert!(usual.can_publish && usual.can_subscribe && usual.can_publish_data && !usual.can_update_metadata);
        let viewer = VideoGrant { can_publish: Some(false), ..VideoGrant::join("r") }.permission();
        assert!(!viewer.can_publish && !viewer.can_publish_data && viewer.can_subscribe);
        let one = VideoGrant { can_publish: Some(false), can_publish_sources: vec!["microphone".into()], ..Default::default() };
        assert_eq!(one.permission().can_publish_sources, [TrackSource::Microphone as i32]);
        assert!(one.permission().can_publish, "named sources override");
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert!(!format!("{:?}", key()).contains("secret\""), "{:?}", key());
    }

    proptest! {
        #[test]
        fn no_altered_token_is_taken(position in 0usize..400, replacement in "[A-Za-z0-9_-]") {
            let token = key().mint(claims(), Duration::from_secs(60), at(NOW)).unwrap();
            let position = position % token.len();
            let mut altered = token.clone();
            altered.replace_range(position..=position, &replacement);
            // The last character of base64 holds unused bits.
            prop_assume!(altered != token && position != token.len() - 1);
            prop_assert!(key().verify(&altered, at(NOW)).is_err());
        }
    }
}
