//! A configuration as read: values that remember where they were written.

use std::{collections::BTreeMap, fmt, ops::Range, path::PathBuf, sync::Arc};

use toml_edit::{Document, Item, TableLike, Value as TomlValue};

use super::error::Problem;

/// Where a value comes from; later ones win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The default in the program.
    BuiltIn,
    /// The `[config]` table of the board's profile.
    Board,
    /// The configuration file.
    File,
    /// A file of `conf.d`.
    ConfD,
    /// A secret handed over by the service manager in `$CREDENTIALS_DIRECTORY`.
    Credential,
    /// The file of what was set by command.
    Remote,
    /// A variable `ARTC__SECTION__KEY`.
    Environment,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuiltIn => "built-in",
            Self::Board => "board",
            Self::File => "file",
            Self::ConfD => "conf.d",
            Self::Credential => "credential",
            Self::Remote => "remote",
            Self::Environment => "environment",
        })
    }
}

/// One text that was read.
#[derive(Debug)]
pub struct Source {
    /// Its layer.
    pub layer: Layer,
    /// Path of the file, name of the variable, or name of the profile.
    pub name: String,
    /// The text itself.
    pub text: String,
}

/// A place in a source.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The source.
    pub source: Arc<Source>,
    /// The bytes in it.
    pub span: Range<usize>,
}

impl Origin {
    /// Line and column, both from 1, the column in characters.
    pub fn position(&self) -> (usize, usize) {
        let before = self.source.text.get(..self.span.start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// The line that holds it, without its end.
    pub fn line(&self) -> &str {
        self.source.text.lines().nth(self.position().0 - 1).unwrap_or("")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source.layer {
            Layer::Environment => write!(f, "environment variable {}", self.source.name),
            Layer::Credential => write!(f, "credential {}", self.source.name),
            _ => {
                let (line, column) = self.position();
                write!(f, "{}:{line}:{column}", self.source.name)
            }
        }
    }
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub origin: Origin,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// true or false.
    Boolean(bool),
    /// A date or time, as written.
    Datetime(String),
    /// Text of an environment variable: becomes what its key wants.
    Loose(String),
    /// A list.
    Array(Vec<Node>),
    /// A section, or the like.
    Table(Table),
}

/// Keys of a section.
pub type Table = BTreeMap<String, Entry>;

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key stands.
    pub key: Origin,
    /// Its value.
    pub node: Node,
}

/// Reads a TOML text.
pub fn parse(layer: Layer, name: &str, text: &str) -> Result<Node, Problem> {
    let source = Arc::new(Source { layer, name: name.to_owned(), text: text.to_owned() });
    let document = Document::parse(text).map_err(|why| {
        let start = why.span().map_or(0, |span| span.start);
        // A span that starts on the end of a line means the line before it.
        let at = Origin { source: source.clone(), span: why.span().unwrap_or(start..start) };
        Problem::syntax(at, why.message())
    })?;
    let whole = Origin { source: source.clone(), span: 0..0 };
    Ok(Node { value: Value::Table(table(document.as_table(), &source)), origin: whole })
}

/// One variable as a tree: `ARTC__CAMERA__WIDTH=640` becomes `camera.width`. `None` for variables that are not ours.
pub fn from_variable(name: &str, text: &str) -> Option<Result<Node, Problem>> {
    let path = name.strip_prefix("ARTC__")?;
    let source = Arc::new(Source { layer: Layer::Environment, name: name.to_owned(), text: text.to_owned() });
    let origin = Origin { source, span: 0..text.len() };
    let keys: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
    if keys.iter().any(String::is_empty) {
        return Some(Err(Problem::plain(Some(origin), "names no key; write ARTC__SECTION__KEY, such as ARTC__CAMERA__WIDTH")));
    }
    let mut node = Node { value: Value::Loose(text.to_owned()), origin: origin.clone() };
    for key in keys.into_iter().rev() {
        let entry = Entry { key: origin.clone(), node };
        node = Node { value: Value::Table(BTreeMap::from([(key, entry)])), origin: origin.clone() };
    }
    Some(Ok(node))
}

/// A secret's file as a tree, for the key that names such a file.
pub fn from_credential(key: &str, path: PathBuf) -> Node {
    let text = path.display().to_string();
    let source = Arc::new(Source { layer: Layer::Credential, name: text.clone(), text: text.clone() });
    let origin = Origin { source, span: 0..0 };
    let mut node = Node { value: Value::String(text), origin: origin.clone() };
    for key in key.split('.').rev() {
        let entry = Entry { key: origin.clone(), node };
        node = Node { value: Value::Table(BTreeMap::from([(key.to_owned(), entry)])), origin: origin.clone() };
    }
    node
}

/// Reads the TOML value in a loose text, for keys that want a list or a table.
pub fn parse_loose(text: &str, origin: &Origin) -> Option<Node> {
    let parsed: TomlValue = text.parse().ok()?;
    let mut node = value(&parsed, &origin.source);
    node.at(origin);
    Some(node)
}

impl Node {
    /// What stands at a path such as `["camera", "width"]`.
    pub fn get(&self, path: &[String]) -> Option<&Entry> {
        let (first, rest) = path.split_first()?;
        let Value::Table(table) = &self.value else { return None };
        let entry = table.get(first)?;
        if rest.is_empty() { Some(entry) } else { entry.node.get(rest) }
    }

    /// Where a path leads as far as it is written: the key itself, else the section that it is missing from.
    pub fn place(&self, path: &[String]) -> Option<Origin> {
        (1..=path.len()).rev().find_map(|length| self.get(&path[..length])).map(|entry| entry.node.origin.clone())
    }

    /// Removes what stands at a path; inside a list, the whole list goes. False when there is nothing.
    pub fn remove(&mut self, path: &[String]) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        let Value::Table(table) = &mut self.value else { return false };
        match table.get_mut(first) {
            None => false,
            Some(entry) if !rest.is_empty() && matches!(entry.node.value, Value::Table(_)) => entry.node.remove(rest),
            Some(_) => table.remove(first).is_some(),
        }
    }

    /// Lays `above` over this: tables are joined key by key, everything else is replaced.
    pub fn overlay(&mut self, above: Node) {
        match (&mut self.value, above.value) {
            (Value::Table(below), Value::Table(table)) => {
                for (key, entry) in table {
                    match below.get_mut(&key) {
                        Some(under) => {
                            let joined = matches!((&under.node.value, &entry.node.value), (Value::Table(_), Value::Table(_)));
                            under.node.overlay(entry.node);
                            if !joined {
                                under.key = entry.key;
                            }
                        }
                        None => {
                            below.insert(key, entry);
                        }
                    }
                }
            }
            (value, above_value) => {
                *value = above_value;
                self.origin = above.origin;
            }
        }
    }

    fn at(&mut self, origin: &Origin) {
        self.origin = origin.clone();
        match &mut self.value {
            Value::Array(items) => items.iter_mut().for_each(|item| item.at(origin)),
            Value::Table(table) => table.values_mut().for_each(|entry| {
                entry.key = origin.clone();
                entry.node.at(origin);
            }),
            _ => {}
        }
    }
}

fn table(from: &dyn TableLike, source: &Arc<Source>) -> Table {
    let mut table = Table::new();
    for (name, item) in from.iter() {
        let span = from.key(name).and_then(|key| key.span());
        let node = match item {
            Item::None => continue,
            Item::Value(from) => value(from, source),
            Item::Table(from) => Node {
                origin: Origin { source: source.clone(), span: from.span().or(span.clone()).unwrap_or(0..0) },
                value: Value::Table(self::table(from, source)),
            },
            Item::ArrayOfTables(from) => Node {
                origin: Origin { source: source.clone(), span: from.span().or(span.clone()).unwrap_or(0..0) },
                value: Value::Array(
                    from.iter()
                        .map(|item| Node {
                            origin: Origin { source: source.clone(), span: item.span().unwrap_or(0..0) },
                            value: Value::Table(self::table(item, source)),
                        })
                        .collect(),
                ),
            },
        };
        let key = Origin { source: source.clone(), span: span.unwrap_or_else(|| node.origin.span.clone()) };
        table.insert(name.to_owned(), Entry { key, node });
    }
    table
}

fn value(from: &TomlValue, source: &Arc<Source>) -> Node {
    let origin = Origin { source: source.clone(), span: from.span().unwrap_or(0..0) };
    let value = match from {
        TomlValue::String(text) => Value::String(text.value().clone()),
        TomlValue::Integer(number) => Value::Integer(*number.value()),
        TomlValue::Float(number) => Value::Float(*number.value()),
        TomlValue::Boolean(flag) => Value::Boolean(*flag.value()),
        TomlValue::Datetime(time) => Value::Datetime(time.value().to_string()),
        TomlValue::Array(items) => Value::Array(items.iter().map(|item| self::value(item, source)).collect()),
        TomlValue::InlineTable(items) => Value::Table(table(items, source)),
    };
    Node { value, origin }
}
