//! How much one address may ask for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use call_control::Bucket;
use tokio::time::Instant;

/// Addresses that are counted at the same time.
const MOST: usize = 16_384;
/// What a bucket lets through a second by itself.
const USUAL: f64 = 20.0;

/// A bucket for each address.
pub(super) struct Limits {
    factor: f64,
    started: Instant,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

impl Limits {
    /// So many a second from each, with bursts of twice as many.
    pub fn new(per_second: f64) -> Self {
        Self { factor: per_second / USUAL, started: Instant::now(), buckets: Mutex::default() }
    }

    /// Whether one more may come.
    pub fn take(&self, from: IpAddr) -> bool {
        self.take_at(from, self.started.elapsed())
    }

    fn take_at(&self, from: IpAddr, now: Duration) -> bool {
        // A thread that panicked here has left whole buckets.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST && !buckets.contains_key(&from) {
            buckets.retain(|_, bucket| !bucket.is_full(now));
            if buckets.len() >= MOST {
                return false;
            }
        }
        buckets.entry(from).or_insert_with(|| Bucket::new(self.factor, now)).take(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_address_does_not_use_up_what_others_may() {
        let limits = Limits::new(10.0);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let now = Duration::from_secs(9);
        assert_eq!((0..100).filter(|_| limits.take_at(one, now)).count(), 20);
        assert!(limits.take_at(other, now));
        let later = now + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| limits.take_at(one, later)).count(), 10);
    }
}
