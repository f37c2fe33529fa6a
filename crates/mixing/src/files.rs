//! What a job writes: formats, names, and when a file gives way to the next.

use std::time::Duration;

/// Longest name of an object, S3's own limit.
const MOST_NAME: usize = 1024;

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Format {
    /// A playlist and its segments.
    Hls,
    /// One file.
    Mp4,
}

/// MP4 files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mp4 {
    /// Name of the objects without `.mp4`. `{file_start_time}` becomes the time at which the file began, `YYYY-MM-DD-hh-mm-ss` in UTC, and
    /// `{record_format}` `mp4`; other variables are filled in before. A file that begins within the same second gets `-2` and so on behind it.
    pub prefix: String,
    /// After so long another file begins; zero: one file. Documented: 60 to 10,800 s.
    pub cycle: Duration,
}

/// HLS: a fragmented MP4 file, and a playlist whose segments are parts of it (`EXT-X-BYTERANGE`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hls {
    /// As [`Mp4::prefix`], of the playlist (`.m3u8`) and of the file (`.m4s`).
    pub prefix: String,
    /// After so long another playlist begins; zero: one. Documented: 60 to 43,200 s.
    pub cycle: Duration,
    /// Length of a segment; documented: 2 to 60 s, usually 10 s. It ends at the next key frame, which come every 2 s.
    pub slice: Duration,
}

/// What a job writes: at least one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// MP4, if it is wanted.
    pub mp4: Option<Mp4>,
    /// HLS, if it is wanted.
    pub hls: Option<Hls>,
}

/// What of the files cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadFiles {
    /// Neither MP4 nor HLS.
    #[error("no format of files is wanted: MP4, HLS or both are possible")]
    None,
    /// A name that no object has, or that leads elsewhere.
    #[error(
        "record prefix {0:?} gives no object's name: parts divided by single slashes, none of them . or .., at most 900 bytes"
    )]
    Prefix(String),
    /// A cycle shorter than a group of pictures, or longer than anybody records.
    #[error("{0:?} is no length of a file or segment: at least 1 s, at most 30 days")]
    Length(Duration),
}

impl Files {
    /// Whether they can be written. The documented ranges are the server's to hold; what is refused here cannot be done.
    pub fn check(&self) -> Result<(), BadFiles> {
        if self.mp4.is_none() && self.hls.is_none() {
            return Err(BadFiles::None);
        }
        let prefixes = self.mp4.iter().map(|mp4| &mp4.prefix).chain(self.hls.iter().map(|hls| &hls.prefix));
        for prefix in prefixes {
            if prefix.len() > 900 || !is_object_name(prefix) {
                return Err(BadFiles::Prefix(prefix.chars().take(200).collect()));
            }
        }
        let cycles =
            self.mp4.iter().map(|mp4| mp4.cycle).chain(self.hls.iter().map(|hls| hls.cycle)).filter(|cycle| !cycle.is_zero());
        for length in cycles.chain(self.hls.iter().map(|hls| hls.slice)) {
            if length < Duration::from_secs(1) || length > Duration::from_secs(30 * 24 * 3600) {
                return Err(BadFiles::Length(length));
            }
        }
        Ok(())
    }
}

/// Whether an object can be called so, in a bucket and as a file below a folder.
pub(crate) fn is_object_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MOST_NAME
        && !name.chars().any(|c| c.is_control() || c == '\\')
        && name.split('/').all(|part| !part.is_empty() && part.len() <= 200 && part != "." && part != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mp4(prefix: &str, cycle: u64) -> Files {
        Files { mp4: Some(Mp4 { prefix: prefix.into(), cycle: Duration::from_secs(cycle) }), hls: None }
    }

    #[test]
    fn names_that_lead_elsewhere_and_lengths_that_cannot_be_are_refused() {
        assert_eq!(Files::default().check(), Err(BadFiles::None));
        for good in ["a", "Record/{record_format}/m_1_room_{file_start_time}/x", "..a/b.."] {
            assert_eq!(mp4(good, 0).check(), Ok(()));
        }
        for bad in ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.", "a\\b", "a\0", &"a".repeat(901), &"a".repeat(201)] {
            assert!(matches!(mp4(bad, 0).check(), Err(BadFiles::Prefix(_))), "{bad:?}");
        }
        assert!(matches!(mp4("a", 31 * 24 * 3600).check(), Err(BadFiles::Length(_))));
        let hls = Hls { prefix: "a".into(), cycle: Duration::ZERO, slice: Duration::ZERO };
        assert!(matches!(Files { mp4: None, hls: Some(hls) }.check(), Err(BadFiles::Length(_))));
    }
}
