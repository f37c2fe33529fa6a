//! Every key there is, in the order of the structs.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

use super::{Config, de, error::Problem};

/// A value with its keys in the order in which they were written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ordered {
    Leaf(serde_json::Value),
    Section(Vec<(String, Ordered)>),
}

/// A configuration as values with their keys, in order: `("camera.width", 1280)`. Unset keys are there, as null; tables without
/// fixed keys are one leaf.
pub(super) fn leaves(config: &Config) -> Vec<(String, serde_json::Value)> {
    // Through text, because that alone keeps the order of the fields.
    let text = serde_json::to_string(config).unwrap_or_default();
    let mut found = Vec::new();
    if let Ok(ordered) = serde_json::from_str(&text) {
        walk(ordered, String::new(), &mut found);
    }
    found
}

fn walk(ordered: Ordered, path: String, found: &mut Vec<(String, serde_json::Value)>) {
    match ordered {
        Ordered::Section(keys) if !is_open(&path) => {
            for (key, value) in keys {
                walk(value, if path.is_empty() { key } else { format!("{path}.{key}") }, found);
            }
        }
        Ordered::Section(keys) => found.push((path, keys.into_iter().map(|(key, value)| (key, value.into_json())).collect())),
        Ordered::Leaf(value) => found.push((path, value)),
    }
}

/// Tables whose keys are the user's own.
pub(super) const OPEN: [&str; 4] = ["control.allow", "control.roles", "control.keys", "room.apps"];

/// Whether it is one of them.
pub(super) fn is_open(path: &str) -> bool {
    OPEN.contains(&path)
}

impl Ordered {
    fn into_json(self) -> serde_json::Value {
        match self {
            Self::Leaf(value) => value,
            Self::Section(keys) => keys.into_iter().map(|(key, value)| (key, value.into_json())).collect(),
        }
    }
}

/// Says where an unknown key is known, when that is in another section.
pub(super) fn point_elsewhere(why: &de::Error, problem: &mut Problem) {
    let Some(key) = why.unknown_key() else { return };
    if problem.text.contains("did you mean") {
        return;
    }
    let ending = format!(".{key}");
    let known: Vec<String> =
        leaves(&Config::default()).into_iter().map(|(path, _)| path).filter(|path| path.ends_with(&ending)).collect();
    if !known.is_empty() {
        problem.text = format!("unknown key `{}`; did you mean `{}`?", why.dotted(), known.join("` or `"));
        problem.suggestion = known.into_iter().next();
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Ordered;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("any value")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut keys = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    keys.push(entry);
                }
                Ok(Ordered::Section(keys))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Ordered, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element::<serde_json::Value>()? {
                    items.push(item);
                }
                Ok(Ordered::Leaf(items.into()))
            }
            fn visit_unit<E>(self) -> Result<Ordered, E> {
                Ok(Ordered::Leaf(serde_json::Value::Null))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
                Ok(Ordered::Leaf(value.into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
                Ok(Ordered::Leaf(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
                Ok(Ordered::Leaf(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Ordered, E> {
                Ok(Ordered::Leaf(value.into()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
                Ok(Ordered::Leaf(value.into()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
