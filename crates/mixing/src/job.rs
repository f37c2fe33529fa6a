//! A job as whoever asks for it meets it: what is recorded, how it is steered, and what it tells.

use std::time::{Duration, SystemTime};

use artc_bindings::Secret;
use tokio::sync::mpsc;

use crate::files::{BadFiles, Files, Format};
use crate::layout::{BadLayout, Scene};
use crate::template::Template;

/// Longest ids, as of channels and users.
const MOST_ID: usize = 64;

/// What is recorded, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct JobSpec {
    /// What the job is called, also after a restart: 1 to 64 of A-Z a-z 0-9 `_` `-`. The folder of its files is called so.
    pub id: String,
    /// The channel that is recorded.
    pub channel: String,
    /// As whom the recorder joins it.
    pub user_id: String,
    /// The join token of that user: may subscribe, needs to publish nothing, and is better hidden.
    pub token: Secret,
    /// How it is encoded.
    pub template: Template,
    /// Who is where. Without pictures it does not matter.
    pub scene: Scene,
    /// Where it goes.
    pub files: Files,
    /// The job ends by itself when nobody has published for so long (`max_idle_time`).
    pub idle: Duration,
}

/// Why there is no such job.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSpec {
    /// Not a job's id.
    #[error("job id {0:?} is not 1 to {MOST_ID} characters of A-Z a-z 0-9 _ -")]
    Id(String),
    /// A channel or user without a name.
    #[error("no {0}")]
    Missing(&'static str),
    /// See [`Scene::check`].
    #[error(transparent)]
    Layout(#[from] BadLayout),
    /// See [`Files::check`].
    #[error(transparent)]
    Files(#[from] BadFiles),
    /// A time at which every job would end at once.
    #[error("an idle time of 0 s would end the job before anybody comes")]
    Idle,
}

impl JobSpec {
    /// Whether it can be done, as far as can be told without trying.
    pub fn check(&self) -> Result<(), BadSpec> {
        if !is_id(&self.id) {
            return Err(BadSpec::Id(self.id.chars().take(MOST_ID).collect()));
        }
        for (what, text) in [("channel", &self.channel), ("user id", &self.user_id)] {
            if text.is_empty() {
                return Err(BadSpec::Missing(what));
            }
        }
        if self.idle.is_zero() {
            return Err(BadSpec::Idle);
        }
        self.scene.check()?;
        Ok(self.files.check()?)
    }
}

/// Whether a job, and so the folder of its files, can be called so.
pub(crate) fn is_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !id.is_empty() && id.len() <= MOST_ID && id.chars().all(plain)
}

/// Where jobs run. The server is written and tested against this; `artc-room` brings the real one.
pub trait Recorders: Send + Sync {
    /// Begins a job; answers at once, the join and all that follows are told by the events. What an earlier run of the same id left
    /// behind is mended and stored first, as [`Event::FileFinished`] of the old files.
    fn start(&self, spec: JobSpec) -> Result<(Box<dyn Job>, Events), StartError>;

    /// The ids of jobs that are not running and whose files are not all in the store: cut off or refused before. Each can be given to
    /// [`Recorders::start`] again, or, where the job is over, to [`Recorders::recover`].
    fn left(&self) -> Vec<String>;

    /// Mends and stores what a job left behind that does not go on. The events end when all is in the store.
    fn recover(&self, id: &str) -> Result<Events, StartError>;
}

/// A job that runs. Dropping it stops it as [`Job::stop`] does.
pub trait Job: Send + Sync {
    /// Another layout, from the next picture on. Only from one custom layout to another (the documented rule).
    fn update(&self, scene: Scene) -> Result<(), UpdateError>;

    /// Ends the recording: files are ended and stored, which the events tell. A second call does nothing.
    fn stop(&self);

    /// How it stands.
    fn state(&self) -> State;
}

/// What a job tells, in order. Ends (`None`) when the job is over and every file is in the store, or the process ends.
pub type Events = mpsc::Receiver<Event>;

/// How a job stands; the documented names are `INIT`, `RUNNING`, `STOPPED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not in the channel yet.
    Init,
    /// In the channel.
    Running,
    /// Over; files may still be on their way into the store.
    Stopped,
}

/// Why a job is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// `TENANT_STOP`: [`Job::stop`].
    Stopped,
    /// `EXCEED_MAX_IDLE_TIME`.
    Idle,
    /// `INTERNAL_ERROR`: it could not join, was thrown out, or could not write.
    Failed,
}

/// What becomes of a job.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// It is in the channel. Again after the connection was lost for so long that it had to join anew.
    Joined,
    /// A file began (`RECORD_NEW_FILE_START`).
    FileBegan(FileBegan),
    /// A file has ended and is in the store, whole (`RECORD_FILE_COMPLETE`). May come after [`Event::Ended`].
    FileFinished(FileFinished),
    /// The store refuses; the files stay where they were written, and it is tried again until it takes them. Told when the cause changes.
    StoreRefuses {
        /// In our words: bucket full, gone, not ours, not reachable; without secrets.
        detail: String,
    },
    /// The store takes files again.
    StoreTakes,
    /// The recording is over.
    Ended {
        /// Why.
        reason: StopReason,
        /// What failed, in our words; empty where nothing did.
        detail: String,
    },
}

/// A file that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileBegan {
    /// What it is.
    pub format: Format,
    /// Its name in the bucket: of the MP4 file, or of the playlist.
    pub object: String,
    /// When.
    pub began: SystemTime,
}

/// A file that is in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFinished {
    /// What it is.
    pub format: Format,
    /// Its name in the bucket: of the MP4 file, or of the playlist.
    pub object: String,
    /// Where it is: `s3://BUCKET/OBJECT`, or `file:///FOLDER/OBJECT`.
    pub url: String,
    /// When its first picture or sound was there.
    pub began: SystemTime,
    /// How long it lasts.
    pub duration: Duration,
    /// Bytes, of HLS with all segments.
    pub bytes: u64,
    /// Pixels in a row; 0 without pictures.
    pub width: u32,
    /// Rows; 0 without pictures.
    pub height: u32,
    /// The recorder was killed while it wrote, and the file was mended.
    pub mended: bool,
}

/// Why a job does not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Something of it cannot be.
    #[error(transparent)]
    Spec(#[from] BadSpec),
    /// It runs.
    #[error("job {0} is running")]
    Running(String),
    /// So many run as may.
    #[error("{0} jobs are running, more are not allowed here")]
    TooMany(usize),
    /// The machine refuses.
    #[error("job {id} cannot {step}")]
    Machine {
        /// The job.
        id: String,
        /// What was being done.
        step: &'static str,
        /// What the machine said.
        source: std::io::Error,
    },
}

/// Why a layout stays as it is.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// Something of it cannot be.
    #[error(transparent)]
    Layout(#[from] BadLayout),
    /// Neither old nor new may be a template that lays itself out.
    #[error("a layout can only be changed from custom to custom")]
    NotCustom,
    /// The job is over.
    #[error("the job is over")]
    Over,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Mp4;

    fn spec() -> JobSpec {
        JobSpec {
            id: "607f9fc100d861eeefff9b300b388dab".into(),
            channel: "room001".into(),
            user_id: "recorder".into(),
            token: Secret::from("a token".to_owned()),
            template: Template::AudioOnly,
            scene: Scene::default(),
            files: Files { mp4: Some(Mp4 { prefix: "a".into(), cycle: Duration::ZERO }), hls: None },
            idle: Duration::from_secs(30),
        }
    }

    #[test]
    fn an_id_is_the_name_of_a_folder_and_nothing_else_is() {
        assert_eq!(spec().check(), Ok(()));
        for bad in ["", "..", "a/b", "a b", "é", &"a".repeat(65)] {
            assert!(matches!(JobSpec { id: bad.into(), ..spec() }.check(), Err(BadSpec::Id(_))), "{bad:?}");
        }
        assert_eq!(JobSpec { channel: String::new(), ..spec() }.check(), Err(BadSpec::Missing("channel")));
        assert_eq!(JobSpec { idle: Duration::ZERO, ..spec() }.check(), Err(BadSpec::Idle));
        assert!(!format!("{:?}", spec()).contains("a token"));
    }
}
