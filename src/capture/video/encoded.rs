//! Access units of a camera that encodes by itself, passed on as they are.
//!
//! Units depend on the ones before them, so the newest cannot simply win: after a unit was lost, a camera that can be asked
//! for a key frame is asked, and what comes before it is dropped; one that cannot be asked goes on, and the decoder
//! makes of it what it can until the camera's own next key frame.

use std::sync::Arc;
use std::time::Duration;

use media::h264::{ParameterSets, Sps, inspect};
use media::{BrokenFrame, EncodedFrame, RawFrame, Size};

use super::Captured;
use super::slot::{Slot, Ticket};

/// Units that wait for the consumer at most: a third of a second, since dropping one costs a key frame.
pub(super) const DEPTH: usize = 8;
/// Buffers: those that wait, and a few in the consumer's hands.
const POOL: usize = DEPTH + 8;
/// A camera is asked for a key frame this often at most.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// The pass-through of one stream.
#[derive(Debug)]
pub(super) struct PassThrough {
    pool: Vec<Arc<Vec<u8>>>,
    sets: ParameterSets,
    size: Size,
    /// Nothing goes out before the next key frame.
    waiting: bool,
    /// The camera takes requests for key frames, as far as is known.
    can_ask: bool,
    asked_at: Option<Duration>,
}

impl PassThrough {
    /// For a stream whose pictures are announced as `size`.
    pub(super) fn new(size: Size) -> Self {
        let pool = (0..POOL).map(|_| Arc::default()).collect();
        Self { pool, sets: ParameterSets::default(), size, waiting: true, can_ask: true, asked_at: None }
    }

    /// Passes on the unit in `raw`. `ask` asks the camera for a key frame and says whether it can be asked. A key frame
    /// that went out is returned too.
    pub(super) fn pass(
        &mut self,
        raw: &RawFrame<'_>,
        slot: &Slot<Captured>,
        ticket: Ticket<'_, Captured>,
        mut ask: impl FnMut() -> bool,
    ) -> Result<Option<EncodedFrame>, BrokenFrame> {
        let data = raw.planes[0].map_or(&[][..], |plane| plane.data);
        let now = raw.captured_at;
        let info = match inspect(data) {
            Ok(info) => info,
            Err(why) => {
                ticket.broken();
                self.lost(now, &mut ask);
                return Err(BrokenFrame::H264(why.into()));
            }
        };
        if self.sets.remember(data, &info) {
            match Sps::parse(self.sets.sps()) {
                Ok(sps) => self.size = sps.size,
                Err(e) => {
                    ticket.broken();
                    return Err(BrokenFrame::H264(e.to_string()));
                }
            }
        }
        if self.waiting && !(info.key && self.sets.is_complete()) {
            ticket.dropped();
            self.ask_again(now, &mut ask);
            return Ok(None);
        }
        let full = slot.waiting() >= DEPTH;
        let free = self.pool.iter_mut().find(|buffer| Arc::strong_count(buffer) == 1);
        let (Some(buffer), false) = (free, full && !info.key) else {
            ticket.dropped();
            self.lost(now, &mut ask);
            return Ok(None);
        };
        if full {
            slot.clear();
        }
        let Some(bytes) = Arc::get_mut(buffer) else { return Ok(None) };
        bytes.clear();
        self.sets.write(data, &info, bytes);
        let frame = EncodedFrame {
            data: Arc::clone(buffer),
            key: info.key,
            size: self.size,
            captured_at: raw.captured_at,
            sequence: raw.sequence,
        };
        self.waiting = false;
        let key = info.key.then(|| frame.clone());
        ticket.push(Captured::Encoded(frame));
        Ok(key)
    }

    /// A unit is missing to the decoder from here on.
    fn lost(&mut self, now: Duration, ask: &mut impl FnMut() -> bool) {
        self.ask_again(now, ask);
        self.waiting |= self.can_ask;
    }

    fn ask_again(&mut self, now: Duration, ask: &mut impl FnMut() -> bool) {
        if self.can_ask && self.asked_at.is_none_or(|at| now.saturating_sub(at) >= ASK_AGAIN) {
            self.asked_at = Some(now);
            self.can_ask = ask();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use media::{PixelFormat, Plane};

    use super::*;

    /// Parameter sets and a slice as x264 writes them for 1280x720; the slice's payload is not looked at.
    const SPS: &[u8] = &[
        0, 0, 0, 1, 0x67, 0x64, 0, 0x1f, 0xac, 0xd9, 0x40, 0x50, 5, 0xbb, 1, 0x10, 0, 0, 3, 0, 0x10, 0, 0, 3, 3, 0x20, 0xf1,
        0x83, 0x19, 0x60,
    ];
    const PPS: &[u8] = &[0, 0, 0, 1, 0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0];
    const IDR: &[u8] = &[0, 0, 0, 1, 0x65, 0x88, 0x84, 0x12];
    const DELTA: &[u8] = &[0, 0, 0, 1, 0x41, 0x9a, 0x21, 0x6c];

    struct Rig {
        slot: Slot<Captured>,
        pass: PassThrough,
        can_ask: bool,
        asked: Cell<u32>,
        ms: u64,
    }

    impl Rig {
        fn new(can_ask: bool) -> Self {
            let pass = PassThrough::new(Size::new(640, 480));
            Self { slot: Slot::new(DEPTH), pass, can_ask, asked: Cell::new(0), ms: 0 }
        }

        fn give(&mut self, unit: &[u8]) -> Result<(), BrokenFrame> {
            self.ms += 33;
            let raw = RawFrame {
                format: PixelFormat::H264,
                size: Size::new(640, 480),
                planes: [Some(Plane { data: unit, stride: 0 }), None, None],
                captured_at: Duration::from_millis(self.ms),
                sequence: 0,
            };
            let ask = || {
                self.asked.set(self.asked.get() + 1);
                self.can_ask
            };
            self.pass.pass(&raw, &self.slot, self.slot.grab(), ask).map(drop)
        }

        fn taken(&self) -> Vec<(bool, Vec<u8>)> {
            let unit = |captured| match captured {
                Captured::Encoded(frame) => (frame.key, frame.data.to_vec()),
                Captured::Raw(_) => unreachable!("only units were given"),
            };
            std::iter::from_fn(|| self.slot.try_take()).map(unit).collect()
        }
    }

    #[test]
    fn nothing_goes_out_before_a_decoder_can_start() {
        let mut rig = Rig::new(false);
        let key = [SPS, PPS, IDR].concat();
        for unit in [DELTA, IDR, DELTA, &key, DELTA, IDR] {
            rig.give(unit).unwrap();
        }
        let taken = rig.taken();
        assert_eq!(
            taken,
            [(true, key.clone()), (false, DELTA.to_vec()), (true, key)],
            "a bare key frame gets its parameter sets"
        );
        let books = rig.slot.counters();
        assert_eq!((books.grabbed, books.dropped, books.pushed), (6, 3, 3));
    }

    #[test]
    fn the_size_is_what_the_stream_says() {
        let mut rig = Rig::new(false);
        rig.give(&[SPS, PPS, IDR].concat()).unwrap();
        let Some(Captured::Encoded(frame)) = rig.slot.try_take() else { panic!("no unit") };
        assert_eq!(frame.size, Size::new(1280, 720));
    }

    #[test]
    fn a_consumer_that_is_late_gets_a_key_frame_and_no_torn_pictures() {
        let mut rig = Rig::new(true);
        let key = [SPS, PPS, IDR].concat();
        rig.give(&key).unwrap();
        for _ in 0..20 {
            rig.give(DELTA).unwrap();
        }
        assert!((1..=2).contains(&rig.asked.get()), "asked, but not for every frame: {}", rig.asked.get());
        assert_eq!(rig.taken().len(), DEPTH);
        rig.give(DELTA).unwrap();
        assert_eq!(rig.taken(), [], "what depends on lost units does not go out");
        rig.give(&key).unwrap();
        rig.give(DELTA).unwrap();
        assert_eq!(rig.taken(), [(true, key.clone()), (false, DELTA.to_vec())]);

        for _ in 0..DEPTH {
            rig.give(DELTA).unwrap();
        }
        rig.give(&key).unwrap();
        assert_eq!(rig.taken(), [(true, key)], "a key frame makes room for itself");
        let books = rig.slot.counters();
        assert_eq!(books.grabbed, books.broken + books.dropped + books.pushed);
    }

    #[test]
    fn damage_is_counted_and_a_camera_that_cannot_be_asked_goes_on() {
        let mut rig = Rig::new(false);
        rig.give(&[SPS, PPS, IDR].concat()).unwrap();
        assert_eq!(rig.give(&[1, 2, 3]), Err(BrokenFrame::H264("it holds no picture".into())));
        rig.give(DELTA).unwrap();
        assert_eq!(rig.taken().len(), 2);
        assert_eq!(rig.asked.get(), 1);
        assert_eq!(rig.slot.counters().broken, 1);
    }
}
