//! A file into the bucket: small ones in one piece, large ones in parts. What of it is there is asked of the bucket, so that a part whose
//! answer was lost is not sent again either; here nothing is kept but what the bucket calls what was begun.

use std::fs::File;
use std::sync::Arc;

use crate::refusal::{Kind, Refusal};
use crate::{Bucket, Part};

/// Files up to this size go in one piece; longer ones in parts of it, which a lost connection costs at most one of.
const PART: u64 = 8 << 20;
/// The protocol has no more.
const MOST_PARTS: u64 = 10_000;

/// A file to be stored, of which no byte changes any more.
#[derive(Clone, Debug)]
pub struct Source {
    pub(crate) file: Arc<File>,
    pub(crate) bytes: u64,
}

/// Whoever has the file that is stored.
pub trait Owner: Sync {
    /// Keeps what is known of an object that was begun: it is on the medium when this returns, or the answer says why it is not.
    fn keep(&self, begun: Begun) -> impl Future<Output = Result<(), String>> + Send;

    /// Whether it is still to be stored: asked before each part, and before they become an object.
    fn wants(&self) -> impl Future<Output = bool> + Send;
}

/// What is known of an object that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The object, with its bucket.
    pub url: String,
    /// What the service calls it.
    pub upload_id: String,
}

impl Begun {
    /// As a text that [`Begun::read`] reads.
    pub fn write(&self) -> String {
        format!("{}\n{}\n", self.url, self.upload_id)
    }

    /// What [`Begun::write`] wrote; nothing where it is something else.
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (url, upload_id) = (lines.next()?, lines.next()?);
        let whole = !url.is_empty() && !upload_id.is_empty() && lines.next().is_none();
        whole.then(|| Self { url: url.to_owned(), upload_id: upload_id.to_owned() })
    }
}

impl Bucket {
    /// Puts a file there. `begun` is what `owner` was given to keep by an earlier try at the same file. False: it is not wanted any more, and
    /// the parts have gone.
    ///
    /// # Errors
    /// Why the bucket, or the file, refuses. What was sent by then stays there for the next try.
    pub async fn upload(&self, from: &Source, object: &str, begun: Option<Begun>, owner: &impl Owner) -> Result<bool, Refusal> {
        if from.bytes <= PART {
            self.put(from, object).await?;
            return Ok(true);
        }
        let url = self.url(object);
        let (upload_id, mut there) = match begun.filter(|begun| begun.url == url) {
            Some(begun) => match self.parts(object, &begun.upload_id).await? {
                Some(parts) => (begun.upload_id, parts),
                // It was made an object, and the answer was lost; or the service has tidied up.
                None if self.bytes(object).await? == Some(from.bytes) => return Ok(true),
                None => (self.begin_kept(object, owner).await?, Vec::new()),
            },
            None => (self.begin_kept(object, owner).await?, Vec::new()),
        };
        let mut parts = Vec::new();
        for (number, at, bytes) in cut(from.bytes) {
            if !owner.wants().await {
                self.abort(object, &upload_id).await?;
                return Ok(false);
            }
            let known = there.iter().position(|part: &Part| part.number == number && part.bytes == bytes);
            parts.push(match known {
                Some(at) => there.swap_remove(at),
                None => self.part(from, object, &upload_id, (number, at, bytes)).await?,
            });
        }
        if !owner.wants().await {
            self.abort(object, &upload_id).await?;
            return Ok(false);
        }
        self.finish(object, &upload_id, &parts).await?;
        Ok(true)
    }

    async fn begin_kept(&self, object: &str, owner: &impl Owner) -> Result<String, Refusal> {
        let upload_id = self.begin(object).await?;
        let begun = Begun { url: self.url(object), upload_id: upload_id.clone() };
        if let Err(why) = owner.keep(begun).await {
            // Nobody would find it again.
            let _ = self.abort(object, &upload_id).await;
            return Err(self.refusal(Kind::Unreadable(why)));
        }
        Ok(upload_id)
    }
}

/// The parts of a file: number, first byte, bytes. The same for each try.
fn cut(bytes: u64) -> impl Iterator<Item = (u16, u64, u64)> {
    // Whole MiB, so that the last part is never the smallest allowed but one.
    let each = bytes.div_ceil(MOST_PARTS).next_multiple_of(1 << 20).max(PART);
    (0..bytes.div_ceil(each)).map(move |number| (number as u16 + 1, number * each, each.min(bytes - number * each)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_whole_file_once_and_no_more_than_may_be() {
        for bytes in [PART + 1, 2 * PART, 20_000_001, 80 << 30, (80 << 30) + 1, 5 << 40] {
            let parts: Vec<_> = cut(bytes).collect();
            let mut next = 0;
            for (number, part) in parts.iter().enumerate() {
                assert_eq!((usize::from(part.0), part.1), (number + 1, next));
                assert!(part.2 > 0);
                next += part.2;
            }
            assert_eq!(next, bytes);
            assert!(parts.len() <= 10_000, "{bytes}: {}", parts.len());
        }
    }

    #[test]
    fn what_was_begun_is_read_back_and_nothing_else() {
        let begun = Begun { url: "s3://a/b".into(), upload_id: "x-y".into() };
        assert_eq!(Begun::read(&begun.write()), Some(begun));
        for text in ["", "\n", "one", "one\n\n", "\ntwo", "one\ntwo\nthree"] {
            assert_eq!(Begun::read(text), None, "{text:?}");
        }
    }
}
