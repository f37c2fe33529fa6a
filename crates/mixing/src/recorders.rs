//! The jobs that run in this process, and the folder that their files wait in.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use artc_bindings::EngineFactory;
use artc_open::Receive;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::images::{Still, Stills};
use crate::job::{BadSpec, Events, Job, JobSpec, Recorders, StartError, State, UpdateError};
use crate::layout::{Layout, Scene};
use crate::receive::{self, Parts};
use crate::shelf::{Bell, keep};
use crate::stage::Stage;
use crate::store::Store;
use crate::take::{Take, folders};

/// Events that wait for whoever asked for the job. Further ones are lost; a job has a few a file.
const EVENTS: usize = 1024;

/// What an engine must be made with to record a channel: all 25 that have a place are decoded (and whoever shares a screen), and the three
/// loudest are heard.
pub const RECEIVE: Receive = Receive { loudest: 3, decoders: 26 };

/// What jobs are run with.
pub struct Settings {
    /// Where files are written and wait for the store.
    pub work: PathBuf,
    /// Where they go.
    pub store: Store,
    /// Makes the engine of each job; of open engines with [`RECEIVE`].
    pub engines: Arc<dyn EngineFactory>,
    /// So many jobs may run at once.
    pub most: usize,
}

/// The jobs of this process. Dropping it stops them all and waits until their files have ended; what is not in the store yet is told by
/// [`Recorders::left`] of the next one.
pub struct MixedRecorders {
    settings: Settings,
    runtime: Handle,
    jobs: Arc<Mutex<HashMap<String, Running>>>,
}

/// A job that runs, or whose files are on their way into the store.
struct Running {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the threads of a job and its handle share.
pub(crate) struct Shared {
    pub stop: AtomicBool,
    /// The scene as it was asked for last.
    pub scene: Mutex<Scene>,
    stage: Mutex<Stage>,
    update: Mutex<Option<(Scene, Stills)>>,
    state: Mutex<State>,
}

impl Shared {
    fn new(scene: Scene) -> Self {
        Self {
            stop: AtomicBool::new(false),
            scene: Mutex::new(scene),
            stage: Mutex::default(),
            update: Mutex::default(),
            state: Mutex::new(State::Init),
        }
    }

    pub(crate) fn stage(&self) -> MutexGuard<'_, Stage> {
        lock(&self.stage)
    }

    pub(crate) fn set_state(&self, state: State) {
        *lock(&self.state) = state;
    }

    pub(crate) fn take_update(&self) -> Option<(Scene, Stills)> {
        lock(&self.update).take()
    }
}

/// Every change under these locks is whole before they are given back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MixedRecorders {
    /// Jobs that are run with `settings`; what they store goes by `runtime`.
    pub fn new(settings: Settings, runtime: Handle) -> std::io::Result<Self> {
        std::fs::create_dir_all(&settings.work)?;
        Ok(Self { settings, runtime, jobs: Arc::default() })
    }

    /// Stores what ends in the folder of a job until it is over; then the job is forgotten.
    fn keep(&self, id: &str, events: mpsc::Sender<crate::Event>, bell: Arc<Bell>) {
        let (folder, store) = (self.settings.work.join(id), self.settings.store.clone());
        let (jobs, id) = (Arc::clone(&self.jobs), id.to_owned());
        self.runtime.spawn(async move {
            keep(folder, store, events.clone(), bell).await;
            // Forgotten before the events end, so that whoever hears that can start it again.
            lock(&jobs).remove(&id);
            drop(events);
        });
    }

    /// Mends what is torn in the folder of a job.
    fn mend(&self, id: &str) -> Result<(), StartError> {
        let machine = |step| move |source| StartError::Machine { id: id.to_owned(), step, source };
        for folder in folders(&self.settings.work.join(id)).map_err(machine("read its folder"))? {
            Take::mend(&folder).map_err(machine("mend a file"))?;
        }
        Ok(())
    }
}

impl Recorders for MixedRecorders {
    fn start(&self, spec: JobSpec) -> Result<(Box<dyn Job>, Events), StartError> {
        spec.check()?;
        let id = spec.id.clone();
        let mut jobs = lock(&self.jobs);
        if jobs.contains_key(&id) {
            return Err(StartError::Running(id));
        }
        let running = jobs.values().filter(|job| job.thread.as_ref().is_some_and(|thread| !thread.is_finished())).count();
        if running >= self.settings.most {
            return Err(StartError::TooMany(running));
        }
        self.mend(&id)?;
        let folder = self.settings.work.join(&id);
        let machine = |step| {
            let id = id.clone();
            move |source| StartError::Machine { id, step, source }
        };
        std::fs::create_dir_all(&folder).map_err(machine("make its folder"))?;
        let (events, inbox) = mpsc::channel(EVENTS);
        let (shared, bell) = (Arc::new(Shared::new(spec.scene.clone())), Arc::new(Bell::default()));
        let parts = Parts {
            spec,
            folder,
            engines: Arc::clone(&self.settings.engines),
            store: self.settings.store.clone(),
            runtime: self.runtime.clone(),
            shared: Arc::clone(&shared),
            events: events.clone(),
            bell: Arc::clone(&bell),
        };
        let over = Arc::clone(&bell);
        let run = move || {
            let _over = Over(over);
            receive::run(&parts);
        };
        let thread = std::thread::Builder::new().name("mix-job".into()).spawn(run).map_err(machine("have a thread"))?;
        jobs.insert(id.clone(), Running { shared: Arc::clone(&shared), thread: Some(thread) });
        self.keep(&id, events, bell);
        let (store, runtime) = (self.settings.store.clone(), self.runtime.clone());
        Ok((Box::new(Steering { shared, store, runtime }), inbox))
    }

    fn left(&self) -> Vec<String> {
        let jobs = lock(&self.jobs);
        let Ok(found) = folders(&self.settings.work) else { return Vec::new() };
        let names = found.iter().filter_map(|folder| folder.file_name()?.to_str().map(str::to_owned));
        names.filter(|id| !jobs.contains_key(id)).collect()
    }

    fn recover(&self, id: &str) -> Result<Events, StartError> {
        if !crate::job::is_id(id) {
            return Err(BadSpec::Id(id.chars().take(64).collect()).into());
        }
        let mut jobs = lock(&self.jobs);
        if jobs.contains_key(id) {
            return Err(StartError::Running(id.to_owned()));
        }
        self.mend(id)?;
        let shared = Arc::new(Shared::new(Scene::default()));
        shared.set_state(State::Stopped);
        jobs.insert(id.to_owned(), Running { shared, thread: None });
        let (events, inbox) = mpsc::channel(EVENTS);
        let bell = Arc::new(Bell::default());
        bell.over();
        self.keep(id, events, bell);
        Ok(inbox)
    }
}

impl Drop for MixedRecorders {
    fn drop(&mut self) {
        let threads: Vec<JoinHandle<()>> = {
            let mut jobs = lock(&self.jobs);
            jobs.values().for_each(|job| job.shared.stop.store(true, Ordering::Release));
            jobs.values_mut().filter_map(|job| job.thread.take()).collect()
        };
        for thread in threads {
            // One that panicked has said so on stderr already.
            let _ = thread.join();
        }
    }
}

/// Tells the shelf that nothing more comes, whatever ends the thread.
struct Over(Arc<Bell>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.over();
    }
}

/// The handle of a job.
struct Steering {
    shared: Arc<Shared>,
    store: Store,
    runtime: Handle,
}

impl Job for Steering {
    fn update(&self, scene: Scene) -> Result<(), UpdateError> {
        scene.check()?;
        if self.state() == State::Stopped {
            return Err(UpdateError::Over);
        }
        {
            let mut now = lock(&self.shared.scene);
            if !matches!((&now.layout, &scene.layout), (Layout::Custom(_), Layout::Custom(_))) {
                return Err(UpdateError::NotCustom);
            }
            now.clone_from(&scene);
        }
        let (store, shared) = (self.store.clone(), Arc::clone(&self.shared));
        self.runtime.spawn(async move {
            let stills = fetch(&store, &scene).await;
            // Of two updates that overtook each other the later one counts.
            if *lock(&shared.scene) == scene {
                *lock(&shared.update) = Some((scene, stills));
            }
        });
        Ok(())
    }

    fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
    }

    fn state(&self) -> State {
        *lock(&self.shared.state)
    }
}

impl Drop for Steering {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The images of a scene. One that cannot be had is not shown.
pub(crate) async fn fetch(store: &Store, scene: &Scene) -> Stills {
    let mut stills = Stills::new();
    for image in scene.images() {
        if stills.contains_key(image) {
            continue;
        }
        let decoded = match store.image(image).await {
            Ok(bytes) => Still::decode(&bytes).map_err(|why| why.to_string()),
            Err(why) => Err(why.to_string()),
        };
        match decoded {
            Ok(still) => _ = stills.insert(image.clone(), still),
            Err(why) => tracing::warn!(image = image.0, "an image of a mixed recording is not shown: {why}"),
        }
    }
    stills
}
