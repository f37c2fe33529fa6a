//! The kernel bench: the daemon against real drivers and bad networks, in a user-mode Linux that each test boots for itself.
//!
//! Every test is an ordinary `#[test]` whose body runs inside the guest (see [`bench::in_guest`]). Run it by tests/kernel/run.sh,
//! which brings the kernel and the clips; tests/kernel/README.md says how to run one scenario, and how to get a shell in there.

mod bench;
mod board;
mod cards;
mod controls;
mod daemon;
mod drivers;
mod encoder;
mod faults;
mod formats;
mod light;
mod lines;
mod panel;
mod rig;
mod sound;
mod speaker;
mod talk;
mod unplug;
mod usb;
