//! Recordings going to a bucket, for as long as the parts run: the bucket of the configuration, its key read from files, and what is told of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bucket::{Bucket, Key};
use record_upload::{Standing, Uploader};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::clock;
use crate::config::read_secret;
use crate::recorder::{Handle, Upload};

/// So often bytes are counted while a file is sent.
const EVERY: Duration = Duration::from_secs(5);

/// Recordings being uploaded; dropping it ends that.
pub struct Uploads {
    standing: watch::Receiver<Standing>,
    _tasks: JoinSet<()>,
}

/// How uploading stands, for who asks; clones are the same.
#[derive(Clone)]
pub struct UploadStanding(watch::Receiver<Standing>);

impl Uploads {
    /// Begins to upload what `recorder` has recorded, where `config` names a bucket; `device` stands before names where it says nothing else.
    ///
    /// # Errors
    /// What cannot be, or not be read, with its key.
    pub fn start(config: &Upload, recorder: &Handle, device: &str) -> Result<Option<Self>, String> {
        let Some(settings) = config.settings() else { return Ok(None) };
        let secret = |key: &'static str, file: &Option<std::path::PathBuf>| {
            let file = file.clone().ok_or_else(|| format!("`{key}` is not set"))?;
            read_secret(key, file).map_err(|why| why.to_string())
        };
        let key = Key {
            id: secret("record.upload.key_id_file", &config.key_id_file)?,
            secret: secret("record.upload.key_file", &config.key_file)?,
        };
        let bucket = Bucket::new(&settings, key, clock::since_1970).map_err(|why| why.to_string())?;
        let sent = bucket.sent();
        let prefix = config.prefix.clone().unwrap_or_else(|| format!("{device}/"));
        let uploader = Uploader::new(recorder.store().clone(), bucket, prefix, rand::random());
        let standing = uploader.standing();
        let ended = recorder.files();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { match uploader.run(ended).await {} });
        tasks.spawn(count(standing.clone(), sent));
        Ok(Some(Self { standing, _tasks: tasks }))
    }

    /// For who asks.
    pub fn standing(&self) -> UploadStanding {
        UploadStanding(self.standing.clone())
    }
}

impl UploadStanding {
    /// In the words of the command plane.
    pub fn shown(&self) -> wire::record::Upload {
        let standing = self.0.borrow();
        wire::record::Upload {
            waiting: standing.waiting,
            sending: standing.sending.map(|id| id.to_string()),
            fault: standing.fault.as_ref().map(ToString::to_string),
        }
    }
}

/// Tells the counters what has come.
async fn count(mut standing: watch::Receiver<Standing>, sent: Arc<AtomicU64>) {
    let mut before = Standing::default();
    let mut bytes = 0;
    loop {
        let now = standing.borrow_and_update().clone();
        metrics::gauge!("artc_upload_waiting").set(now.waiting as f64);
        metrics::counter!("artc_upload_recordings_total").increment(now.stored - before.stored);
        if let Some(fault) = now.fault.as_ref().filter(|_| now.refused > before.refused) {
            metrics::counter!("artc_upload_refused_total", "reason" => fault.kind.name()).increment(now.refused - before.refused);
        }
        let total = sent.load(Ordering::Relaxed);
        metrics::counter!("artc_upload_bytes_total").increment(total - std::mem::replace(&mut bytes, total));
        before = now;
        // Bytes go on while nothing else changes.
        let changed = tokio::time::timeout(EVERY, standing.changed()).await;
        if matches!(changed, Ok(Err(_))) {
            return;
        }
    }
}
