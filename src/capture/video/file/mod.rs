//! A clip played in a loop as if it were a camera (`[camera] source = "file:/path"`): for trying out what a camera would send, for
//! demonstrations, and for measuring with the same pictures again. Its frames go the way of a camera's frames. Not for reading the
//! file: see [`clip`].

pub(super) mod clip;

use std::path::{Path, PathBuf};
use std::time::Duration;

use media::{BrokenFrame, PixelFormat, Plane, RawFrame, Size};

use super::Shared;
use super::config::Config;
use super::live::Lost;
use super::mode::Mode;
use super::output::Output;
use super::pattern::Pace;
use super::policy::output_size;
use super::state::{Identity, Loss};
use clip::{Clip, ClipError};

/// What stands before the path in `[camera] source`.
pub(super) const PREFIX: &str = "file:";

impl From<ClipError> for Lost {
    fn from(error: ClipError) -> Self {
        Self { loss: error.loss(), detail: error.to_string() }
    }
}

/// A clip that is being played.
#[derive(Debug)]
pub(super) struct Played {
    path: PathBuf,
    clip: Clip,
    output: Output,
    pace: Pace,
    /// The frame that comes next, counted round.
    next: usize,
    sequence: u32,
    broken: Option<BrokenFrame>,
}

impl Played {
    /// Reads the file and plays it from `now` on.
    pub(super) fn start(path: &Path, config: &Config, now: Duration) -> Result<Self, Lost> {
        let clip = Clip::read(path, config)?;
        let size = size_out(path, &clip.mode, config).map_err(|detail| Lost { loss: Loss::NoMode, detail })?;
        let output = cover(path, clip.format, size, config).map_err(|detail| Lost { loss: Loss::NoMode, detail })?;
        let pace = Pace::new(clip.mode.fps, now);
        Ok(Self { path: path.into(), clip, output, pace, next: 0, sequence: 0, broken: None })
    }

    /// The file, in the words of a camera.
    pub(super) fn identity(&self) -> Identity {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (id, file) = (format!("{PREFIX}{}", self.path.display()), "file".to_owned());
        Identity { id, node: self.path.clone(), card: name, bus: file.clone(), driver: file, serial: None }
    }

    /// What it is and what it plays, for people.
    pub(super) fn title(&self) -> String {
        format!("file {}: {}, {} frames in a loop", self.path.display(), self.mode(), self.clip.len())
    }

    /// The mode that goes out.
    pub(super) fn mode(&self) -> Mode {
        Mode { size: self.output.size().unwrap_or(self.clip.mode.size), ..self.clip.mode }
    }

    /// What it can deliver: what it is.
    pub(super) fn modes(&self) -> Vec<Mode> {
        vec![self.clip.mode]
    }

    /// Frames that may wait for the consumer.
    pub(super) fn depth(&self) -> usize {
        self.output.depth()
    }

    /// When the next frame is due.
    pub(super) fn due(&self) -> Duration {
        self.pace.due()
    }

    /// A file has one size and one rate; where pictures may be scaled, the size that goes out can change.
    pub(super) fn set_mode(&mut self, config: &Config) -> Result<Mode, String> {
        let size = size_out(&self.path, &self.clip.mode, config)?;
        if self.output.size().is_some_and(|now| now != size) {
            self.output = cover(&self.path, self.clip.format, size, config)?;
        }
        Ok(self.mode())
    }

    /// Goes on at the next key frame. Answers whether there is such a thing, as a camera would.
    pub(super) fn request_key_frame(&mut self) -> bool {
        self.next = self.clip.key_from(self.next);
        self.output.is_units()
    }

    /// Puts out the frame that is due by `now`, if one is.
    pub(super) fn play(&mut self, shared: &Shared, now: Duration) {
        let Some((due, missed)) = self.pace.next(now) else { return };
        // A picture whose time has passed is passed over. Access units build on each other: of these none is, and the clip ends later.
        if !self.output.is_units() {
            for _ in 0..missed {
                shared.slot.grab().dropped();
            }
            self.skip(missed);
        }
        let ticket = shared.slot.grab();
        let (data, Size { width, height }) = (self.clip.frame(self.next), self.clip.mode.size);
        let raw = RawFrame {
            format: self.clip.format,
            size: Size { width, height },
            planes: [Some(Plane { data, stride: stride(self.clip.format, width as usize) }), None, None],
            captured_at: shared.in_order(due),
            sequence: self.sequence,
        };
        let (mut asked, after) = (None, self.next + 1);
        let ask = || {
            asked = Some(self.clip.key_from(after));
            true
        };
        match self.output.put(&raw, ticket, shared, ask) {
            Ok(()) => self.broken = None,
            Err(broken) => {
                // Said once until it is over or another: it comes again with each turn.
                if self.broken.as_ref() != Some(&broken) {
                    tracing::warn!(file = %self.path.display(), frame = self.next, error = %broken, "broken frame");
                }
                self.broken = Some(broken);
            }
        }
        self.skip(1);
        if let Some(key) = asked {
            self.next = key;
        }
    }

    fn skip(&mut self, count: u64) {
        let (length, next) = (self.clip.len() as u64, self.next as u64);
        self.next = ((next + count) % length) as usize;
        self.sequence = self.sequence.wrapping_add(count as u32);
    }
}

/// The size that goes out, if it may.
fn size_out(path: &Path, mode: &Mode, config: &Config) -> Result<Size, String> {
    let size = output_size(mode, config);
    if size.fits_2k() {
        return Ok(size);
    }
    let way_out = if mode.format() == Some(PixelFormat::H264) { "encode it smaller" } else { "set [camera] scale = true" };
    Err(format!("file {}: its pictures are {}, above the 2K limit (1920x1088); {way_out}", path.display(), mode.size))
}

/// The output, with what is to be covered in it.
fn cover(path: &Path, format: PixelFormat, size: Size, config: &Config) -> Result<Output, String> {
    Output::new(Some(format), size, &config.masks).map_err(|why| format!("file {}: {why}", path.display()))
}

/// Bytes of a row of the first plane, without padding.
fn stride(format: PixelFormat, width: usize) -> usize {
    match format {
        PixelFormat::Yuyv | PixelFormat::Uyvy => width * 2,
        PixelFormat::Mjpeg | PixelFormat::H264 => 0,
        _ => width,
    }
}

/// What would be played, or why nothing would: for advice, not for playing.
pub(super) fn look(path: &Path, config: &Config) -> Result<String, String> {
    Played::start(path, config, Duration::ZERO).map(|played| played.title()).map_err(|lost| lost.detail)
}
