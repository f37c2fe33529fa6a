//! A room with people in it, and the recorder beside them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use artc_bindings::Secret;
use artc_open::{OpenFactory, Options};
use mixing::{
    Event, Events, Files, Job, JobSpec, MixedRecorders, Mp4, Place, RECEIVE, Recorders, Scene, Settings, Store, Template,
};
use room::token::{Claims, Key, VideoGrant};

use crate::person::{Publisher, Sends};

pub const CHANNEL: &str = "mixed";
/// Everything that is waited for comes within this, on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(120);
const KEY: &str = "mixing";
const SECRET: &str = "a-secret-of-the-mixing-test-alone";

/// A room and a runtime.
pub struct Stage {
    pub runtime: tokio::runtime::Runtime,
    room: room::Handle,
}

impl Stage {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let config = room::Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            media_port: 0,
            tcp_port: 0,
            api_key: KEY.to_owned(),
            max_joins_per_second: 1000,
            ..room::Config::default()
        };
        let room = runtime.block_on(async { room::Server::start_with(config, room::token::Secret::new(SECRET)) }).unwrap();
        Self { runtime, room }
    }

    pub fn url(&self) -> String {
        self.room.signal_url()
    }

    /// Somebody who publishes until dropped.
    pub fn publisher(&self, user: &str, sends: Sends) -> Publisher {
        Publisher::join(Options::local(self.room.local()), (&token(user, false), CHANNEL, user), sends)
    }
}

/// A token of the room's key.
pub fn token(user: &str, hidden: bool) -> String {
    let grant = VideoGrant { hidden, recorder: hidden, ..VideoGrant::join(CHANNEL) };
    let claims = Claims { sub: user.to_owned(), video: Some(grant), ..Claims::default() };
    let now = SystemTime::UNIX_EPOCH + SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Key::new(KEY, room::token::Secret::new(SECRET)).mint(claims, Duration::from_secs(3600), now).unwrap()
}

/// Recorders that join the room at `url` over the network, work below `folder` and store in its `store`.
pub fn recorders(url: &str, folder: &Path, runtime: &tokio::runtime::Handle) -> MixedRecorders {
    let store = Store::open(&Place::Folder(folder.join("store"))).unwrap();
    let options = Options { receive: RECEIVE, ..Options::new(url) };
    let settings = Settings { work: folder.join("work"), store, engines: Arc::new(OpenFactory { options }), most: 4 };
    MixedRecorders::new(settings, runtime.clone()).unwrap()
}

/// A job of one MP4 file.
pub fn spec(template: &str) -> JobSpec {
    JobSpec {
        id: "job-1".into(),
        channel: CHANNEL.into(),
        user_id: "recorder".into(),
        token: Secret::from(token("recorder", true)),
        template: template.parse::<Template>().unwrap(),
        scene: Scene::default(),
        files: Files {
            mp4: Some(Mp4 { prefix: "rec/{record_format}/{file_start_time}".into(), cycle: Duration::ZERO }),
            hls: None,
        },
        idle: Duration::from_secs(600),
    }
}

/// Starts a job.
pub fn start(recorders: &dyn Recorders, spec: JobSpec) -> (Box<dyn Job>, Told) {
    let (job, events) = recorders.start(spec).unwrap();
    (job, Told { events })
}

/// What a job tells.
pub struct Told {
    pub events: Events,
}

impl Told {
    /// The first event that `wanted` wants, with those before it.
    pub fn until<T>(&mut self, stage: &tokio::runtime::Runtime, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let mut before = Vec::new();
        stage.block_on(async {
            loop {
                let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
                let event = event.unwrap_or_else(|_| panic!("not told within {PATIENCE:?}, only {before:?}"));
                let event = event.unwrap_or_else(|| panic!("the events ended after {before:?}"));
                if let Some(found) = wanted(&event) {
                    return found;
                }
                before.push(event);
            }
        })
    }

    /// All that follows until the events end.
    pub fn rest(&mut self, stage: &tokio::runtime::Runtime) -> Vec<Event> {
        let mut all = Vec::new();
        stage.block_on(async {
            while let Some(event) = tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("the events end in time") {
                all.push(event);
            }
        });
        all
    }
}
