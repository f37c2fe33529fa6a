//! Why something is to be recorded now, and until when: what asks for it may overlap.

use std::time::Duration;

use crate::name::Reason;

/// See the module.
#[derive(Debug)]
pub(crate) struct Triggers {
    /// So long it goes on after the last of them.
    post_roll: Duration,
    /// Somebody asked for it, and must ask for its end.
    held: bool,
    /// What is going on.
    active: Vec<Reason>,
    /// When it ends, where nothing is going on any more.
    until: Option<Duration>,
}

impl Triggers {
    pub fn new(post_roll: Duration) -> Self {
        Self { post_roll, held: false, active: Vec::with_capacity(Reason::ALL.len()), until: None }
    }

    /// It goes on until [`Triggers::clear`].
    pub fn hold(&mut self) {
        self.held = true;
    }

    /// What is a reason to record goes on now, or no more. True when recording begins, or would if it had not.
    pub fn set(&mut self, reason: Reason, on: bool, now: Duration) -> bool {
        let was = self.active.contains(&reason);
        match (was, on) {
            (false, true) => {
                self.active.push(reason);
                self.until = None;
            }
            (true, false) => {
                self.active.retain(|other| *other != reason);
                self.until = self.active.is_empty().then_some(now + self.post_roll);
            }
            _ => {}
        }
        on && !was
    }

    /// Whether it is time to end.
    pub fn is_over(&self, now: Duration) -> bool {
        !self.held && self.until.is_some_and(|until| now >= until)
    }

    /// Nothing is a reason any more.
    pub fn clear(&mut self) {
        self.active.clear();
        (self.held, self.until) = (false, None);
    }
}
