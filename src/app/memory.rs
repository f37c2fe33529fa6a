//! How memory is handed back to the system. Not for allocating: that is everybody's own matter.
//!
//! The C library's defaults are made for servers: an arena a thread, and a threshold that rises with the largest piece that was ever given
//! back, so that pictures and encoders stay in the process for good once they were there. Here few threads allocate, pieces are either
//! small or as large as a picture, and what is not needed belongs to the system.
#![expect(unsafe_code, reason = "mallopt, malloc_trim and madvise are C functions")]

use std::fs;

/// Sets the allocator up. Called before threads are started; what it says counts for the arenas that are made later.
pub fn thrifty() {
    #[cfg(target_env = "gnu")]
    {
        /// Pieces from here on are mapped, and unmapped when they are given back: a picture is one, a message is none.
        const MAPPED_FROM: libc::c_int = 256 * 1024;
        /// Free memory that may stay at the end of the heap.
        const KEPT: libc::c_int = 256 * 1024;
        /// Arenas: contention does not matter where nothing is allocated for a frame.
        const ARENAS: libc::c_int = 2;
        for (what, value) in [(libc::M_MMAP_THRESHOLD, MAPPED_FROM), (libc::M_TRIM_THRESHOLD, KEPT), (libc::M_ARENA_MAX, ARENAS)]
        {
            // SAFETY: mallopt takes two numbers and changes settings of the allocator, under its own lock. One that it does not
            // know it refuses, and goes on as before.
            unsafe { libc::mallopt(what, value) };
        }
    }
}

/// Gives back what only the start needed: free pieces of the heap, and what was read of the program. The kernel maps files in large pieces
/// around what is looked at, most of which never is; unmapped, they are file cache like any other, the first that a system short of
/// memory takes. What is needed is mapped again when it is, mostly without a look at the disk.
pub fn started() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim takes a number, and works under the allocator's own locks.
    unsafe {
        libc::malloc_trim(0)
    };
    let Ok(maps) = fs::read_to_string("/proc/self/smaps") else { return };
    for (start, length) in unwritten(&maps) {
        // SAFETY: the pages are private mappings of files that may be read, and perhaps run, but not written, and of which no page was
        // ever written, neither in memory nor in the swap (the kernel says so): they read from their files what they held before.
        unsafe { libc::madvise(start as *mut libc::c_void, length, libc::MADV_DONTNEED) };
    }
}

/// Start and length of each piece of a file that is mapped for reading or running, and of which no page is a copy of the process' own, by
/// the text of `/proc/PID/smaps`. What the linker wrote addresses to is such a copy.
fn unwritten(smaps: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut piece, mut in_memory) = (None, None);
    for line in smaps.lines() {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        if let Some((start, end)) = first.split_once('-') {
            let (start, end) = (usize::from_str_radix(start, 16), usize::from_str_radix(end, 16));
            let fixed = matches!(words.next(), Some("r-xp" | "r--p")) && words.nth(3).is_some_and(|path| path.starts_with('/'));
            in_memory = None;
            piece = match (start, end) {
                (Ok(start), Ok(end)) if fixed && end > start => Some((start, end - start)),
                _ => None,
            };
            continue;
        }
        match first {
            "Anonymous:" => in_memory = words.next(),
            "Swap:" if in_memory == Some("0") && words.next() == Some("0") => found.extend(piece.take()),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_wrote_to_is_taken() {
        let piece = |range: &str, rights: &str, path: &str, anonymous: u32, swap: u32| {
            let head = format!("{range} {rights} 00001000 fe:00 77 {path}");
            format!("{head}\nSize: 4 kB\nAnonymous: {anonymous} kB\nSwap: {swap} kB\nVmFlags: rd ex\n")
        };
        let smaps = [
            piece("1000-3000", "r-xp", "/usr/bin/artc-edge", 0, 0),
            piece("3000-4000", "r--p", "/usr/bin/artc-edge", 0, 0),
            piece("4000-5000", "r--p", "/usr/bin/artc-edge", 4, 0),
            piece("5000-6000", "r--p", "/usr/lib/relocated.so", 0, 4),
            piece("7000-8000", "rw-p", "/usr/bin/artc-edge", 0, 0),
            piece("9000-a000", "r-xp", "[vdso]", 0, 0),
            piece("a000-b000", "r--p", "", 0, 0),
            piece("b000-c000", "r-xp", "/usr/lib/libc.so.6", 0, 0),
        ];
        assert_eq!(unwritten(&smaps.concat()), [(0x1000, 0x2000), (0x3000, 0x1000), (0xb000, 0x1000)]);
    }

    #[test]
    fn this_process_goes_on_with_its_code_unmapped() {
        let pieces = unwritten(&fs::read_to_string("/proc/self/smaps").expect("procfs is there"));
        assert!(!pieces.is_empty(), "its own code is among them");
        started();
        assert_eq!("still here".to_uppercase(), "STILL HERE");
    }
}
