//! The `[control]` section.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use wire::Role;

use super::authority::{KeyConfig, PublicKey};
use super::limits::{LONGEST_MESSAGE, Limits};
use super::permission;

/// Where commands come from and who may send which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The unix socket for local commands; who can open it may send every command. Unset: `$RUNTIME_DIRECTORY/control.sock` under
    /// systemd, else `$XDG_RUNTIME_DIR/artc-edge/control.sock`, else `/run/artc-edge/control.sock`.
    pub socket: Option<PathBuf>,
    /// Group whose members may open the socket too (mode 0660); unset, only the daemon's own user may (mode 0600).
    pub socket_group: Option<String>,
    /// Which identity in the channel may call which methods; `*` stands for any run of characters on both sides, as in `camera.*`.
    /// Whoever matches no line here and none of `roles` may call nothing; whoever matches several may call what any of them allows.
    /// What needs the role maintain or own cannot be allowed by a line here.
    pub allow: BTreeMap<String, Vec<String>>,
    /// Which identity in the channel has which role, and so may call every method that asks for no higher one. The app server
    /// (`app-server`) has `maintain`, whoever opens an address that the daemon made (`local-viewer`, in the channel
    /// `local-viewer-XXXXXX`) has `operate`, unless a line of their own, here or in `allow`, says otherwise.
    pub roles: BTreeMap<String, Role>,
    /// The highest role that a join token can give to who joins with it, by its attribute `artc.command.role`. Unset: tokens give no
    /// role. Tokens whose bearer may change its attributes (`canUpdateOwnMetadata`) never do.
    pub token_role: Option<Role>,
    /// The role of commands that come over the broker of `[calls]`, which does not tell who sent them. Unset: none are taken but signed ones.
    pub broker_role: Option<Role>,
    /// Keys for signed commands, by name: `[control.keys.NAME]`. A signed command has its key's role, whoever sends it.
    pub keys: BTreeMap<String, KeyConfig>,
    /// Take only signed commands from channel and broker. The local socket is not asked for signatures: who can open it is on the device.
    pub require_signature: bool,
    /// Messages a second of one sender, 1 to 100000; a batch counts as many as it has requests.
    pub messages_per_second: u32,
    /// Requests of one sender that may be unanswered, 1 to 1024.
    pub in_flight: usize,
    /// Longest message in KiB, 1 to 1024; what is longer than 15 KiB comes in pieces (LiveKit: a byte or text stream).
    pub message_kib: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            socket: None,
            socket_group: None,
            allow: BTreeMap::new(),
            roles: BTreeMap::new(),
            token_role: None,
            broker_role: None,
            keys: BTreeMap::new(),
            require_signature: false,
            messages_per_second: 50,
            in_flight: 16,
            message_kib: 64,
        }
    }
}

impl Config {
    /// What one sender may say.
    pub fn limits(&self) -> Limits {
        let Self { messages_per_second, in_flight, message_kib, .. } = *self;
        Limits { messages_per_second: messages_per_second.max(1), in_flight, message: message_kib * 1024 }
    }

    /// What is wrong, as (key below `[control]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let nobody = || "an empty identity can never join".to_owned();
        if self.roles.contains_key("") {
            found.push(("roles", nobody()));
        }
        for (identity, methods) in &self.allow {
            if identity.is_empty() {
                found.push(("allow", nobody()));
            }
            for method in methods {
                if let Err(why) = permission::check(method) {
                    found.push(("allow", why));
                }
            }
        }
        for (name, key) in &self.keys {
            if name.is_empty() || name.len() > 64 {
                found.push(("keys", format!("`{name}` is no name of 1 to 64 characters")));
            }
            if PublicKey::parse(&key.key).is_none() {
                found.push(("keys", format!("`{name}`: `key` is no public key of Ed25519, 32 bytes in base64")));
            }
        }
        if self.require_signature && self.keys.is_empty() {
            found.push((
                "require_signature",
                "there is no key under [control.keys], so nobody in the channel could say anything".into(),
            ));
        }
        if self.socket_group.as_deref() == Some("") {
            found.push(("socket_group", "is empty; name a group or leave it out".into()));
        }
        let mut within = |key, value: u64, most: u64| {
            if !(1..=most).contains(&value) {
                found.push((key, format!("{value} is not between 1 and {most}")));
            }
        };
        within("messages_per_second", self.messages_per_second.into(), 100_000);
        within("in_flight", self.in_flight as u64, 1024);
        within("message_kib", self.message_kib as u64, (LONGEST_MESSAGE / 1024) as u64);
        found
    }
}
