//! Envelopes of signed commands: as they come, and with header and claims of the fuzzer's that are packed lawfully.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use wire::signed::{Envelope, LONGEST_JTI, LONGEST_LIFE, SHORTEST_JTI};

pub(crate) fn run(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        look(text);
    }
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (header, claims) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    look(&format!("{}.{}.{}", BASE64.encode(header), BASE64.encode(claims), BASE64.encode([7; 64])));
}

/// Whatever is opened keeps what the device relies on.
fn look(jws: &str) {
    let Ok(envelope) = Envelope::open(jws) else { return };
    assert!(jws.as_bytes().starts_with(envelope.message) && jws.matches('.').count() == 2);
    let Ok(claims) = envelope.claims() else { return };
    assert_eq!(claims.kid, envelope.kid);
    assert!(claims.exp > claims.iat && claims.exp - claims.iat <= LONGEST_LIFE);
    assert!((SHORTEST_JTI..=LONGEST_JTI).contains(&claims.jti.len()));
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let header = r#"{"alg":"EdDSA","kid":"app","typ":"JWT"}"#;
    let claims = r#"{"aud":"gate","iat":1790000000,"exp":1790000060,"jti":"AAAAAAAAAAAAAAAAAAAAAA","seq":1,"kid":"app","sid":"s","nonce":"n","method":"audio.mute","params":{"muted":true},"confirm":"c"}"#;
    let packed = format!("{}.{}.{}", BASE64.encode(header), BASE64.encode(claims), BASE64.encode([7; 64]));
    vec![
        packed.into_bytes(),
        format!("{header}\n{claims}").into_bytes(),
        format!("{}\n{{}}", r#"{"alg":"none","kid":"app"}"#).into_bytes(),
    ]
}
