//! The OpenAPI document, made of the types that read and write.

use open_api::{Paper, nothing, of};
use serde_json::Value;

use crate::callback::{CallbackOf, NewCallback};
use crate::job::{Job, JobUpdate, NewJob};
use crate::rule::{NewRule, Rule};
use crate::{AppMade, ErrorBody, NewApp};

/// OpenAPI 3.1.
pub fn document() -> Value {
    const CALLBACK: &str = "/v2/apps/{app_id}/record-callback";
    const JOBS: &str = "/v2/apps/{app_id}/mix-stream-jobs";
    const JOB: &str = "/v2/apps/{app_id}/mix-stream-jobs/{job_id}";
    Paper::new(of::<ErrorBody>)
        .with("post", "/v2/apps", "createApp", of::<NewApp>, &[(201, of::<AppMade>)])
        .with("post", "/v2/apps/{app_id}/record-rules", "putRecordRule", of::<NewRule>, &[(201, of::<Rule>), (200, of::<Rule>)])
        .with("put", CALLBACK, "putRecordCallback", of::<NewCallback>, &[(200, of::<CallbackOf>)])
        .with("get", CALLBACK, "showRecordCallback", nothing, &[(200, of::<CallbackOf>)])
        .with("post", JOBS, "startMixJob", of::<NewJob>, &[(201, of::<Job>)])
        .with("get", JOB, "showMixJob", nothing, &[(200, of::<Job>)])
        .with("put", JOB, "updateMixJob", of::<JobUpdate>, &[(200, of::<Job>)])
        .with("delete", JOB, "stopMixJob", nothing, &[(204, nothing)])
        .document("Mixed recordings", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn every_type_that_it_names_is_in_it() {
        let document = document();
        assert_eq!(open_api::dangling(&document), [""; 0]);
        assert_eq!(document["paths"].as_object().map(Map::len), Some(5));
        assert_eq!(document["components"]["schemas"]["NewApp"]["required"], json!(["app_name"]));
    }
}
