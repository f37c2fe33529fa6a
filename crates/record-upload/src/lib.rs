//! A folder's recordings into a bucket, with their pictures, until they are there, whatever comes between.
//!
//! The newest goes first: what happened last is what is looked for when the device is gone. What was begun is finished before that, so that
//! none of its parts was sent in vain. One that is refused lets the others pass. Nothing is deleted here; which recordings the bucket has is
//! noted beside them, for whoever makes room.
//!
//! Not for speaking to a bucket ([`bucket`]), nor for recording ([`record`]).
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use backoff::Backoff;
use bucket::{Begun, Bucket, Kind, Refusal, Source};
use record::{Entry, Id, OpenError, Store};
use tokio::sync::watch;

/// The folder is looked at so often, where nobody tells of a recording's end.
const LOOK: Duration = Duration::from_secs(60);

/// How it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Recordings that have ended and are not in the bucket.
    pub waiting: u64,
    /// The one that is being sent.
    pub sending: Option<Id>,
    /// Recordings stored since the beginning.
    pub stored: u64,
    /// Tries that were refused since the beginning.
    pub refused: u64,
    /// Why the last try was refused; nothing once one has succeeded.
    pub fault: Option<Refusal>,
}

/// See the crate.
pub struct Uploader {
    store: Store,
    bucket: Bucket,
    prefix: String,
    backoff: Backoff,
    standing: watch::Sender<Standing>,
    /// Refused since the last success: the others go first.
    refused: BTreeSet<Id>,
}

impl Uploader {
    /// Of what is in `store`, into `bucket`, under names that begin with `prefix`. `seed` spreads the pauses of a fleet.
    pub fn new(store: Store, bucket: Bucket, prefix: String, seed: u64) -> Self {
        let standing = watch::Sender::default();
        Self { store, bucket, prefix, backoff: Backoff::new(seed), standing, refused: BTreeSet::new() }
    }

    /// How it stands, and when that changes.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Uploads what there is, and what comes; `ended` changes when a recording has ended. May be dropped at any time.
    pub async fn run(mut self, mut ended: watch::Receiver<u64>) -> Infallible {
        let mut told = None;
        loop {
            ended.mark_unchanged();
            let done = match self.next().await {
                Ok(Some(entry)) => {
                    let done = self.upload(&entry).await;
                    if done.is_err() {
                        self.refused.insert(entry.id);
                    }
                    done
                }
                Ok(None) => {
                    // Whoever told of ends may be gone; then time does.
                    let told = async {
                        if ended.changed().await.is_err() {
                            std::future::pending().await
                        }
                    };
                    let _ = tokio::time::timeout(LOOK, told).await;
                    continue;
                }
                Err(why) => Err(self.unreadable(why)),
            };
            match done {
                Ok(()) => {
                    self.backoff.reset();
                    self.refused.clear();
                    if told.take().is_some() {
                        tracing::info!("the bucket takes recordings again");
                    }
                    self.standing.send_modify(|standing| (standing.sending, standing.fault) = (None, None));
                }
                Err(why) => {
                    if told.as_ref() != Some(&why) {
                        tracing::warn!("recordings wait until the bucket takes them: {why}");
                        told = Some(why.clone());
                    }
                    self.standing.send_modify(|standing| {
                        standing.refused += 1;
                        (standing.sending, standing.fault) = (None, Some(why));
                    });
                    tokio::time::sleep(self.backoff.pause()).await;
                }
            }
        }
    }

    /// Which is next, if any.
    async fn next(&mut self) -> Result<Option<Entry>, String> {
        let waiting = on(&self.store, waiting).await?;
        self.standing.send_if_modified(|standing| {
            let now = waiting.len() as u64;
            std::mem::replace(&mut standing.waiting, now) != now
        });
        self.refused.retain(|id| waiting.iter().any(|entry| entry.id == *id));
        if self.refused.len() == waiting.len() {
            self.refused.clear();
        }
        Ok(waiting
            .into_iter()
            .filter(|entry| !self.refused.contains(&entry.id))
            .max_by_key(|entry| (entry.upload_begun(), entry.id)))
    }

    async fn upload(&self, entry: &Entry) -> Result<(), Refusal> {
        let id = entry.id;
        self.standing.send_modify(|standing| standing.sending = Some(id));
        let object = |name: &str| format!("{}{name}", self.prefix);
        let opened = on(&self.store, move |store| open(store, id)).await.map_err(|why| self.unreadable(why))?;
        let Some(Opened { picture, file, note }) = opened else { return Ok(()) };
        let owner = Owner { store: self.store.clone(), id };
        if let Some(picture) = picture {
            self.bucket.upload(&picture, &object(&format!("{id}.jpeg")), None, &owner).await?;
        }
        let begun = note.as_deref().and_then(Begun::read);
        if !self.bucket.upload(&file, &object(entry.file_name()), begun, &owner).await? {
            tracing::info!(%id, "deleted while it was uploaded; the bucket has nothing of it");
            return Ok(());
        }
        on(&self.store, move |store| store.set_uploaded(id).map_err(|why| why.to_string()))
            .await
            .map_err(|why| self.unreadable(why))?;
        tracing::info!(%id, bytes = entry.bytes, "recording uploaded");
        self.standing.send_modify(|standing| standing.stored += 1);
        Ok(())
    }

    fn unreadable(&self, why: String) -> Refusal {
        Refusal { place: self.bucket.url(""), kind: Kind::Unreadable(why) }
    }
}

/// Has the recording, and what is noted beside it.
struct Owner {
    store: Store,
    id: Id,
}

impl bucket::Owner for Owner {
    async fn keep(&self, begun: Begun) -> Result<(), String> {
        let id = self.id;
        on(&self.store, move |store| store.note_upload(id, &begun.write()).map_err(|why| why.to_string())).await
    }

    /// One that was deleted meanwhile is nobody's business any more.
    async fn wants(&self) -> bool {
        let id = self.id;
        on(&self.store, move |store| Ok(store.has(id).unwrap_or(true))).await.unwrap_or(true)
    }
}

/// Does something where waiting for the medium holds nobody up.
async fn on<T: Send + 'static>(
    store: &Store,
    what: impl FnOnce(&Store) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let store = store.clone();
    tokio::task::spawn_blocking(move || what(&store)).await.map_err(|why| why.to_string())?
}

/// What waits. No folder yet is nothing yet.
fn waiting(store: &Store) -> Result<Vec<Entry>, String> {
    let all = match store.list() {
        Err(why) if why.is_missing() => Vec::new(),
        all => all.map_err(|why| why.to_string())?,
    };
    Ok(all.into_iter().filter(|entry| entry.duration.is_some() && !entry.uploaded).collect())
}

struct Opened {
    picture: Option<Source>,
    file: Source,
    note: Option<String>,
}

/// All that is read of a recording; nothing where it is gone.
fn open(store: &Store, id: Id) -> Result<Option<Opened>, String> {
    let (file, entry) = match store.open(id) {
        Err(OpenError::Unknown(_)) => return Ok(None),
        opened => opened.map_err(|why| why.to_string())?,
    };
    let picture = match store.open_thumbnail(id) {
        Err(OpenError::NoThumbnail(_) | OpenError::Unknown(_)) => None,
        opened => opened.map(|(file, bytes)| Some(Source::new(file, bytes))).map_err(|why| why.to_string())?,
    };
    let note = store.upload_note(id).map_err(|why| why.to_string())?;
    Ok(Some(Opened { picture, file: Source::new(file, entry.bytes), note }))
}
