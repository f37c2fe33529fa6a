//! `GET /v1/openapi.json`: what is asked and answered below `/v1`. The documented calls of mixed recordings have a document of their own.

use open_api::{Paper, jpeg, nothing, of};
use serde_json::Value;

use super::{commands, devices, failure, tokens};

/// OpenAPI 3.1.
pub(super) fn document() -> Value {
    const KEY: &str = "/v1/device-keys/{device}";
    Paper::new(of::<failure::Body>)
        .with("get", "/v1/devices?after", "listDevices", nothing, &[(200, of::<devices::List>)])
        .with("get", "/v1/devices/{client}/picture", "showPicture", nothing, &[(200, jpeg)])
        .with("post", "/v1/commands", "sendCommand", of::<commands::Asked>, &[(200, of::<commands::Results>)])
        .with("post", "/v1/token", "signTokenForDevice", of::<tokens::DeviceAsks>, &[(200, of::<tokens::Token<'_>>)])
        .with("post", "/v1/tokens", "signToken", of::<tokens::KeyAsks>, &[(200, of::<tokens::Token<'_>>)])
        .with("put", KEY, "putDeviceKey", of::<tokens::KeyOf>, &[(204, nothing)])
        .with("delete", KEY, "dropDeviceKey", nothing, &[(204, nothing)])
        .document("The fleet: devices, commands, tokens", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_names_every_path_and_only_types_that_are_in_it() {
        let document = document();
        assert_eq!(open_api::dangling(&document), [""; 0]);
        let named: BTreeSet<&str> = document["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
        let routes = include_str!("mod.rs").split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
        let served: BTreeSet<&str> = routes.filter(|path| path.starts_with("/v1/") && *path != "/v1/openapi.json").collect();
        assert_eq!(named, served);
    }
}
