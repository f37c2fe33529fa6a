//! Names that clients see: sids with LiveKit's prefixes, which the Rust SDK takes as law. Not for keys inside the server.

use rand::Rng as _;

/// Letters of sids and secrets; no vowels to speak of, nothing that needs escaping.
const LETTERS: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// `length` random letters from the operating system's generator.
pub fn random_text(length: usize) -> String {
    let mut rng = rand::rngs::StdRng::from_os_rng();
    (0..length).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect()
}

use rand::SeedableRng as _;

/// `PA_...`.
pub fn participant() -> String {
    format!("PA_{}", random_text(12))
}

/// `TR_...`, with the letter that says what it is as the real server does: `TR_VC` camera, `TR_AM` microphone, ...
pub fn track(kind_and_source: &str) -> String {
    format!("TR_{kind_and_source}{}", random_text(12))
}

/// `RM_...`.
pub fn room() -> String {
    format!("RM_{}", random_text(12))
}
