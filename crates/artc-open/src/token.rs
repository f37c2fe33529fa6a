//! What a join token says of itself, read without its key: LiveKit's access token, or the vendor's single-parameter token. Not for
//! deciding whether it is genuine: the server does that.

use artc_bindings::JoinToken;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Longest token that is looked at.
const MAX_TOKEN: usize = 16 * 1024;

/// The claims that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Whom it lets in.
    pub identity: Option<String>,
    /// Where.
    pub room: Option<String>,
    /// Until when, in seconds since 1970.
    pub expires: Option<u64>,
}

/// Reads the claims; `None` when it is neither a JSON Web Token nor of the vendor's form.
pub fn peek(token: &str) -> Option<Claims> {
    #[derive(Deserialize)]
    struct Raw {
        sub: Option<String>,
        exp: Option<u64>,
        video: Option<Video>,
    }
    #[derive(Deserialize)]
    struct Video {
        room: Option<String>,
    }
    if token.len() > MAX_TOKEN {
        return None;
    }
    if let Ok(token) = JoinToken::read(token) {
        let expires = Some(u64::try_from(token.timestamp).unwrap_or(0));
        return Some(Claims { identity: Some(token.user_id), room: Some(token.channel), expires });
    }
    let mut parts = token.split('.');
    let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let raw: Raw = serde_json::from_slice(&payload).ok()?;
    Some(Claims { identity: raw.sub, room: raw.video.and_then(|v| v.room).filter(|r| !r.is_empty()), expires: raw.exp })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn identity_room_and_expiry_are_read() {
        let read = peek(&token(r#"{"iss":"k","sub":"cam","exp":17,"video":{"room":"yard","roomJoin":true}}"#));
        assert_eq!(read, Some(Claims { identity: Some("cam".into()), room: Some("yard".into()), expires: Some(17) }));
    }

    #[test]
    fn the_vendors_form_is_read_too() {
        let mut auth = artc_bindings::AuthInfo {
            app_id: "app".into(),
            channel: "yard".into(),
            user_id: "cam".into(),
            timestamp: 17,
            ..Default::default()
        };
        let made = artc_bindings::token::generate(&mut auth, "key").expect("a token");
        let read = peek(made.expose());
        assert_eq!(read, Some(Claims { identity: Some("cam".into()), room: Some("yard".into()), expires: Some(17) }));
    }

    #[test]
    fn other_things_are_no_tokens() {
        for text in ["", "a.b", "a.b.c", "....", &"x".repeat(20_000), &token("[]"), "eyJh.e30.x.y"] {
            assert_eq!(peek(text), None, "{text:.20}");
        }
    }
}
