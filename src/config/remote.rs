//! The layer of what was set by command, as text: keys put in and taken out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

use super::{Config, applies::Applies, applies::applies, schema};

/// Name of the file, in the state directory.
pub const FILE: &str = "remote.toml";

const HEAD: &str =
    "# What was set by command (config.set). `artc-edge call config.reset` empties it; the daemon writes it anew as a whole.\n";

/// Most characters of a key.
const LONGEST_KEY: usize = 160;

/// Where the daemon keeps what it must remember: `$STATE_DIRECTORY` under systemd, else `$XDG_STATE_HOME/artc-edge`, else
/// `/var/lib/artc-edge`. `variable` reads the environment.
pub fn state_directory(variable: impl Fn(&str) -> Option<String>) -> PathBuf {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    // Of several directories that a unit may be given, the first is ours.
    let systemd = set("STATE_DIRECTORY").map(|folders| PathBuf::from(folders.split(':').next().unwrap_or_default()));
    let session = || set("XDG_STATE_HOME").map(|folder| Path::new(&folder).join("artc-edge"));
    systemd.or_else(session).unwrap_or_else(|| PathBuf::from("/var/lib/artc-edge"))
}

/// What is to be done to the layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// These keys get these values.
    Set(BTreeMap<String, Json>),
    /// These keys and sections are forgotten, or all.
    Reset(Option<Vec<String>>),
    /// All is forgotten but this section.
    ResetAllBut(&'static str),
}

/// Why an edit makes no text: what is wrong, and the name that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct EditError {
    /// What is wrong, naming the key.
    pub text: String,
    /// The name that was probably meant.
    pub suggestion: Option<String>,
}

impl EditError {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), suggestion: None }
    }
}

/// The text of the layer after `edit`. Whether the values are lawful is for the rules of the whole to say, but for keys that no
/// command sets.
pub(super) fn edited(text: &str, edit: &Edit) -> Result<String, EditError> {
    match edit {
        Edit::Reset(None) => Ok(HEAD.to_owned()),
        Edit::ResetAllBut(section) => {
            // What cannot be read is not in force either.
            let mut document = parse(text).unwrap_or_default();
            let others: Vec<String> = document.iter().map(|(key, _)| key.to_owned()).filter(|key| key != section).collect();
            for key in others {
                document.remove(&key);
            }
            Ok(finish(&document))
        }
        Edit::Reset(Some(keys)) => {
            let mut document = parse(text)?;
            for key in keys {
                if !remove(document.as_table_mut(), &path(key)?) {
                    return Err(EditError::new(format!("`{key}`: nothing was set by command under this name")));
                }
            }
            Ok(finish(&document))
        }
        Edit::Set(values) => {
            let mut document = parse(text)?;
            for (key, value) in values {
                let path = settable(key)?;
                let value = toml(value).map_err(|why| EditError::new(format!("`{key}`: {why}")))?;
                insert(document.as_table_mut(), &path, value)
                    .map_err(|above| EditError::new(format!("`{key}`: `{above}` is a value and no section")))?;
            }
            Ok(finish(&document))
        }
    }
}

fn parse(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|_| EditError::new(format!("{FILE} cannot be read any more; `config.reset` without keys begins anew")))
}

fn finish(document: &DocumentMut) -> String {
    let text = document.to_string();
    if text.starts_with(HEAD) { text } else { format!("{HEAD}{text}") }
}

/// The parts of a key. Below a table whose keys are the user's own, what follows is one key, dots and all.
fn path(key: &str) -> Result<Vec<&str>, EditError> {
    let open = schema::OPEN.iter().find_map(|open| Some((*open, key.strip_prefix(open)?.strip_prefix('.')?)));
    let (fixed, own) = open.map_or((key, None), |(open, own)| (open, Some(own)));
    let parts: Vec<&str> = fixed.split('.').chain(own).collect();
    if key.len() > LONGEST_KEY || key.chars().any(char::is_control) || parts.iter().any(|part| part.is_empty()) {
        let shown: String = key.chars().take(64).collect();
        return Err(EditError::new(format!("`{}` is no key; write `camera.width`", shown.escape_debug())));
    }
    Ok(parts)
}

fn settable(key: &str) -> Result<Vec<&str>, EditError> {
    let path = path(key)?;
    let leaves = schema::leaves(&Config::default());
    if let Some((first, _)) = leaves.iter().find(|(leaf, _)| leaf.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'))) {
        let text = format!("`{key}` is a section; name its keys, such as `{first}`");
        return Err(EditError { text, suggestion: Some(first.clone()) });
    }
    if applies(key) == Applies::OnDevice {
        let text =
            format!("`{key}` is set on the device only, in a file of conf.d: it opens a file, a program or a socket there");
        return Err(EditError::new(text));
    }
    Ok(path)
}

/// Puts a value in; the section that is none, where one is not.
fn insert<'a>(table: &mut Table, path: &[&'a str], value: Value) -> Result<(), &'a str> {
    let Some((name, sections)) = path.split_last() else { return Ok(()) };
    let mut here = table;
    for section in sections {
        let next = here.entry(section).or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        if let Some(inline) = next.as_inline_table() {
            *next = Item::Table(inline.clone().into_table());
        }
        here = next.as_table_mut().ok_or(*section)?;
    }
    here.insert(name, Item::Value(value));
    Ok(())
}

fn remove(table: &mut Table, path: &[&str]) -> bool {
    match path {
        [] => false,
        [name] => table.remove(name).is_some(),
        [section, rest @ ..] => {
            let Some(below) = table.get_mut(section) else { return false };
            if let Some(inline) = below.as_inline_table() {
                *below = Item::Table(inline.clone().into_table());
            }
            let Some(below) = below.as_table_mut() else { return false };
            let removed = remove(below, rest);
            if removed && below.is_empty() {
                table.remove(section);
            }
            removed
        }
    }
}

fn toml(value: &Json) -> Result<Value, String> {
    Ok(match value {
        Json::Null => return Err("null is no value; `config.reset` forgets what was set".into()),
        Json::Bool(flag) => Value::from(*flag),
        Json::String(text) => Value::from(text.as_str()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(float)) if !number.is_u64() => Value::from(float),
            _ => return Err(format!("{number} is larger than any number of a configuration")),
        },
        Json::Array(items) => Value::Array(items.iter().map(toml).collect::<Result<Array, _>>()?),
        Json::Object(keys) => {
            let pairs = keys.iter().map(|(key, value)| Ok((key.as_str(), toml(value)?)));
            Value::InlineTable(pairs.collect::<Result<InlineTable, String>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(text: &str, values: Json) -> Result<String, EditError> {
        let Json::Object(values) = values else { panic!("an object") };
        edited(text, &Edit::Set(values.into_iter().collect()))
    }

    #[test]
    fn keys_go_in_and_out_and_the_rest_stays() {
        let first = set("", json!({ "camera.width": 640, "camera.fps": 12.5, "device.name": "a \"gate\"" })).unwrap();
        let second = set(&first, json!({ "control.allow.a.b@c": ["camera.*"], "camera.width": 1280 })).unwrap();
        let read: toml::Table = second.parse().unwrap();
        assert_eq!(read["camera"]["width"].as_integer(), Some(1280));
        assert_eq!(read["camera"]["fps"].as_float(), Some(12.5));
        assert_eq!(read["control"]["allow"]["a.b@c"][0].as_str(), Some("camera.*"));
        let reset =
            |text: &str, keys: &[&str]| edited(text, &Edit::Reset(Some(keys.iter().map(|key| (*key).to_owned()).collect())));
        let third = reset(&second, &["camera", "control.allow.a.b@c"]).unwrap();
        let read: toml::Table = third.parse().unwrap();
        assert_eq!(read.keys().collect::<Vec<_>>(), ["device"], "{third}");
        assert_eq!(
            reset(&third, &["camera.width"]).unwrap_err().text,
            "`camera.width`: nothing was set by command under this name"
        );
        assert_eq!(edited("what = is this", &Edit::Reset(None)).unwrap(), HEAD);
        let kept: toml::Table = edited(&second, &Edit::ResetAllBut("control")).unwrap().parse().unwrap();
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["control"]);
        assert_eq!(edited("what = is this", &Edit::ResetAllBut("control")).unwrap(), HEAD);
    }

    #[test]
    fn an_open_table_given_as_a_whole_takes_single_keys_later() {
        let whole = set("", json!({ "control.allow": { "alice": ["*"] } })).unwrap();
        let more = set(&whole, json!({ "control.allow.bob": [] })).unwrap();
        let read: toml::Table = more.parse().unwrap();
        assert_eq!(read["control"]["allow"].as_table().map(|table| table.len()), Some(2), "{more}");
    }

    #[test]
    fn what_is_no_key_and_no_value_is_refused_by_its_name() {
        let cases = [
            (json!({ "": 1 }), "`` is no key; write `camera.width`"),
            (json!({ "camera..width": 1 }), "`camera..width` is no key; write `camera.width`"),
            (json!({ "a\nb": 1 }), "`a\\nb` is no key; write `camera.width`"),
            (json!({ "camera": { "width": 640 } }), "`camera` is a section; name its keys, such as `camera.source`"),
            (json!({ "camera.width": null }), "`camera.width`: null is no value; `config.reset` forgets what was set"),
            (
                json!({ "camera.width": u64::MAX }),
                "`camera.width`: 18446744073709551615 is larger than any number of a configuration",
            ),
            (
                json!({ "engine.sdk.python": "/bin/sh" }),
                "`engine.sdk.python` is set on the device only, in a file of conf.d: it opens a file, a program or a socket there",
            ),
            (
                json!({ "room.apps.door": { "key_file": "/etc/shadow" } }),
                "`room.apps.door` is set on the device only, in a file of conf.d: it opens a file, a program or a socket there",
            ),
        ];
        for (values, text) in cases {
            assert_eq!(set("", values).unwrap_err().text, text);
        }
    }

    #[test]
    fn the_state_directory_is_the_service_managers_or_the_users_or_the_systems() {
        let with = |pairs: &'static [(&str, &str)]| {
            state_directory(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(with(&[("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"), ("XDG_STATE_HOME", "/x")]), Path::new("/var/lib/a"));
        assert_eq!(with(&[("STATE_DIRECTORY", ""), ("XDG_STATE_HOME", "/x")]), Path::new("/x/artc-edge"));
        assert_eq!(with(&[]), Path::new("/var/lib/artc-edge"));
    }
}
