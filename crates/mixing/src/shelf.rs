//! What has ended goes into the store, in order, again and again until it is there; then it goes from here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use backoff::Backoff;
use tokio::sync::{Notify, mpsc};

use crate::job::{Event, FileFinished};
use crate::store::{Refusal, Store};
use crate::take::{Meta, folders};

/// Wakes the task that stores what a job wrote.
#[derive(Default)]
pub(crate) struct Bell {
    ring: Notify,
    over: AtomicBool,
}

impl Bell {
    /// Something has ended.
    pub(crate) fn ring(&self) {
        self.ring.notify_one();
    }

    /// Nothing more will be written.
    pub(crate) fn over(&self) {
        self.over.store(true, Ordering::Release);
        self.ring();
    }
}

/// Tells something to whoever asked for the job. Who does not listen misses it.
pub(crate) fn tell(events: &mpsc::Sender<Event>, event: Event) {
    if let Err(why) = events.try_send(event) {
        tracing::debug!("an event of a job reached nobody: {why}");
    }
}

/// Stores what ends in the folder of a job until nothing more comes, and removes the folder then.
pub(crate) async fn keep(job: PathBuf, store: Store, events: mpsc::Sender<Event>, bell: Arc<Bell>) {
    let seed = job.as_os_str().len() as u64;
    let mut backoff = Backoff::new(seed);
    let mut told: Option<Refusal> = None;
    loop {
        let over = bell.over.load(Ordering::Acquire);
        match store_all(&job, &store, &events).await {
            Ok(()) => {
                if told.take().is_some() {
                    tell(&events, Event::StoreTakes);
                }
                backoff.reset();
                if over {
                    // Only where it is empty.
                    let _ = std::fs::remove_dir(&job);
                    return;
                }
                bell.ring.notified().await;
            }
            Err(why) => {
                if told.as_ref() != Some(&why) {
                    tracing::warn!(job = %job.display(), "recordings stay here until the store takes them: {why}");
                    tell(&events, Event::StoreRefuses { detail: why.to_string() });
                    told = Some(why);
                }
                let pause: Duration = backoff.pause();
                // What ends meanwhile waits its turn.
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn store_all(job: &Path, store: &Store, events: &mpsc::Sender<Event>) -> Result<(), Refusal> {
    for folder in folders(job).unwrap_or_default() {
        let Ok(meta) = Meta::read(&folder) else { continue };
        let Some(lasts_ms) = meta.lasts_ms else { continue };
        let mut bytes = 0;
        for (file, object) in meta.objects() {
            bytes += store.put(&folder.join(file), &object).await?;
        }
        if let Err(why) = std::fs::remove_dir_all(&folder) {
            tracing::warn!(folder = %folder.display(), "stored, but not removed: {why}");
            // It would be stored again for ever.
            let _ = std::fs::rename(&folder, folder.with_extension("stored"));
        }
        tracing::info!(object = meta.object(), bytes, "recording stored");
        let object = meta.object();
        tell(
            events,
            Event::FileFinished(FileFinished {
                format: meta.format,
                url: store.url(&object),
                object,
                began: UNIX_EPOCH + Duration::from_millis(meta.began_ms),
                duration: Duration::from_millis(lasts_ms),
                bytes,
                width: meta.width,
                height: meta.height,
                mended: meta.mended,
            }),
        );
    }
    Ok(())
}
