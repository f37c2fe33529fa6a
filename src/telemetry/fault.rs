//! A fault that is told when it changes, not each time it is seen.

/// What is wrong with one thing, as last told.
///
/// ```
/// use artc_edge::telemetry::{Change, Fault};
/// let mut camera = Fault::default();
/// assert_eq!(camera.see(Some("unplugged")), Some(Change { now: Some("unplugged"), before: None, seen: 0 }));
/// assert_eq!(camera.see(Some("unplugged")), None);
/// assert_eq!(camera.see(None), Some(Change { now: None, before: Some("unplugged"), seen: 2 }));
/// ```
#[derive(Clone, Debug)]
pub struct Fault<T> {
    last: Option<T>,
    seen: u64,
}

/// A fault that came, went, or became another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<T> {
    /// What is wrong now; `None` when all is well.
    pub now: Option<T>,
    /// What was wrong before.
    pub before: Option<T>,
    /// How often that was seen.
    pub seen: u64,
}

impl<T> Default for Fault<T> {
    fn default() -> Self {
        Self { last: None, seen: 0 }
    }
}

impl<T: Clone + PartialEq> Fault<T> {
    /// Notes what is wrong (`None`: nothing) and answers only when that is news.
    pub fn see(&mut self, now: Option<T>) -> Option<Change<T>> {
        if now == self.last {
            self.seen += u64::from(now.is_some());
            return None;
        }
        let before = std::mem::replace(&mut self.last, now.clone());
        let seen = std::mem::replace(&mut self.seen, u64::from(now.is_some()));
        Some(Change { now, before, seen })
    }

    /// What is wrong, as last seen.
    pub fn get(&self) -> Option<&T> {
        self.last.as_ref()
    }
}
