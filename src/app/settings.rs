//! The configuration's thread: what is set by command is checked and kept there, because a disk may take its time, and rolled back
//! there, whatever the rest of the daemon is doing. What happens when is for [`Settings`] to say.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;

use tokio::sync::watch;
use wire::{Code, Refusal, config as w};

use super::clock::now;
use crate::config::{self, Edit, Loaded, SetError, Settings};
use crate::control::{ConfigAct, Failure, Outcome};

/// What waits for the thread at most.
const MESSAGES: usize = 64;

/// Takes what came of an act.
pub type Answer = Box<dyn FnOnce(Outcome) + Send>;

/// What came of reading the layers again: the keys that have other values now, or what is wrong.
pub type ReadAgain = Result<Vec<String>, String>;

enum Message {
    Act(ConfigAct, Answer),
    RollBack(&'static str, SyncSender<bool>),
    ReadAgain(Box<dyn FnOnce(ReadAgain) + Send>),
}

/// The handle of the thread, which ends when this is dropped.
pub struct SettingsThread {
    messages: Option<SyncSender<Message>>,
    wanted: watch::Receiver<Arc<Loaded>>,
    thread: Option<JoinHandle<()>>,
}

impl SettingsThread {
    /// Starts the thread, and says what happened to the settings since they were last in use.
    ///
    /// # Errors
    /// No thread.
    pub fn start(settings: Settings) -> std::io::Result<Self> {
        if let Some(why) = settings.rolled_back() {
            tracing::warn!("configuration: {why}");
        }
        if let Some(why) = settings.set_aside() {
            tracing::error!(
                "configuration: what was set by command is not in force: {why}; `artc-edge call config.reset` begins anew"
            );
        }
        let (messages, inbox) = sync_channel(MESSAGES);
        let (publish, wanted) = watch::channel(Arc::clone(settings.in_force()));
        let worker = Worker { settings, inbox, publish };
        let thread = std::thread::Builder::new().name("settings".into()).spawn(move || worker.run())?;
        Ok(Self { messages: Some(messages), wanted, thread: Some(thread) })
    }

    /// The configuration that is to be in force, from now on.
    pub fn wanted(&self) -> watch::Receiver<Arc<Loaded>> {
        let mut wanted = self.wanted.clone();
        wanted.mark_unchanged();
        wanted
    }

    /// Has `act` done; `answer` is called from the thread. False when too much waits already.
    pub fn act(&self, act: ConfigAct, answer: Answer) -> bool {
        self.messages.as_ref().is_some_and(|messages| messages.try_send(Message::Act(act, answer)).is_ok())
    }

    /// Has all layers read again; `answer` is called from the thread. False when too much waits already.
    pub fn read_again(&self, answer: impl FnOnce(ReadAgain) + Send + 'static) -> bool {
        self.messages.as_ref().is_some_and(|messages| messages.try_send(Message::ReadAgain(Box::new(answer))).is_ok())
    }

    /// Rolls back what is on trial; false when nothing is. Waits for it.
    pub fn roll_back(&self, why: &'static str) -> bool {
        let (done, answer) = sync_channel(1);
        let sent = self.messages.as_ref().is_some_and(|messages| messages.send(Message::RollBack(why, done)).is_ok());
        sent && answer.recv() == Ok(true)
    }
}

impl Drop for SettingsThread {
    fn drop(&mut self) {
        self.messages = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook; the files are whole whatever happens.
            let _ = thread.join();
        }
    }
}

struct Worker {
    settings: Settings,
    inbox: Receiver<Message>,
    publish: watch::Sender<Arc<Loaded>>,
}

impl Worker {
    fn run(mut self) {
        loop {
            let next = match self.settings.deadline() {
                Some(until) => self.inbox.recv_timeout(until.saturating_sub(now())),
                None => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match next {
                Ok(Message::Act(act, answer)) => {
                    let outcome = self.act(act).unwrap_or_else(|why| Outcome::Failed(failure(&why)));
                    self.publish();
                    answer(outcome);
                }
                Ok(Message::RollBack(why, done)) => {
                    let rolled_back = self.settings.roll_back(why).is_some();
                    self.publish();
                    // Who asked has gone: nobody to tell.
                    let _ = done.send(rolled_back);
                }
                Ok(Message::ReadAgain(answer)) => {
                    let what = self.settings.read_again().map_err(|why| headlines(&why));
                    self.publish();
                    answer(what);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(keys) = self.settings.expire(now()) {
                        tracing::warn!(name: "configuration_rolled_back", "configuration: the change of {} was rolled back: not confirmed in time", keys.join(", "));
                        self.publish();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn publish(&self) {
        let in_force = self.settings.in_force();
        self.publish.send_if_modified(|wanted| {
            let other = !Arc::ptr_eq(wanted, in_force);
            if other {
                *wanted = Arc::clone(in_force);
            }
            other
        });
    }

    fn act(&mut self, act: ConfigAct) -> Result<Outcome, SetError> {
        match act {
            ConfigAct::Get(keys) => Ok(Outcome::Settings(Box::new(self.told(keys.as_deref())))),
            ConfigAct::Set { values, trial } => self.edit(&Edit::Set(values), trial),
            ConfigAct::Reset { keys: None, keep_control: true, trial } => self.edit(&Edit::ResetAllBut("control"), trial),
            ConfigAct::Reset { keys, trial, .. } => self.edit(&Edit::Reset(keys), trial),
            ConfigAct::Confirm => self.settings.confirm().map(|()| Outcome::Done),
            ConfigAct::RollBack => match self.settings.roll_back("a command asked for it") {
                Some(_) => Ok(Outcome::Done),
                None => Err(SetError::NoTrial(self.settings.rolled_back().map(str::to_owned))),
            },
        }
    }

    fn edit(&mut self, edit: &Edit, trial: Option<std::time::Duration>) -> Result<Outcome, SetError> {
        let config::Changed { keys, overruled, applies } = self.settings.edit(edit, trial, now())?;
        Ok(Outcome::Changed(Box::new(w::Changed {
            keys,
            overruled: overruled.into_iter().map(|(key, by)| w::Overruled { key, by }).collect(),
            applies: on_the_wire(applies),
            trial: self.trial(),
        })))
    }

    fn trial(&self) -> Option<w::Trial> {
        let trial = self.settings.trial(now())?;
        Some(w::Trial { keys: trial.keys, left_s: u32::try_from(trial.left.as_millis().div_ceil(1000)).unwrap_or(u32::MAX) })
    }

    fn told(&self, keys: Option<&[String]>) -> w::Settings {
        let below =
            |key: &str, wanted: &str| key.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let asked = |key: &str| keys.is_none_or(|keys| keys.iter().any(|wanted| below(key, wanted)));
        let settings = self.settings.in_force().settings().into_iter().filter(|setting| asked(&setting.key));
        w::Settings {
            settings: settings
                .map(|setting| w::Setting {
                    applies: on_the_wire(config::applies(&setting.key)),
                    key: setting.key,
                    value: setting.value,
                    layer: setting.layer,
                    source: setting.source,
                    line: setting.line.and_then(|line| u32::try_from(line).ok()),
                })
                .collect(),
            trial: self.trial(),
            rolled_back: self.settings.rolled_back().map(str::to_owned),
            set_aside: self.settings.set_aside().map(headlines),
        }
    }
}

fn headlines(why: &config::ConfigError) -> String {
    why.problems.iter().map(config::Problem::headline).collect::<Vec<_>>().join("; ")
}

fn on_the_wire(applies: config::Applies) -> w::Applies {
    match applies {
        config::Applies::Live => w::Applies::Live,
        config::Applies::Restart => w::Applies::Restart,
        config::Applies::NextStart => w::Applies::NextStart,
        config::Applies::OnDevice => w::Applies::OnDevice,
    }
}

fn failure(why: &SetError) -> Failure {
    match why {
        SetError::Edit(_) | SetError::Invalid(_) => {
            let suggestion = why.suggestion().map(str::to_owned);
            Failure::Refused(Box::new(Refusal { suggestion, ..Refusal::new(Code::InvalidParams, why.to_string()) }))
        }
        SetError::OnTrial { .. } | SetError::NoTrial(_) | SetError::NoLayer => Failure::NotAvailable(why.to_string()),
        SetError::Disk { .. } => Failure::Device(why.to_string()),
    }
}
