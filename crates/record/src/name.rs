//! What a recording is called: when it began and why. Its file says it, so that no index is needed.
//!
//! `20261121T190143.123Z-command` is an id; `20261121T190143.123Z-command.recording.mp4` is its file while it is written, and
//! `20261121T190143.123Z-command-61480ms.mp4` afterwards. Beside it, `20261121T190143.123Z-command.jpeg` is its picture, `.uploading` says what a
//! bucket calls it that has a part of it, and `.uploaded` that one has all of it. Nothing else in the folder is ours.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What a file that is being written ends in.
const WRITING: &str = ".recording.mp4";
/// What a whole file ends in, behind its duration.
const WHOLE: &str = "ms.mp4";
/// What stands before the end of what lies beside it, until that is whole.
const UNFINISHED: &str = ".writing";
const DAY_MS: u64 = 86_400_000;
/// The last millisecond whose year has four digits.
const LAST_MS: u64 = 253_402_300_799_999;

/// Why a recording was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The device records all the time.
    Always,
    /// Somebody asked for it.
    Command,
    /// Something moved in the picture.
    Motion,
    /// It was loud.
    Sound,
    /// A line of the board.
    Line,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Always, Self::Command, Self::Motion, Self::Sound, Self::Line];

    /// As names of files and commands say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Command => "command",
            Self::Motion => "motion",
            Self::Sound => "sound",
            Self::Line => "line",
        }
    }
}

/// A recording: when it began, in milliseconds since 1970 on the device's clock, and why. Ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Milliseconds since 1970.
    pub began_ms: u64,
    /// Why.
    pub reason: Reason,
}

impl Id {
    /// The latest time that a name can say is taken for later ones.
    pub(crate) fn new(began_ms: u64, reason: Reason) -> Self {
        Self { began_ms: began_ms.min(LAST_MS), reason }
    }

    /// Its file while it is written.
    pub(crate) fn writing(self) -> String {
        format!("{self}{WRITING}")
    }

    /// Its file when it is whole.
    pub(crate) fn whole(self, duration: Duration) -> String {
        format!("{self}-{}{WHOLE}", duration.as_millis())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, ms) = (self.began_ms / DAY_MS, self.began_ms % DAY_MS);
        let (year, month, day) = date(days);
        let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(f, "{year:04}{month:02}{day:02}T{hours:02}{minutes:02}{seconds:02}.{:03}Z-{}", ms % 1000, self.reason.name())
    }
}

/// Not the name of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recording is called like 20261121T190143.123Z-command")]
pub struct BadId;

impl FromStr for Id {
    type Err = BadId;

    /// Takes exactly what `Display` writes: no other spelling of a time, no path.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let (time, reason) = text.split_once('-').ok_or(BadId)?;
        let reason = Reason::ALL.into_iter().find(|known| known.name() == reason).ok_or(BadId)?;
        if time.len() != 20 || !time.is_ascii() {
            return Err(BadId);
        }
        let number = |from: usize, to: usize| {
            let digits = &time[from..to];
            if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse::<u64>().map_err(|_| BadId) } else { Err(BadId) }
        };
        let days = days(number(0, 4)?, number(4, 6)?, number(6, 8)?).ok_or(BadId)?;
        let ms = ((number(9, 11)? * 60 + number(11, 13)?) * 60 + number(13, 15)?) * 1000 + number(16, 19)?;
        let id = Self { began_ms: days * DAY_MS + ms, reason };
        // What is not written back the same way was not ours.
        if id.to_string() == text { Ok(id) } else { Err(BadId) }
    }
}

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Writing,
    Whole(Duration),
}

/// Whose file this is; `None` for what is not ours.
pub(crate) fn read(name: &str) -> Option<(Id, Kind)> {
    if let Some(id) = name.strip_suffix(WRITING) {
        return Some((id.parse().ok()?, Kind::Writing));
    }
    let (id, ms) = name.strip_suffix(WHOLE)?.rsplit_once('-')?;
    if ms.is_empty() || ms.len() > 12 || !ms.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((id.parse().ok()?, Kind::Whole(Duration::from_millis(ms.parse().ok()?))))
}

/// What lies beside a recording and belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Beside {
    Picture,
    /// Of an upload that was begun.
    Uploading,
    /// It is in a bucket.
    Uploaded,
}

impl Beside {
    const ALL: [Self; 3] = [Self::Picture, Self::Uploading, Self::Uploaded];

    fn end(self) -> &'static str {
        match self {
            Self::Picture => ".jpeg",
            Self::Uploading => ".uploading",
            Self::Uploaded => ".uploaded",
        }
    }

    /// The file of it.
    pub fn of(self, id: Id) -> String {
        format!("{id}{}", self.end())
    }

    /// The same until it is whole.
    pub fn unfinished(self, id: Id) -> String {
        format!("{id}{UNFINISHED}{}", self.end())
    }

    /// Whose file this is, what, and whether it is whole; `None` for what is not ours.
    pub fn read(name: &str) -> Option<(Id, Self, bool)> {
        let (stem, kind) = Self::ALL.into_iter().find_map(|kind| Some((name.strip_suffix(kind.end())?, kind)))?;
        match stem.strip_suffix(UNFINISHED) {
            Some(id) => Some((id.parse().ok()?, kind, false)),
            None => Some((stem.parse().ok()?, kind, true)),
        }
    }
}

/// Year, month and day of so many days after 1970-01-01, in the Gregorian calendar.
pub fn date(days: u64) -> (u64, u64, u64) {
    // Counted from the 1st of March of year 0, so that the leap day is the last of its year.
    let z = days + 719_468;
    let era = z / 146_097;
    let of_era = z % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + u64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// Days from 1970-01-01 to a date; `None` before that and for months and days that no calendar has.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = year - u64::from(month <= 2 && year > 0);
    let shifted = (month + 9) % 12;
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_says_when_and_why() {
        let id = Id::new(1_795_287_703_123, Reason::Command);
        assert_eq!(id.to_string(), "20261121T190143.123Z-command");
        assert_eq!(Id::new(951_782_400_000, Reason::Always).to_string(), "20000229T000000.000Z-always");
        assert_eq!(Id::new(0, Reason::Line).to_string(), "19700101T000000.000Z-line");
        assert_eq!(Id::new(u64::MAX, Reason::Line).to_string(), "99991231T235959.999Z-line");
        assert_eq!(read(&id.writing()), Some((id, Kind::Writing)));
        let duration = Duration::from_millis(61_480);
        assert_eq!(id.whole(duration), "20261121T190143.123Z-command-61480ms.mp4");
        assert_eq!(read(&id.whole(duration)), Some((id, Kind::Whole(duration))));
    }

    #[test]
    fn tricks_are_no_ids() {
        for trick in [
            "",
            "..",
            "../20261121T190143.123Z-command",
            "20261121T190143.123Z-command/..",
            "20261121T190143.123Z-command\0",
            "20261121T190143.123Z-other",
            "20261121T190143.123Z-",
            "20261121T190143.123Z",
            "20261321T190143.123Z-command",
            "20260230T190143.123Z-command",
            "20261121T250143.123Z-command",
            "20261121t190143.123z-command",
            "20261121T190143.123Z-command ",
            "+0261121T190143.123Z-command",
            "2026112١T190143.12Z-command",
        ] {
            assert_eq!(trick.parse::<Id>(), Err(BadId), "{trick:?}");
        }
        assert_eq!(read("20261121T190143.123Z-command-ms.mp4"), None);
        assert_eq!(read("20261121T190143.123Z-command-9999999999999ms.mp4"), None);
        assert_eq!(read("notes.mp4"), None);
        assert_eq!(read("20261121T190143.123Z-command.jpeg"), None);
        for trick in ["holiday.jpeg", "../20261121T190143.123Z-command.jpeg", "20261121T190143.123Z-command.jpg", ".jpeg"] {
            assert_eq!(Beside::read(trick), None);
        }
        for kind in Beside::ALL {
            let id = Id::new(1_795_287_703_123, Reason::Command);
            assert_eq!(Beside::read(&kind.of(id)), Some((id, kind, true)));
            assert_eq!(Beside::read(&kind.unfinished(id)), Some((id, kind, false)));
            assert_eq!(read(&kind.of(id)), None);
        }
    }

    proptest! {
        #[test]
        fn every_id_is_read_back(began_ms in 0..=LAST_MS, reason in 0..Reason::ALL.len()) {
            let id = Id::new(began_ms, Reason::ALL[reason]);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn what_is_read_is_written_the_same(text in "\\PC{0,40}|[0-9]{8}T[0-9]{6}\\.[0-9]{3}Z-(command|always)(-[0-9]{0,14}ms.mp4)?") {
            if let Ok(id) = text.parse::<Id>() {
                prop_assert_eq!(id.to_string(), text.clone());
            }
            if let Some((id, Kind::Whole(duration))) = read(&text) {
                prop_assert_eq!(read(&id.whole(duration)), Some((id, Kind::Whole(duration))));
            }
        }
    }
}
