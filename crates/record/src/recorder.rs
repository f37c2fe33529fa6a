//! What is recorded when: the state between memory and medium. Driven by whoever owns the clock and a thread that may wait for the medium.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::allowance::Allowance;
use crate::file::Writer;
use crate::fragment::{ENOUGH, Fragment};
use crate::intake::Intake;
use crate::name::{Id, Reason};
use crate::store::{Entry, Fault, Limits, Store};
use crate::thumbnail::{TakePicture, Thumbnails};
use crate::trigger::Triggers;

/// A refused medium is tried again after so long.
const AGAIN: Duration = Duration::from_secs(5);
/// So often it is looked for what is to go by its age.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// A stream that pauses for so long ends its file.
const PAUSE: Duration = Duration::from_secs(3);
/// Key frames are at most so far apart while something is held: so exact the pre-roll is, and so well can a file be sought in.
const KEY_EVERY: Duration = Duration::from_secs(4);
const DAY_MS: u64 = 86_400_000;
/// A file has at most this part of what all may have, so that the oldest can go by parts.
const SHARE: u64 = 4;

/// What is recorded how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether pictures are held before anything is recorded.
    pub holds: bool,
    /// So long a recording goes on after what set it off.
    pub post_roll: Duration,
    /// A recording goes on in another file after so long.
    pub segment: Duration,
    /// What the folder may hold.
    pub limits: Limits,
    /// Bytes that may be written in a day, as far as they are known; `None`: any number.
    pub most_a_day: Option<u64>,
    /// Channels of the sound, where there is any.
    pub channels: Option<u8>,
}

/// What time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// `CLOCK_MONOTONIC`.
    pub monotonic: Duration,
    /// Milliseconds since 1970. It may jump: it only gives names, and tells ages where it is right.
    pub wall_ms: u64,
    /// Somebody keeps the wall's clock right.
    pub wall_is_right: bool,
}

/// Why nothing is written although it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// What may be written in a day is written.
    Budget,
    /// The medium refuses.
    Medium,
    /// The medium does not answer. Who waits for it does not see that: whoever drives the recorder does.
    Hangs,
}

/// How the recorder stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Why it is to record, and since when on `CLOCK_MONOTONIC`.
    pub wanted: Option<(Reason, Duration)>,
    /// The file that is being written.
    pub writing: Option<Id>,
    /// Why nothing is written although it should be, for people.
    pub fault: Option<String>,
    /// The same for programs.
    pub cause: Option<Cause>,
    /// Bytes written since the beginning.
    pub written: u64,
    /// Bytes of pictures and sound among them.
    pub media: u64,
    /// Pictures that found no room in memory.
    pub dropped: u64,
    /// Files ended since the beginning.
    pub files: u64,
}

/// See the module.
pub struct Recorder {
    intake: Arc<Intake>,
    store: Store,
    settings: Settings,
    standing: Standing,
    triggers: Triggers,
    thumbnails: Thumbnails,
    writer: Option<Writer>,
    fragment: Fragment,
    again_at: Option<Duration>,
    tidy_at: Option<Duration>,
    /// The newest picture, and when it was seen first.
    newest: (Duration, Duration),
    /// Bytes in the folder besides the file that is being written.
    others: u64,
    key_asked: Option<Duration>,
    allowance: Option<Allowance>,
    pulse: Arc<AtomicU64>,
}

impl Recorder {
    /// Nothing is recorded before [`Recorder::start`].
    pub fn new(intake: Arc<Intake>, store: Store, settings: Settings) -> Self {
        intake.arm(settings.holds);
        Self {
            intake,
            store,
            settings,
            standing: Standing::default(),
            triggers: Triggers::new(settings.post_roll),
            thumbnails: Thumbnails::default(),
            writer: None,
            fragment: Fragment::default(),
            again_at: None,
            tidy_at: None,
            newest: Default::default(),
            others: 0,
            key_asked: None,
            allowance: settings.most_a_day.map(Allowance::new),
            pulse: Arc::default(),
        }
    }

    /// Each recording gets a small picture: of the moment that set it off; where it goes on in another file, of that one's beginning.
    pub fn with_pictures(mut self, take: TakePicture) -> Self {
        self.thumbnails = Thumbnails::new(take);
        self
    }

    /// What was written before this recorder began counts against its day, as far as it is still there and somebody keeps the clock right.
    pub fn account(&mut self, now: Now) {
        let began = |entry: &Entry| now.wall_is_right && entry.id.began_ms + DAY_MS > now.wall_ms;
        let before = self.store.list().unwrap_or_default().iter().filter(|entry| began(entry)).map(Entry::all_bytes).sum();
        spend(&mut self.allowance, before, now);
    }

    /// Begins to record, with what is in memory, until [`Recorder::stop`]. One that runs goes on as it is.
    pub fn start(&mut self, reason: Reason, now: Now) {
        self.triggers.hold();
        self.begin(reason, now);
    }

    /// Something that is to be recorded goes on now, or no more: recorded is from the pre-roll before the first of such things to the
    /// post-roll after the last of them.
    pub fn trigger(&mut self, reason: Reason, on: bool, now: Now) {
        if self.triggers.set(reason, on, now.monotonic) && self.standing.wanted.is_none() {
            self.begin(reason, now);
        }
    }

    fn begin(&mut self, reason: Reason, now: Now) {
        if self.standing.wanted.is_none() {
            self.standing.wanted = Some((reason, now.monotonic));
            self.thumbnails.take();
        }
        self.intake.arm(true);
        self.again_at = None;
        self.newest = (self.newest.0, now.monotonic);
        self.step(now);
    }

    /// Ends the recording, whatever set it off; what came until now is in its file when this returns. What still goes on sets none off
    /// before it has ended and begun again.
    pub fn stop(&mut self, now: Now) {
        self.triggers.clear();
        if self.standing.wanted.is_some() && self.standing.fault.is_none() {
            self.write(now, true);
        }
        self.end();
        self.intake.held().kept = false;
        self.thumbnails.forget();
        (self.standing.wanted, self.standing.fault, self.standing.cause, self.again_at) = (None, None, None, None);
        self.intake.arm(self.settings.holds);
    }

    /// Does what is due: to be called four times a second while anything is held or recorded.
    pub fn step(&mut self, now: Now) {
        self.tidy(now);
        if self.triggers.is_over(now.monotonic) {
            self.stop(now);
        }
        if self.standing.wanted.is_none() || self.again_at.is_some_and(|at| now.monotonic < at) {
            return;
        }
        self.write(now, false);
        let Some((newest, _)) = self.intake.newest() else { return };
        if newest != self.newest.0 {
            self.newest = (newest, now.monotonic);
        } else if self.writer.is_some() && now.monotonic.saturating_sub(self.newest.1) > PAUSE {
            self.write(now, true);
            self.end();
            self.intake.held().kept = false;
        }
    }

    /// Turns with each thing that the medium has done: who sees it stand still while [`Recorder::step`] runs sees a medium that hangs.
    pub fn pulse(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.pulse)
    }

    /// Whether somebody must encode now, watched or not.
    pub fn needs_stream(&self) -> bool {
        self.settings.holds || self.standing.wanted.is_some()
    }

    /// Whether a key frame is to be asked for; asked once each time that it is due.
    pub fn wants_key(&mut self, now: Now) -> bool {
        if !self.needs_stream() {
            return false;
        }
        let since = |at: Duration| now.monotonic.saturating_sub(at) >= KEY_EVERY;
        let old = self.intake.newest().and_then(|(_, key)| key).is_none_or(since);
        let due = old && self.key_asked.is_none_or(|at| now.monotonic.saturating_sub(at) >= Duration::from_secs(1));
        if due {
            self.key_asked = Some(now.monotonic);
        }
        due
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        Standing {
            dropped: self.intake.dropped(),
            writing: self.writer.as_ref().map(|writer| writer.id),
            ..self.standing.clone()
        }
    }

    /// Writes what there is, fragment by fragment; with `all` the newest picture, too.
    fn write(&mut self, now: Now, all: bool) {
        loop {
            let upcoming = self.intake.held().upcoming();
            let Some(next) = upcoming else { return };
            if let Some(again) = self.allowance.as_mut().and_then(|allowance| allowance.used_up(now.monotonic)) {
                return self.rest(again);
            }
            if let Some(writer) = &self.writer {
                let room = self.settings.limits.most_bytes / SHARE;
                let full = writer.duration >= self.settings.segment || writer.len >= room;
                if next.key && (next.format != writer.format || full) {
                    self.end();
                    continue;
                }
            }
            if !all && next.newest.saturating_sub(next.captured_at) < ENOUGH {
                return;
            }
            let written = self.write_next(&next, now, all);
            match written {
                Ok(true) => {}
                Ok(false) => return,
                Err(fault) => return self.fail(&fault, now),
            }
        }
    }

    /// Writes one fragment, into a new file where there is none; false where none could be taken from memory.
    fn write_next(&mut self, next: &crate::fragment::Upcoming, now: Now, all: bool) -> Result<bool, Fault> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                if !next.key {
                    // What a file that failed left behind; the next one begins at a key frame.
                    return Ok(self.intake.held().skip_to_key());
                }
                let Some((reason, _)) = self.standing.wanted else { return Ok(false) };
                let ago = now.monotonic.saturating_sub(next.captured_at).as_millis() as u64;
                let began = (now.wall_ms.saturating_sub(ago), reason);
                let channels = self.settings.channels;
                let writer =
                    Writer::create((&self.store, &self.pulse), began, Arc::clone(&next.format), channels, next.captured_at)?;
                tracing::info!(id = %writer.id, folder = %self.store.folder().display(), "recording");
                self.standing.cause = None;
                if self.standing.fault.take().is_some() {
                    tracing::info!("recording goes on");
                }
                let picture = self.thumbnails.keep(&self.store, writer.id);
                self.others += picture;
                let begun = writer.len + picture;
                self.standing.written += begun;
                spend(&mut self.allowance, begun, now);
                self.intake.held().kept = true;
                self.writer.insert(writer)
            }
        };
        let (segment, done) = (self.settings.segment, &writer.format);
        let began = writer.axis.began;
        let ends_at =
            |picture: &crate::intake::Picture| picture.format != *done || picture.captured_at.saturating_sub(began) >= segment;
        if !self.intake.held().move_into(&mut self.fragment, &mut writer.axis, all, ends_at) {
            return Ok(false);
        }
        let before = writer.len;
        writer.append(&mut self.fragment)?;
        self.standing.written += writer.len - before;
        spend(&mut self.allowance, writer.len - before, now);
        self.standing.media += self.fragment.payload.len() as u64;
        if self.others + writer.len > self.settings.limits.most_bytes {
            self.tidy_at = None;
            self.tidy(now);
        }
        Ok(true)
    }

    /// What may be written in a day is written: the file ends, and recording stands still until there is some again.
    fn rest(&mut self, again: Duration) {
        self.end();
        self.intake.held().kept = false;
        self.thumbnails.forget();
        let mib = self.settings.most_a_day.unwrap_or_default() >> 20;
        let text =
            format!("recording stands still: the {mib} MiB of a day are written (`record.most_mib_a_day`); it goes on by itself");
        if self.standing.fault.as_ref() != Some(&text) {
            tracing::warn!("{text}");
        }
        (self.standing.fault, self.standing.cause) = (Some(text), Some(Cause::Budget));
        self.again_at = Some(again);
    }

    /// Ends the file; what is in it stays, whatever comes of that. What waits in memory waits on, for the next one.
    fn end(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        let (id, len) = (writer.id, writer.len);
        match writer.finish() {
            Ok(()) => tracing::debug!(%id, bytes = len, "recording ended"),
            // The next start sees to it.
            Err(why) => tracing::warn!(%id, "recording not ended in order: {why}"),
        }
        self.pulse.fetch_add(1, Ordering::Relaxed);
        self.standing.files += 1;
        self.tidy_at = None;
    }

    /// The medium refused: the file ends with what it has, and it is tried again, at once where room could be made.
    fn fail(&mut self, fault: &Fault, now: Now) {
        let last = self.writer.as_ref().map(|writer| writer.id);
        self.end();
        self.intake.held().kept = false;
        let made_room = fault.is_full().then(|| self.store.remove_oldest(last)).and_then(Result::ok).flatten();
        if let Some(id) = made_room {
            tracing::info!(%id, "deleted to make room: {fault}");
            self.again_at = Some(now.monotonic);
            return;
        }
        // What is recorded when it goes on is something else.
        self.thumbnails.forget();
        let text = format!("recording stands still: {fault}");
        if self.standing.fault.as_ref() != Some(&text) {
            tracing::error!("{text}");
        }
        (self.standing.fault, self.standing.cause) = (Some(text), Some(Cause::Medium));
        self.again_at = Some(now.monotonic + AGAIN);
    }

    /// Keeps the folder to its limits.
    fn tidy(&mut self, now: Now) {
        if self.tidy_at.is_some_and(|at| now.monotonic < at) {
            return;
        }
        self.tidy_at = Some(now.monotonic + TIDY_EVERY);
        match self.store.tidy(self.settings.limits, now.wall_is_right.then_some(now.wall_ms)) {
            Ok((gone, left)) => {
                self.others = left.saturating_sub(self.writer.as_ref().map_or(0, |writer| writer.len));
                if !gone.is_empty() {
                    tracing::info!(count = gone.len(), "old recordings deleted");
                }
            }
            // Whoever records hears of it from its own file.
            Err(why) => tracing::debug!("{why}"),
        }
        self.pulse.fetch_add(1, Ordering::Relaxed);
    }
}

fn spend(allowance: &mut Option<Allowance>, bytes: u64, now: Now) {
    if let Some(allowance) = allowance {
        allowance.spend(bytes, now.monotonic);
    }
}

impl Drop for Recorder {
    /// What was written is ended in order; what was not, the next start cannot miss.
    fn drop(&mut self) {
        self.end();
    }
}
