//! Files into a bucket of S3's protocol: in one piece, or in parts of which none is sent twice.
//!
//! Requests are signed by `rusty-s3`, which does no I/O, and go over the HTTP and TLS that is linked anyway. They go to the bucket's own host
//! and nowhere else: redirects are refusals. Whatever a service answers is one [`Refusal`] with its cause; keys and signatures are in none.
//!
//! Not for when to try again, and not for what is to be stored.
#![forbid(unsafe_code)]

mod body;
mod http;
mod refusal;
mod upload;

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use ::http::Method;
use jiff::Timestamp;
use rusty_s3::actions::{CreateMultipartUpload, ListParts, S3Action};
use rusty_s3::{Bucket as Address, Credentials, UrlStyle};
use url::Url;

use body::{Body, Pace};
use http::{Answer, Ways};
pub use refusal::{Kind, Refusal};
pub use upload::{Begun, Owner, Source};

/// A signed request is good for so long; its body may take as long.
const SIGNED_FOR: Duration = Duration::from_secs(6 * 3600);
/// How long a service may let a request wait without taking a byte of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time since 1970 on the clock of the wall, for signatures: this crate has none.
pub type Clock = fn() -> Duration;

/// Where a bucket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `https://HOST[:PORT]` of the service; none for Amazon's own. `http://` is taken as it is said.
    pub endpoint: Option<String>,
    /// Name of the bucket.
    pub name: String,
    /// Region; what is not Amazon takes any.
    pub region: String,
    /// The bucket is a part of the host's name instead of the path.
    pub virtual_hosted: bool,
    /// A PEM file of certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Bits that are sent in a second at most, all files together; `None`: as many as the connection takes.
    pub most_bits_s: Option<u64>,
}

/// An access key.
#[derive(Clone)]
pub struct Key {
    /// Access key id.
    pub id: String,
    /// Secret access key.
    pub secret: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Why there is no such bucket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bucket {bucket}: {why}")]
pub struct BadSettings {
    bucket: String,
    why: String,
}

/// See the module.
pub struct Bucket {
    address: Address,
    key: Credentials,
    ways: Ways,
    clock: Clock,
    pace: Option<Arc<Pace>>,
    sent: Arc<AtomicU64>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.url("")).finish()
    }
}

/// A part that the bucket has.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    number: u16,
    bytes: u64,
    etag: String,
}

impl Settings {
    /// What is wrong with them.
    ///
    /// # Errors
    /// Endpoint or name are none.
    pub fn check(&self) -> Result<(), BadSettings> {
        self.address().map(|_| ())
    }

    fn address(&self) -> Result<Address, BadSettings> {
        let bad = |why: String| BadSettings { bucket: self.name.clone(), why };
        let named = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_');
        if !(3..=255).contains(&self.name.len()) || !self.name.bytes().all(named) || self.name.starts_with('.') {
            return Err(bad("the name of a bucket is 3 to 255 letters of ASCII, digits, dots, hyphens and underscores".into()));
        }
        let amazon = || format!("https://s3.{}.amazonaws.com", self.region);
        let endpoint = self.endpoint.clone().unwrap_or_else(amazon);
        let url: Url = endpoint.parse().map_err(|why| bad(format!("its endpoint is no address: {why}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("its endpoint holds a user or a password; the access key is what lets in".into()));
        }
        let style = if self.virtual_hosted { UrlStyle::VirtualHost } else { UrlStyle::Path };
        Address::new(url, style, self.name.clone(), self.region.clone())
            .map_err(|why| bad(format!("its endpoint cannot be: {why}")))
    }
}

impl Bucket {
    /// The bucket of these settings; it is not asked before the first file.
    ///
    /// # Errors
    /// As [`Settings::check`].
    pub fn new(settings: &Settings, key: Key, clock: Clock) -> Result<Self, BadSettings> {
        let sent = Arc::new(AtomicU64::new(0));
        Ok(Self {
            address: settings.address()?,
            key: Credentials::new(key.id, key.secret),
            ways: Ways { ca_file: settings.ca_file.clone(), patience: PATIENCE, sent: Arc::clone(&sent) },
            clock,
            pace: settings.most_bits_s.map(|bits| Arc::new(Pace::new(bits / 8))),
            sent,
        })
    }

    /// Gives a service that takes nothing up after so long, instead of a minute.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.ways.patience = patience;
        self
    }

    /// The name of an object, as people write it.
    pub fn url(&self, object: &str) -> String {
        format!("s3://{}/{object}", self.address.name())
    }

    /// Bytes of files that were sent to it, whether it kept them or not. Counts on while they are sent.
    pub fn sent(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.sent)
    }

    /// Puts a file there in one piece.
    pub(crate) async fn put(&self, from: &Source, object: &str) -> Result<(), Refusal> {
        let action = self.address.put_object(Some(&self.key), object);
        let body = self.body(from, 0, from.bytes);
        self.ask(Method::PUT, &action, body).await.map(|_| ())
    }

    /// Bytes of an object; `None` where there is none.
    pub(crate) async fn bytes(&self, object: &str) -> Result<Option<u64>, Refusal> {
        let action = self.address.head_object(Some(&self.key), object);
        match self.ask(Method::HEAD, &action, Body::Empty).await {
            Ok(answer) => Ok(answer.length),
            Err(why) if why.kind == Kind::Gone => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// Begins an object of many parts; what the service calls that.
    async fn begin(&self, object: &str) -> Result<String, Refusal> {
        let action = self.address.create_multipart_upload(Some(&self.key), object);
        let answer = self.ask(Method::POST, &action, Body::Empty).await?;
        let parsed = CreateMultipartUpload::parse_response(&answer.text()).map_err(|why| self.odd(&why.to_string()))?;
        Ok(parsed.upload_id().to_owned())
    }

    /// The parts that are there; `None` where the service knows of no such beginning any more.
    async fn parts(&self, object: &str, upload_id: &str) -> Result<Option<Vec<Part>>, Refusal> {
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let mut action = self.address.list_parts(Some(&self.key), object, upload_id);
            if let Some(marker) = marker {
                action.set_part_number_marker(marker);
            }
            let answer = match self.ask(Method::GET, &action, Body::Empty).await {
                Err(why) if why.kind == Kind::NoSuchUpload => return Ok(None),
                answer => answer?,
            };
            let list = ListParts::parse_response(&answer.text()).map_err(|why| self.odd(&why.to_string()))?;
            let part = |part: rusty_s3::actions::PartsContent| Part { number: part.number, bytes: part.size, etag: part.etag };
            found.extend(list.parts.into_iter().map(part));
            match list.next_part_number_marker {
                // A service that points back would have us ask for ever.
                Some(next) if marker.is_none_or(|before| next > before) => marker = Some(next),
                _ => return Ok(Some(found)),
            }
        }
    }

    /// Sends a part; its tag.
    async fn part(
        &self,
        from: &Source,
        object: &str,
        upload_id: &str,
        (number, at, bytes): (u16, u64, u64),
    ) -> Result<Part, Refusal> {
        let action = self.address.upload_part(Some(&self.key), object, number, upload_id);
        let answer = self.ask(Method::PUT, &action, self.body(from, at, bytes)).await?;
        let etag = answer.etag.ok_or_else(|| self.odd("a part got no tag"))?;
        Ok(Part { number, bytes, etag })
    }

    /// Makes one object of its parts.
    async fn finish(&self, object: &str, upload_id: &str, parts: &[Part]) -> Result<(), Refusal> {
        let etags = || parts.iter().map(|part| part.etag.as_str());
        let action = self.address.complete_multipart_upload(Some(&self.key), object, upload_id, etags());
        let text = self.address.complete_multipart_upload(Some(&self.key), object, upload_id, etags()).body();
        let answer = self.ask(Method::POST, &action, Body::Text(text.into())).await?;
        // It begins to answer before it knows.
        if answer.body.windows(6).any(|some| some == b"<Error") {
            return Err(self.refusal(Kind::of_answer(500, &answer.text())));
        }
        Ok(())
    }

    /// Lets the parts go.
    async fn abort(&self, object: &str, upload_id: &str) -> Result<(), Refusal> {
        let action = self.address.abort_multipart_upload(Some(&self.key), object, upload_id);
        match self.ask(Method::DELETE, &action, Body::Empty).await {
            Err(why) if !matches!(why.kind, Kind::NoSuchUpload | Kind::Gone) => Err(why),
            _ => Ok(()),
        }
    }

    fn body(&self, from: &Source, at: u64, bytes: u64) -> Body {
        Body::File { from: Arc::clone(&from.file), at, bytes, pace: self.pace.clone(), sent: Arc::clone(&self.sent) }
    }

    async fn ask<'a>(&self, method: Method, action: &impl S3Action<'a>, body: Body) -> Result<Answer, Refusal> {
        let now = (self.clock)();
        let now = Timestamp::new(now.as_secs() as i64, 0).map_err(|_| self.refusal(Kind::WrongClock))?;
        let url = action.sign_with_time(SIGNED_FOR, &now);
        let answer = self.ways.ask(&url, method, body).await.map_err(|kind| self.refusal(kind))?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        Err(self.refusal(Kind::of_answer(answer.status, &answer.text())))
    }

    fn odd(&self, what: &str) -> Refusal {
        self.refusal(Kind::Unreachable(format!("what it answers is not understood: {what}")))
    }

    fn refusal(&self, kind: Kind) -> Refusal {
        Refusal { place: format!("s3://{}", self.address.name()), kind }
    }
}

impl Source {
    /// A file of so many bytes, of which none changes any more.
    pub fn new(file: File, bytes: u64) -> Self {
        Self { file: Arc::new(file), bytes }
    }
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
