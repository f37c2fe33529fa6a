//! What arrives from outside, thrown at every parser that reads it.
//!
//! Each target takes any bytes, must neither panic nor hang, and checks what must hold for whatever came out. `tests/fuzz.sh` runs
//! them under libFuzzer, which looks for bytes that reach new code; the tests here run them over their seeds and over every input that
//! once broke one (`regressions/TARGET/`), in each ordinary test run.
//!
//! It needs no nightly compiler and builds no dependency twice: only the workspace's own crates are compiled with coverage counters
//! (`sancov.sh`), which rustc can do in every channel. The address sanitizer, which it cannot, would find nothing in them: they
//! forbid `unsafe` where they parse.

mod command;
mod config;
mod h264;
mod mjpeg;
mod received;
mod signalling;
mod signed;

/// Something that reads bytes from outside.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name on the command line, and of its folders.
    pub name: &'static str,
    /// Reads any bytes.
    pub run: fn(&[u8]),
    /// Lawful inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "command", run: command::run, seeds: command::seeds },
    Target { name: "config", run: config::run, seeds: config::seeds },
    Target { name: "h264", run: h264::run, seeds: h264::seeds },
    Target { name: "mjpeg", run: mjpeg::run, seeds: mjpeg::seeds },
    Target { name: "received", run: received::run, seeds: received::seeds },
    Target { name: "signalling", run: signalling::run, seeds: signalling::seeds },
    Target { name: "signed", run: signed::run, seeds: signed::seeds },
];

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn seeds_are_read() {
        for target in TARGETS {
            let seeds = (target.seeds)();
            assert!(seeds.len() >= 3, "{} has hardly any seed", target.name);
            for seed in seeds {
                (target.run)(&seed);
                // And each cut off anywhere in its first part, and with single bits turned.
                for at in 0..seed.len().min(200) {
                    (target.run)(&seed[..at]);
                    let mut turned = seed.clone();
                    turned[at] ^= 1 << (at % 8);
                    (target.run)(&turned);
                }
            }
        }
    }

    #[test]
    fn what_once_broke_a_target_breaks_it_no_more() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
        for target in TARGETS {
            for entry in std::fs::read_dir(folder.join(target.name)).into_iter().flatten() {
                let path = entry.unwrap().path();
                println!("{}", path.display());
                (target.run)(&std::fs::read(path).unwrap());
            }
        }
    }
}
