//! The thread that writes: fragments come, files begin, give way to the next by their cycle, and end.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, UNIX_EPOCH};

use media::Size;
use record::mp4::{self, Format as Codec};
use tokio::sync::mpsc::Sender;

use crate::files::{Files, Format};
use crate::gather::Fragment;
use crate::job::{Event, FileBegan};
use crate::shelf::{Bell, tell};
use crate::take::{Meta, Take, folders};

/// A fragment, and what its pictures need to be decoded.
pub(crate) struct Piece {
    pub fragment: Fragment,
    pub codec: Option<Codec>,
}

/// One format of a job.
struct Line {
    format: Format,
    prefix: String,
    cycle: Duration,
    slice: Duration,
    take: Option<Take>,
    last: String,
}

/// See the module.
pub(crate) struct Writer {
    job: PathBuf,
    lines: Vec<Line>,
    size: Option<Size>,
    /// What the wall said when the axis of the fragments began.
    began: Duration,
    events: Sender<Event>,
    bell: Arc<Bell>,
}

impl Writer {
    pub(crate) fn new(
        job: PathBuf,
        files: &Files,
        size: Option<Size>,
        began: Duration,
        events: Sender<Event>,
        bell: Arc<Bell>,
    ) -> Self {
        let line = |format, prefix: &str, cycle, slice| {
            let (prefix, last) = (prefix.to_owned(), String::new());
            Line { format, prefix, cycle, slice, take: None, last }
        };
        let mp4 = files.mp4.iter().map(|mp4| line(Format::Mp4, &mp4.prefix, mp4.cycle, Duration::ZERO));
        let hls = files.hls.iter().map(|hls| line(Format::Hls, &hls.prefix, hls.cycle, hls.slice));
        let lines = mp4.chain(hls).collect();
        Self { job, lines, size, began, events, bell }
    }

    /// Writes until nothing more comes, and ends the files. A medium that refuses ends it.
    pub(crate) fn run(mut self, pieces: &Receiver<Piece>) -> io::Result<()> {
        let written = pieces.iter().try_for_each(|piece| self.write(&piece));
        let ended = self.lines.iter_mut().filter_map(|line| line.take.take()).map(Take::end).fold(Ok(()), Result::and);
        self.bell.ring();
        written.and(ended)
    }

    fn write(&mut self, piece: &Piece) -> io::Result<()> {
        let Self { job, lines, size, began, events, bell } = self;
        for line in lines {
            let full = |take: &Take| piece.fragment.key && !line.cycle.is_zero() && take.lasts() >= line.cycle;
            if line.take.as_ref().is_some_and(full)
                && let Some(take) = line.take.take()
            {
                take.end()?;
                bell.ring();
            }
            match &mut line.take {
                Some(take) => take.append(&piece.fragment)?,
                None if !piece.fragment.key => {}
                None => {
                    let at = *began + mp4::video_time(piece.fragment.at);
                    let began_ms = at.as_millis() as u64;
                    let name = free_name(&line.name(at), &line.last, job);
                    let (width, height) = size.map_or((0, 0), |size| (size.width, size.height));
                    let (lasts_ms, mended, segments) = (None, false, Vec::new());
                    let meta = Meta { format: line.format, name, began_ms, width, height, lasts_ms, mended, segments };
                    line.last.clone_from(&meta.name);
                    let object = meta.object();
                    line.take = Some(Take::begin(job, meta, piece.codec.as_ref(), line.slice, &piece.fragment)?);
                    tell(events, Event::FileBegan(FileBegan { format: line.format, object, began: UNIX_EPOCH + at }));
                }
            }
        }
        Ok(())
    }
}

impl Line {
    /// Name of an object of this line that begins at `at` since 1970.
    fn name(&self, at: Duration) -> String {
        let kind = if self.format == Format::Mp4 { "mp4" } else { "hls" };
        self.prefix.replace("{record_format}", kind).replace("{file_start_time}", &time_in_name(at))
    }
}

/// `name`, or with a number behind it where a file of the job that began within the same second is called so.
fn free_name(name: &str, last: &str, job: &std::path::Path) -> String {
    let here: Vec<String> =
        folders(job).unwrap_or_default().iter().filter_map(|folder| Some(Meta::read(folder).ok()?.name)).collect();
    let taken = |name: &String| name == last || here.contains(name);
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

/// `YYYY-MM-DD-hh-mm-ss` in UTC.
fn time_in_name(at: Duration) -> String {
    let (seconds, second) = (at.as_secs(), at.as_secs() % 86_400);
    let (year, month, day) = record::date(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}-{:02}-{:02}-{:02}", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_time_in_utc() {
        for (at, name) in
            [(0, "1970-01-01-00-00-00"), (951_782_400, "2000-02-29-00-00-00"), (1_617_797_118, "2021-04-07-12-05-18")]
        {
            assert_eq!(time_in_name(Duration::from_secs(at)), name);
        }
    }
}
