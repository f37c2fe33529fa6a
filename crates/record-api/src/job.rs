//! Jobs: what is recorded, how it is laid out, and how a job stands.

use std::time::Duration;

use mixing::{Crop, Image, Layout, Pane, Scene, Side, State, StopReason, Template, Video};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ApiError, Code, NEVER, utc};

/// Longest id of a room or a user.
const MAX_ID: usize = 64;

/// `POST .../mix-stream-jobs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NewJob {
    /// What is mixed.
    pub mix_param: MixParam,
    /// Where it goes.
    pub record_param: RecordParam,
}

/// `PUT .../mix-stream-jobs/{job_id}`: another layout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobUpdate {
    /// Only what says how it looks counts; the rest must be as it was, or absent.
    pub mix_param: LayoutParam,
}

/// What says how a mix looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LayoutParam {
    /// `nine_grids_view`, `screen_share_left`, `screen_share_right` or `custom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout_template: Option<String>,
    /// The panes of `custom`; the first of a screen share says whom the big window shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 25))]
    pub layout_panes: Vec<LayoutPane>,
    /// `s3://BUCKET/OBJECT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background_image: Option<String>,
    /// In the tile of a user without a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_user_background_image: Option<String>,
    /// In the big window while nothing is shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen_background_image: Option<String>,
    /// Of single users.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub user_background_images: Vec<UserImage>,
}

/// What is mixed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MixParam {
    /// The channel: 1 to 64 letters, digits, `_` and `-`.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9_-]+$"))]
    pub room_id: String,
    /// `WIDTHxHEIGHT_FPS_KBPS`, one of thirteen, or `audio_only`.
    pub encode_template: String,
    /// Seconds without anybody after which the job ends by itself.
    #[serde(default = "usual_idle")]
    #[schemars(range(min = 5, max = 43_200))]
    pub max_idle_time: u32,
    /// How it looks.
    #[serde(flatten)]
    pub layout: LayoutParam,
}

fn usual_idle() -> u32 {
    30
}

/// Which rule says where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordParam {
    /// One of the app's.
    pub record_rule_id: String,
}

/// An image of one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserImage {
    /// Whose.
    pub user_id: String,
    /// `s3://BUCKET/OBJECT`.
    pub image_uri: String,
}

/// Which video of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VideoType {
    /// The camera.
    #[default]
    #[serde(rename = "CAMERASTREAM")]
    Camera,
    /// A shared screen.
    #[serde(rename = "SCREENSTREAM")]
    Screen,
}

/// What becomes of a video whose shape is not the pane's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CropMode {
    /// Whole, with background beside it.
    #[serde(rename = "KEEP_RATIO_PADDING")]
    Padding,
    /// Filling, with edges cut off.
    #[default]
    #[serde(rename = "KEEP_RATIO_CROP")]
    Crop,
}

/// A pane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LayoutPane {
    /// From 1, each once.
    #[schemars(range(min = 1))]
    pub id: u32,
    /// Whose video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Which.
    #[serde(default)]
    pub video_type: VideoType,
    /// Left edge, as a part of the picture; of `custom` alone, as all that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub x: Option<f64>,
    /// Upper edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub y: Option<f64>,
    /// As a part of the picture's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub width: Option<f64>,
    /// As a part of the picture's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub height: Option<f64>,
    /// 0 is at the bottom.
    #[serde(default)]
    #[schemars(range(min = 0, max = 24))]
    pub zorder: u32,
    /// How it gets the pane's shape.
    #[serde(default)]
    pub crop_mode: CropMode,
}

/// A job as it is shown and kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Job {
    /// 32 hexadecimal digits.
    pub job_id: String,
    /// 16 hexadecimal digits; two jobs that have the same do not run at once.
    pub job_unique_id: String,
    /// Whose it is.
    pub app_id: String,
    /// What is recorded.
    pub room_id: String,
    /// `m_JOB_ROOM`.
    pub stream_name: String,
    /// As asked for.
    pub mix_param: MixParam,
    /// Of older documents.
    pub push_param: PushParam,
    /// As asked for.
    pub record_param: RecordParam,
    /// When it was asked for.
    pub create_time: String,
    /// When it was last changed.
    pub update_time: String,
    /// When it began.
    pub start_time: String,
    /// When it ended; `0001-01-01T00:00:00Z` before that.
    pub stop_time: String,
    /// How it stands.
    pub state: JobState,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<JobEnd>,
    /// What failed, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Of older documents; nothing is pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PushParam {
    /// `null`.
    pub rtmp_urls: Option<Vec<String>>,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum JobState {
    /// Not in the channel yet.
    Init,
    /// In the channel.
    Running,
    /// Over.
    Stopped,
}

/// Why a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobEnd {
    /// It was told to.
    TenantStop,
    /// Nobody was there for too long.
    ExceedMaxIdleTime,
    /// It failed.
    InternalError,
}

impl From<State> for JobState {
    fn from(state: State) -> Self {
        match state {
            State::Init => Self::Init,
            State::Running => Self::Running,
            State::Stopped => Self::Stopped,
        }
    }
}

impl From<StopReason> for JobEnd {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Stopped => Self::TenantStop,
            StopReason::Idle => Self::ExceedMaxIdleTime,
            StopReason::Failed => Self::InternalError,
        }
    }
}

fn is_id(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

impl NewJob {
    /// How it is encoded, what it looks like, and how long it waits for somebody.
    ///
    /// # Errors
    /// What there cannot be, with its documented code.
    pub fn check(&self) -> Result<(Template, Scene, Duration), ApiError> {
        let MixParam { room_id, encode_template, max_idle_time, layout } = &self.mix_param;
        if !is_id(room_id) {
            return Err(ApiError::invalid("mix_param.room_id", "1 to 64 of A-Z, a-z, 0-9, '_' and '-'"));
        }
        if !is_id(&self.record_param.record_rule_id) {
            return Err(ApiError::invalid("record_param.record_rule_id", "a rule of this app"));
        }
        let wrong = |why: mixing::UnknownTemplate| ApiError::new(Code::InvalidParameterValue, why.to_string());
        let template: Template = encode_template.parse().map_err(wrong)?;
        if !(5..=43_200).contains(max_idle_time) {
            return Err(ApiError::invalid("mix_param.max_idle_time", "5 to 43200"));
        }
        let scene = match (template, &layout.layout_template) {
            // There is nothing to see of it.
            (Template::AudioOnly, _) => Scene::default(),
            (Template::Video(_), None) => {
                return Err(ApiError::new(Code::MissingParameter, "mix_param.layout_template is needed for pictures"));
            }
            (Template::Video(_), Some(_)) => layout.scene()?,
        };
        Ok((template, scene, Duration::from_secs((*max_idle_time).into())))
    }
}

impl LayoutParam {
    /// What it looks like.
    ///
    /// # Errors
    /// What there cannot be, with its documented code.
    pub fn scene(&self) -> Result<Scene, ApiError> {
        for id in self.layout_panes.iter().filter_map(|pane| pane.user_id.as_ref()) {
            if !is_id(id) {
                return Err(ApiError::invalid("layout_panes.user_id", "1 to 64 of A-Z, a-z, 0-9, '_' and '-'"));
            }
        }
        let big = || self.layout_panes.first().map(|pane| (pane.user_id.clone(), pane.video_type.into()));
        let layout = match self.layout_template.as_deref() {
            None => return Err(ApiError::new(Code::MissingParameter, "layout_template is needed")),
            Some("nine_grids_view") => Layout::Grid,
            Some("screen_share_left") => Layout::ScreenShare { side: Side::Left, big: big() },
            Some("screen_share_right") => Layout::ScreenShare { side: Side::Right, big: big() },
            Some("custom") if self.layout_panes.is_empty() => {
                return Err(ApiError::new(Code::InvalidParameterCombination, "layout_panes are needed for the layout custom"));
            }
            Some("custom") => Layout::Custom(self.layout_panes.iter().map(LayoutPane::pane).collect::<Result<_, _>>()?),
            Some(other) => {
                let other: String = other.chars().take(64).collect();
                let text = format!("{other:?} is no layout: nine_grids_view, screen_share_left, screen_share_right or custom");
                return Err(ApiError::new(Code::LayoutTemplateNotExist, text));
            }
        };
        let image = |uri: &Option<String>| uri.clone().filter(|uri| !uri.is_empty()).map(Image);
        let of_users = self.user_background_images.iter().map(|one| (one.user_id.clone(), Image(one.image_uri.clone())));
        let scene = Scene {
            layout,
            background: image(&self.background_image),
            user_image: image(&self.default_user_background_image),
            user_images: of_users.collect(),
            screen_image: image(&self.screen_background_image),
        };
        scene.check().map_err(|why| ApiError::new(Code::InvalidParameterValue, why.to_string()))?;
        Ok(scene)
    }
}

impl From<VideoType> for Video {
    fn from(video: VideoType) -> Self {
        match video {
            VideoType::Camera => Self::Camera,
            VideoType::Screen => Self::Screen,
        }
    }
}

impl LayoutPane {
    fn pane(&self) -> Result<Pane, ApiError> {
        let there = |what: &str, value: Option<f64>| {
            value.ok_or_else(|| ApiError::new(Code::MissingParameter, format!("layout_panes.{what} is needed for custom")))
        };
        Ok(Pane {
            id: self.id,
            user: self.user_id.clone(),
            video: self.video_type.into(),
            x: there("x", self.x)?,
            y: there("y", self.y)?,
            width: there("width", self.width)?,
            height: there("height", self.height)?,
            zorder: self.zorder,
            crop: match self.crop_mode {
                CropMode::Padding => Crop::Pad,
                CropMode::Crop => Crop::Fill,
            },
        })
    }
}

impl Job {
    /// A new one; `now` in seconds since 1970. The template is written with `x`.
    pub fn new(app_id: &str, job_id: &str, unique_id: &str, asked: NewJob, now: i64) -> Self {
        let NewJob { mut mix_param, record_param } = asked;
        if let Ok(template) = mix_param.encode_template.parse::<Template>() {
            mix_param.encode_template = template.to_string();
        }
        let (room_id, at) = (mix_param.room_id.clone(), utc(now));
        Self {
            job_id: job_id.to_owned(),
            job_unique_id: unique_id.to_owned(),
            app_id: app_id.to_owned(),
            stream_name: format!("m_{job_id}_{room_id}"),
            room_id,
            mix_param,
            push_param: PushParam::default(),
            record_param,
            create_time: at.clone(),
            update_time: at.clone(),
            start_time: at,
            stop_time: NEVER.to_owned(),
            state: JobState::Init,
            stop_reason: None,
            description: String::new(),
        }
    }

    /// Another layout.
    pub fn lay_out(&mut self, layout: LayoutParam, now: i64) {
        self.mix_param.layout = layout;
        self.update_time = utc(now);
    }

    /// It stands so now. What has stopped stays so.
    pub fn stands(&mut self, state: JobState, now: i64) {
        if self.state != JobState::Stopped && self.state != state {
            self.state = state;
            self.update_time = utc(now);
        }
    }

    /// It is over; the first reason stays.
    pub fn end(&mut self, reason: JobEnd, description: String, now: i64) {
        if self.state == JobState::Stopped {
            return;
        }
        let at = utc(now);
        (self.state, self.stop_reason, self.description) = (JobState::Stopped, Some(reason), description);
        (self.update_time, self.stop_time) = (at.clone(), at);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sample() -> Value {
        json!({
            "mix_param": { "room_id": "room001", "encode_template": "1920x1080_30_4620", "max_idle_time": 30,
                "layout_template": "nine_grids_view" },
            "record_param": { "record_rule_id": "5d0ec2c53a2c15625017adb8bbbcd9ab" }
        })
    }

    fn asked(body: &Value) -> Result<(NewJob, Scene), ApiError> {
        let job: NewJob = crate::read(body.to_string().as_bytes())?;
        let (_, scene, _) = job.check()?;
        Ok((job, scene))
    }

    #[test]
    fn the_documents_sample_is_answered_as_there() {
        let (job, scene) = asked(&sample()).unwrap();
        assert_eq!(scene, Scene::default());
        let id = "607f9fc100d861eeefff9b300b388dab";
        let job = Job::new("5ff9701f2346968bb306cb43", id, "87b1f2b8da9c44cd", job, 1_619_005_652);
        let expected = json!({
            "app_id": "5ff9701f2346968bb306cb43", "create_time": "2021-04-21T11:47:32Z", "job_id": id,
            "job_unique_id": "87b1f2b8da9c44cd", "mix_param": sample()["mix_param"], "push_param": { "rtmp_urls": null },
            "record_param": sample()["record_param"], "room_id": "room001", "start_time": "2021-04-21T11:47:32Z",
            "state": "INIT", "stop_time": "0001-01-01T00:00:00Z", "stream_name": format!("m_{id}_room001"),
            "update_time": "2021-04-21T11:47:32Z"
        });
        assert_eq!(serde_json::to_value(&job).unwrap(), expected);
        assert_eq!(serde_json::from_value::<Job>(expected).unwrap(), job, "it is kept as it is shown");
    }

    #[test]
    fn a_job_ends_once() {
        let mut job = Job::new("a", "j", "u", asked(&sample()).unwrap().0, 0);
        job.stands(JobState::Running, 5);
        job.end(JobEnd::ExceedMaxIdleTime, String::new(), 9);
        job.end(JobEnd::InternalError, "late".into(), 10);
        job.stands(JobState::Running, 11);
        let shown = serde_json::to_value(&job).unwrap();
        assert_eq!((&shown["state"], &shown["stop_reason"]), (&json!("STOPPED"), &json!("EXCEED_MAX_IDLE_TIME")));
        assert_eq!((&shown["stop_time"], &shown["update_time"]), (&json!(utc(9)), &json!(utc(9))));
    }

    #[test]
    fn what_there_cannot_be_has_its_code() {
        let pane = json!({ "id": 1, "user_id": "u", "x": 0.0, "y": 0.0, "width": 0.5, "height": 1.0 });
        let changed = |changes: &[(&str, Value)]| {
            let mut body = sample();
            let mix = body["mix_param"].as_object_mut().expect("an object");
            for (key, value) in changes {
                mix.insert((*key).into(), value.clone());
            }
            asked(&body).map(|(_, scene)| scene.layout).map_err(|why| why.code.text())
        };
        let long = "r".repeat(65);
        for (key, value, code) in [
            ("room_id", json!(""), "RTC.00001003"),
            ("room_id", json!("../room"), "RTC.00001003"),
            ("room_id", json!(long), "RTC.00001003"),
            ("room_id", json!(null), "RTC.00001003"),
            ("encode_template", json!("1920x1080_30_4621"), "RTC.00001003"),
            ("encode_template", json!(7), "RTC.00001003"),
            ("max_idle_time", json!(4), "RTC.00001003"),
            ("max_idle_time", json!(43_201), "RTC.00001003"),
            ("max_idle_time", json!("30"), "RTC.00001003"),
            ("max_idle_time", json!(-30), "RTC.00001003"),
            ("layout_template", json!("ten_grids_view"), "RTC.00001010"),
            ("layout_template", json!("custom"), "RTC.00001004"),
            ("layout_template", json!(null), "RTC.00001005"),
            ("layout_panes", json!({}), "RTC.00001003"),
            ("background_image", json!("s3://bucket/../x"), "RTC.00001003"),
            ("background_image", json!("http://inside/x.png"), "RTC.00001003"),
        ] {
            assert_eq!(changed(&[(key, value.clone())]), Err(code), "{key} = {value}");
        }
        let custom = |pane: Value| changed(&[("layout_template", json!("custom")), ("layout_panes", json!([pane]))]);
        assert!(matches!(custom(pane.clone()), Ok(Layout::Custom(panes)) if panes.len() == 1));
        let with = |key: &str, value: Value| {
            let mut pane = pane.clone();
            pane[key] = value;
            custom(pane)
        };
        for (key, value, code) in [
            ("x", json!(null), "RTC.00001005"),
            ("x", json!(0.6), "RTC.00001003"),
            ("id", json!(0), "RTC.00001003"),
            ("zorder", json!(25), "RTC.00001003"),
            ("crop_mode", json!("STRETCH"), "RTC.00001003"),
            ("video_type", json!("camerastream"), "RTC.00001003"),
            ("user_id", json!("a/b"), "RTC.00001003"),
        ] {
            assert_eq!(with(key, value.clone()), Err(code), "{key} = {value}");
        }
        let share = [("layout_template", json!("screen_share_left")), ("layout_panes", json!([{ "id": 1, "user_id": "u" }]))];
        let big = Some((Some("u".to_owned()), Video::Camera));
        assert_eq!(changed(&share), Ok(Layout::ScreenShare { side: Side::Left, big }));
        let mut audio = sample();
        audio["mix_param"] = json!({ "room_id": "r", "encode_template": "audio_only" });
        assert!(asked(&audio).is_ok(), "nothing is laid out");
    }
}
