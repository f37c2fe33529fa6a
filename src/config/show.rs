//! The effective configuration, as a file that loads again, with the origin of each value.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value as Json;

use super::{
    Loaded, rules, schema,
    secrets::is_secret,
    tree::{Layer, Origin},
};

/// One key with its value and where that comes from.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// The key, such as `camera.width`.
    pub key: String,
    /// Its value; null when unset, `"(secret)"` for what nobody may see.
    pub value: Json,
    /// Whether the value was left out because it is secret.
    pub secret: bool,
    /// The layer it comes from, in words.
    pub layer: String,
    /// File, variable or profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Line in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

impl Loaded {
    /// Every key there is, in the order of the manual.
    pub fn settings(&self) -> Vec<Setting> {
        schema::leaves(&self.config)
            .into_iter()
            .map(|(key, value)| {
                let origin = self.tree.get(&rules::split(&key)).map(|entry| &entry.node.origin);
                let secret = is_secret(&key) && !value.is_null();
                let value = if secret { "(secret)".into() } else { value };
                let in_file = origin.filter(|origin| !matches!(origin.source.layer, Layer::Environment | Layer::Credential));
                Setting {
                    value,
                    secret,
                    layer: origin.map_or(Layer::BuiltIn, |origin| origin.source.layer).to_string(),
                    source: origin.map(|origin| origin.source.name.clone()),
                    line: in_file.map(|origin| origin.position().0),
                    key,
                }
            })
            .collect()
    }

    /// Where the value of a key was written; `None` when it is built in.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.tree.get(&rules::split(key)).map(|entry| &entry.node.origin)
    }

    /// The settings as TOML that loads again. Unset keys and secrets are comments.
    pub fn show(&self, origins: bool) -> String {
        let mut settings = self.settings();
        // What stands in no section must stand before the first.
        settings.sort_by_key(|setting| setting.key.contains('.'));
        let mut text = String::new();
        let mut section = "";
        for setting in &settings {
            let (above, key) = setting.key.rsplit_once('.').unwrap_or(("", &setting.key));
            if above != section {
                let blank = if text.is_empty() { "" } else { "\n" };
                // Writing to a String cannot fail, here and below.
                let _ = writeln!(text, "{blank}[{above}]");
                section = above;
            }
            let line = match (&setting.value, setting.secret) {
                (_, true) => format!("# {key} = (secret)"),
                (Json::Null, _) => format!("# {key} is unset"),
                (value, _) => format!("{key} = {}", toml(value)),
            };
            if origins {
                let _ = writeln!(text, "{line:<44}  # {}", from(setting));
            } else {
                let _ = writeln!(text, "{line}");
            }
        }
        text
    }
}

fn from(setting: &Setting) -> String {
    match (&setting.source, setting.line) {
        (Some(source), Some(line)) => format!("{}: {source}:{line}", setting.layer),
        (Some(source), None) => format!("{}: {source}", setting.layer),
        _ => setting.layer.clone(),
    }
}

/// A value as TOML in one line. Null, which TOML does not have, becomes nothing.
fn toml(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::Bool(_) | Json::Number(_) => value.to_string(),
        Json::String(text) => toml_edit::Value::from(text.as_str()).to_string(),
        Json::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Json::Object(keys) if keys.is_empty() => "{}".into(),
        Json::Object(keys) => {
            let pairs = keys.iter().filter(|(_, value)| !value.is_null());
            let list: Vec<_> = pairs.map(|(key, value)| format!("{} = {}", toml_edit::Key::new(key), toml(value))).collect();
            format!("{{ {} }}", list.join(", "))
        }
    }
}
