//! Encoded pictures and sound on their way into fragments of at most half a second, cut at key frames. Pure.
//!
//! Sound comes a little later than the pictures of its moment: a fragment waits for it, for a while.

use annexb::{NalKind, nals};
use record::mp4::{self, Format, Packet, Picture, VIDEO_CLOCK};

use crate::sound::packet;

/// A fragment is at most this long, in ticks of pictures: half of what a fragment and the wait for its sound may cost when the process is killed.
const MOST: u64 = VIDEO_CLOCK as u64 / 2;
/// A fragment waits so long for its sound.
const PATIENCE: u64 = VIDEO_CLOCK as u64 / 2;
/// How long a picture is shown where nothing else says it.
const LAST: u64 = VIDEO_CLOCK as u64 / 30;

/// A fragment: times in ticks since the beginning of the job's axis.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fragment {
    /// When it begins and ends, in ticks of pictures.
    pub at: u64,
    pub until: u64,
    pub pictures: Vec<Picture>,
    /// When its first packet begins, in ticks of sound.
    pub sound_at: u64,
    pub packets: Vec<Packet>,
    /// Pictures, then packets.
    pub payload: Vec<u8>,
    /// A file can begin with it.
    pub key: bool,
}

struct Waiting {
    at: u64,
    len: u32,
    key: bool,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Gather {
    /// There are pictures; else the sound alone makes fragments.
    video: bool,
    pub format: Format,
    pictures: Vec<Waiting>,
    video_bytes: Vec<u8>,
    packets: Vec<(u64, Packet)>,
    sound_bytes: Vec<u8>,
    /// Where the last fragment ended.
    done: u64,
}

impl Gather {
    pub(crate) fn new(video: bool) -> Self {
        Self { video, ..Self::default() }
    }

    /// An access unit, Annex B, shown from `at` on; the first one is a key frame.
    pub(crate) fn picture(&mut self, unit: &[u8], key: bool, at: u64) {
        if key {
            let sets = |kind| nals(unit).filter(move |nal| NalKind::of(nal) == Some(kind)).map(<[u8]>::to_vec).collect();
            self.format = Format { sps: sets(NalKind::Sps), pps: sets(NalKind::Pps) };
        }
        let before = self.video_bytes.len();
        for nal in nals(unit).filter(|nal| matches!(NalKind::of(nal), Some(NalKind::Slice | NalKind::Idr | NalKind::Sei))) {
            self.video_bytes.extend_from_slice(&(nal.len() as u32).to_be_bytes());
            self.video_bytes.extend_from_slice(nal);
        }
        self.pictures.push(Waiting { at, len: (self.video_bytes.len() - before) as u32, key });
    }

    /// A packet of sound at `at`, in ticks of sound.
    pub(crate) fn sound(&mut self, at: u64, raw: &[u8]) {
        // What comes after its fragment has gone is silence there.
        if at >= sound_ticks(self.done) {
            self.packets.push((at, packet(raw.len())));
            self.sound_bytes.extend_from_slice(raw);
        }
    }

    /// The next fragment, where one is whole; with `all` what there is.
    pub(crate) fn next(&mut self, all: bool) -> Option<Fragment> {
        if self.video { self.next_of_pictures(all) } else { self.next_of_sound(all) }
    }

    fn next_of_pictures(&mut self, all: bool) -> Option<Fragment> {
        let first = self.pictures.first()?.at;
        let end = self.pictures.iter().skip(1).position(|picture| picture.key || picture.at - first >= MOST);
        let (count, until) = match end {
            Some(before) => (before + 1, self.pictures[before + 1].at),
            None if all => (self.pictures.len(), self.pictures.last()?.at + LAST),
            None => return None,
        };
        let newest = self.pictures.last()?.at;
        let heard = self.packets.last().is_some_and(|(at, packet)| at + u64::from(packet.duration) >= sound_ticks(until));
        if !all && !heard && newest < until + PATIENCE {
            return None;
        }
        let mut fragment = Fragment { at: first, until, key: self.pictures[0].key, ..Fragment::default() };
        let ends = self.pictures[1..].iter().map(|next| next.at).chain([until]).take(count);
        for (picture, end) in self.pictures.iter().zip(ends) {
            let duration = u32::try_from(end - picture.at).unwrap_or(u32::MAX);
            fragment.pictures.push(Picture { len: picture.len, duration, key: picture.key });
        }
        let bytes: usize = fragment.pictures.iter().map(|picture| picture.len as usize).sum();
        fragment.payload.extend(self.video_bytes.drain(..bytes));
        self.pictures.drain(..count);
        let packets = self.packets.iter().take_while(|(at, _)| *at < sound_ticks(until)).count();
        self.take_sound(&mut fragment, packets);
        Some(fragment)
    }

    fn next_of_sound(&mut self, all: bool) -> Option<Fragment> {
        let (first, (last, packet)) = (self.packets.first()?.0, *self.packets.last()?);
        let (at, until) = (video_ticks(first), video_ticks(last + u64::from(packet.duration)));
        if !all && until - at < MOST {
            return None;
        }
        let mut fragment = Fragment { at, until, key: true, ..Fragment::default() };
        self.take_sound(&mut fragment, self.packets.len());
        Some(fragment)
    }

    fn take_sound(&mut self, fragment: &mut Fragment, count: usize) {
        fragment.sound_at = self.packets.first().map_or(0, |(at, _)| *at);
        fragment.packets.extend(self.packets.drain(..count).map(|(_, packet)| packet));
        let bytes: usize = fragment.packets.iter().map(|packet| packet.len as usize).sum();
        fragment.payload.extend(self.sound_bytes.drain(..bytes));
        self.done = fragment.until;
    }
}

/// A time in ticks of pictures, in ticks of sound.
pub(crate) fn sound_ticks(video: u64) -> u64 {
    mp4::sound_ticks(mp4::video_time(video))
}

fn video_ticks(sound: u64) -> u64 {
    mp4::video_ticks(mp4::sound_time(sound))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = &[0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 9, 9, 9];
    const OTHER: &[u8] = &[0, 0, 0, 1, 0x61, 7, 7];

    #[test]
    fn fragments_are_at_most_half_a_second_begin_at_key_frames_and_wait_for_their_sound() {
        let mut gather = Gather::new(true);
        let mut fragments = Vec::new();
        let mut packet = 0;
        for n in 0..300u64 {
            gather.picture(if n % 60 == 0 { KEY } else { OTHER }, n % 60 == 0, n * 3000);
            // Sound is 100 ms late, but for a second in which there is none.
            while (packet + 1) * 1024 + 4800 <= n * 48_000 / 30 {
                if !(90..120).contains(&n) {
                    gather.sound(packet * 1024, &[1; 10]);
                }
                packet += 1;
            }
            fragments.extend(gather.next(false));
        }
        fragments.extend(std::iter::from_fn(|| gather.next(true)));
        assert_eq!(gather.format, Format { sps: vec![vec![0x67, 1, 2]], pps: vec![vec![0x68, 3]] });
        assert_eq!(fragments.iter().map(|fragment| fragment.pictures.len()).sum::<usize>(), 300);
        let mut at = 0;
        for fragment in &fragments {
            assert_eq!((fragment.at, fragment.until), (at, at + 45_000));
            assert_eq!(fragment.key, at % 180_000 == 0);
            let bytes: u32 = fragment.pictures.iter().map(|p| p.len).chain(fragment.packets.iter().map(|p| p.len)).sum();
            assert_eq!(bytes as usize, fragment.payload.len());
            if !fragment.packets.is_empty() {
                assert!(
                    fragment.sound_at >= sound_ticks(fragment.at).saturating_sub(1024)
                        && fragment.sound_at < sound_ticks(fragment.until)
                );
            }
            at = fragment.until;
        }
    }

    #[test]
    fn sound_alone_makes_fragments_of_half_a_second() {
        let mut gather = Gather::new(false);
        let fragments: Vec<Fragment> = (0..200)
            .filter_map(|n| {
                gather.sound(n * 1024, &[1; 5]);
                gather.next(false)
            })
            .collect();
        assert_eq!(fragments.len(), 8);
        assert!(fragments.iter().all(|fragment| fragment.key && fragment.packets.len() == 24));
        assert_eq!(fragments[1].sound_at, 24 * 1024);
    }
}
