//! Lip sync: a user's sound and camera are handed out as far apart as they were captured.
//!
//! Sound waits in its jitter buffer, so pictures usually come first; then they are held. Where pictures take longer, sound is held.
//! Neither by more than [`MOST`]: beyond that the two are told apart by everybody anyway, and late is worse than apart.
//!
//! What is compared is *ages*: the time from capture, by the sender's clock, to the moment here. Clocks of two machines differ, so an
//! age alone says nothing; but the difference of two ages by the same clock does. Capture times come with each frame
//! (abs-capture-time) or follow from the sender's reports (RTCP); one kind is never compared with the other, since a server that
//! forwards writes reports of its own.
//!
//! Screens have no lips: they are shown at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Longest that sound or pictures are held for each other.
pub const MOST: Duration = Duration::from_millis(500);
/// Apart by less than this, nobody sees it; sound is not stretched for it.
const UNSEEN: i64 = 20_000;
/// What was heard of a track counts for so long.
const FRESH: Duration = Duration::from_secs(2);
/// Capture times of the sender's own are preferred to its reports for so long after the last of them.
const OWN: Duration = Duration::from_secs(5);
/// Users that are followed; beyond it, those who have fallen silent are forgotten.
const USERS: usize = 2000;

/// Whose clock says when something was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureClock {
    /// The one that captured, in each frame.
    Frame,
    /// The one that sends the reports.
    Reports,
}

/// When a frame was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Captured {
    /// By the sender's wall clock.
    pub at: SystemTime,
    /// How that is known.
    pub by: CaptureClock,
}

/// Time from capture to some moment here, in microseconds of an arbitrary zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Age {
    micros: i64,
    by: CaptureClock,
}

impl Age {
    /// The same frame so much earlier.
    pub fn less(self, by: Duration) -> Self {
        Self { micros: self.micros.saturating_sub(micros(by)), ..self }
    }
}

/// The capture times of one track: the last that was said, and what follows from it for others.
#[derive(Clone, Copy, Debug, Default)]
pub struct CaptureTimes {
    frame: Option<(u64, SystemTime, Instant)>,
    reports: Option<(u64, SystemTime)>,
}

impl CaptureTimes {
    /// What was sent at RTP time `time` was captured then.
    pub fn note(&mut self, time: u64, captured: Captured, now: Instant) {
        match captured.by {
            CaptureClock::Frame => self.frame = Some((time, captured.at, now)),
            CaptureClock::Reports => self.reports = Some((time, captured.at)),
        }
    }

    /// Age at `now` of what was sent at `time`, on a clock of `hz`.
    fn age(&self, time: u64, hz: i64, zero: Instant, now: Instant) -> Option<Age> {
        let own = self.frame.filter(|(.., at)| now.saturating_duration_since(*at) < OWN);
        let (known, at, by) = match (own, self.reports) {
            (Some((known, at, _)), _) => (known, at, CaptureClock::Frame),
            (None, Some((known, at))) => (known, at, CaptureClock::Reports),
            (None, None) => return None,
        };
        let ticks = i64::try_from(time).ok()?.checked_sub(i64::try_from(known).ok()?)?;
        let unix = micros(at.duration_since(SystemTime::UNIX_EPOCH).ok()?);
        let captured = unix.checked_add(ticks.checked_mul(1_000_000)? / hz)?;
        Some(Age { micros: micros(now.saturating_duration_since(zero)).checked_sub(captured)?, by })
    }
}

#[derive(Clone, Copy, Debug)]
struct Line {
    age: Age,
    at: Instant,
}

#[derive(Clone, Copy, Debug, Default)]
struct User {
    sound: Option<Line>,
    picture: Option<Line>,
}

/// What the thread that plays and the thread that shows tell each other.
#[derive(Debug)]
pub struct LipSync {
    zero: Instant,
    users: Mutex<HashMap<String, User>>,
}

impl LipSync {
    /// `zero` is any moment before the first frame.
    pub fn new(zero: Instant) -> Self {
        Self { zero, users: Mutex::default() }
    }

    /// Age at `now` of sound sent at RTP time `time`.
    pub fn sound_age(&self, times: &CaptureTimes, time: u64, now: Instant) -> Option<Age> {
        times.age(time, 48_000, self.zero, now)
    }

    /// Age at `now` of a picture sent at RTP time `time`.
    pub fn picture_age(&self, times: &CaptureTimes, time: u64, now: Instant) -> Option<Age> {
        times.age(time, 90_000, self.zero, now)
    }

    /// Sound of this age is handed out now. Gives how much longer it should be held, of what it would be (`natural`) without pictures.
    pub fn sound(&self, uid: &str, age: Age, natural: Age, now: Instant) -> Duration {
        let mut users = self.users();
        let Some(user) = user(&mut users, uid, now) else { return Duration::ZERO };
        follow(&mut user.sound, age, 32, now);
        let Some(picture) = fresh(user.picture, natural.by, now) else { return Duration::ZERO };
        let behind = picture.micros.saturating_sub(natural.micros);
        if behind < UNSEEN { Duration::ZERO } else { Duration::from_micros(behind.unsigned_abs()).min(MOST) }
    }

    /// A picture of this age is here. Gives how long to hold it.
    pub fn picture(&self, uid: &str, age: Age, now: Instant) -> Duration {
        let mut users = self.users();
        let Some(user) = user(&mut users, uid, now) else { return Duration::ZERO };
        follow(&mut user.picture, age, 8, now);
        let Some(sound) = fresh(user.sound, age.by, now) else { return Duration::ZERO };
        Duration::from_micros(u64::try_from(sound.micros.saturating_sub(age.micros)).unwrap_or(0)).min(MOST)
    }

    fn users(&self) -> MutexGuard<'_, HashMap<String, User>> {
        // Whatever a panic left half done is an estimate that the next frame corrects.
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn user<'a>(users: &'a mut HashMap<String, User>, uid: &str, now: Instant) -> Option<&'a mut User> {
    if !users.contains_key(uid) {
        if users.len() >= USERS {
            let alive = |line: Option<Line>| line.is_some_and(|line| now.saturating_duration_since(line.at) < FRESH);
            users.retain(|_, user| alive(user.sound) || alive(user.picture));
        }
        if users.len() >= USERS {
            return None;
        }
        users.insert(uid.to_owned(), User::default());
    }
    users.get_mut(uid)
}

/// A mean that begins anew after a pause, a jump or another clock.
fn follow(line: &mut Option<Line>, age: Age, weight: i64, now: Instant) {
    let known = fresh(*line, age.by, now)
        .filter(|known| known.micros.saturating_sub(age.micros).unsigned_abs() < micros(MOST).unsigned_abs());
    let micros = known.map_or(age.micros, |known| known.micros + (age.micros - known.micros) / weight);
    *line = Some(Line { age: Age { micros, ..age }, at: now });
}

fn fresh(line: Option<Line>, by: CaptureClock, now: Instant) -> Option<Age> {
    line.filter(|line| line.age.by == by && now.saturating_duration_since(line.at) < FRESH).map(|line| line.age)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
    fn start() -> Instant {
        Instant::now()
    }

    /// Sound that plays `sound` ms after its capture and pictures that come after `picture` ms, for 5 s; what both are held for at the
    /// end. The sender's clock is an hour ahead.
    fn held(sound: u32, picture: u32, by: [CaptureClock; 2]) -> (Duration, Duration) {
        let zero = start();
        let sync = LipSync::new(zero);
        let unix = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let (mut sounds, mut pictures) = (CaptureTimes::default(), CaptureTimes::default());
        let (mut wait, mut hold) = (Duration::ZERO, Duration::ZERO);
        for n in 0..500u32 {
            let now = zero + n * 10 * MS;
            let captured = |late: u32| Captured { at: unix + n * 10 * MS - late * MS, by: CaptureClock::Frame };
            // Each says a capture time now and then only; the rest follows from it.
            if n % 50 == 0 {
                sounds.note(u64::from(n) * 480, Captured { by: by[0], ..captured(sound) }, now);
                pictures.note(u64::from(n) * 900, Captured { by: by[1], ..captured(picture) }, now);
            }
            let natural = sync.sound_age(&sounds, u64::from(n) * 480, now).unwrap();
            let plays = Age { micros: natural.micros + micros(wait), ..natural };
            wait = sync.sound("cam", plays, natural, now);
            if n % 3 == 0 {
                hold = sync.picture("cam", sync.picture_age(&pictures, u64::from(n) * 900, now).unwrap(), now);
            }
        }
        (wait, hold)
    }

    #[test]
    fn whichever_comes_first_waits_for_the_other() {
        let both = [CaptureClock::Frame; 2];
        assert_eq!(held(80, 30, both), (Duration::ZERO, 50 * MS), "pictures wait for sound");
        let (wait, hold) = held(60, 260, both);
        assert!(wait == 200 * MS && hold <= MS, "sound waits for pictures: {wait:?}, {hold:?}");
        assert_eq!(held(60, 70, both), (Duration::ZERO, Duration::ZERO), "10 ms are not seen");
        assert_eq!(held(40, 5000, both).0, MOST, "there is an end to waiting");
        assert_eq!(held(5000, 40, both).1, MOST);
        assert_eq!(held(80, 30, [CaptureClock::Reports; 2]).1, 50 * MS, "by reports as well");
    }

    #[test]
    fn clocks_of_different_kinds_are_not_compared() {
        assert_eq!(held(80, 30, [CaptureClock::Frame, CaptureClock::Reports]), (Duration::ZERO, Duration::ZERO));
    }

    #[test]
    fn sound_that_has_ended_holds_nothing_and_absurd_times_do_no_harm() {
        let zero = start();
        let sync = LipSync::new(zero);
        let age = |ms: i64| Age { micros: ms * 1000, by: CaptureClock::Frame };
        sync.sound("cam", age(100), age(100), zero);
        assert_eq!(sync.picture("cam", age(40), zero + MS), 60 * MS);
        assert_eq!(sync.picture("cam", age(40), zero + FRESH), Duration::ZERO);
        assert_eq!(sync.picture("another", age(40), zero), Duration::ZERO);
        let mut times = CaptureTimes::default();
        times.note(u64::MAX, Captured { at: SystemTime::UNIX_EPOCH, by: CaptureClock::Frame }, zero);
        assert_eq!(sync.sound_age(&times, 0, zero), None);
        for n in 0..3000 {
            sync.picture(&n.to_string(), age(0), zero);
        }
        assert!(sync.users().len() <= USERS);
    }
}
