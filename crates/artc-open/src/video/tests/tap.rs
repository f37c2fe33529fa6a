//! A tap takes the big stream besides the network, and instead of it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use artc_bindings::EncodedTap;

use super::*;

/// Key frame, capture time, length.
type Taken = (bool, Duration, usize);

struct Tap(Sender<Taken>);

impl EncodedTap for Tap {
    fn picture(&self, unit: &[u8], key: bool, captured_at: Duration) {
        let _ = self.0.send((key, captured_at, unit.len()));
    }

    fn sound(&self, _: &[u8], _: u32, _: Duration) {}
}

fn tap() -> (Arc<dyn EncodedTap>, Receiver<Taken>) {
    let (sender, came) = channel();
    (Arc::new(Tap(sender)), came)
}

fn tapped(came: &Receiver<Taken>) -> Taken {
    came.recv_timeout(Duration::from_secs(10)).expect("a unit for the tap")
}

#[test]
fn a_tap_is_served_although_nobody_watches_and_nobody_else_is() {
    let (input, thread, came) = start();
    let best = Target { bitrate_bps: 300_000, fps: 30.0, size: Size::new(160, 120), paused: false };
    input.control(|c| c.best = Some(best));
    let (tap, taken) = tap();
    input.set_tap(Some(tap));
    for n in 1..6 {
        input.push(&sample(SIZE, n));
        let (key, captured_at, len) = tapped(&taken);
        assert_eq!((key, captured_at), (n == 1, Duration::from_millis(10_000 + u64::from(n) * 33)));
        assert!(len > 0);
    }
    // The network carries nothing at this moment: the tap goes on, as it was configured.
    input.control(|c| c.streams[0] = StreamControl { active: true, target: Some(Target { paused: true, ..best }) });
    input.push(&sample(SIZE, 6));
    tapped(&taken);
    // Somebody watches: both get the same.
    input.control(|c| c.streams[0].target = Some(best));
    input.push(&sample(SIZE, 7));
    assert_eq!(unit(&came).bytes().len(), tapped(&taken).2);
    input.control(|c| c.streams[0].active = false);
    input.set_tap(None);
    let before = input.counters.dropped.load(Ordering::Relaxed);
    input.push(&sample(SIZE, 8));
    assert_eq!(input.counters.dropped.load(Ordering::Relaxed), before + 1, "nobody is left to receive it");
    drop(thread);
    assert!(came.try_recv().is_err() && taken.try_recv().is_err());
}
