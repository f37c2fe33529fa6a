//! The `[control]` section.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use wire::Role;

use super::authority::{KeyConfig, PublicKey};
use super::permission;

/// Where commands come from and who may send which.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Keys for signed commands, by name: `[control.keys.NAME]`. A signed command has its key's role, whoever sends it.
    pub keys: BTreeMap<String, KeyConfig>,
    /// Take only signed commands from the channel. The local socket is not asked for signatures: who can open it is on the device.
    pub require_signature: bool,
}

impl Config {
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
        found
    }
}
