//! The times that ALSA's library gives, on this architecture: the `alsa` crate measures them when it is built, because on 32-bit machines the
//! library has 8 or 16 bytes for one, as it was compiled.

use std::ffi::CString;
use std::time::Duration;

use alsa::pcm::{Access, Format, HwParams, PCM, TstampType};
use alsa::{Direction, ValueOr};
use c_layout::{Agreement, Compiler};

/// A device that needs no card: `null`, which ALSA's library has inside.
const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/null.conf");

fn monotonic() -> Duration {
    let mut now: libc::timespec = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[expect(unsafe_code, reason = "the clock that ALSA stamps with, read without any crate's own idea of time")]
    // SAFETY: the call fills the structure that it gets.
    let done = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    assert_eq!(done, 0);
    duration(now.tv_sec, now.tv_nsec)
}

/// Of numbers that are as wide as this architecture has them.
fn duration(seconds: impl TryInto<u64>, nanos: impl TryInto<u32>) -> Duration {
    Duration::new(seconds.try_into().ok().expect("no time before the start"), nanos.try_into().ok().expect("less than a second"))
}

#[test]
fn a_stamp_of_the_library_lies_between_the_clock_before_and_after() {
    #[expect(unsafe_code, reason = "ALSA's library takes the place of its configuration from the environment only")]
    // SAFETY: this is the only test in this process, and no other thread runs yet.
    unsafe {
        std::env::set_var("ALSA_CONFIG_PATH", CONFIGURATION);
    }
    let pcm = PCM::open(&CString::new("null").unwrap(), Direction::Capture, true).expect("ALSA's null device");
    let hardware = HwParams::any(&pcm).unwrap();
    hardware.set_access(Access::RWInterleaved).unwrap();
    hardware.set_format(Format::s16()).unwrap();
    hardware.set_channels(1).unwrap();
    hardware.set_rate(48_000, ValueOr::Nearest).unwrap();
    pcm.hw_params(&hardware).unwrap();
    let software = pcm.sw_params_current().unwrap();
    software.set_tstamp_mode(true).unwrap();
    software.set_tstamp_type(TstampType::Monotonic).unwrap();
    pcm.sw_params(&software).unwrap();
    pcm.start().unwrap();

    let before = monotonic();
    let stamp = pcm.status().unwrap().get_htstamp();
    let after = monotonic();
    let at = duration(stamp.tv_sec, stamp.tv_nsec);
    assert!(before <= at && at <= after, "{at:?} is not between {before:?} and {after:?}");

    // And its size is that of the headers it was built against.
    let mut agreed = Agreement::new("alsa/asoundlib.h");
    agreed.add("sizeof(snd_htimestamp_t)", std::mem::size_of_val(&stamp));
    agreed.add("sizeof(((snd_htimestamp_t *)0)->tv_sec)", std::mem::size_of_val(&stamp.tv_sec));
    agreed.check(&Compiler::of_this_target(), &[]);
}
