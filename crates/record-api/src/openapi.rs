//! The OpenAPI document, made of the types that read and write.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::callback::{CallbackOf, NewCallback};
use crate::job::{Job, JobUpdate, NewJob};
use crate::rule::{NewRule, Rule};
use crate::{AppMade, ErrorBody, NewApp};

/// OpenAPI 3.1.
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut made = settings.into_generator();
    let app = [path("app_id")];
    let job = [path("app_id"), path("job_id")];
    let paths = json!({
        "/v2/apps": { "post": operation(&mut made, "createApp", &[], body::<NewApp>, &[(201, answer::<AppMade>)]) },
        "/v2/apps/{app_id}/record-rules": { "post":
            operation(&mut made, "putRecordRule", &app, body::<NewRule>, &[(201, answer::<Rule>), (200, answer::<Rule>)]) },
        "/v2/apps/{app_id}/record-callback": {
            "put": operation(&mut made, "putRecordCallback", &app, body::<NewCallback>, &[(200, answer::<CallbackOf>)]),
            "get": operation(&mut made, "showRecordCallback", &app, nothing, &[(200, answer::<CallbackOf>)]),
        },
        "/v2/apps/{app_id}/mix-stream-jobs": { "post":
            operation(&mut made, "startMixJob", &app, body::<NewJob>, &[(201, answer::<Job>)]) },
        "/v2/apps/{app_id}/mix-stream-jobs/{job_id}": {
            "get": operation(&mut made, "showMixJob", &job, nothing, &[(200, answer::<Job>)]),
            "put": operation(&mut made, "updateMixJob", &job, body::<JobUpdate>, &[(200, answer::<Job>)]),
            "delete": operation(&mut made, "stopMixJob", &job, nothing, &[(204, nothing)]),
        },
    });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Mixed recordings", "version": env!("CARGO_PKG_VERSION") },
        "security": [{ "key": [] }],
        "paths": paths,
        "components": {
            "schemas": made.take_definitions(true),
            "securitySchemes": { "key": { "type": "apiKey", "in": "header", "name": "X-Auth-Token" } },
        },
    })
}

type Content = fn(&mut SchemaGenerator) -> Option<Value>;

fn nothing(_: &mut SchemaGenerator) -> Option<Value> {
    None
}

fn answer<T: JsonSchema>(made: &mut SchemaGenerator) -> Option<Value> {
    Some(json!({ "application/json": { "schema": made.subschema_for::<T>() } }))
}

fn body<T: JsonSchema>(made: &mut SchemaGenerator) -> Option<Value> {
    answer::<T>(made)
}

fn path(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
}

fn operation(made: &mut SchemaGenerator, id: &str, parameters: &[Value], asked: Content, answers: &[(u16, Content)]) -> Value {
    let refusal = answer::<ErrorBody>(made);
    let mut responses = Map::new();
    for (status, content) in answers {
        let mut response = json!({ "description": "Done" });
        if let Some(content) = content(made) {
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
    if let Some(content) = asked(made) {
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every reference of the document.
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

    #[test]
    fn every_type_that_it_names_is_in_it() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("in this document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        assert_eq!(document["paths"].as_object().map(Map::len), Some(5));
        assert_eq!(document["components"]["schemas"]["NewApp"]["required"], json!(["app_name"]));
    }
}
