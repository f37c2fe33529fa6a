//! Starting in order, saying what is here, and ending in the reverse order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::Engine;
use call_control::message::About;
use voice::Duplex;
use wire::device::Info;

use super::announce::{introduce, line, where_to_look};
use super::board::BoardThread;
use super::books::Books;
use super::calls::{Calls, StartError as CallsError};
use super::choices::Choices;
use super::clock::{self, now};
use super::desired::Desired;
use super::effects::Parts;
use super::kept::{self, Kept};
use super::ladder::{Ladder, Witness};
use super::logs::Logs;
use super::mail::Mail;
use super::network::Server;
use super::power::Power;
use super::recordings::Recordings;
use super::service::{self, Hangup, StatusLine};
use super::settings::SettingsThread;
use super::shell::{End, Shell};
use super::stop::{Early, Stop};
use super::tickets::{TicketSource, TokenSource};
use super::uploads::Uploads;
use super::watchdog::Watchdog;
use super::wishes::Wishes;
use super::{STOP_WITHIN, engine, memory};
use crate::capture::audio::Microphone;
use crate::capture::video::Camera;
use crate::config::{self, Config, EngineKind, Loaded, Settings};
use crate::control::{Config as ControlConfig, Desk, socket};
use crate::detector::{Detector, Noticed};
use crate::exit::Exit;
use crate::playout::Speaker;
use crate::recorder::RecordThread;
use crate::session::Session;
use crate::storage::SystemDisk;
use crate::telemetry::{Fault, Telemetry};
use crate::uplink::Uplink;

/// So long after the first lines, what the start needed has been needed: nobody watches, or what they need is running.
const SETTLED: Duration = Duration::from_secs(5);
/// The loops turn at least so often.
const LOOP_LIMIT: Duration = Duration::from_secs(5);
/// Those of devices, whose drivers may hang for 5 s a request.
const DEVICE_LIMIT: Duration = Duration::from_secs(15);
/// Starting the parts takes at most so long: the vendor's SDK is given up after 25 s.
const START_LIMIT: Duration = Duration::from_secs(60);

/// What outlasts a restart of the parts.
struct Process {
    telemetry: Telemetry,
    stop: Stop,
    hangup: Hangup,
    settings: Arc<SettingsThread>,
    choices: Arc<Choices>,
    desired: Arc<Desired>,
    ladder: Arc<Ladder>,
    /// The room's own secret, where the configuration names none: who was let in before a restart is let in after it.
    secret: room::token::Secret,
    started: Duration,
}

/// Starts the parts and runs, again and again while the configuration wants it. A configuration on trial with which they do not start
/// is rolled back.
pub async fn process(settings: Settings, telemetry: Telemetry, early: Early) -> Exit {
    let started = now();
    let listening = Stop::listen(early).and_then(|stop| Ok((stop, Hangup::listen()?)));
    let (stop, hangup) = match listening {
        Ok(listening) => listening,
        Err(why) => {
            eprintln!("artc-edge: signals cannot be listened to: {why}");
            return Exit::Bug;
        }
    };
    if let Some(signal) = stop.came() {
        tracing::info!(signal, "stopped before anything was started");
        return Exit::Ok;
    }
    let state = settings.folder();
    let settings = match SettingsThread::start(settings) {
        Ok(settings) => Arc::new(settings),
        Err(why) => {
            eprintln!("artc-edge: no thread for the configuration: {why}");
            return Exit::TryAgain;
        }
    };
    let choices = Arc::new(Choices::open(Box::new(SystemDisk), state.clone()));
    let desired = Arc::new(Desired::open(Box::new(SystemDisk), state));
    let ladder = Arc::new(Ladder::climb(&kept::folder()));
    let _witness = Witness(Arc::clone(&ladder));
    let _watchdog = match Watchdog::start(telemetry.health().clone(), Arc::clone(&ladder)) {
        Ok(watchdog) => watchdog,
        Err(why) => {
            eprintln!("artc-edge: no thread for the watchdog: {why}");
            return Exit::TryAgain;
        }
    };
    let secret = room::token::Secret::random();
    let mut process = Process { telemetry, stop, hangup, settings, choices, desired, ladder, secret, started };
    let exit = again_and_again(&mut process).await;
    process.ladder.ends(exit);
    exit
}

async fn again_and_again(process: &mut Process) -> Exit {
    loop {
        match daemon(process).await {
            Ok(End::Restart) => {}
            Ok(End::Stop) => return Exit::Ok,
            Err(exit) if process.settings.roll_back("the daemon did not start with it") => {
                tracing::error!(?exit, "did not start with the configuration on trial; it was rolled back");
            }
            Err(exit) => return exit,
        }
    }
}

/// Starts everything, runs, ends everything.
async fn daemon(process: &mut Process) -> Result<End, Exit> {
    let Process { telemetry, stop, hangup, settings, choices, desired, ladder, secret, started } = process;
    let started = *started;
    let health = telemetry.health();
    let starting = health.beat("start", START_LIMIT);
    let wanted = settings.wanted();
    let loaded = Arc::clone(&wanted.borrow());
    let Loaded { config, board, machine, .. } = &*loaded;
    let held_back = ladder.is_safe().then(|| hold_back(config));
    let config = held_back.as_ref().unwrap_or(config);
    metrics::gauge!("artc_safe_mode").set(f64::from(u8::from(held_back.is_some())));
    let safe_mode = held_back.is_some().then(|| health.check("safe mode"));
    if let Some(check) = &safe_mode {
        check.not_ready("commands only, after too many ends that nobody asked for; `device.leave_safe_mode` ends it");
    }
    let name = config.device.name.clone().unwrap_or_else(host_name);

    let private = choices.privacy();
    let mut source = config.camera.clone();
    if held_back.is_none() {
        source.source = choices.camera(&config.camera.source);
    }
    let wishes = Wishes::of(config);
    let voice = Arc::new(Duplex::new(wishes.voice));
    let parts = Camera::start_private(source, private)
        .and_then(|camera| Ok((camera, Microphone::start_private(config.microphone.clone(), private)?)))
        .and_then(|(camera, microphone)| {
            Ok((camera, microphone, Speaker::start_beside(config.speaker.clone(), Some(Arc::clone(&voice)))?))
        });
    let (camera, microphone, speaker) = match parts {
        Ok((camera, microphone, speaker)) => (Arc::new(camera), Arc::new(microphone), Arc::new(speaker)),
        Err(why) => {
            eprintln!("artc-edge: no threads for the devices: {why}");
            return Err(Exit::TryAgain);
        }
    };
    if held_back.is_some() {
        camera.close();
    }
    let served = match telemetry.serve(&config.telemetry).await {
        Ok(served) => Some(served),
        Err(why) => {
            // Worth a warning, and no reason for a camera to stay dark.
            tracing::warn!("metrics and health are not served: {why}");
            None
        }
    };

    let embedded = config.room.enabled && config.engine.kind == EngineKind::Open && config.engine.open.url.is_none();
    let room = if embedded {
        let started = match &config.room.api_secret_file {
            Some(_) => room::Server::start(config.room.clone()),
            None => room::Server::start_with(config.room.clone(), secret.clone()),
        };
        match started {
            Ok(room) => Some(Arc::new(room)),
            Err(why) => {
                eprintln!("artc-edge: {why}");
                return Err(Exit::TryAgain);
            }
        }
    } else {
        None
    };
    // The vendor's SDK may take seconds to load; who asks to stop does not wait for it.
    let making = {
        let (config, room) = (config.clone(), room.clone());
        tokio::task::spawn_blocking(move || engine::make(&config, room.as_deref()))
    };
    let made = tokio::select! {
        made = making => made,
        signal = stop.wait() => {
            tracing::info!(signal, "stopped before there was an engine");
            return Ok(End::Stop);
        }
    };
    let made = match made {
        Ok(Ok(made)) => made,
        Ok(Err(why)) => {
            eprintln!("artc-edge: {why}");
            return Err(why.exit());
        }
        Err(why) => {
            eprintln!("artc-edge: the engine was not made: {why}");
            return Err(Exit::Bug);
        }
    };
    let tickets = match &room {
        Some(room) => TicketSource::Embedded {
            room: Arc::clone(room),
            channel: config.room.channel.clone(),
            name: name.clone(),
            talk: config.speaker.viewers_talk && config.speaker.is_on(),
        },
        None if config.engine.kind == EngineKind::Fake => TicketSource::Scripted,
        None if config.engine.kind == EngineKind::Sdk => {
            TicketSource::Configured { source: TokenSource::of_sdk(&config.engine.sdk), name: name.clone() }
        }
        None => TicketSource::Configured { source: TokenSource::of_open(&config.engine.open), name: name.clone() },
    };

    let open = &config.engine.open;
    let elsewhere = open.url.clone().filter(|_| config.engine.kind == EngineKind::Open);
    let elsewhere = elsewhere.map(|url| Server { url, ca_file: open.ca_file.clone() });
    let socket_path = socket::path(&config.control, |name| std::env::var(name).ok());
    let server = match socket::Server::bind(&socket_path, config.control.socket_group.as_deref()) {
        Ok(server) => Some(server),
        Err(why) => {
            tracing::warn!("no local commands: {why}");
            None
        }
    };
    let sound = (config.microphone.source != "none").then(|| microphone.ring());
    let uplink = Uplink::start(Arc::clone(&made.engine), camera.slot(), sound, Some(Arc::clone(&voice)));
    let uplink = match uplink {
        Ok(uplink) => uplink,
        Err(why) => {
            eprintln!("artc-edge: no threads for the uplink: {why}");
            return Err(Exit::TryAgain);
        }
    };
    let recording = match start_recorder(config, &made.engine, &camera) {
        Ok(recording) => recording,
        Err(why) => {
            eprintln!("artc-edge: no thread for the recorder: {why}");
            return Err(Exit::TryAgain);
        }
    };
    let recordings = config.record.http.zip(recording.as_ref()).and_then(|(address, recording)| {
        let served = Recordings::serve(address, recording.handle().store().clone());
        served.inspect_err(|why| tracing::warn!("recordings are not served: {why}")).ok()
    });
    let id = config.device.id.clone().or_else(kept::device_id);
    let uploads = recording.as_ref().and_then(|recording| {
        let device = id.as_deref().unwrap_or(&name);
        let started = Uploads::start(&config.record.upload, &recording.handle(), device);
        // They stay here, and nobody stays dark for that.
        started.inspect_err(|why| tracing::error!("recordings are not uploaded: {why}")).ok().flatten()
    });
    let detector = match Detector::start(&config.detect, Arc::clone(&camera), Arc::clone(&microphone), now) {
        Ok(detector) => detector,
        Err(why) => {
            eprintln!("artc-edge: no thread to notice anything: {why}");
            return Err(Exit::TryAgain);
        }
    };
    let board_thread = match BoardThread::start(board, &config.board) {
        Ok(thread) => thread,
        Err(why) => {
            eprintln!("artc-edge: no thread for the board: {why}");
            return Err(Exit::TryAgain);
        }
    };
    let kept = Kept::find(|name| std::env::var(name).ok());
    let desk = desk(&config.control, &kept);
    let mut loops = vec![
        health.follow("camera", DEVICE_LIMIT, camera.turns()),
        health.follow("uplink of pictures", LOOP_LIMIT, uplink.video_turns()),
    ];
    if config.microphone.source != "none" {
        loops.push(health.follow("microphone", DEVICE_LIMIT, microphone.turns()));
        loops.push(health.follow("uplink of sound", LOOP_LIMIT, uplink.audio_turns()));
    }
    if speaker.is_on() {
        loops.push(health.follow("speaker", DEVICE_LIMIT, speaker.turns()));
    }
    for (name, turns) in made.engine.extensions().map(artc_bindings::Extensions::loops).unwrap_or_default() {
        // What encodes pictures may be a device, too.
        loops.push(health.follow(name, if name == "encoder of pictures" { DEVICE_LIMIT } else { LOOP_LIMIT }, turns));
    }
    if let Some(room) = &room {
        loops.push(health.follow("room", LOOP_LIMIT, room.turns()));
    }
    let about = About { name: name.clone(), firmware: env!("CARGO_PKG_VERSION").into(), board: board.badge.name.clone() };
    let calls = match Calls::start(&config.calls, id.as_deref(), about) {
        Ok(calls) => calls,
        Err(why) => {
            eprintln!("artc-edge: {why}");
            let permission = matches!(&why, CallsError::Secret(why) if why.is_permission());
            return Err(if permission { Exit::Permission } else { Exit::Configuration });
        }
    };
    let mut shell = Shell {
        session: Session::new(engine::session_config(config, &wishes, held_back.is_none())),
        desk,
        mail: Mail::default(),
        socket: server,
        tickets,
        calls,
        books: Books::new(info(config, board, &name), board_thread.info(), made.encoder, started),
        wishes,
        logs: Logs::new(telemetry.clone()),
        channel_check: health.check("channel"),
        camera_check: health.check("camera"),
        beat: health.beat("main", LOOP_LIMIT),
        board: board_thread,
        outside: Fault::default(),
        settings: Arc::clone(settings),
        desired: Arc::clone(desired),
        failed: BTreeMap::new(),
        camera_here: false,
        camera_told: None,
        noticed: Noticed::default(),
        recorded: Default::default(),
        lines_on: BTreeSet::new(),
        looks: detector.as_ref().is_some_and(Detector::looks),
        wanted,
        in_force: Arc::clone(&loaded),
        restart_at: None,
        status_line: StatusLine::default(),
        safe_mode,
        parts: Parts {
            camera: Arc::clone(&camera),
            microphone: Arc::clone(&microphone),
            speaker: Arc::clone(&speaker),
            voice,
            engine: made.engine,
            server: elsewhere,
            power: Power::find(),
            room: room.clone(),
            kept: kept.clone(),
            choices: Arc::clone(choices),
            configured_camera: loaded.config.camera.source.clone(),
            ladder: Arc::clone(ladder),
            recorder: recording.as_ref().map(RecordThread::handle),
            uploads: uploads.as_ref().map(Uploads::standing),
            noticed: detector.as_ref().map(Detector::noticed),
        },
    };

    line("board", &board.title(machine));
    if speaker.is_on() {
        // What it is is known by now, or said by the log and `device.status`.
        line("speaker", &speaker.state().detail);
    }
    let mut addresses = where_to_look(config, room.as_deref(), &shell.tickets, made.server);
    if let (Some(calls), Some(broker)) = (&shell.calls, &config.calls.broker) {
        addresses.push(("calls", format!("{} at {broker}", calls.client())));
    }
    if let (Some(_), Some(bucket)) = (&uploads, &config.record.upload.bucket) {
        addresses.push(("uploads", format!("to bucket {bucket}")));
    }
    if let Some(recordings) = &recordings {
        addresses.push(("recordings", format!("http://{}/recordings/", recordings.address)));
    }
    let introduction = introduce(Arc::clone(&camera), Arc::clone(&microphone), addresses);
    let introduced = tokio::spawn(async {
        introduction.await;
        tokio::time::sleep(SETTLED).await;
        // Looks at each page of the process, which takes some milliseconds.
        let _ = tokio::task::spawn_blocking(memory::started).await;
    });
    drop(starting);
    let end = shell.run(stop, hangup).await;
    drop(loops);
    let _ending = health.beat("end", START_LIMIT);
    if end == End::Stop {
        service::stopping();
    }
    introduced.abort();
    if let Some(calls) = shell.calls.take() {
        calls.stop().await;
    }
    kept.keep_audit(shell.desk.audit_hash());

    drop(shell);
    drop(detector);
    if let Some(recordings) = recordings {
        recordings.end().await;
    }
    drop(uploads);
    drop(recording);
    close(uplink, camera, microphone, speaker).await;
    if let Some(room) = room.and_then(Arc::into_inner) {
        room.stop().await;
    }
    if let Some(served) = served {
        served.end().await;
    }
    Ok(end)
}

/// The configuration of a run that holds back: everything that commands and their way need, and no device.
fn hold_back(config: &Config) -> Config {
    let mut config = config.clone();
    // Neither is opened: the picture is the built-in one, closed while nobody watches, and it is not published.
    config.camera.source = "pattern".into();
    config.camera.idle = crate::capture::video::Idle::Close;
    config.microphone.source = "none".into();
    config.speaker.device = "none".into();
    config.record.when.clear();
    config.detect = Default::default();
    config
}

/// The recorder, where something is to be recorded.
fn start_recorder(config: &Config, engine: &Arc<dyn Engine>, camera: &Arc<Camera>) -> std::io::Result<Option<RecordThread>> {
    if !config.record.is_on() {
        return Ok(None);
    }
    let state = config::state_directory(|name| std::env::var(name).ok());
    if config.record.folder.is_none()
        && let Err(why) = std::fs::create_dir_all(&state)
    {
        tracing::warn!("{}: {why}", state.display());
    }
    let folder = state.join("recordings");
    let channels = (config.microphone.source != "none").then_some(if config.microphone.channels == 1 { 1 } else { 2 });
    // When it ends is not the recorder's.
    let camera = Arc::downgrade(camera);
    let picture = Box::new(move || camera.upgrade()?.thumbnail());
    RecordThread::start(&config.record, folder, channels, Arc::clone(engine), picture, clock::recording).map(Some)
}

/// The desk with what the run before has kept for it.
fn desk(config: &ControlConfig, kept: &Kept) -> Desk {
    let changes = kept.key_changes().inspect_err(|why| tracing::error!("{why}")).ok();
    let mut desk = Desk::new(config);
    desk.keep(changes, kept.take_audit());
    desk
}

/// Ends the threads of the devices. One that hangs in a driver is left behind: the process ends anyway.
async fn close(uplink: Uplink, camera: Arc<Camera>, microphone: Arc<Microphone>, speaker: Arc<Speaker>) {
    let closing = tokio::task::spawn_blocking(move || {
        drop(uplink);
        drop(microphone);
        drop(speaker);
        drop(camera);
    });
    if tokio::time::timeout(STOP_WITHIN, closing).await.is_err() {
        tracing::warn!("a device's driver does not let go; ending without it");
    }
}

fn info(config: &Config, board: &board::Profile, name: &str) -> Info {
    let system = rustix::system::uname();
    let engine = match config.engine.kind {
        EngineKind::Open => "open",
        EngineKind::Sdk => "sdk",
        EngineKind::Fake => "fake",
    };
    Info {
        name: name.into(),
        id: config.device.id.clone().or_else(kept::device_id).unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION").into(),
        board: board.badge.name.clone(),
        architecture: system.machine().to_string_lossy().into_owned(),
        kernel: system.release().to_string_lossy().into_owned(),
        engine: engine.into(),
        channel: String::new(),
        identity: String::new(),
    }
}

fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "artc-edge".into() } else { name }
}
