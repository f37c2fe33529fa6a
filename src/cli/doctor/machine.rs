//! The machine: its clock, its memory, its board.

use std::{fs, path::Path, time::SystemTime};

use super::{Exit, Finding};
use crate::config::Loaded;
use crate::version::OLDEST_CLOCK;

pub(super) fn clock() -> Finding {
    #[expect(clippy::disallowed_methods, reason = "this is the one look at the machine's clock, to judge it")]
    let now = SystemTime::now();
    let timesyncd = Path::new("/run/systemd/timesync");
    judge_clock(now, timesyncd.exists().then(|| timesyncd.join("synchronized").exists()))
}

fn judge_clock(now: SystemTime, synchronised: Option<bool>) -> Finding {
    let about = "clock";
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if since_1970 < OLDEST_CLOCK {
        let text = "is before 2025: every join token and certificate will seem to be of the future";
        return Finding::failure(about, Exit::TryAgain, text, "connect to a network with a time server, or set it: date -s");
    }
    match synchronised {
        Some(false) => {
            let way_out = "let it reach a time server: timedatectl timesync-status tells why it does not";
            Finding::warning(about, "not set by a time server since the start; join tokens may be refused", way_out)
        }
        Some(true) => Finding::ok(about, "set by a time server"),
        None => Finding::ok(about, "plausible"),
    }
}

pub(super) fn memory() -> Option<Finding> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let free: u64 = line.split_whitespace().next()?.parse::<u64>().ok()? / 1024;
    Some(match free {
        0..48 => Finding::warning("memory", format!("{free} MB free; the daemon takes up to 48"), "stop something else"),
        _ => Finding::ok("memory", format!("{free} MB free")),
    })
}

pub(super) fn board(loaded: &Loaded) -> Vec<Finding> {
    let title = loaded.board.title(&loaded.machine);
    let mut findings = vec![match loaded.board.matched(&loaded.machine) {
        Some(matched) => Finding::ok("board", format!("{title}: {matched}")),
        None => Finding::ok("board", format!("{title}: named by `board.profile`; the machine is another one by its names")),
    }];
    for one in board::inspect(&loaded.board, Path::new("/")) {
        findings.push(match one.missing {
            None => Finding::ok("board", format!("{} = {}", one.name, one.stands_for)),
            Some(why) => Finding::warning("board", why, format!("compare the machine with its profile, {}", loaded.board.origin)),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Level;
    use super::*;

    #[test]
    fn a_clock_that_never_was_set_is_a_failure() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(judge_clock(at(3_600), Some(true)).level, Level::Failure);
        assert_eq!(judge_clock(at(1_800_000_000), Some(false)).level, Level::Warning);
        assert_eq!(judge_clock(at(1_800_000_000), Some(true)).level, Level::Ok);
        assert_eq!(judge_clock(at(1_800_000_000), None).level, Level::Ok);
    }
}
