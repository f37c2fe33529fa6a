//! Once it runs, what is ours of the way between speaker and microphone allocates nothing; switched off, it does nothing at all.

#[path = "../../media/tests/counting/allocator.rs"]
mod allocator;

use std::time::Duration;

use allocator::count;
use media::{PcmBlock, PcmFormat};
use voice::{Cleaner, Duplex, Settings};

const STEP: Duration = Duration::from_millis(10);

/// Passes on what comes, and says in the first sample that it was there.
struct Passes;

impl Cleaner for Passes {
    fn set(&mut self, _: Settings) {}

    fn render(&mut self, _: &PcmBlock) {}

    fn capture(&mut self, block: &mut PcmBlock, _: Duration) {
        block.samples_mut()[0] = 1;
    }

    fn echo(&self) -> (Option<f32>, Option<f32>) {
        (Some(6.0), Some(30.0))
    }
}

/// Seconds of talk in both directions: allocations of a block once it runs, and whether it was cleaned.
fn talk(duplex: &Duplex) -> (f64, bool) {
    let format = PcmFormat { rate: 48_000, channels: 1 };
    let (mut before, mut cleaned) = (0, true);
    for at in 0..1000 {
        if at == 500 {
            before = count();
        }
        let mut block = PcmBlock::silence(format, STEP * at);
        block.samples_mut().fill(3000);
        duplex.played(&block, 3 * STEP, STEP * at);
        duplex.captured(&mut block, STEP * (at + 1));
        cleaned &= block.samples()[0] != 3000;
    }
    ((count() - before) as f64 / 500.0, cleaned)
}

#[test]
fn what_is_ours_allocates_nothing_a_block() {
    assert_ne!(count(), 0, "it counts");
    let make = |_| -> Option<Box<dyn Cleaner>> { Some(Box::new(Passes)) };
    let duplex = Duplex::with(make, Settings { echo: true, noise: true, gain: true, half: false });
    assert_eq!(talk(&duplex), (0.0, true));
    assert_eq!(duplex.stats().echo_return_loss_enhancement_db, Some(30.0));
    duplex.set(Settings { half: true, ..Settings::OFF });
    assert_eq!((talk(&duplex), duplex.stats().held), ((0.0, true), true), "silent while the speaker is heard");
    duplex.set(Settings::OFF);
    let _fades = talk(&duplex);
    assert_eq!(talk(&duplex), (0.0, false), "off is off");
    assert_eq!(duplex.stats().echo_return_loss_enhancement_db, None);
}

#[test]
#[cfg(feature = "sonora")]
fn what_the_canceller_allocates_stays_as_it_is() {
    let duplex = Duplex::new(Settings { echo: true, noise: true, gain: true, half: false });
    let (a_block, _) = talk(&duplex);
    println!("{a_block} allocations a block");
    assert!(a_block < 50.0, "{a_block} allocations a block");
}
