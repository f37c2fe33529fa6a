//! Whether a signed command is what it says: of a known key, for this device and this join, of this minute, and new.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wire::signed::{Claims, Envelope};
use wire::{Code, Refusal, Role};

use super::keys::{Keyring, PublicKey};

/// How far ahead of ours the clock of a signer may be.
const SKEW: u64 = 5;
/// A nonce is good for this time, and for as long again.
const NONCE: Duration = Duration::from_secs(30);
/// Names of commands that are remembered. The order of a key's commands is what keeps them from coming twice; this catches two signers
/// that share a key and draw the same name.
const SEEN: usize = 1024;

/// What the device knows about the time of day.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeOfDay {
    /// Seconds since 1970.
    pub seconds: u64,
    /// Whether somebody has set it.
    pub trusted: bool,
}

/// Who signed a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signer {
    pub key: String,
    pub role: Role,
}

/// What one join knows of the commands that were signed for it.
#[derive(Debug)]
pub(super) struct Signatures {
    /// From which the names of this join are made. Secret.
    seed: hmac::Key,
    /// Highest number of each key.
    highest: HashMap<PublicKey, u64>,
    seen: HashSet<(PublicKey, String)>,
    in_order: VecDeque<(PublicKey, String)>,
}

impl Signatures {
    /// Of a new join; nothing that was signed for an earlier one holds.
    pub fn new() -> Self {
        let seed = hmac::Key::new(hmac::HMAC_SHA256, &rand::random::<[u8; 32]>());
        Self { seed, highest: HashMap::new(), seen: HashSet::new(), in_order: VecDeque::new() }
    }

    /// The name of this join.
    pub fn session(&self) -> String {
        self.name(b"session")
    }

    /// The nonce of now. It comes from the seed and the time alone, so that none has to be remembered.
    pub fn nonce(&self, now: Duration) -> String {
        self.nonce_of(now.as_secs() / NONCE.as_secs())
    }

    fn nonce_of(&self, period: u64) -> String {
        self.name(&[&b"nonce"[..], &period.to_be_bytes()].concat())
    }

    fn name(&self, of: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(&hmac::sign(&self.seed, of).as_ref()[..16])
    }

    /// Believes an envelope, or says why not. Each is believed once.
    ///
    /// # Errors
    /// [`Code::BadSignature`], [`Code::NotForHere`], [`Code::Expired`] or [`Code::Replayed`].
    pub fn open(
        &mut self,
        jws: &str,
        keys: &Keyring,
        device: &str,
        day: TimeOfDay,
        now: Duration,
    ) -> Result<(Claims, Signer), Refusal> {
        let envelope = Envelope::open(jws)?;
        let (key, role) = keys.find(&envelope.kid)?;
        if !key.has_signed(envelope.message, &envelope.signature) {
            return Err(Refusal::new(Code::BadSignature, "the signature is not that of the key"));
        }
        let claims = envelope.claims()?;
        self.place(&claims, device, day, now)?;
        if day.trusted {
            time(&claims, day.seconds)?;
        }
        self.order(&claims, key)?;
        let signer = Signer { key: envelope.kid, role };
        Ok((claims, signer))
    }

    fn place(&self, claims: &Claims, device: &str, day: TimeOfDay, now: Duration) -> Result<(), Refusal> {
        let elsewhere = |why: &str| Err(Refusal::new(Code::NotForHere, why));
        // A device that has no id is nobody's audience.
        if device.is_empty() || claims.aud != device {
            return elsewhere("it is for another device");
        }
        if claims.sid != self.session() {
            return elsewhere("it is for another join");
        }
        match &claims.nonce {
            None if !day.trusted => elsewhere("the device does not trust its clock, and so needs a nonce"),
            Some(nonce) => {
                let period = now.as_secs() / NONCE.as_secs();
                let fresh =
                    [Some(period), period.checked_sub(1)].into_iter().flatten().any(|period| *nonce == self.nonce_of(period));
                if fresh { Ok(()) } else { elsewhere("its nonce is not one of the last minute") }
            }
            None => Ok(()),
        }
    }

    fn order(&mut self, claims: &Claims, key: PublicKey) -> Result<(), Refusal> {
        let again = |why: String| Err(Refusal::new(Code::Replayed, why));
        if let Some(highest) = self.highest.get(&key).filter(|highest| claims.seq <= **highest) {
            return again(format!("seq {} comes after {highest}", claims.seq));
        }
        let name = (key, claims.jti.clone());
        if self.seen.contains(&name) {
            return again("its jti was used before".to_owned());
        }
        self.highest.insert(key, claims.seq);
        if self.in_order.len() == SEEN
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.in_order.push_back(name.clone());
        self.seen.insert(name);
        Ok(())
    }
}

fn time(claims: &Claims, seconds: u64) -> Result<(), Refusal> {
    if claims.exp <= seconds {
        return Err(Refusal::new(Code::Expired, format!("it ended {} s ago", seconds - claims.exp)));
    }
    if claims.iat > seconds + SKEW {
        return Err(Refusal::new(Code::Expired, format!("it was signed {} s from now", claims.iat - seconds)));
    }
    Ok(())
}
