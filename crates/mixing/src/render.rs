//! The thread that renders: at the template's pace the picture of the moment is composed and encoded, and the sound of the channel beside
//! it; fragments of both go to the thread that writes. A picture that cannot be made in time is left out, and time goes on.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use artc_open::encoder::{self, Choice, Encoded, Picture, Settings, Usage, VideoEncoder};
use media::Size;
use record::mp4::VIDEO_CLOCK;
use tokio::sync::mpsc::Sender;

use crate::clock::Clock;
use crate::compose::Composer;
use crate::files::Files;
use crate::gather::Gather;
use crate::images::Stills;
use crate::job::Event;
use crate::layout::Scene;
use crate::recorders::Shared;
use crate::shelf::Bell;
use crate::sound::SoundTrack;
use crate::template::{Template, VideoTemplate};
use crate::writer::{Piece, Writer};

/// Key frames are so far apart: where files and segments can end.
const KEY_EVERY: Duration = Duration::from_secs(2);
/// Fragments on their way to the medium: more means that it stands still, and rendering waits.
const PIECES: usize = 4;

/// A block of the channel's sound, and when it was handed out.
pub(crate) struct Block {
    pub pcm: Vec<i16>,
    pub at: Duration,
}

/// What is rendered how.
pub(crate) struct Render {
    pub template: Template,
    pub files: Files,
    pub folder: PathBuf,
    pub shared: Arc<Shared>,
    pub events: Sender<Event>,
    pub bell: Arc<Bell>,
    pub clock: Clock,
}

/// Pictures of a template.
struct Pictures {
    template: VideoTemplate,
    composer: Composer,
    encoder: Box<dyn VideoEncoder>,
    unit: Vec<u8>,
    /// Number of the next picture.
    next: u64,
}

struct Out {
    gather: Gather,
    sound: SoundTrack,
    pieces: SyncSender<Piece>,
}

impl Render {
    /// Renders until no more sound can come.
    pub(crate) fn run(self, scene: Scene, stills: Stills, blocks: &Receiver<Block>) -> Result<(), String> {
        let video = self.template.video();
        let pictures = video.map(|template| Pictures::new(template, scene, stills)).transpose()?;
        let (pieces, inbox) = sync_channel(PIECES);
        let size = video.map(|template| template.size);
        let Self { files, folder, shared, events, bell, clock, .. } = self;
        let writer = Writer::new(folder, &files, size, clock.wall(), events, bell);
        let write = move || writer.run(&inbox);
        let writing = std::thread::Builder::new()
            .name("mix-write".into())
            .spawn(write)
            .map_err(|why| format!("no thread to write: {why}"))?;
        let began = clock.now();
        let sound = SoundTrack::new(began).map_err(|why| why.to_string())?;
        let out = Out { gather: Gather::new(pictures.is_some()), sound, pieces };
        let rendered = match pictures {
            Some(pictures) => with_pictures(pictures, out, &shared, blocks, (clock, began)),
            None => sound_alone(out, blocks),
        };
        let written = writing.join().unwrap_or_else(|_| Err(std::io::Error::other("the thread that writes panicked")));
        written.map_err(|why| format!("recordings cannot be written: {why}")).and(rendered)
    }
}

fn with_pictures(
    mut pictures: Pictures,
    mut out: Out,
    shared: &Shared,
    blocks: &Receiver<Block>,
    (clock, began): (Clock, Duration),
) -> Result<(), String> {
    loop {
        let due = began + pictures.due();
        loop {
            match blocks.recv_timeout(due.saturating_sub(clock.now())) {
                Ok(block) => out.block(&block)?,
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return out.finish(),
            }
            if clock.now() >= due {
                break;
            }
        }
        if let Some((scene, stills)) = shared.take_update() {
            pictures.composer.set_scene(scene, stills);
        }
        pictures.render(shared, &mut out.gather)?;
        if !out.send(false) {
            // The writer says why.
            return Ok(());
        }
        pictures.skip_to(clock.now().saturating_sub(began));
    }
}

fn sound_alone(mut out: Out, blocks: &Receiver<Block>) -> Result<(), String> {
    for block in blocks {
        out.block(&block)?;
        if !out.send(false) {
            return Ok(());
        }
    }
    out.finish()
}

impl Out {
    fn block(&mut self, block: &Block) -> Result<(), String> {
        let gather = &mut self.gather;
        self.sound.block(&block.pcm, block.at, |at, raw| gather.sound(at, raw)).map_err(|why| why.to_string())
    }

    /// Sends what is whole to the writer; false when that has ended.
    fn send(&mut self, all: bool) -> bool {
        while let Some(fragment) = self.gather.next(all) {
            let codec = fragment.pictures.first().map(|_| self.gather.format.clone());
            if self.pieces.send(Piece { fragment, codec }).is_err() {
                return false;
            }
        }
        true
    }

    fn finish(mut self) -> Result<(), String> {
        self.send(true);
        Ok(())
    }
}

impl Pictures {
    fn new(template: VideoTemplate, scene: Scene, stills: Stills) -> Result<Self, String> {
        let VideoTemplate { size, fps, kbps } = template;
        let settings =
            Settings { size, fps: fps as f32, bitrate_bps: kbps * 1000, usage: Usage::Camera, key_interval: Some(KEY_EVERY) };
        let encoder = encoder::open(Choice::OpenH264, settings).map_err(|why| why.to_string())?;
        Ok(Self { template, composer: Composer::new(size, scene, stills), encoder, unit: Vec::new(), next: 0 })
    }

    /// When the next picture is due, since the beginning.
    fn due(&self) -> Duration {
        Duration::from_nanos(self.next * 1_000_000_000 / u64::from(self.template.fps))
    }

    /// Goes on to the next picture, leaving out those whose time is over at `now`.
    fn skip_to(&mut self, now: Duration) {
        let current = (now.as_nanos() * u128::from(self.template.fps) / 1_000_000_000) as u64;
        let next = (self.next + 1).max(current);
        if next > self.next + 1 {
            tracing::debug!(
                left_out = next - self.next - 1,
                "pictures of a mixed recording: the machine is too slow for its jobs"
            );
        }
        self.next = next;
    }

    fn render(&mut self, shared: &Shared, gather: &mut Gather) -> Result<(), String> {
        let captured_at = self.due();
        let size: Size = self.template.size;
        let width = size.width as usize;
        let picture = {
            let stage = shared.stage();
            self.composer.compose(&stage)
        };
        let picture =
            Picture::contiguous(picture, size, [width, width / 2, width / 2], captured_at).ok_or("a template of odd size")?;
        self.unit.clear();
        let encoded = self.encoder.encode(&picture, self.next == 0, &mut self.unit).map_err(|why| why.to_string())?;
        if let Encoded::Unit { key } = encoded {
            gather.picture(&self.unit, key, self.next * u64::from(VIDEO_CLOCK / self.template.fps));
        }
        Ok(())
    }
}
