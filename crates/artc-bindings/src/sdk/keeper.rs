//! The thread that keeps a child: starts it, brings what it tells to the queue, and starts it again when it dies.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::events;
use super::link::{MAX_PACKET, Packet, gone, packet};
use super::look::{self, Found};
use super::mirror::{Mirror, Phase};
use super::options::Options;
use super::process::{Process, Ways};
use super::push::Kind;
use super::said::Said;
use crate::error::{CreateError, ErrorCode, WarningCode};
use crate::event::Event;
use crate::queue::EventQueue;

/// How long the SDK may take to load and to make its engine.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// How often a silent child is asked whether it lives,
const SILENCE: Duration = Duration::from_secs(5);
/// and how often in a row it may stay silent.
const SILENCES: u32 = 4;
/// The first pause before a child is started again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a released child may take to leave its channel.
const RELEASE_WITHIN: Duration = Duration::from_millis(700);

/// What the engine and its thread share.
#[derive(Debug)]
pub(super) struct Shared {
    pub options: Options,
    pub queue: Arc<EventQueue>,
    pub said: Arc<Said>,
    found: Found,
    inner: Mutex<Inner>,
    changed: Condvar,
}

/// What changes.
#[derive(Debug)]
pub(super) struct Inner {
    pub mirror: Mirror,
    /// The ways to the child while it lives and its SDK is ready.
    pub ways: Option<Arc<Ways>>,
    /// What came of the first start.
    first: Option<Result<(), CreateError>>,
    /// The thread has ended.
    ended: bool,
}

/// How a child ended.
struct End {
    /// It had been ready.
    ready: bool,
    why: CreateError,
}

impl Shared {
    /// Starts the thread, and waits until the SDK is ready.
    pub fn start(options: Options) -> Result<Arc<Self>, CreateError> {
        let found = look::find(&options.path)?;
        let inner = Inner { mirror: Mirror::new(), ways: None, first: None, ended: false };
        let (queue, said) = (Arc::default(), Arc::default());
        let shared = Arc::new(Self { options, queue, said, found, inner: Mutex::new(inner), changed: Condvar::new() });
        let keeper = Arc::clone(&shared);
        thread::Builder::new()
            .name("sdk keeper".into())
            .spawn(move || keeper.keep())
            .map_err(|source| CreateError::Environment { what: "a thread for the SDK's process".into(), source })?;
        let mut inner = shared.wait(READY_WITHIN + SILENCE, |inner| inner.first.is_none());
        match inner.first.take() {
            Some(Ok(())) => {
                drop(inner);
                Ok(shared)
            }
            Some(Err(why)) => Err(why),
            None => {
                inner.mirror.released = true;
                Err(unready(&shared.options.path, io::Error::from(io::ErrorKind::TimedOut)))
            }
        }
    }

    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits at most `patience` while `going`.
    fn wait(&self, patience: Duration, going: impl Fn(&Inner) -> bool) -> MutexGuard<'_, Inner> {
        let waited = self.changed.wait_timeout_while(self.lock(), patience, |inner| going(inner));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Ends the engine: the SDK may take a moment to leave its channel.
    pub fn release(&self) {
        {
            let mut inner = self.lock();
            if inner.mirror.released {
                return;
            }
            inner.mirror.released = true;
            self.queue.close();
            if let Some(ways) = &inner.ways
                && ways.link.send(&packet("Release", &json!([]), &[])).is_err()
            {
                ways.link.end();
            }
        }
        self.changed.notify_all();
        let inner = self.wait(RELEASE_WITHIN, |inner| !inner.ended);
        if let Some(ways) = inner.ways.as_ref().filter(|_| !inner.ended) {
            ways.link.end();
        }
    }

    /// The thread's life.
    fn keep(&self) {
        let mut pause = FIRST_PAUSE;
        let mut last = String::new();
        loop {
            let end = self.live();
            let mut inner = self.lock();
            if inner.mirror.released || (!end.ready && inner.first.is_none() && last.is_empty()) {
                inner.ended = true;
                inner.first.get_or_insert(Err(end.why));
                drop(inner);
                self.changed.notify_all();
                return;
            }
            drop(inner);
            let why = end.why.to_string();
            if end.ready {
                pause = FIRST_PAUSE;
            }
            self.lost(end.ready, &why, last != why, pause);
            last = why;
            metrics::counter!("artc_sdk_restarts_total").increment(1);
            let mut inner = self.wait(pause, |inner| !inner.mirror.released);
            if inner.mirror.released {
                inner.ended = true;
                drop(inner);
                self.changed.notify_all();
                return;
            }
            drop(inner);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Tells that the child is gone, and what went with it.
    fn lost(&self, ready: bool, why: &str, is_new: bool, pause: Duration) {
        let (phase, channel, user_id) = {
            let mirror = &mut self.lock().mirror;
            let were = (mirror.phase, mirror.channel.clone(), mirror.user.clone());
            mirror.out();
            were
        };
        let detail = format!("{why}; it is started again in {} ms", pause.as_millis());
        if ready {
            self.queue.push(Event::Error { code: ErrorCode::NetworkDisconnect, detail });
        } else if is_new {
            self.queue.push(Event::Warning { code: WarningCode::Default, detail });
        }
        match phase {
            Phase::Joining => self.queue.push(Event::JoinChannelResult { result: ErrorCode::JoinFailed, channel, user_id }),
            Phase::Leaving => self.queue.push(Event::LeaveChannelResult { result: ErrorCode::Ok }),
            Phase::Idle | Phase::Joined => {}
        }
    }

    /// The life of one child.
    fn live(&self) -> End {
        let mut ready = false;
        let started = start(&self.options, &self.found, &self.said, false);
        let why = match started {
            Err(why) => why,
            Ok(mut process) => {
                let why = match first_word(&process, &self.options.path) {
                    Err(why) => why,
                    Ok(found) => {
                        tracing::info!("SDK: {}", found.join("; "));
                        ready = true;
                        self.connect(&process.ways);
                        let why = self.serve(&process.ways);
                        self.change(|inner| inner.ways = None);
                        unready(&self.options.path, why)
                    }
                };
                ended(why, &mut process, &self.said)
            }
        };
        End { ready, why }
    }

    /// Opens the ways for calls, after everything that was said before.
    fn connect(&self, ways: &Arc<Ways>) {
        self.change(|inner| {
            let waiting = inner.mirror.waiting.take();
            let told = inner.mirror.settings().chain(waiting.as_deref()).try_for_each(|packet| ways.send(packet));
            if let Err(why) = told {
                tracing::warn!("the SDK's process does not take its settings: {why}");
                ways.link.end();
            }
            inner.ways = Some(Arc::clone(ways));
            if inner.mirror.released {
                ways.link.end();
            }
            // Only the first time does anybody wait for it.
            inner.first.get_or_insert(Ok(()));
        });
    }

    /// Brings what the child tells to the queue until it is gone, or silent for too long: why it ended.
    fn serve(&self, ways: &Ways) -> io::Error {
        let mut buffer = vec![0; MAX_PACKET];
        let mut silences = 0;
        loop {
            match ways.link.receive(SILENCE, &mut buffer) {
                Ok(Some(packet)) => {
                    silences = 0;
                    self.hear(packet, ways);
                }
                Ok(None) if silences == SILENCES => {
                    return io::Error::new(io::ErrorKind::TimedOut, "it does not answer any more");
                }
                Ok(None) => {
                    silences += 1;
                    // One that takes no packet is not about to answer either.
                    let _ = ways.link.send(&packet("!ping", &json!([]), &[]));
                }
                Err(why) => return why,
            }
        }
    }

    fn hear(&self, packet: Packet, ways: &Ways) {
        match &*packet.name {
            "!pong" => {}
            "!dropped" => metrics::counter!("artc_sdk_dropped_total").increment(1),
            "!room" => {
                if let Some(kind) = packet.arguments.get(0).and_then(Value::as_str).and_then(Kind::named) {
                    self.room_again(kind);
                }
            }
            "!refused" => {
                let words = |at: usize| packet.arguments.get(at).and_then(Value::as_str).unwrap_or_default();
                let detail = self.said.clean(&format!("the SDK refuses {}: {}", words(0), words(1)));
                self.queue.push(Event::Warning { code: WarningCode::Default, detail });
            }
            _ => {
                let name = packet.name.clone();
                match events::event(packet, &ways.memory) {
                    Ok(event) => {
                        self.lock().mirror.hear(&event);
                        self.queue.push(event);
                    }
                    Err(why) => tracing::warn!("the SDK's {name}: {why}"),
                }
            }
        }
    }
}

/// Starts a child whose words are listened to.
fn start(options: &Options, found: &Found, said: &Arc<Said>, look: bool) -> Result<Process, CreateError> {
    let (process, stderr) = Process::start(options, found, look).map_err(|source| CreateError::Environment {
        what: format!("[engine.sdk] python = {:?}", options.python.display().to_string()),
        source,
    })?;
    if let Some(stderr) = stderr {
        let said = Arc::clone(said);
        // Ends with the child.
        let _ = thread::Builder::new().name("sdk words".into()).spawn(move || said.listen(stderr));
    }
    Ok(process)
}

/// Waits until the SDK is loaded; what was found.
fn first_word(process: &Process, path: &Path) -> Result<Vec<String>, CreateError> {
    let packet = process.ways.link.receive(READY_WITHIN, &mut vec![0; MAX_PACKET]).and_then(|packet| {
        packet.ok_or_else(|| io::Error::new(io::ErrorKind::TimedOut, format!("not ready within {} s", READY_WITHIN.as_secs())))
    });
    let packet = packet.map_err(|why| unready(path, why))?;
    if packet.name == "!ready" {
        return Ok(serde_json::from_value::<(Vec<String>,)>(packet.arguments).map(|found| found.0).unwrap_or_default());
    }
    let lines: Vec<String> = serde_json::from_value(packet.arguments).unwrap_or_default();
    Err(CreateError::Setting { what: what(path), why: format!("cannot be used: {}", lines.join("\n  ")) })
}

fn what(path: &Path) -> String {
    format!("[engine.sdk] path = {:?}", path.display().to_string())
}

fn unready(path: &Path, why: io::Error) -> CreateError {
    CreateError::Environment { what: format!("the SDK in {}", path.display()), source: why }
}

/// How it ended, with what it said last.
fn ended(why: CreateError, process: &mut Process, said: &Said) -> CreateError {
    let status = process.end();
    let CreateError::Environment { what, source } = why else { return why };
    let how = match status {
        Ok(status) if gone(&source) => format!("its process ended ({status})"),
        _ => source.to_string(),
    };
    let last = said.last();
    let last = if last.is_empty() { last } else { format!("; it said last: {last}") };
    CreateError::Environment { what, source: io::Error::new(source.kind(), how + &last) }
}

/// Loads the SDK once and lets it go; what was found.
pub(super) fn try_once(options: &Options) -> Result<Vec<String>, CreateError> {
    let (found, said) = (look::find(&options.path)?, Arc::default());
    let mut process = start(options, &found, &said, true)?;
    first_word(&process, &options.path).map_err(|why| ended(why, &mut process, &said))
}
