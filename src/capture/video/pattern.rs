//! The built-in sources: the test pattern at the configured rate, and the "no signal" card at a low one. What they
//! look like is said in [`media::pattern`]; here is when they come.

use std::convert::Infallible;
use std::time::Duration;

use media::draw::Canvas;
use media::pattern::{Look, draw_background, draw_card, draw_heartbeat, draw_moving};
use media::zone::{Cover, Point};
use media::{Frame, FramePool, Size};

use super::mode::{FourCc, Mode, Rate};

/// The consumer may hold: two waiting, one being encoded, one being pushed, one for snapshots; and one is drawn.
pub(super) const POOL_DEPTH: usize = 6;
/// Rate of the card: enough for a viewer who joins, and for a decoder to stay awake.
const CARD_RATE: Rate = Rate::new(5, 1);

/// Frames that fall due one after the other, exactly `rate` on the long run.
#[derive(Debug)]
pub(super) struct Pace {
    rate: Rate,
    start: Duration,
    count: u64,
}

impl Pace {
    /// Frames from `now` on.
    pub(super) fn new(rate: Rate, now: Duration) -> Self {
        Self { rate, start: now, count: 0 }
    }

    /// When the next frame is due.
    pub(super) fn due(&self) -> Duration {
        self.start + self.rate.time_of(self.count)
    }

    /// The time of the frame that is due by `now`, and how many before it were missed (their time has passed while
    /// the thread did not run); `None` when it is too early.
    pub(super) fn next(&mut self, now: Duration) -> Option<(Duration, u64)> {
        if now < self.due() {
            return None;
        }
        let mut missed = 0;
        while self.start + self.rate.time_of(self.count + 1) <= now {
            self.count += 1;
            missed += 1;
        }
        let due = self.due();
        self.count += 1;
        Some((due, missed))
    }
}

/// What a built-in source draws.
#[derive(Debug)]
enum Picture {
    Pattern(Look),
    Card,
}

/// A built-in source.
#[derive(Debug)]
pub(super) struct Drawn {
    picture: Picture,
    pool: FramePool,
    cover: Cover,
    pace: Pace,
    sequence: u32,
}

impl Drawn {
    /// The test pattern, but for what is under `masks`.
    pub(super) fn pattern(size: Size, rate: Rate, look: Look, masks: &[Vec<Point>], now: Duration) -> Self {
        let background = |size, bytes: &mut [u8]| {
            if let Some(mut canvas) = Canvas::new(size, bytes) {
                draw_background(&mut canvas);
            }
        };
        let pool = FramePool::with_background(size, POOL_DEPTH, background);
        let cover = if masks.is_empty() { Cover::default() } else { Cover::new(masks.iter().map(Vec::as_slice), pool.size()) };
        Self { picture: Picture::Pattern(look), pool, cover, pace: Pace::new(rate, now), sequence: 0 }
    }

    /// The card.
    pub(super) fn card(size: Size, title: &str, detail: &str, now: Duration) -> Self {
        let background = |size, bytes: &mut [u8]| {
            if let Some(mut canvas) = Canvas::new(size, bytes) {
                draw_card(&mut canvas, title, detail);
            }
        };
        let pool = FramePool::with_background(size, POOL_DEPTH, background);
        Self { picture: Picture::Card, pool, cover: Cover::default(), pace: Pace::new(CARD_RATE, now), sequence: 0 }
    }

    /// The pattern looks like this from the next frame on; a card stays as it is.
    pub(super) fn set_look(&mut self, look: Look) {
        if let Picture::Pattern(now) = &mut self.picture {
            *now = look;
        }
    }

    /// What it delivers, in the words of a camera.
    pub(super) fn mode(&self) -> Mode {
        Mode { fourcc: FourCc(*b"YU12"), size: self.pool.size(), fps: self.pace.rate }
    }

    /// When the next frame is due.
    pub(super) fn due(&self) -> Duration {
        self.pace.due()
    }

    /// The frame that is due by `now`, and how many before it were missed. No frame and a missed one more when all
    /// buffers are in use.
    pub(super) fn next(&mut self, now: Duration) -> Option<(Option<Frame>, u64)> {
        let (captured_at, missed) = self.pace.next(now)?;
        self.sequence = self.sequence.wrapping_add(missed as u32);
        let (sequence, size) = (self.sequence, self.pool.size());
        self.sequence = sequence.wrapping_add(1);
        let (picture, cover) = (&self.picture, &self.cover);
        let drawn = self.pool.fill(captured_at, sequence, |bytes| {
            if let Some(mut canvas) = Canvas::new(size, bytes) {
                match picture {
                    Picture::Pattern(look) => draw_moving(&mut canvas, sequence, captured_at, look),
                    Picture::Card => draw_heartbeat(&mut canvas, sequence),
                }
            }
            // Made for this size.
            let _ = cover.fill(size, bytes);
            Ok::<_, Infallible>(())
        });
        Some((drawn.and_then(Result::ok), missed))
    }
}

#[cfg(test)]
mod tests {
    use media::barcode::Stamp;

    use super::*;

    #[test]
    fn the_pace_is_exact_and_late_frames_are_not_made_up_for() {
        let start = Duration::from_secs(100);
        let mut pace = Pace::new(Rate::from_fps(29.97), start);
        let mut times = Vec::new();
        while times.len() < 30_000 {
            let due = pace.due();
            assert_eq!(pace.next(due - Duration::from_nanos(1)).filter(|_| due > start), None, "not before it is due");
            let (time, missed) = pace.next(due + Duration::from_micros(80)).unwrap_or((due, 0));
            assert_eq!(missed, 0);
            times.push(time);
        }
        assert_eq!(pace.due() - start, Duration::from_secs(1001), "30,000 frames of 29.97 take 1,001 s");

        let mut pace = Pace::new(Rate::new(10, 1), start);
        let late = start + Duration::from_millis(350);
        assert_eq!(pace.next(late), Some((start + Duration::from_millis(300), 3)), "the newest that is due, three missed");
        assert_eq!(pace.due(), start + Duration::from_millis(400));
    }

    #[test]
    fn the_pattern_is_stamped_with_its_own_time() {
        let start = Duration::from_secs(5);
        let mut source = Drawn::pattern(Size::new(320, 180), Rate::new(30, 1), Look::default(), &[], start);
        let (first, _) = source.next(start).unwrap();
        let (second, _) = source.next(start + Duration::from_millis(40)).unwrap();
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(second.captured_at, start + Duration::from_nanos(33_333_333));
        assert_eq!(Stamp::read_frame(&first), Some(Stamp::new(0, first.captured_at)));
        assert_eq!(Stamp::read_frame(&second), Some(Stamp::new(1, second.captured_at)));
    }

    #[test]
    fn a_consumer_that_holds_everything_costs_frames_and_nothing_else() {
        let start = Duration::from_secs(5);
        let mut source = Drawn::card(Size::new(64, 64), "no signal", "test", start);
        let mut at = |n: u64| source.next(start + Duration::from_millis(200 * n)).unwrap().0;
        let held: Vec<_> = (0..POOL_DEPTH as u64).map(&mut at).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(at(POOL_DEPTH as u64).is_none());
        drop(held);
        assert!(at(POOL_DEPTH as u64 + 1).is_some());
    }
}
