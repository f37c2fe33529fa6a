//! The OpenRPC document, read into what a page and two languages need of it.

use serde_json::Value;

/// All that can be said.
#[derive(Debug)]
pub struct Document {
    /// In the order of the table of methods.
    pub methods: Vec<Method>,
    /// What a device sends unasked.
    pub notifications: Vec<Notification>,
    /// By name.
    pub types: Vec<Named>,
    /// By number: JSON-RPC's own first.
    pub errors: Vec<Error>,
}

/// A method.
#[derive(Debug)]
pub struct Method {
    /// `family.verb`.
    pub name: String,
    /// What it does.
    pub summary: String,
    /// The least role that may call it.
    pub role: Option<String>,
    /// It is carried out only when it is asked for a second time.
    pub confirmed: bool,
    /// It is answered on the local socket only.
    pub local: bool,
    /// What it takes.
    pub params: Vec<Member>,
    /// What it answers.
    pub result: Type,
    /// Names of the errors that it may answer.
    pub errors: Vec<String>,
}

/// A message that a device sends unasked.
#[derive(Debug)]
pub struct Notification {
    /// Its method.
    pub name: String,
    /// When it comes.
    pub summary: String,
    /// What it carries.
    pub params: Type,
}

/// A type that has a name.
#[derive(Debug)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub means: String,
    /// What it is.
    pub is: Type,
}

/// An error of a reply.
#[derive(Debug)]
pub struct Error {
    /// Its number.
    pub code: i64,
    /// Its name for programs.
    pub name: String,
    /// What it means.
    pub means: String,
    /// What the caller can do about it.
    pub remedy: String,
}

/// A member of an object, or a parameter.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub means: String,
    /// It is never left out.
    pub required: bool,
    /// What it is.
    pub is: Type,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Type {
    /// Whatever JSON can say.
    Anything,
    /// True or false.
    Flag,
    /// A whole number, and its bounds where it has some.
    Whole(Option<i64>, Option<i64>),
    /// A number.
    Number,
    /// Text.
    Text,
    /// One of these words, each with what it means.
    Words(Vec<(String, String)>),
    /// Any number of these.
    List(Box<Type>),
    /// These by names.
    Map(Box<Type>),
    /// The type of this name.
    Named(String),
    /// One of these.
    Either(Vec<Type>),
    /// These members.
    Object(Vec<Member>),
}

impl Document {
    /// Reads the document that `wire::openrpc` makes.
    pub fn read(document: &Value) -> Self {
        let list = |at: &str| document[at].as_array().map(Vec::as_slice).unwrap_or_default();
        let map = |at: &str| document["components"][at].as_object().into_iter().flatten();
        let mut errors: Vec<Error> = map("errors").map(|(name, error)| Error::read(name, error)).collect();
        errors.sort_by_key(|error| error.code);
        Self {
            methods: list("methods").iter().map(Method::read).collect(),
            notifications: list("x-notifications").iter().map(Notification::read).collect(),
            types: map("schemas")
                .map(|(name, is)| Named { name: name.clone(), means: text(is, "description"), is: Type::read(is) })
                .collect(),
            errors,
        }
    }

    /// The type of this name.
    pub fn named(&self, name: &str) -> Option<&Named> {
        self.types.iter().find(|named| named.name == name)
    }
}

impl Method {
    fn read(method: &Value) -> Self {
        let errors: Vec<String> = method["errors"].as_array().into_iter().flatten().map(reference).collect();
        let mut params: Vec<Member> = method["params"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|param| Member {
                name: text(param, "name"),
                means: text(param, "summary"),
                required: param["required"] == true,
                is: Type::read(&param["schema"]),
            })
            .collect();
        params.sort_by_key(|param| !param.required);
        Self {
            name: text(method, "name"),
            summary: text(method, "summary"),
            role: method["x-role"].as_str().map(str::to_owned),
            confirmed: method["x-confirmed"] == true,
            local: errors.iter().any(|name| name == "local_only"),
            params,
            result: Type::read(&method["result"]["schema"]),
            errors,
        }
    }

    /// `camera` of `camera.set_control`.
    pub fn family(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }
}

impl Notification {
    fn read(notification: &Value) -> Self {
        Self {
            name: text(notification, "name"),
            summary: text(notification, "summary"),
            params: Type::read(&notification["params"]),
        }
    }
}

impl Error {
    fn read(name: &str, error: &Value) -> Self {
        let code = error["code"].as_i64().unwrap_or_default();
        Self { code, name: name.to_owned(), means: text(error, "message"), remedy: text(&error["data"], "remedy") }
    }
}

impl Type {
    fn read(schema: &Value) -> Self {
        if schema["$ref"].is_string() {
            return Self::Named(reference(schema));
        }
        if let Some([one]) = schema["allOf"].as_array().map(Vec::as_slice) {
            return Self::read(one);
        }
        if let Some(word) = schema["const"].as_str() {
            return Self::Words(vec![(word.to_owned(), text(schema, "description"))]);
        }
        if let Some(words) = schema["enum"].as_array() {
            return Self::Words(words.iter().filter_map(Value::as_str).map(|word| (word.to_owned(), String::new())).collect());
        }
        if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            return Self::choice(choices.iter().filter(|choice| choice["type"] != "null").map(Self::read).collect());
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect(),
            one => one.as_str().into_iter().collect(),
        };
        Self::choice(types.into_iter().map(|name| Self::plain(name, schema)).collect())
    }

    fn choice(mut of: Vec<Self>) -> Self {
        if of.iter().all(|each| matches!(each, Self::Words(_))) && !of.is_empty() {
            return Self::Words(
                of.into_iter().flat_map(|each| if let Self::Words(words) = each { words } else { Vec::new() }).collect(),
            );
        }
        match of.len() {
            0 => Self::Anything,
            1 => of.remove(0),
            _ => Self::Either(of),
        }
    }

    fn plain(name: &str, schema: &Value) -> Self {
        let bound = |at: &str| schema[at].as_i64().or(schema[at].as_f64().map(|bound| bound as i64));
        match name {
            "boolean" => Self::Flag,
            "integer" => Self::Whole(bound("minimum"), bound("maximum")),
            "number" => Self::Number,
            "string" => Self::Text,
            "array" => Self::List(Box::new(Self::read(&schema["items"]))),
            "object" if schema["additionalProperties"] == true => Self::Map(Box::new(Self::Anything)),
            "object" if schema["additionalProperties"].is_object() => {
                Self::Map(Box::new(Self::read(&schema["additionalProperties"])))
            }
            "object" if schema["properties"].is_object() => Self::Object(members(schema)),
            "object" if schema["title"].is_null() && text(schema, "description").starts_with("An OpenRPC") => Self::Anything,
            "object" => Self::Object(Vec::new()),
            _ => Self::Anything,
        }
    }
}

fn members(schema: &Value) -> Vec<Member> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut members: Vec<Member> = properties
        .map(|(name, is)| Member {
            name: name.clone(),
            means: text(is, "description"),
            required: required.contains(&name.as_str()),
            is: Type::read(is),
        })
        .collect();
    members.sort_by_key(|member| !member.required);
    members
}

/// The name that a reference ends with.
fn reference(value: &Value) -> String {
    value["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default().to_owned()
}

fn text(value: &Value, at: &str) -> String {
    value[at].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}
