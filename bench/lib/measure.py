"""What the rows measure with: the processor's time, memory, medians with their spread. All from /proc of the process measured."""
import os
import statistics

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """utime + stime of a process, all threads, in seconds."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def cpu_by_thread(pid):
    """utime + stime of each thread, summed by name."""
    found = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{tid}/stat") as file:
                head, tail = file.read().rsplit(")", 1)
        except FileNotFoundError:
            continue
        fields = tail.split()
        name = head.split("(", 1)[1]
        found[name] = found.get(name, 0) + (int(fields[11]) + int(fields[12])) / TICK
    return found


def memory_mb(pid):
    """RSS now, its highest value (VmHWM), and what of it is private; in MB of 10^6 bytes."""
    values = {}
    for name in ("status", "smaps_rollup"):
        with open(f"/proc/{pid}/{name}") as file:
            for line in file:
                words = line.split()
                if len(words) == 3 and words[2] == "kB":
                    values.setdefault(words[0].rstrip(":"), int(words[1]) * 1024 / 1e6)
    private = values.get("Private_Clean", 0) + values.get("Private_Dirty", 0)
    return {"rss": values["VmRSS"], "peak": values["VmHWM"], "pss": values.get("Pss"), "private": private}


def percentile(values, part):
    """The value below which `part` (0 to 1) of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def median(values):
    return statistics.median(values)


def spread(values, digits=2):
    """Median with least and most, for people."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def load():
    with open("/proc/loadavg") as file:
        return float(file.read().split()[0])


def busy_fraction(before, after):
    """Share of the machine that was busy between two readings of `machine_ticks`."""
    total = sum(after) - sum(before)
    idle = (after[3] + after[4]) - (before[3] + before[4])
    return (total - idle) / total if total else 0.0


def machine_ticks():
    with open("/proc/stat") as file:
        return [int(word) for word in file.readline().split()[1:9]]
