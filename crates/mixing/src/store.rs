//! Where finished files go: a folder, or a bucket of anything that speaks S3. Not for when to try again: see `shelf`.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::Secret;
use bytes::Bytes;
use futures_util::StreamExt as _;
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Object;
use object_store::{ClientOptions, Error, ObjectStore, ObjectStoreExt as _, PutPayload, RetryConfig, WriteMultipart};

use crate::images::MOST_BYTES;
use crate::layout::Image;

/// Files up to this size go in one piece, longer ones in pieces of it.
const PIECE: usize = 8 << 20;
/// A request that takes longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// `https://HOST[:PORT]` of the service; none for Amazon's own. `http://` is taken as it is said.
    pub endpoint: Option<String>,
    /// Name of the bucket.
    pub name: String,
    /// Region; what is not Amazon takes any.
    pub region: String,
    /// Access key id.
    pub key_id: String,
    /// Secret access key.
    pub key: Secret,
    /// The bucket is a part of the host's name instead of the path.
    pub virtual_hosted: bool,
}

/// Where files go.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder, which is made where it is missing.
    Folder(PathBuf),
    /// A bucket.
    Bucket(Bucket),
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder cannot be made or read.
    #[error("recordings cannot be kept in {folder}: {source}")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something of the bucket cannot be.
    #[error("recordings cannot be kept in bucket {bucket}: {why}")]
    Bucket {
        /// Which.
        bucket: String,
        /// What is wrong.
        why: String,
    },
}

/// Why the store does not take or give something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct Refusal {
    /// The folder or bucket.
    pub place: String,
    /// Why.
    pub kind: RefusalKind,
}

/// Why the store refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalKind {
    /// There is no room.
    #[error("it is full")]
    Full,
    /// There is no such bucket or object.
    #[error("there is no such bucket or object")]
    Gone,
    /// The key is wrong, or may not do this.
    #[error("the access key is refused, or may not write there")]
    NotAllowed,
    /// It cannot be reached, or says something else; it may be better later.
    #[error("it cannot be reached or does not answer as it should: {0}")]
    Unreachable(String),
}

/// See the module. Clones are the same store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    /// What stands before an object's name in its address.
    base: String,
    bucket: Option<String>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.base).finish()
    }
}

impl Store {
    /// Opens it. A bucket is not asked before the first file.
    pub fn open(place: &Place) -> Result<Self, OpenError> {
        match place {
            Place::Folder(folder) => {
                let fault = |source| OpenError::Folder { folder: folder.clone(), source };
                std::fs::create_dir_all(folder).map_err(fault)?;
                let folder = folder.canonicalize().map_err(fault)?;
                let inner = LocalFileSystem::new_with_prefix(&folder).map_err(|why| fault(std::io::Error::other(why)))?;
                Ok(Self { inner: Arc::new(inner.with_fsync(true)), base: format!("file://{}", folder.display()), bucket: None })
            }
            Place::Bucket(bucket) => Self::bucket(bucket),
        }
    }

    fn bucket(bucket: &Bucket) -> Result<Self, OpenError> {
        // We try again ourselves, and tell while we do.
        let retry = RetryConfig { max_retries: 1, retry_timeout: PATIENCE, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.key_id)
            .with_secret_access_key(bucket.key.expose())
            .with_virtual_hosted_style_request(bucket.virtual_hosted)
            .with_conditional_put(S3ConditionalPut::Disabled)
            .with_client_options(ClientOptions::new().with_timeout(PATIENCE).with_allow_http(true))
            .with_retry(retry);
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let name = bucket.name.clone();
        let inner = builder.build().map_err(|why| OpenError::Bucket { bucket: name.clone(), why: why.to_string() })?;
        Ok(Self { inner: Arc::new(inner), base: format!("s3://{name}"), bucket: Some(name) })
    }

    /// The address of an object.
    pub(crate) fn url(&self, object: &str) -> String {
        format!("{}/{object}", self.base)
    }

    /// Puts a file into the store; how many bytes it has.
    pub(crate) async fn put(&self, file: &Path, object: &str) -> Result<u64, Refusal> {
        let name = Object::parse(object).map_err(|why| self.refusal(RefusalKind::Unreachable(why.to_string())))?;
        let local = |why: io::Error| self.refusal(RefusalKind::Unreachable(format!("{}: {why}", file.display())));
        let from = Arc::new(File::open(file).map_err(local)?);
        let len = from.metadata().map_err(local)?.len();
        if len <= PIECE as u64 {
            let bytes = piece(&from).await.map_err(local)?;
            self.inner.put(&name, PutPayload::from(bytes)).await.map_err(|why| self.told(&why))?;
            return Ok(len);
        }
        let upload = self.inner.put_multipart(&name).await.map_err(|why| self.told(&why))?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PIECE);
        loop {
            let bytes = piece(&from).await.map_err(local)?;
            if bytes.is_empty() {
                break;
            }
            if let Err(why) = upload.wait_for_capacity(2).await {
                // What is there of it goes when the bucket's own rules say so, if it does not now.
                let _ = upload.abort().await;
                return Err(self.told(&why));
            }
            upload.put(bytes);
        }
        upload.finish().await.map_err(|why| self.told(&why))?;
        Ok(len)
    }

    /// The bytes of an image, which must lie in this store. In a folder the bucket's name is not looked at.
    pub(crate) async fn image(&self, image: &Image) -> Result<Bytes, Refusal> {
        let parts = image.parts().filter(|(bucket, _)| self.bucket.as_deref().is_none_or(|own| own == *bucket));
        let (_, object) = parts.ok_or_else(|| self.refusal(RefusalKind::Gone))?;
        let name = Object::parse(object).map_err(|_| self.refusal(RefusalKind::Gone))?;
        let found = self.inner.get(&name).await.map_err(|why| self.told(&why))?;
        if found.meta.size > MOST_BYTES {
            return Err(self.refusal(RefusalKind::Unreachable(format!("{object} has more than {MOST_BYTES} bytes"))));
        }
        let mut bytes = Vec::new();
        let mut stream = found.into_stream();
        while let Some(piece) = stream.next().await {
            bytes.extend_from_slice(&piece.map_err(|why| self.told(&why))?);
            if bytes.len() as u64 > MOST_BYTES {
                return Err(self.refusal(RefusalKind::Unreachable(format!("{object} has more than {MOST_BYTES} bytes"))));
            }
        }
        Ok(bytes.into())
    }

    fn refusal(&self, kind: RefusalKind) -> Refusal {
        Refusal { place: self.base.clone(), kind }
    }

    fn told(&self, why: &Error) -> Refusal {
        let kind = match why {
            Error::NotFound { .. } => RefusalKind::Gone,
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => RefusalKind::NotAllowed,
            _ => by_words(&chain(why)),
        };
        self.refusal(kind)
    }
}

/// The next piece of a file, read where waiting for a disk holds nobody up.
async fn piece(file: &Arc<File>) -> io::Result<Bytes> {
    let file = Arc::clone(file);
    let read = move || {
        let mut bytes = Vec::new();
        (&*file).take(PIECE as u64).read_to_end(&mut bytes).map(|_| Bytes::from(bytes))
    };
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}

/// What else the causes say; full is told by every store in words of its own.
fn by_words(words: &str) -> RefusalKind {
    let says = |some: &[&str]| some.iter().any(|one| words.contains(one));
    if says(&["StorageFull", "QuotaExceeded", "InsufficientStorage", "507 ", "No space left", "os error 28", "os error 122"]) {
        RefusalKind::Full
    } else if says(&["NoSuchBucket"]) {
        RefusalKind::Gone
    } else if says(&["InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"]) {
        RefusalKind::NotAllowed
    } else {
        RefusalKind::Unreachable(words.chars().take(300).collect())
    }
}

/// An error and its causes, each once.
fn chain(why: &dyn std::error::Error) -> String {
    let mut words = why.to_string();
    let mut cause = why.source();
    while let Some(next) = cause {
        let more = next.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = next.source();
    }
    words
}
