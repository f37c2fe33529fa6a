//! From tree to struct: a serde deserializer whose errors know the place, and what would have been right.

use std::fmt::Display;

use serde::{
    de::{self, DeserializeSeed, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor},
    forward_to_deserialize_any,
};

use board::nearest;

use super::{
    error::Problem,
    secrets::is_secret,
    tree::{self, Entry, Node, Origin, Value},
};

/// What serde found wrong, with the path from the root to it.
#[derive(Debug)]
pub struct Error {
    /// Keys from the root; list items as `[0]`.
    pub path: Vec<String>,
    at: Option<Origin>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    UnknownKey { key: String, expected: &'static [&'static str] },
    UnknownValue { value: String, expected: &'static [&'static str] },
    WrongType { found: String, expected: String },
    Missing { key: &'static str },
    Other(String),
}

impl Error {
    fn new(kind: Kind) -> Self {
        Self { path: Vec::new(), at: None, kind }
    }

    fn below(mut self, key: String, at: &Origin) -> Self {
        self.path.insert(0, key);
        self.at.get_or_insert_with(|| at.clone());
        self
    }

    /// The path as people write it: `cameras[0].name`.
    pub fn dotted(&self) -> String {
        dotted(&self.path)
    }

    /// The key, when nobody knows it.
    pub fn unknown_key(&self) -> Option<&str> {
        match &self.kind {
            Kind::UnknownKey { key, .. } => Some(key),
            _ => None,
        }
    }

    /// As a message with its place.
    pub fn problem(&self) -> Problem {
        let path = self.dotted();
        let text = match &self.kind {
            Kind::WrongType { expected, .. } if is_secret(&path) => {
                format!("`{path}`: expected {expected}, found something else")
            }
            Kind::UnknownKey { key, expected } => {
                let section = self.path.split_last().map(|(_, above)| dotted(above)).unwrap_or_default();
                let mut text = format!("unknown key `{path}`");
                match nearest(key, expected.iter().copied()) {
                    Some(near) if section.is_empty() => text += &format!("; did you mean `{near}`?"),
                    Some(near) => text += &format!("; did you mean `{section}.{near}`?"),
                    None if section.is_empty() => text += &format!("; the sections are {}", expected.join(", ")),
                    None => text += &format!("; [{section}] has {}", expected.join(", ")),
                }
                text
            }
            Kind::UnknownValue { value, expected } => {
                let list = expected.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(", ");
                match nearest(value, expected.iter().copied()) {
                    Some(near) => format!("`{path}`: unknown value \"{value}\"; did you mean \"{near}\"? It is one of {list}"),
                    None => format!("`{path}`: unknown value \"{value}\"; it is one of {list}"),
                }
            }
            Kind::WrongType { found, expected } if path.is_empty() => format!("expected {expected}, found {found}"),
            Kind::WrongType { found, expected } => format!("`{path}`: expected {expected}, found {found}"),
            Kind::Missing { key } => format!("`{path}` has no `{key}`, which it needs"),
            Kind::Other(text) if text == "invalid socket address syntax" => {
                format!("`{path}`: no address with port; write it as \"127.0.0.1:7880\" or \"[::1]:7880\"")
            }
            Kind::Other(text) if text == "invalid IP address syntax" => {
                format!("`{path}`: no IP address; write it as \"192.0.2.7\" or \"2001:db8::7\"")
            }
            Kind::Other(text) => format!("`{path}`: {text}"),
        };
        Problem { suggestion: self.suggestion(), ..Problem::plain(self.at.clone(), text) }
    }

    /// The key or the value that was probably meant, as it would be written.
    fn suggestion(&self) -> Option<String> {
        match &self.kind {
            Kind::UnknownKey { key, expected } => {
                let near = nearest(key, expected.iter().copied())?;
                let above = self.path.split_last().map(|(_, above)| dotted(above)).filter(|above| !above.is_empty());
                Some(above.map_or_else(|| near.to_owned(), |above| format!("{above}.{near}")))
            }
            Kind::UnknownValue { value, expected } => nearest(value, expected.iter().copied()).map(str::to_owned),
            _ => None,
        }
    }
}

fn dotted(path: &[String]) -> String {
    let mut text = String::new();
    for key in path {
        if !text.is_empty() && !key.starts_with('[') {
            text.push('.');
        }
        text += key;
    }
    text
}

impl Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.problem().headline())
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: Display>(text: T) -> Self {
        Self::new(Kind::Other(text.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Bool(flag) => format!("`{flag}`"),
            Unexpected::Signed(number) => format!("the number {number}"),
            Unexpected::Unsigned(number) => format!("the number {number}"),
            Unexpected::Float(number) => format!("the number {number}"),
            Unexpected::Str(text) => format!("the text \"{text}\""),
            Unexpected::Seq => "a list".into(),
            Unexpected::Map => "a table".into(),
            other => other.to_string(),
        };
        Self::new(Kind::WrongType { found, expected: wanted(&expected.to_string()) })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_field(key: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownKey { key: key.to_owned(), expected })
    }

    fn unknown_variant(value: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownValue { value: value.to_owned(), expected })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Kind::Missing { key })
    }
}

/// serde's word for a type, in the words of the file.
fn wanted(expected: &str) -> String {
    match expected {
        "u8" => "a whole number from 0 to 255".into(),
        "u16" => "a whole number from 0 to 65535".into(),
        "u32" | "u64" | "usize" => "a whole number from 0".into(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".into(),
        "f32" | "f64" => "a number".into(),
        "a string" | "str" | "string" | "path string" => "a text in quotes".into(),
        "a boolean" => "true or false".into(),
        "a sequence" => "a list, in [brackets]".into(),
        "a map" => "a table".into(),
        "socket address" => "an address with port in quotes, such as \"127.0.0.1:7880\"".into(),
        "IP address" => "an IP address in quotes, such as \"192.0.2.7\"".into(),
        other if other.starts_with("struct ") => "a section or table".into(),
        other if other.starts_with("enum ") || other.contains("variant identifier") => "one of its names in quotes".into(),
        other => other.to_owned(),
    }
}

impl Node {
    fn unexpected(&self) -> Unexpected<'_> {
        match &self.value {
            Value::String(text) | Value::Loose(text) => Unexpected::Str(text),
            Value::Integer(number) => Unexpected::Signed(*number),
            Value::Float(number) => Unexpected::Float(*number),
            Value::Boolean(flag) => Unexpected::Bool(*flag),
            Value::Datetime(_) => Unexpected::Other("a date or time"),
            Value::Array(_) => Unexpected::Seq,
            Value::Table(_) => Unexpected::Map,
        }
    }

    /// The tree that a loose text stands for, when it is one.
    fn loosened(&self) -> Option<Node> {
        match &self.value {
            Value::Loose(text) => tree::parse_loose(text.trim(), &self.origin),
            _ => None,
        }
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match (&self.value, self.loosened()) {
                (_, Some(Node { value: Value::Integer(number), .. })) => visitor.visit_i64(number),
                (_, Some(Node { value: Value::Float(number), .. })) => visitor.visit_f64(number),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &'de Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.value {
            Value::String(text) | Value::Loose(text) => visitor.visit_str(text),
            Value::Datetime(_) => Err(de::Error::invalid_type(self.unexpected(), &visitor)),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(flag) => visitor.visit_bool(*flag),
            Value::Array(items) => visitor.visit_seq(Items { items: items.iter(), number: 0 }),
            Value::Table(table) => visitor.visit_map(Keys { entries: table.iter(), current: None }),
        }
    }

    numbers!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.loosened() {
            Some(Node { value: Value::Boolean(flag), .. }) => visitor.visit_bool(flag),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.value {
            // `ARTC__SECTION__KEY=` takes a value of a lower layer away.
            Value::Loose(text) if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match (&self.value, self.loosened()) {
            (_, Some(Node { value: Value::Array(items), .. })) => {
                let items: Vec<Owned> = items.into_iter().map(Owned).collect();
                de::value::SeqDeserializer::new(items.into_iter()).deserialize_any(visitor)
            }
            (Value::Loose(text), _) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                de::value::SeqDeserializer::new(items).deserialize_any(visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.loosened() {
            Some(Node { value: Value::Table(table), .. }) => {
                let entries = table.into_iter().map(|(key, entry)| (key, Owned(entry.node)));
                de::value::MapDeserializer::new(entries).deserialize_any(visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.value {
            // A derived struct would also take a list of its fields in order; a configuration shall not.
            Value::Array(_) => Err(de::Error::invalid_type(self.unexpected(), &"struct Config")),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.value {
            Value::String(text) | Value::Loose(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => {
                let list = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
                Err(de::Error::invalid_type(self.unexpected(), &format!("one of {list}").as_str()))
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        Err(de::Error::invalid_type(self.unexpected(), &visitor))
    }

    forward_to_deserialize_any! { char str string bytes byte_buf unit_struct tuple tuple_struct identifier ignored_any }
}

/// A node made while reading, for values that came out of a loose text.
struct Owned(Node);

impl<'de> IntoDeserializer<'de, Error> for Owned {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Owned {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.value {
            Value::String(text) | Value::Loose(text) | Value::Datetime(text) => visitor.visit_string(text),
            Value::Integer(number) => visitor.visit_i64(number),
            Value::Float(number) => visitor.visit_f64(number),
            Value::Boolean(flag) => visitor.visit_bool(flag),
            Value::Array(items) => {
                let items: Vec<Owned> = items.into_iter().map(Owned).collect();
                de::value::SeqDeserializer::new(items.into_iter()).deserialize_any(visitor)
            }
            Value::Table(table) => {
                let entries = table.into_iter().map(|(key, entry)| (key, Owned(entry.node)));
                de::value::MapDeserializer::new(entries).deserialize_any(visitor)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0.value {
            Value::String(text) | Value::Loose(text) => visitor.visit_enum(text.into_deserializer()),
            _ => Err(de::Error::invalid_type(self.0.unexpected(), &"a text in quotes")),
        }
    }

    forward_to_deserialize_any! { bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
    unit_struct seq tuple tuple_struct map struct identifier ignored_any }
}

struct Keys<'de> {
    entries: std::collections::btree_map::Iter<'de, String, Entry>,
    current: Option<(&'de String, &'de Entry)>,
}

impl<'de> MapAccess<'de> for Keys<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.current = self.entries.next();
        let Some((key, entry)) = self.current else { return Ok(None) };
        let read: Result<K::Value, Error> = seed.deserialize(key.as_str().into_deserializer());
        read.map(Some).map_err(|why| why.below(key.clone(), &entry.key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((key, entry)) = self.current.take() else { return Err(de::Error::custom("a value without its key")) };
        seed.deserialize(&entry.node).map_err(|why| why.below(key.clone(), &entry.node.origin))
    }
}

struct Items<'de> {
    items: std::slice::Iter<'de, Node>,
    number: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(node) = self.items.next() else { return Ok(None) };
        let number = self.number;
        self.number += 1;
        seed.deserialize(node).map(Some).map_err(|why| why.below(format!("[{number}]"), &node.origin))
    }
}
