//! The keys for signed commands: those of the configuration, and what commands have changed about them since.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use wire::{Code, Refusal, Role, auth, shown};

/// Most changes that are remembered. A change is never forgotten, or what was revoked would come back.
const MOST_CHANGES: usize = 1024;

const CLOSED: &str = "the device cannot read what was changed about its keys";

/// A key of the configuration: `[control.keys.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// The public key: 32 bytes of Ed25519 in base64, of either alphabet.
    pub key: String,
    /// What a command gets that is signed with it.
    pub role: Role,
}

/// A public key of Ed25519.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads 32 bytes in base64, of either alphabet.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD.decode(text)).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// Whether `signature` over `message` was made with this key's other half.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// What commands have changed, to be kept over restarts. It is about keys and not about names: who writes another key into the
/// configuration is not bound by what was said of the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyChanges {
    /// Which key took the place of which.
    pub replaced: BTreeMap<String, String>,
    /// Keys that give nothing any more.
    pub revoked: BTreeSet<String>,
}

/// All keys as they are now.
#[derive(Debug)]
pub(super) struct Keyring {
    configured: BTreeMap<String, (PublicKey, Role)>,
    changes: KeyChanges,
    /// What was changed is not known, so that no key can be believed.
    closed: bool,
}

impl Keyring {
    /// The keys of the configuration; those that are no keys are left out, as [`Config::problems`](crate::control::Config::problems) says.
    pub fn new(configured: &BTreeMap<String, KeyConfig>) -> Self {
        let mut ring = Self { configured: BTreeMap::new(), changes: KeyChanges::default(), closed: false };
        ring.reconfigure(configured);
        ring
    }

    /// Other keys stand in the configuration; what was changed about keys still holds.
    pub fn reconfigure(&mut self, configured: &BTreeMap<String, KeyConfig>) {
        let read = |(name, key): (&String, &KeyConfig)| Some((name.clone(), (PublicKey::parse(&key.key)?, key.role)));
        self.configured = configured.iter().filter_map(read).collect();
    }

    pub fn is_empty(&self) -> bool {
        self.configured.is_empty()
    }

    /// Takes over what was kept from the run before; nothing where that cannot be read.
    pub fn keep(&mut self, changes: Option<KeyChanges>) {
        self.closed = changes.is_none();
        self.changes = changes.unwrap_or_default();
    }

    pub fn changes(&self) -> &KeyChanges {
        &self.changes
    }

    /// The key of this name as it is now, and its role.
    pub fn find(&self, name: &str) -> Result<(PublicKey, Role), Refusal> {
        let bad = |why: &str| Refusal::new(Code::BadSignature, format!("{why} `{}`", shown(name)));
        if self.closed {
            return Err(Refusal::new(Code::BadSignature, CLOSED));
        }
        let (key, role) = *self.configured.get(name).ok_or_else(|| bad("no key"))?;
        let key = self.present(key);
        if self.changes.revoked.contains(&key.to_string()) {
            return Err(bad("revoked key"));
        }
        Ok((key, role))
    }

    /// The key that has taken the place of this one. Ends, because a key that was in use once takes no other's place.
    fn present(&self, mut key: PublicKey) -> PublicKey {
        for _ in 0..MOST_CHANGES {
            match self.changes.replaced.get(&key.to_string()).and_then(|next| PublicKey::parse(next)) {
                Some(next) => key = next,
                None => break,
            }
        }
        key
    }

    /// Puts `key` in the place of the key `name`.
    pub fn rotate(&mut self, name: &str, key: &str) -> Result<(), Refusal> {
        let Some(new) = PublicKey::parse(key) else {
            return Err(Refusal::new(Code::InvalidParams, "auth.rotate_key: `key` is not 32 bytes in base64"));
        };
        let old = self.named(name)?;
        let (old, new) = (old.to_string(), new.to_string());
        if self.changes.revoked.contains(&old) {
            return Err(Refusal::new(Code::NotAvailable, format!("key `{}` is revoked", shown(name))));
        }
        let used = self.changes.replaced.contains_key(&new)
            || self.changes.replaced.values().any(|key| *key == new)
            || self.changes.revoked.contains(&new)
            || self.configured.values().any(|(key, _)| key.to_string() == new);
        if used {
            return Err(Refusal::new(Code::OutOfRange, "that key is or was in use; make a new one"));
        }
        self.room()?;
        self.changes.replaced.insert(old, new);
        Ok(())
    }

    /// Takes everything from the key `name`.
    pub fn revoke(&mut self, name: &str) -> Result<(), Refusal> {
        let key = self.named(name)?;
        self.room()?;
        self.changes.revoked.insert(key.to_string());
        Ok(())
    }

    fn named(&self, name: &str) -> Result<PublicKey, Refusal> {
        if self.closed {
            return Err(Refusal::new(Code::NotAvailable, CLOSED));
        }
        let unknown = || {
            Refusal::new(Code::UnknownName, format!("no key `{}`", shown(name)))
                .suggest(wire::nearest(name, self.configured.keys().map(String::as_str)))
        };
        self.configured.get(name).map(|(key, _)| self.present(*key)).ok_or_else(unknown)
    }

    fn room(&self) -> Result<(), Refusal> {
        match self.changes.replaced.len() + self.changes.revoked.len() {
            0..MOST_CHANGES => Ok(()),
            _ => Err(Refusal::new(Code::NotAvailable, "too many changes of keys; write the present ones into the configuration")),
        }
    }

    /// All keys, for those who keep them.
    pub fn list(&self) -> auth::Keys {
        let one = |(name, (key, role)): (&String, &(PublicKey, Role))| {
            let key = self.present(*key).to_string();
            auth::Key { name: name.clone(), revoked: self.changes.revoked.contains(&key), key, role: *role }
        };
        auth::Keys { keys: self.configured.iter().map(one).collect() }
    }
}
