//! A file of a job while it is written and until the store has it: a folder with the fragmented MP4, what is known of it, and for HLS a
//! playlist whose segments are parts of that file.
//!
//! Every fragment is on the medium before the next begins; so whatever ends the process, all but the last second is there, and
//! [`Take::mend`] takes off what is torn.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use record::mp4::{self, Format as Codec, Sound};
use record::torn;
use serde::{Deserialize, Serialize};

use crate::files::Format;
use crate::gather::{Fragment, sound_ticks};

const META: &str = "take.json";
const MEDIA: &str = "media.mp4";
const PLAYLIST: &str = "index.m3u8";

/// What is known of a take; lies beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Meta {
    pub format: Format,
    /// Name of the object without its ending.
    pub name: String,
    /// Milliseconds since 1970.
    pub began_ms: u64,
    pub width: u32,
    pub height: u32,
    /// Milliseconds, when it has ended.
    pub lasts_ms: Option<u64>,
    pub mended: bool,
    /// Parts of the file, for HLS.
    pub segments: Vec<Segment>,
}

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub at: u64,
    pub len: u64,
    pub lasts_ms: u64,
}

impl Meta {
    /// Name of the object that players are given.
    pub(crate) fn object(&self) -> String {
        format!("{}{}", self.name, if self.format == Format::Mp4 { ".mp4" } else { ".m3u8" })
    }

    /// The files below the folder of the take and what they are called in the store; what players are given comes last.
    pub(crate) fn objects(&self) -> Vec<(&'static str, String)> {
        match self.format {
            Format::Mp4 => vec![(MEDIA, self.object())],
            Format::Hls => vec![(MEDIA, format!("{}.m4s", self.name)), (PLAYLIST, self.object())],
        }
    }

    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(folder.join(META))?)?)
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        replace(&folder.join(META), &serde_json::to_vec(self)?)
    }

    /// The playlist of the segments that are whole.
    fn playlist(&self) -> String {
        let longest = self.segments.iter().map(|segment| segment.lasts_ms.div_ceil(1000)).max().unwrap_or(1).max(1);
        let media = self.name.rsplit('/').next().unwrap_or_default();
        let init = self.segments.first().map_or(0, |segment| segment.at);
        let kind = if self.lasts_ms.is_some() { "VOD" } else { "EVENT" };
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{longest}\n#EXT-X-PLAYLIST-TYPE:{kind}\n#EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-MAP:URI=\"{media}.m4s\",BYTERANGE=\"{init}@0\"\n"
        );
        for Segment { at, len, lasts_ms } in &self.segments {
            let (s, ms) = (lasts_ms / 1000, lasts_ms % 1000);
            text.push_str(&format!("#EXTINF:{s}.{ms:03},\n#EXT-X-BYTERANGE:{len}@{at}\n{media}.m4s\n"));
        }
        if self.lasts_ms.is_some() {
            text.push_str("#EXT-X-ENDLIST\n");
        }
        text
    }
}

/// Puts `bytes` into the place of `path` at once: the old ones or the new ones are there whatever happens.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(beside, path)
}

/// See the module.
pub(crate) struct Take {
    folder: PathBuf,
    pub meta: Meta,
    file: File,
    len: u64,
    sequence: u32,
    /// Where it began, in ticks of pictures.
    began: u64,
    until: u64,
    /// A segment ends after so long; zero without segments.
    slice: Duration,
    /// Where the segment began: in the file, and in ticks.
    segment: (u64, u64),
}

impl Take {
    /// Begins one in a new folder below `job`, with `first` as its first fragment.
    pub(crate) fn begin(job: &Path, meta: Meta, codec: Option<&Codec>, slice: Duration, first: &Fragment) -> io::Result<Self> {
        let kind = if meta.format == Format::Mp4 { "mp4" } else { "hls" };
        let folder = (0..).map(|n| job.join(format!("{}-{n}-{kind}", meta.began_ms))).find(|path| !path.exists());
        let folder = folder.unwrap_or_else(|| job.join(kind));
        fs::create_dir_all(&folder)?;
        let invalid = |why: mp4::Unfit| io::Error::new(io::ErrorKind::InvalidData, why);
        let head = mp4::head(codec, Some(Sound::Aac), Duration::from_millis(meta.began_ms)).map_err(invalid)?;
        let mut file = OpenOptions::new().write(true).create_new(true).open(folder.join(MEDIA))?;
        file.write_all(&head)?;
        meta.write(&folder)?;
        let len = head.len() as u64;
        let began = first.at;
        let mut take = Self { folder, meta, file, len, sequence: 0, began, until: began, slice, segment: (len, began) };
        take.append(first)?;
        Ok(take)
    }

    /// How long it is.
    pub(crate) fn lasts(&self) -> Duration {
        mp4::video_time(self.until - self.began)
    }

    /// Writes a fragment, and waits until the medium has it.
    pub(crate) fn append(&mut self, fragment: &Fragment) -> io::Result<()> {
        let due = !self.slice.is_zero() && mp4::video_time(fragment.at - self.segment.1) >= self.slice;
        if fragment.key && due {
            self.end_segment(fragment.at);
            self.meta.write(&self.folder)?;
            replace(&self.folder.join(PLAYLIST), self.meta.playlist().as_bytes())?;
        }
        self.sequence += 1;
        let sound_at = fragment.sound_at.saturating_sub(sound_ticks(self.began));
        let head =
            mp4::fragment_head(self.sequence, (fragment.at - self.began, &fragment.pictures), (sound_at, &fragment.packets))
                .map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
        self.file.write_all(&head)?;
        self.file.write_all(&fragment.payload)?;
        self.file.sync_data()?;
        self.len += (head.len() + fragment.payload.len()) as u64;
        self.until = fragment.until;
        Ok(())
    }

    fn end_segment(&mut self, until: u64) {
        let (at, since) = self.segment;
        let lasts_ms = mp4::video_time(until - since).as_millis() as u64;
        self.meta.segments.push(Segment { at, len: self.len - at, lasts_ms });
        self.segment = (self.len, until);
    }

    /// Ends it; from then on it can be stored.
    pub(crate) fn end(mut self) -> io::Result<()> {
        // What a write that failed left behind is no fragment.
        self.file.set_len(self.len)?;
        if self.meta.format == Format::Hls && self.len > self.segment.0 {
            self.end_segment(self.until);
        }
        self.meta.lasts_ms = Some(self.lasts().as_millis() as u64);
        finish(&self.folder, &self.meta)
    }

    /// Mends what an end of the process left behind in the folder of a take. False where there is nothing in it, and it is gone.
    pub(crate) fn mend(folder: &Path) -> io::Result<bool> {
        let Ok(mut meta) = Meta::read(folder) else {
            // It ended before anything was written.
            fs::remove_dir_all(folder)?;
            return Ok(false);
        };
        if meta.lasts_ms.is_some() {
            return Ok(true);
        }
        let mut file = OpenOptions::new().read(true).write(true).open(folder.join(MEDIA))?;
        let whole = torn::look(&mut file)?;
        if whole.duration.is_zero() {
            fs::remove_dir_all(folder)?;
            return Ok(false);
        }
        file.set_len(whole.len)?;
        let lasts_ms = whole.duration.as_millis() as u64;
        if meta.format == Format::Hls {
            let before: u64 = meta.segments.iter().map(|segment| segment.lasts_ms).sum();
            let at = match meta.segments.last() {
                Some(last) => last.at + last.len,
                None => torn::head_len(&mut file)?,
            };
            if whole.len > at {
                meta.segments.push(Segment { at, len: whole.len - at, lasts_ms: lasts_ms.saturating_sub(before) });
            }
        }
        (meta.lasts_ms, meta.mended) = (Some(lasts_ms), true);
        finish(folder, &meta)?;
        Ok(true)
    }
}

/// The playlist is whole before the take counts as ended.
fn finish(folder: &Path, meta: &Meta) -> io::Result<()> {
    if meta.format == Format::Hls {
        replace(&folder.join(PLAYLIST), meta.playlist().as_bytes())?;
    }
    meta.write(folder)
}

/// The folders of takes below that of a job, the oldest first.
pub(crate) fn folders(job: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(job) {
        Ok(entries) => entries,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(why),
    };
    let mut folders: Vec<PathBuf> =
        entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}
