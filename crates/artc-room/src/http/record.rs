//! `/v2`: the documented REST of mixed recordings, in the documented words.

use std::sync::Arc;

use app_state::App;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get, routing::post};
use record_api::callback::{Callback, CallbackOf, NewCallback};
use record_api::job::{JobUpdate, NewJob};
use record_api::rule::{NewRule, Of};
use record_api::{ApiError, AppMade, Code, MAX_APPS, NewApp, read};
use serde::Serialize;

use super::Web;
use super::config::Role;
use crate::record::StateErrorOf;
use crate::{clock, telemetry};

/// The paths.
pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route("/v2/apps", post(make_app))
        .route("/v2/apps/{app_id}/record-rules", post(put_rule))
        .route("/v2/apps/{app_id}/record-callback", get(show_callback).put(put_callback))
        .route("/v2/apps/{app_id}/mix-stream-jobs", post(start_job))
        .route("/v2/apps/{app_id}/mix-stream-jobs/{job_id}", get(show_job).put(update_job).delete(stop_job))
        .route("/v2/openapi.json", get(async || Json(record_api::openapi::document())))
}

/// An answer in the documented words, with the documented header.
struct Answer(Response);

type Answered = Result<Answer, Refusal>;

struct Refusal(ApiError);

impl From<ApiError> for Refusal {
    fn from(why: ApiError) -> Self {
        Self(why)
    }
}

impl From<app_state::StateError> for Refusal {
    fn from(why: app_state::StateError) -> Self {
        Self(StateErrorOf(why).into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        telemetry::refused("record", self.0.code.text());
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        numbered((status, Json(self.0.body())).into_response())
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        numbered(self.0)
    }
}

fn numbered(mut response: Response) -> Response {
    if let Ok(id) = HeaderValue::from_str(&format!("{:032x}", rand::random::<u128>())) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

fn answer(status: StatusCode, body: impl Serialize) -> Answered {
    Ok(Answer((status, Json(body)).into_response()))
}

impl Web {
    fn allow_recording(&self, headers: &HeaderMap, need: Role) -> Result<(), ApiError> {
        self.keys.allow(headers, need).map(drop).map_err(|why| {
            let status = why.status.as_u16();
            ApiError { status, ..ApiError::new(Code::OperationUnauthorized, why.message) }
        })
    }

    async fn app_of(&self, headers: &HeaderMap, need: Role, app_id: &str) -> Result<(), Refusal> {
        self.allow_recording(headers, need)?;
        let found = self.state.app(app_id.to_owned()).await?;
        found.map(drop).ok_or_else(|| ApiError::not_found("app").into())
    }
}

async fn make_app(State(web): State<Arc<Web>>, headers: HeaderMap, body: Bytes) -> Answered {
    web.allow_recording(&headers, Role::Own)?;
    let NewApp { app_name } = {
        let app: NewApp = read(&body)?;
        app.check()?;
        app
    };
    let app_id = format!("{:032x}", rand::random::<u128>()).split_off(8);
    let app = App { app_id: app_id.clone(), app_name, made: clock::seconds() };
    match web.state.make_app(app, MAX_APPS).await? {
        Ok(()) => answer(StatusCode::CREATED, AppMade { app_id }),
        Err(true) => Err(ApiError::new(Code::AppExist, "another app has this name").into()),
        Err(false) => Err(ApiError::new(Code::AppsExceed, format!("there are {MAX_APPS} apps, as many as may be")).into()),
    }
}

async fn put_rule(State(web): State<Arc<Web>>, Path(app_id): Path<String>, headers: HeaderMap, body: Bytes) -> Answered {
    web.app_of(&headers, Role::Own, &app_id).await?;
    let new: NewRule = read(&body)?;
    let (now, addr) = (clock::seconds(), new.obs_addr.clone());
    let same = |kept: &app_state::Rule| {
        let rule = serde_json::from_str::<record_api::rule::Rule>(&kept.body);
        rule.is_ok_and(|rule| (rule.obs_addr.bucket, rule.obs_addr.object) == (addr.bucket.clone(), addr.object.clone()))
    };
    let before = web.state.rules(app_id.clone()).await?.into_iter().find(same);
    let (rule_id, made) = match &before {
        Some(kept) => (kept.rule_id.clone(), kept.made),
        None => (format!("{:032x}", rand::random::<u128>()), now),
    };
    let rule = new.check(Of { app_id: &app_id, rule_id: &rule_id, made, updated: now })?;
    web.jobs.check_bucket(&rule)?;
    let body = serde_json::to_string(&rule).unwrap_or_default();
    web.state.put_rule(app_state::Rule { rule_id, app_id, body, made, updated: now }).await?;
    answer(if before.is_some() { StatusCode::OK } else { StatusCode::CREATED }, rule)
}

async fn put_callback(State(web): State<Arc<Web>>, Path(app_id): Path<String>, headers: HeaderMap, body: Bytes) -> Answered {
    web.app_of(&headers, Role::Own, &app_id).await?;
    let new: NewCallback = read(&body)?;
    let now = i64::try_from(clock::since_1970().as_millis()).unwrap_or(i64::MAX);
    let record_callback = new.check(now)?;
    if let Err(why) = web.jobs.outbox().egress().check(&record_callback.url).await {
        return Err(ApiError::new(Code::CallbackUrlUnavailable, why.to_string()).into());
    }
    let kept = serde_json::to_string(&record_callback).unwrap_or_default();
    web.state.put_callback(app_id.clone(), kept, now).await?;
    answer(StatusCode::OK, CallbackOf { app_id, record_callback })
}

async fn show_callback(State(web): State<Arc<Web>>, Path(app_id): Path<String>, headers: HeaderMap) -> Answered {
    // It has the key that callbacks are signed with.
    web.app_of(&headers, Role::Own, &app_id).await?;
    let (kept, _) = web.state.callback(app_id.clone()).await?.ok_or_else(|| ApiError::not_found("callback"))?;
    let kept = serde_json::from_str::<Callback>(&kept);
    let record_callback = kept.map_err(|why| ApiError::new(Code::InternalError, why.to_string()))?;
    answer(StatusCode::OK, CallbackOf { app_id, record_callback })
}

async fn start_job(State(web): State<Arc<Web>>, Path(app_id): Path<String>, headers: HeaderMap, body: Bytes) -> Answered {
    web.app_of(&headers, Role::Operate, &app_id).await?;
    let asked: NewJob = read(&body)?;
    answer(StatusCode::CREATED, web.jobs.begin(&app_id, asked).await?)
}

type OfJob = Path<(String, String)>;

async fn show_job(State(web): State<Arc<Web>>, Path((app_id, job_id)): OfJob, headers: HeaderMap) -> Answered {
    web.app_of(&headers, Role::Observe, &app_id).await?;
    answer(StatusCode::OK, web.jobs.job(&app_id, &job_id).await?.ok_or_else(|| ApiError::not_found("job"))?)
}

async fn update_job(State(web): State<Arc<Web>>, Path((app_id, job_id)): OfJob, headers: HeaderMap, body: Bytes) -> Answered {
    web.app_of(&headers, Role::Operate, &app_id).await?;
    let update: JobUpdate = read(&body)?;
    answer(StatusCode::OK, web.jobs.update(&app_id, &job_id, update).await?)
}

async fn stop_job(State(web): State<Arc<Web>>, Path((app_id, job_id)): OfJob, headers: HeaderMap) -> Answered {
    web.app_of(&headers, Role::Operate, &app_id).await?;
    web.jobs.stop(&app_id, &job_id).await?;
    Ok(Answer(StatusCode::NO_CONTENT.into_response()))
}
