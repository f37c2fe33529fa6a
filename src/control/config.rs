//! The `[control]` section.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Where commands come from and who may send which.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The unix socket for local commands. Unset: `$RUNTIME_DIRECTORY/control.sock` under systemd, else
    /// `$XDG_RUNTIME_DIR/artc-edge/control.sock`, else `/run/artc-edge/control.sock`.
    pub socket: Option<PathBuf>,
    /// Which identity may call which methods: exact names, `family.*`, or `*`. The app server's identities and the local viewer
    /// need no line here.
    pub allow: BTreeMap<String, Vec<String>>,
}

impl Config {
    /// What is wrong, as (key below `[control]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        for (identity, methods) in &self.allow {
            if identity.is_empty() {
                found.push(("allow", "an empty identity can never join".into()));
            }
            for method in methods {
                let fits =
                    method == "*" || method.split_once('.').is_some_and(|(family, verb)| !family.is_empty() && !verb.is_empty());
                if !fits {
                    found.push(("allow", format!("`{method}` is no method; use `family.verb`, `family.*` or `*`")));
                }
            }
        }
        found
    }
}
