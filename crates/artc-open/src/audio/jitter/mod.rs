//! The jitter buffer of one remote sound track: Opus packets go in as they come, blocks of 10 ms come out in step with the listener's
//! clock. Not for mixing and not for RTP.
//!
//! After NetEQ's ideas, on a timeline instead of a fill level: each sample is due at its RTP time plus the path's quickest transit plus
//! the *delay*. [`DelayEstimator`] says what the delay should be; [`stretch`] brings it there, one period of the wave at a time.
//!
//! What is missing when it is due:
//! - Later packets are there: the last missing packet is decoded from the correction that the next one carries (in-band FEC), the ones
//!   before it are concealed by Opus.
//! - Nothing is there: Opus conceals without going on in time, for at most [`PATIENCE`], so that a late packet is still played; the
//!   delay has grown then. If it was lost after all, the concealment counts in its place.
//!
//! Where packets get lost, the target has one packet more, so that the one with the correction is there in time.

mod delay;
mod packets;
mod stretch;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use opus::{Channels, Decoder};

use delay::DelayEstimator;
use packets::{Packet, Packets};
use stretch::{Likeness, WINDOW};

/// Samples a second; Opus' RTP clock too.
pub const RATE: usize = 48_000;
/// Samples of a block of 10 ms.
pub const BLOCK: usize = RATE / 100;
/// Longest Opus packet, 120 ms.
const LONGEST: usize = RATE * 120 / 1000;
/// Times beyond this are nobody's: 3 million years.
const LAST: u64 = 1 << 62;
/// Concealment steps: what Opus conceals at once.
const STEP: usize = BLOCK;
/// Nothing comes for so long: the sender has stopped. Opus has faded out by then.
const PATIENCE: usize = RATE * 200 / 1000;
/// A hole in the timeline beyond this is a pause that the sender counted, not a loss.
const LONGEST_HOLE: u64 = RATE as u64 / 2;
/// The delay may be longer than its target by so much before sound is shortened.
const SLACK: Duration = Duration::from_millis(10);
/// Beyond its target by so much the delay shrinks quickly, at some cost to the sound.
const FAR: Duration = Duration::from_millis(100);
/// Beyond its target by so much sound is left out.
const TOO_FAR: Duration = Duration::from_millis(500);
/// Blocks between two stretches, so that speech does not sound hurried.
const HOLD_OFF: u8 = 5;
/// Where more than this share of packets gets lost, the packet behind a lost one is waited for.
const LOSSY: f32 = 0.01;
/// Time that the packet behind a lost one is waited for.
const FOR_CORRECTION: Duration = Duration::from_millis(20);
/// Sound that was played last, kept for lengthening.
const PAST: usize = WINDOW / 2;

/// What happened to a track's packets and sound since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets decoded.
    pub decoded: u64,
    /// Packets that came too late, or again.
    pub late: u64,
    /// Packets that are no Opus, cannot be decoded, or are of no timeline.
    pub broken: u64,
    /// Packets that were missing and came out of the next one's correction, as far as it carries one.
    pub corrected: u64,
    /// Samples that Opus made up.
    pub concealed: u64,
    /// Samples left out to shorten the delay, period by period.
    pub shortened: u64,
    /// Samples added to lengthen the delay, period by period.
    pub lengthened: u64,
    /// Packets left out because there were too many.
    pub flushed: u64,
}

/// See the module.
pub struct JitterBuffer {
    decoder: Decoder,
    packets: Packets,
    delay: DelayEstimator,
    /// Packets of another timeline than ours; the second that fits to the first makes it ours.
    foreign: Option<(u64, Instant)>,
    /// Decoded and not played yet.
    pcm: Vec<i16>,
    past: Vec<i16>,
    /// RTP time behind `pcm`; none while the buffer fills.
    next: Option<u64>,
    /// Samples concealed since the last packet without going on in time.
    waited: usize,
    /// The last packet said that the sender pauses.
    pausing: bool,
    /// Share of the last packets that was missing.
    loss: f32,
    hold_off: u8,
    /// Delay that others want at least: pictures that are late.
    least: Duration,
    counts: Counts,
}

impl JitterBuffer {
    /// An empty buffer; fails where libopus cannot make a decoder.
    pub fn new() -> Result<Self, opus::Error> {
        Ok(Self {
            decoder: Decoder::new(RATE as u32, Channels::Mono)?,
            packets: Packets::default(),
            delay: DelayEstimator::default(),
            foreign: None,
            pcm: Vec::with_capacity(LONGEST + WINDOW),
            past: Vec::with_capacity(PAST),
            next: None,
            waited: 0,
            pausing: false,
            loss: 0.0,
            hold_off: 0,
            least: Duration::ZERO,
            counts: Counts::default(),
        })
    }

    /// A packet of RTP time `time` (48 kHz, without roll-over) came at `now`.
    pub fn push(&mut self, time: u64, data: Arc<[u8]>, now: Instant) {
        let Some(packet) = Packet::new(time, data).filter(|packet| packet.time < LAST) else {
            self.counts.broken += 1;
            return;
        };
        if self.delay.is_foreign(time, now) && !self.begins_anew(time, now) {
            self.counts.broken += 1;
            return;
        }
        self.foreign = None;
        self.delay.arrived(time, now);
        if self.next.is_some_and(|next| packet.end() <= next) {
            self.counts.late += 1;
            return;
        }
        self.counts.flushed += self.packets.insert(packet);
    }

    /// Whether this packet of another timeline goes on where the last such packet was. One alone may be rubbish.
    fn begins_anew(&mut self, time: u64, now: Instant) -> bool {
        let follows = self.foreign.replace((time, now)).is_some_and(|(earlier, at)| {
            let passed = now.saturating_duration_since(at).as_secs_f64();
            let sent = (time as f64 - earlier as f64) / RATE as f64;
            time > earlier && (sent - passed).abs() < 0.5
        });
        if follows {
            self.packets.clear();
            self.delay.restart();
            self.pcm.clear();
            self.next = None;
        }
        follows
    }

    /// Holds sound back by at least so much, for pictures that come later.
    pub fn set_least(&mut self, least: Duration) {
        self.least = least;
    }

    /// The delay that is aimed at, against a packet that comes as quickly as the quickest.
    pub fn target(&self) -> Duration {
        self.needed().max(self.least)
    }

    /// What comes of the network alone: the target without [`JitterBuffer::set_least`].
    pub fn needed(&self) -> Duration {
        let correction = if self.loss > LOSSY { FOR_CORRECTION } else { Duration::ZERO };
        self.delay.target() + correction
    }

    /// Delay of what is played at `now`, against a packet that comes as quickly as the quickest; zero while nothing plays.
    pub fn delay(&self, now: Instant) -> Duration {
        Duration::from_micros(u64::try_from(self.delay_now(now)).unwrap_or(0))
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// RTP time of what [`JitterBuffer::pull`] gives next; none while nothing plays.
    pub fn position(&self) -> Option<u64> {
        Some(self.next?.saturating_sub(self.pcm.len() as u64))
    }

    /// Packets that wait.
    pub fn waiting(&self) -> usize {
        self.packets.len()
    }

    /// Lets time pass without decoding, for a track that is not heard: what is due is forgotten.
    pub fn skip(&mut self, now: Instant) {
        if self.next.take().is_some() {
            self.pcm.clear();
            self.past.clear();
            // What is decoded when the track is heard again follows nothing.
            let _ = self.decoder.reset_state();
        }
        while self.packets.first().is_some_and(|first| self.delay.of(first.time, now) >= micros(self.target())) {
            self.packets.pop();
        }
    }

    /// The next 10 ms, played at `now`; `None` while there is no sound.
    pub fn pull(&mut self, now: Instant) -> Option<[i16; BLOCK]> {
        if self.next.is_none() {
            let first = self.packets.first()?.time;
            if self.delay.of(first, now) < micros(self.target()) {
                return None;
            }
            self.next = Some(first);
            self.waited = 0;
        }
        while self.pcm.len() < BLOCK {
            if !self.more(now) {
                self.next = None;
                self.pcm.clear();
                self.past.clear();
                return None;
            }
        }
        self.adjust(now);
        let mut block = [0; BLOCK];
        block.copy_from_slice(&self.pcm[..BLOCK]);
        self.pcm.drain(..BLOCK);
        let surplus = (self.past.len() + BLOCK).saturating_sub(PAST);
        self.past.drain(..surplus.min(self.past.len()));
        self.past.extend_from_slice(&block);
        Some(block)
    }

    /// Makes more sound, by whatever is there. False when there is none to be made.
    fn more(&mut self, now: Instant) -> bool {
        let Some(next) = self.next else { return false };
        self.counts.late += self.packets.drop_until(next);
        let Some(first) = self.packets.first().map(|first| first.time) else { return self.wait() };
        let hole = first.saturating_sub(next);
        if hole > LONGEST_HOLE {
            self.next = Some(first);
            return true;
        }
        if hole > 0 {
            // What was made while nothing came stands in for what is missing, as far as the delay has grown by it.
            let grown = self.delay_now(now).saturating_sub(micros(self.target())).max(0) as u64 * RATE as u64 / 1_000_000;
            let credit = (self.waited as u64).min(hole).min(grown) / STEP as u64 * STEP as u64;
            self.waited = 0;
            if credit > 0 {
                self.missed(credit);
                self.next = Some(next + credit);
                return true;
            }
            self.fill(next, hole);
            return true;
        }
        self.decode_first();
        true
    }

    /// Decodes the first packet, which is the next in time.
    fn decode_first(&mut self) {
        let Some(packet) = self.packets.pop() else { return };
        self.loss -= self.loss / 64.0;
        (self.waited, self.pausing) = (0, packet.is_pause());
        self.next = Some(packet.end());
        if self.decode(&packet.data, LONGEST, false) == 0 {
            self.counts.broken += 1;
            self.decode(&[], packet.samples.min(LONGEST), false);
        } else {
            self.counts.decoded += 1;
        }
    }

    /// Nothing is there: goes on without going on in time.
    fn wait(&mut self) -> bool {
        if self.waited >= PATIENCE && !self.pausing {
            return false;
        }
        self.waited += STEP;
        self.counts.concealed += STEP as u64;
        self.decode(&[], STEP, false) > 0
    }

    /// `hole` samples are missing before the first packet that is there.
    fn fill(&mut self, next: u64, hole: u64) {
        let Some(first) = self.packets.first() else { return };
        let (data, samples) = (Arc::clone(&first.data), first.samples as u64);
        // The correction in a packet is of the packet before it, which is as long.
        if hole <= samples && hole.is_multiple_of(120) {
            self.decode(&data, hole as usize, true);
            self.counts.corrected += 1;
            self.missed(hole);
            self.next = Some(next + hole);
            return;
        }
        let part = if hole > samples { (hole - samples).min(STEP as u64) } else { hole.min(STEP as u64) };
        // Opus conceals in steps of 2.5 ms.
        let part = part.next_multiple_of(120);
        self.counts.concealed += part;
        self.missed(part);
        self.decode(&[], part as usize, false);
        self.next = Some(next + part);
    }

    /// So many samples did not come.
    fn missed(&mut self, samples: u64) {
        let packets = samples as f32 / (RATE as f32 * 0.02);
        self.loss += (1.0 - self.loss) * packets.min(1.0) / 64.0;
    }

    /// Decodes behind what is there already; conceals where `data` is empty. Gives the number of samples.
    fn decode(&mut self, data: &[u8], most: usize, correction: bool) -> usize {
        let start = self.pcm.len();
        self.pcm.resize(start + most, 0);
        let made = self.decoder.decode(data, &mut self.pcm[start..], correction).unwrap_or_else(|error| {
            tracing::trace!(%error, "sound packet not decoded");
            0
        });
        self.pcm.truncate(start + made);
        made
    }

    /// Delay of what is played next, in microseconds.
    fn delay_now(&self, now: Instant) -> i64 {
        self.position().map_or(0, |position| self.delay.of(position, now))
    }

    /// Brings the delay nearer to its target.
    fn adjust(&mut self, now: Instant) {
        self.hold_off = self.hold_off.saturating_sub(1);
        let (delay, target) = (self.delay_now(now), micros(self.target()));
        let surplus = delay - target;
        if surplus > micros(TOO_FAR) {
            return self.leave_out(now);
        }
        if surplus > micros(SLACK) {
            let far = surplus > micros(FAR);
            if self.hold_off == 0 || (far && self.hold_off < HOLD_OFF - 1) {
                self.decode_ahead();
                // What is left must be a block at least.
                let gone = stretch::shorten(&mut self.pcm, if far { Likeness::FAIR } else { Likeness::GOOD });
                self.stretched(gone, true);
            }
        } else if surplus < -micros(SLACK).min(target / 4) && self.hold_off == 0 {
            let more = stretch::lengthen(&self.past, &mut self.pcm, Likeness::GOOD);
            self.stretched(more, false);
        }
    }

    fn stretched(&mut self, by: usize, shorter: bool) {
        if by > 0 {
            self.hold_off = HOLD_OFF;
            *if shorter { &mut self.counts.shortened } else { &mut self.counts.lengthened } += by as u64;
        }
    }

    /// Decodes packets that follow without a hole, until there is enough to be shortened.
    fn decode_ahead(&mut self) {
        while self.pcm.len() < WINDOW && self.packets.first().is_some_and(|first| Some(first.time) == self.next) {
            self.decode_first();
        }
    }

    /// The delay is beyond all measure: goes on at the packet that is due now.
    fn leave_out(&mut self, now: Instant) {
        let target = micros(self.target());
        while self.packets.first().is_some_and(|first| self.delay.of(first.time, now) > target) {
            let Some(packet) = self.packets.pop() else { return };
            self.counts.flushed += 1;
            self.next = Some(packet.end());
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
