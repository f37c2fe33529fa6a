//! An OpenAPI 3.1 document, made of the types that read what is asked and write what is answered, so that it says what the program does.
//!
//! [`Paper`] takes one operation after the other and gives the whole. Not for serving anything, nor for checking requests: the types do that.
#![forbid(unsafe_code)]

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// What a body holds, if there is one.
pub type Content = fn(&mut SchemaGenerator) -> Option<Value>;

/// No body.
pub fn nothing(_: &mut SchemaGenerator) -> Option<Value> {
    None
}

/// JSON of this type.
pub fn of<T: JsonSchema>(made: &mut SchemaGenerator) -> Option<Value> {
    Some(json!({ "application/json": { "schema": made.subschema_for::<T>() } }))
}

/// A JPEG picture.
pub fn jpeg(_: &mut SchemaGenerator) -> Option<Value> {
    Some(json!({ "image/jpeg": {} }))
}

/// The document as far as it is written.
pub struct Paper {
    made: SchemaGenerator,
    refusal: Content,
    paths: Map<String, Value>,
}

impl Paper {
    /// An empty one, in which `refusal` is the body of every answer that says no.
    pub fn new(refusal: Content) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
        Self { made: settings.into_generator(), refusal, paths: Map::new() }
    }

    /// Adds the operation `id`: `method` in small letters, the path with its parameters in braces and, behind a `?`, the names of those of the
    /// query, which may be left out; what is asked; what is answered when it is done, by status.
    #[must_use]
    pub fn with(mut self, method: &str, path: &str, id: &str, asked: Content, answers: &[(u16, Content)]) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let in_path = path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| parameter(name, true));
        let in_query = query.split('&').filter(|name| !name.is_empty()).map(|name| parameter(name, false));
        let parameters: Vec<Value> = in_path.chain(in_query).collect();
        let refusal = (self.refusal)(&mut self.made);
        let mut responses = Map::new();
        for (status, content) in answers {
            let mut response = json!({ "description": "Done" });
            if let Some(content) = content(&mut self.made) {
                response["content"] = content;
            }
            responses.insert(status.to_string(), response);
        }
        for (status, why) in [
            (400, "Something of it cannot be"),
            (401, "No key, or not one of ours"),
            (403, "The key's role does not allow it"),
            (404, "There is no such thing"),
            (413, "Too long"),
            (429, "Too many requests"),
            (500, "Not your fault"),
        ] {
            responses.insert(status.to_string(), json!({ "description": why, "content": refusal }));
        }
        let mut operation = json!({ "operationId": id, "parameters": parameters, "responses": responses });
        if let Some(content) = asked(&mut self.made) {
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        let methods = self.paths.entry(path).or_insert_with(|| json!({}));
        methods[method] = operation;
        self
    }

    /// The whole document. Requests carry their key in the header `X-Auth-Token`.
    pub fn document(mut self, title: &str, version: &str) -> Value {
        json!({
            "openapi": "3.1.0",
            "info": { "title": title, "version": version },
            "security": [{ "key": [] }],
            "paths": self.paths,
            "components": {
                "schemas": self.made.take_definitions(true),
                "securitySchemes": { "key": { "type": "apiKey", "in": "header", "name": "X-Auth-Token" } },
            },
        })
    }
}

fn parameter(name: &str, in_path: bool) -> Value {
    let place = if in_path { "path" } else { "query" };
    json!({ "name": name, "in": place, "required": in_path, "schema": { "type": "string" } })
}

/// Every `$ref` of `document` that leads nowhere in it.
pub fn dangling(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    references(document, &mut found);
    found.retain(|reference| reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).is_none());
    found
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize, JsonSchema)]
    struct Thing {
        name: String,
    }

    #[test]
    fn an_operation_has_its_parameters_bodies_and_types() {
        let paper =
            Paper::new(of::<String>).with("put", "/things/{id}?after&most", "putThing", of::<Thing>, &[(201, of::<Thing>)]);
        let document =
            paper.with("get", "/things/{id}", "showThing", nothing, &[(200, jpeg), (204, nothing)]).document("Things", "1");
        assert_eq!(dangling(&document), [""; 0]);
        let methods = &document["paths"]["/things/{id}"];
        let names: Vec<_> =
            methods["put"]["parameters"].as_array().unwrap().iter().map(|one| (&one["name"], &one["in"])).collect();
        assert_eq!(
            names,
            [(&json!("id"), &json!("path")), (&json!("after"), &json!("query")), (&json!("most"), &json!("query"))]
        );
        assert_eq!(methods["put"]["requestBody"]["required"], true);
        assert!(methods["get"].get("requestBody").is_none());
        assert_eq!(methods["get"]["responses"]["200"]["content"]["image/jpeg"], json!({}));
        assert!(methods["get"]["responses"]["204"].get("content").is_none());
        assert_eq!(document["components"]["schemas"]["Thing"]["required"], json!(["name"]));
        let mut broken = document;
        broken["components"]["schemas"] = json!({});
        assert_eq!(dangling(&broken).len(), 2);
    }
}
