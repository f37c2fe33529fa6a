//! Audio ranking: only the loudest few of many are heard, so that fifty users cost hardly more than five. Pure.
//!
//! By what the senders say of their loudness (RFC 6464), which costs no decoding; whoever does not say counts by what was decoded last.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often it is decided anew.
const EVERY: Duration = Duration::from_millis(100);
/// Whoever is heard stays until somebody is louder by this, in dB: no flicker between two who are alike.
const BONUS: f32 = 6.0;
/// A voice counts for as long as its pauses last: its loudness falls by so many dB a second.
const FALL: f32 = 15.0;
/// Silence, in dBov.
const FLOOR: f32 = -127.0;

#[derive(Clone, Copy, Debug)]
struct Voice {
    loudness: f32,
    at: Instant,
    heard: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Ranking {
    /// How many are heard.
    loudest: usize,
    voices: HashMap<String, Voice>,
    decided: Option<Instant>,
}

impl Ranking {
    /// Nobody is known; the `loudest` so many will be heard.
    pub fn new(loudest: usize) -> Self {
        Self { loudest, voices: HashMap::new(), decided: None }
    }

    /// Forgets all tracks.
    pub fn forget_all(&mut self) {
        *self = Self::new(self.loudest);
    }

    /// Track `sid` is as loud as this now, in dBov (0 loudest, -127 silent).
    pub fn loudness(&mut self, sid: &str, dbov: i8, now: Instant) {
        let new = f32::from(dbov).clamp(FLOOR, 0.0);
        match self.voices.get_mut(sid) {
            Some(voice) => {
                voice.loudness = new.max(voice.now(now));
                voice.at = now;
            }
            None => _ = self.voices.insert(sid.to_owned(), Voice { loudness: new, at: now, heard: false }),
        }
    }

    /// Forgets a track.
    pub fn forget(&mut self, sid: &str) {
        self.voices.remove(sid);
    }

    /// Decides who is heard, where it is time to.
    pub fn decide(&mut self, now: Instant) {
        if self.decided.is_some_and(|at| now.saturating_duration_since(at) < EVERY) {
            return;
        }
        self.decided = Some(now);
        let mut order: Vec<(&String, f32)> =
            self.voices.iter().map(|(sid, voice)| (sid, voice.now(now) + if voice.heard { BONUS } else { 0.0 })).collect();
        // Names decide between equals, so that it is the same each time.
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let chosen: Vec<String> = order.iter().take(self.loudest).map(|(sid, _)| (*sid).clone()).collect();
        for (sid, voice) in &mut self.voices {
            voice.heard = chosen.contains(sid);
        }
    }

    /// Whether a track is among the loudest.
    pub fn heard(&self, sid: &str) -> bool {
        self.voices.get(sid).is_some_and(|voice| voice.heard)
    }
}

impl Voice {
    fn now(&self, now: Instant) -> f32 {
        (self.loudness - FALL * now.saturating_duration_since(self.at).as_secs_f32()).max(FLOOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
    fn start() -> Instant {
        Instant::now()
    }

    fn heard(ranking: &Ranking) -> Vec<usize> {
        (0..10).filter(|n| ranking.heard(&n.to_string())).collect()
    }

    #[test]
    fn the_loudest_are_heard_and_whoever_is_as_loud_does_not_push_them_out() {
        let (mut ranking, mut now) = (Ranking::new(5), start());
        let say = |ranking: &mut Ranking, levels: [i8; 10], now: Instant| {
            for (n, level) in levels.into_iter().enumerate() {
                ranking.loudness(&n.to_string(), level, now);
            }
            ranking.decide(now);
        };
        say(&mut ranking, [-20, -21, -22, -23, -24, -60, -60, -60, -60, -60], now);
        assert_eq!(heard(&ranking), [0, 1, 2, 3, 4]);
        now += EVERY;
        say(&mut ranking, [-20, -20, -20, -20, -24, -21, -60, -60, -60, -60], now);
        assert_eq!(heard(&ranking), [0, 1, 2, 3, 4], "3 dB are not enough");
        now += EVERY;
        say(&mut ranking, [-20, -20, -20, -20, -24, -10, -60, -60, -60, -60], now);
        assert_eq!(heard(&ranking), [0, 1, 2, 3, 5]);
    }

    #[test]
    fn a_pause_for_breath_costs_nobody_his_place_and_silence_does() {
        let (mut ranking, begin) = (Ranking::new(5), start());
        for n in 0..10 {
            ranking.loudness(&n.to_string(), if n < 5 { -20 } else { -50 }, begin);
        }
        ranking.decide(begin);
        for ms in (20..5000).step_by(20) {
            let now = begin + Duration::from_millis(ms);
            for n in 0..10 {
                ranking.loudness(
                    &n.to_string(),
                    if n == 0 {
                        -127
                    } else if n < 5 {
                        -20
                    } else {
                        -50
                    },
                    now,
                );
            }
            ranking.decide(now);
            if ms < 1000 {
                assert!(ranking.heard("0"), "{ms} ms");
            }
        }
        assert!(!ranking.heard("0") && ranking.heard("5"));
        ranking.forget("5");
        assert!(!ranking.heard("5"));
    }
}
