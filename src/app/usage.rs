//! What this process uses of the machine, for `device.status`. Prometheus has its own, finer figures in `telemetry`.

use rustix::time::{ClockId, clock_gettime};

/// A process's use of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Processor time since the start, in milliseconds.
    pub cpu_ms: u64,
    /// Resident memory in KiB.
    pub memory_kib: u64,
    /// The processor's temperature in degrees Celsius, where the kernel tells it.
    pub temperature_c: Option<f32>,
}

/// What this process uses now; zeros for what cannot be read.
pub fn of_this_process() -> Usage {
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    Usage {
        cpu_ms: u64::try_from(cpu.tv_sec).unwrap_or_default() * 1000 + u64::try_from(cpu.tv_nsec).unwrap_or_default() / 1_000_000,
        memory_kib: resident_kib(&std::fs::read_to_string("/proc/self/status").unwrap_or_default()),
        temperature_c: temperature(&std::fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").unwrap_or_default()),
    }
}

fn resident_kib(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn temperature(millidegrees: &str) -> Option<f32> {
    millidegrees.trim().parse::<f32>().ok().map(|value| value / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        assert_eq!(resident_kib("VmPeak:\t  9 kB\nVmRSS:\t   20480 kB\nThreads:\t3\n"), 20_480);
        assert_eq!(temperature("48312\n"), Some(48.312));
        assert_eq!((resident_kib(""), temperature("")), (0, None));
    }

    #[test]
    fn a_running_process_uses_something() {
        let usage = of_this_process();
        assert!(usage.memory_kib > 500, "{usage:?}");
    }
}
