//! Tokens as their bearers find them: good for what they say, refused with a reason.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use rtc::proto::TrackSource;

use super::key::MAX_TOKEN;
use super::*;

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
    let unheard_of = VideoGrant { can_publish_sources: vec!["hologram".into()], ..VideoGrant::join("r") };
    assert_eq!(unheard_of.permission().can_publish_sources, [TrackSource::Unknown as i32], "not all sources");
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
