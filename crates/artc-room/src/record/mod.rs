//! Recording jobs: begun, changed, ended, kept, and gone on with after a restart; what becomes of them goes to the callbacks.
//!
//! Who records is [`mixing::Recorders`]; what may be asked for is `record-api`'s; over which path it is asked is `http/record.rs`'s.

pub(crate) mod config;
pub(crate) mod egress;
pub(crate) mod outbox;
pub(crate) mod recorders;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use app_state::{State, StateError};
use mixing::{Event, Events, JobSpec, Recorders, StartError, UpdateError};
use outbox::Outbox;
use record_api::callback::Notice;
use record_api::job::{Job, JobEnd, JobState, JobUpdate, NewJob};
use record_api::rule::Rule;
use record_api::{ApiError, Code};
use room::token::VideoGrant;
use tokio::sync::Notify;

use crate::clock;
use crate::config::TokenRule;
use crate::sign::{Pass, Signer};

/// The user that records; the job's id follows.
const USER: &str = "recorder-";

/// What jobs need.
pub(crate) struct Parts {
    pub state: State,
    pub signer: Arc<Signer>,
    pub outbox: Outbox,
    pub recorders: Option<Arc<dyn Recorders>>,
    /// Jobs at once.
    pub most: u32,
    /// The one bucket that rules may name, where it is one that recordings go to.
    pub bucket: Option<String>,
}

/// All jobs.
pub(crate) struct Jobs {
    parts: Parts,
    running: Mutex<BTreeMap<String, Arc<dyn mixing::Job>>>,
    /// The process is about to end: recordings that end now go on in the next one.
    suspended: AtomicBool,
    /// Jobs, ended or not, of which something may still be told; and who waits for there to be none.
    listening: AtomicUsize,
    heard_all: Notify,
    /// Who reads a job to write it back holds this meanwhile.
    turn: tokio::sync::Mutex<()>,
}

fn internal(why: impl std::fmt::Display) -> ApiError {
    tracing::error!("a request for a recording fails: {why}");
    ApiError::new(Code::InternalError, "it failed here; see the server's log")
}

impl From<StateErrorOf> for ApiError {
    fn from(why: StateErrorOf) -> Self {
        internal(why.0)
    }
}

/// So that `?` makes an answer of it.
pub(crate) struct StateErrorOf(pub StateError);

impl Jobs {
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            parts,
            running: Mutex::default(),
            suspended: AtomicBool::new(false),
            listening: AtomicUsize::new(0),
            heard_all: Notify::new(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<dyn mixing::Job>>> {
        // The map is whole after every statement.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where callbacks wait.
    pub fn outbox(&self) -> &Outbox {
        &self.parts.outbox
    }

    /// A rule of an app.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn rule(&self, app_id: &str, rule_id: &str) -> Result<Option<Rule>, ApiError> {
        let rules = self.parts.state.rules(app_id.to_owned()).await.map_err(StateErrorOf)?;
        let found = rules.into_iter().find(|rule| rule.rule_id == rule_id);
        found.map(|rule| serde_json::from_str(&rule.body).map_err(internal)).transpose()
    }

    /// Whether recordings can go where a rule says.
    ///
    /// # Errors
    /// It names another bucket than the one that they go to.
    pub fn check_bucket(&self, rule: &Rule) -> Result<(), ApiError> {
        match &self.parts.bucket {
            Some(own) if *own != rule.obs_addr.bucket => {
                Err(ApiError::invalid("obs_addr.bucket", &format!("{own}, where recordings of this server go")))
            }
            _ => Ok(()),
        }
    }

    /// Begins a job.
    ///
    /// # Errors
    /// What there cannot be, with its documented code.
    pub async fn begin(self: &Arc<Self>, app_id: &str, asked: NewJob) -> Result<Job, ApiError> {
        asked.check()?;
        let rule_id = asked.record_param.record_rule_id.clone();
        let rule = self.rule(app_id, &rule_id).await?.ok_or_else(|| ApiError::not_found("record rule"))?;
        let (id, unique) = (format!("{:032x}", rand::random::<u128>()), unique_id(app_id, &asked.mix_param.room_id));
        let job = Job::new(app_id, &id, &unique, asked, clock::seconds());
        let kept = app_state::Job {
            job_id: id.clone(),
            app_id: app_id.to_owned(),
            room_id: job.room_id.clone(),
            running: true,
            body: serde_json::to_string(&job).map_err(internal)?,
            made: clock::seconds(),
        };
        // It is kept before it begins, so that two at once do not both begin.
        match self.parts.state.make_job(kept, self.parts.most).await.map_err(StateErrorOf)? {
            Ok(()) => {}
            Err(true) => return Err(ApiError::new(Code::JobRunning, "this room is being recorded for this app")),
            Err(false) => return Err(ApiError::new(Code::JobExceed, format!("{} jobs run, as many as may", self.parts.most))),
        }
        match self.start(job.clone(), rule) {
            Ok(()) => Ok(job),
            Err(why) => {
                let mut failed = job;
                failed.end(JobEnd::InternalError, why.message.clone(), clock::seconds());
                self.keep(&failed).await;
                Err(why)
            }
        }
    }

    /// Has the recorder do it, and listens to what becomes of it.
    fn start(self: &Arc<Self>, job: Job, rule: Rule) -> Result<(), ApiError> {
        let nowhere = || internal("`[record]` names neither `folder` nor `bucket`, so nothing is recorded");
        let recorders = self.parts.recorders.as_ref().ok_or_else(nowhere)?;
        self.check_bucket(&rule)?;
        let spec = self.spec(&job, &rule)?;
        let (handle, events) = recorders.start(spec).map_err(|why| match why {
            StartError::Spec(why) => ApiError::new(Code::InvalidParameterValue, why.to_string()),
            StartError::Running(_) => ApiError::new(Code::JobRunning, "it is running"),
            StartError::TooMany(most) => ApiError::new(Code::JobExceed, format!("{most} jobs run, as many as may")),
            other => internal(other),
        })?;
        self.running().insert(job.job_id.clone(), Arc::from(handle));
        self.listen(job, rule, events);
        Ok(())
    }

    fn spec(&self, job: &Job, rule: &Rule) -> Result<JobSpec, ApiError> {
        let asked = NewJob { mix_param: job.mix_param.clone(), record_param: job.record_param.clone() };
        let (template, scene, idle) = asked.check()?;
        let user_id = format!("{USER}{}", job.job_id);
        let grant = VideoGrant { hidden: true, recorder: true, can_publish: Some(false), ..VideoGrant::join(&job.room_id) };
        let pass = Pass { grant, ..Pass::usual(&job.room_id, &user_id) };
        let signed = self.parts.signer.sign_by(TokenRule::LiveKit, None, pass, clock::now()).map_err(internal)?;
        let token = artc_bindings::Secret::new(signed.token.expose());
        let files = rule.files(&job.stream_name);
        let (id, channel) = (job.job_id.clone(), job.room_id.clone());
        Ok(JobSpec { id, channel, user_id, token, template, scene, files, idle })
    }

    fn listen(self: &Arc<Self>, mut job: Job, rule: Rule, mut events: Events) {
        let jobs = Arc::clone(self);
        self.listening.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                let _turn = jobs.turn.lock().await;
                // Layouts change meanwhile.
                if let Ok(Some(kept)) = jobs.job(&job.app_id, &job.job_id).await {
                    job = kept;
                }
                jobs.heard(&mut job, &rule, event).await;
            }
            jobs.running().remove(&job.job_id);
            jobs.listening.fetch_sub(1, Ordering::AcqRel);
            jobs.heard_all.notify_one();
        });
    }

    async fn heard(&self, job: &mut Job, rule: &Rule, event: Event) {
        let now = clock::seconds();
        match event {
            Event::Joined => {
                job.stands(JobState::Running, now);
                self.keep(job).await;
            }
            Event::FileBegan(file) => self.parts.outbox.put(&Notice::began(job, &file)).await,
            Event::FileFinished(file) => self.parts.outbox.put(&Notice::finished(job, rule, &file)).await,
            Event::StoreRefuses { detail } => tracing::warn!(job = job.job_id, "the store refuses: {detail}"),
            Event::StoreTakes => tracing::info!(job = job.job_id, "the store takes files again"),
            Event::Ended { reason, detail } => {
                let goes_on = self.suspended.load(Ordering::Acquire) && job.state != JobState::Stopped;
                if !goes_on {
                    job.end(reason.into(), detail.clone(), now);
                    self.keep(job).await;
                }
                self.running().remove(&job.job_id);
                if !goes_on {
                    self.parts.outbox.put(&Notice::over(job, &detail)).await;
                }
            }
            _ => {}
        }
        metrics::gauge!("artc_server_jobs").set(self.running().len() as f64);
    }

    async fn keep(&self, job: &Job) {
        let body = serde_json::to_string(job).unwrap_or_default();
        if let Err(why) = self.parts.state.change_job(job.job_id.clone(), job.state != JobState::Stopped, body).await {
            tracing::error!(job = job.job_id, "how a job stands is not kept: {why}");
        }
    }

    /// A job as it stands.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn job(&self, app_id: &str, job_id: &str) -> Result<Option<Job>, ApiError> {
        let found = self.parts.state.job(app_id.to_owned(), job_id.to_owned()).await.map_err(StateErrorOf)?;
        found.map(|job| serde_json::from_str(&job.body).map_err(internal)).transpose()
    }

    async fn of(&self, app_id: &str, job_id: &str) -> Result<(Job, Arc<dyn mixing::Job>), ApiError> {
        let job = self.job(app_id, job_id).await?.ok_or_else(|| ApiError::not_found("job"))?;
        let handle = self.running().get(job_id).cloned();
        match handle.filter(|_| job.state != JobState::Stopped) {
            Some(handle) => Ok((job, handle)),
            None => Err(ApiError::new(Code::JobDone, "the job is over")),
        }
    }

    /// Gives a job another layout.
    ///
    /// # Errors
    /// There is no such job, it is over, or it cannot look so.
    pub async fn update(&self, app_id: &str, job_id: &str, update: JobUpdate) -> Result<Job, ApiError> {
        let _turn = self.turn.lock().await;
        let (mut job, handle) = self.of(app_id, job_id).await?;
        let scene = update.mix_param.scene()?;
        handle.update(scene).map_err(|why| {
            let code = match why {
                UpdateError::NotCustom => Code::InvalidParameterCombination,
                UpdateError::Over => Code::JobDone,
                _ => Code::InvalidParameterValue,
            };
            ApiError::new(code, why.to_string())
        })?;
        job.lay_out(update.mix_param, clock::seconds());
        self.keep(&job).await;
        Ok(job)
    }

    /// Ends a job.
    ///
    /// # Errors
    /// There is no such job, or it is over.
    pub async fn stop(&self, app_id: &str, job_id: &str) -> Result<(), ApiError> {
        let _turn = self.turn.lock().await;
        let (mut job, handle) = self.of(app_id, job_id).await?;
        handle.stop();
        // As it was asked for; what the recorder says of the end later does not change it.
        job.end(JobEnd::TenantStop, String::new(), clock::seconds());
        self.keep(&job).await;
        Ok(())
    }

    /// Ends the files of all jobs, because the process is about to end; the next one goes on with the jobs. Returns when they are where they
    /// belong and what is told of them is kept: a file that is in its place is told of by no later process.
    pub async fn suspend(&self) {
        self.suspended.store(true, Ordering::Release);
        self.running().values().for_each(|job| job.stop());
        while self.listening.load(Ordering::Acquire) > 0 {
            self.heard_all.notified().await;
        }
    }

    /// Goes on with the jobs of the process before, and stores what others left behind.
    pub async fn go_on(self: &Arc<Self>) {
        let Some(recorders) = self.parts.recorders.clone() else { return };
        let kept = match self.parts.state.running_jobs().await {
            Ok(kept) => kept,
            Err(why) => return tracing::error!("jobs of before are not known: {why}"),
        };
        for kept in kept {
            let Ok(mut job) = serde_json::from_str::<Job>(&kept.body) else {
                tracing::error!(job = kept.job_id, "a job of before is not understood");
                continue;
            };
            let gone_on = match self.rule(&job.app_id, &job.record_param.record_rule_id).await {
                Ok(Some(rule)) => self.start(job.clone(), rule),
                Ok(None) => Err(ApiError::not_found("record rule")),
                Err(why) => Err(why),
            };
            match gone_on {
                Ok(()) => tracing::info!(job = job.job_id, "a job of before goes on"),
                Err(why) => {
                    tracing::error!(job = job.job_id, "a job of before cannot go on: {}", why.message);
                    job.end(JobEnd::InternalError, why.message.clone(), clock::seconds());
                    self.keep(&job).await;
                    self.parts.outbox.put(&Notice::over(&job, &why.message)).await;
                }
            }
        }
        for id in recorders.left() {
            if self.running().contains_key(&id) {
                continue;
            }
            match recorders.recover(&id) {
                Ok(events) => self.listen_to_left(id, events),
                Err(why) => tracing::error!(job = id, "files of a job are left behind: {why}"),
            }
        }
    }

    /// What is told of files of a job that is over.
    fn listen_to_left(self: &Arc<Self>, id: String, mut events: Events) {
        let jobs = Arc::clone(self);
        tokio::spawn(async move {
            let Ok(Some(kept)) = jobs.parts.state.job_of_any(id.clone()).await else { return };
            let Ok(mut job) = serde_json::from_str::<Job>(&kept.body) else { return };
            let Ok(Some(rule)) = jobs.rule(&job.app_id, &job.record_param.record_rule_id).await else { return };
            while let Some(event) = events.recv().await {
                jobs.heard(&mut job, &rule, event).await;
            }
        });
    }
}

/// The same for the same room of the same app: such jobs do not run at once.
fn unique_id(app_id: &str, room_id: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{app_id}/{room_id}").as_bytes());
    digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
