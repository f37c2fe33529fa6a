//! What the kernel says about this process, under the names that Prometheus' own clients use.

use std::{fmt::Write, fs};

/// A look at `/proc/self`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Look {
    resident_bytes: u64,
    cpu_seconds: f64,
    threads: u64,
    start_seconds: f64,
    open_fds: u64,
    max_fds: Option<u64>,
}

/// Adds the process' metrics to a Prometheus text. Adds nothing where `/proc` is not there.
pub(super) fn append(text: &mut String) {
    let Some(look) = look() else { return };
    let mut one = |name: &str, kind: &str, help: &str, value: f64| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    };
    one("process_resident_memory_bytes", "gauge", "Resident memory in bytes.", look.resident_bytes as f64);
    one("process_cpu_seconds_total", "counter", "User and system CPU time in seconds.", look.cpu_seconds);
    one("process_threads", "gauge", "Threads.", look.threads as f64);
    one("process_open_fds", "gauge", "Open file descriptors.", look.open_fds as f64);
    if let Some(max) = look.max_fds {
        one("process_max_fds", "gauge", "Most file descriptors that may be open.", max as f64);
    }
    one("process_start_time_seconds", "gauge", "Start of the process in seconds since 1970.", look.start_seconds);
}

fn look() -> Option<Look> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let boot = fs::read_to_string("/proc/stat").ok()?;
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let open_fds = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1) as u64;
    parse(&stat, &status, &boot, &limits, open_fds)
}

fn parse(stat: &str, status: &str, boot: &str, limits: &str, open_fds: u64) -> Option<Look> {
    /// Ticks a second of `/proc`; USER_HZ is 100 on every Linux that this runs on.
    const TICKS: f64 = 100.0;
    // The name in brackets may hold blanks and brackets; everything after the last one is numbers.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok());
    let kilobytes =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse::<u64>().ok()?;
    let booted = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse::<u64>().ok()?;
    let max_fds = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    Some(Look {
        resident_bytes: kilobytes * 1024,
        cpu_seconds: (number(11)? + number(12)?) as f64 / TICKS,
        threads: number(17)?,
        start_seconds: booted as f64 + number(19)? as f64 / TICKS,
        open_fds,
        max_fds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 1000 1 2";
        let look =
            parse(stat, "VmRSS:\t    2048 kB\n", "cpu 1\nbtime 1000\n", "Max open files            1024  4096  files\n", 12);
        let wanted = Look {
            resident_bytes: 2 << 20,
            cpu_seconds: 3.0,
            threads: 9,
            start_seconds: 1010.0,
            open_fds: 12,
            max_fds: Some(1024),
        };
        assert_eq!(look, Some(wanted));
    }

    #[test]
    fn this_process_is_seen() {
        let look = look().expect("/proc is there");
        assert!(look.resident_bytes > 1 << 20 && look.threads >= 1 && look.open_fds >= 3, "{look:?}");
        assert!(look.start_seconds > 1.6e9, "{look:?}");
    }
}
