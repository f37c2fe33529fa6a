//! At most a second of pictures, and the sound that belongs to it, on its way from memory to the medium.

use std::sync::Arc;
use std::time::Duration;

use crate::intake::Held;
use crate::mp4::{self, Format, PACKET, Packet};

/// A fragment is at most this long: what a power cut costs.
pub(crate) const MOST: Duration = Duration::from_secs(1);
/// A fragment is written as soon as there is so much: together with the pause between two looks it stays below [`MOST`].
pub(crate) const ENOUGH: Duration = Duration::from_millis(500);
/// How long the last picture of a recording is shown where nothing else says it.
const LAST: Duration = Duration::from_millis(33);
/// Packets whose times are further apart are no neighbours: their time began anew.
const MOST_PAUSE: u32 = 60 * mp4::SOUND_CLOCK;

/// See the module. Its memory is used again.
#[derive(Default)]
pub(crate) struct Fragment {
    /// Where its first picture begins, since the beginning of the file in ticks of pictures.
    pub video_at: u64,
    pub pictures: Vec<mp4::Picture>,
    /// Where its first packet begins, in ticks of sound.
    pub sound_at: u64,
    pub packets: Vec<Packet>,
    /// Pictures, then packets.
    pub payload: Vec<u8>,
}

/// Where a file's times begin. A device's clock is looked at once, so that setting it changes nothing.
pub(crate) struct Axis {
    pub began: Duration,
    /// When a packet had which time, and at which tick of the file it lies.
    sound: Option<(u32, u64)>,
    /// Where the last packet ends.
    sound_end: u64,
}

/// What comes next from memory.
pub(crate) struct Upcoming {
    pub captured_at: Duration,
    pub key: bool,
    pub format: Arc<Format>,
    /// Until when there are pictures.
    pub newest: Duration,
}

impl Held {
    /// The oldest picture in memory.
    pub(crate) fn upcoming(&self) -> Option<Upcoming> {
        let (first, last) = (self.pictures.front()?, self.pictures.back()?);
        Some(Upcoming {
            captured_at: first.captured_at,
            key: first.key,
            format: Arc::clone(&first.format),
            newest: last.captured_at,
        })
    }

    /// Moves the next fragment into `fragment`, up to a key frame that `ends_at` says the file is to end before. Without `all` the newest
    /// picture stays, since how long it is shown is not known yet. False where there is none to move.
    pub(crate) fn move_into(
        &mut self,
        fragment: &mut Fragment,
        axis: &mut Axis,
        all: bool,
        ends_at: impl Fn(&crate::intake::Picture) -> bool,
    ) -> bool {
        fragment.pictures.clear();
        fragment.packets.clear();
        fragment.payload.clear();
        let Some(first) = self.pictures.front().map(|picture| picture.captured_at) else { return false };
        fragment.video_at = mp4::video_ticks(first.saturating_sub(axis.began));
        let (mut at, mut until) = (fragment.video_at, first);
        let mut last = LAST;
        while let Some((picture, bytes)) = self.pictures.get(fragment.pictures.len()) {
            let next = self.pictures.get(fragment.pictures.len() + 1).map(|(next, _)| next.captured_at);
            let end = match next {
                Some(next) => next,
                None if all => picture.captured_at + last,
                None => break,
            };
            let begun = !fragment.pictures.is_empty();
            if begun && (end.saturating_sub(first) > MOST || picture.key && ends_at(picture)) {
                break;
            }
            let end_at = mp4::video_ticks(end.saturating_sub(axis.began));
            let duration = u32::try_from(end_at - at).unwrap_or(u32::MAX);
            fragment.pictures.push(mp4::Picture { len: bytes.len() as u32, duration, key: picture.key });
            fragment.payload.extend_from_slice(bytes);
            last = end.saturating_sub(picture.captured_at).min(MOST);
            (at, until) = (end_at, end);
        }
        self.pictures.drop_first(fragment.pictures.len());
        if fragment.pictures.is_empty() {
            return false;
        }
        self.move_sound(fragment, axis, until);
        true
    }

    /// Moves the packets that begin before `until`.
    fn move_sound(&mut self, fragment: &mut Fragment, axis: &mut Axis, until: Duration) {
        while let Some((sound, bytes)) = self.sounds.get(0)
            && sound.captured_at < until
        {
            let Some(since) = sound.captured_at.checked_sub(axis.began) else {
                self.sounds.pop();
                continue;
            };
            let at = axis.sound_at(sound.time, since);
            let follows = fragment.packets.last_mut().map(|packet| (packet, axis.sound_end));
            match follows {
                // A gap: what is before it lasts until here.
                Some((before, end)) => before.duration += u32::try_from(at - end).unwrap_or(0),
                None => fragment.sound_at = at,
            }
            fragment.packets.push(Packet { len: bytes.len() as u32, duration: PACKET });
            fragment.payload.extend_from_slice(bytes);
            axis.sound_end = at + u64::from(PACKET);
            self.sounds.pop();
        }
    }
}

impl Axis {
    pub(crate) fn new(began: Duration) -> Self {
        Self { began, sound: None, sound_end: 0 }
    }

    /// Where a packet lies: as far from the one before as its time says, by the clock where that began anew; never before the end of that one.
    fn sound_at(&mut self, time: u32, since: Duration) -> u64 {
        let counted = self.sound.and_then(|(known, at)| {
            let further = time.wrapping_sub(known);
            (further < MOST_PAUSE).then(|| at + u64::from(further))
        });
        let at = counted.unwrap_or_else(|| mp4::sound_ticks(since)).max(self.sound_end);
        self.sound = Some((time, at));
        at
    }
}
