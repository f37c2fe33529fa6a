//! Who is in which channel by RTMP. A user is there once: a second one would push the first out of the room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::host::{Host, Kind};

/// See the module.
pub(crate) struct Roster {
    present: Mutex<HashMap<(String, String), Kind>>,
    host: Arc<dyn Host>,
}

/// A user's entry, until dropped.
pub(crate) struct Entry {
    roster: Arc<Roster>,
    who: (String, String),
}

impl Roster {
    pub(crate) fn new(host: Arc<dyn Host>) -> Self {
        Self { present: Mutex::default(), host }
    }

    /// Writes a user down; `None` when that user is there already.
    pub(crate) fn enter(self: &Arc<Self>, channel: &str, identity: &str, kind: Kind) -> Option<Entry> {
        let who = (channel.to_owned(), identity.to_owned());
        let mut present = self.lock();
        if present.contains_key(&who) {
            return None;
        }
        present.insert(who.clone(), kind);
        self.tell(&present, kind);
        Some(Entry { roster: Arc::clone(self), who })
    }

    fn tell(&self, present: &HashMap<(String, String), Kind>, kind: Kind) {
        self.host.streams(kind, present.values().filter(|there| **there == kind).count());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), Kind>> {
        // Every change is one insertion or removal.
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut present = self.roster.lock();
        if let Some(kind) = present.remove(&self.who) {
            self.roster.tell(&present, kind);
        }
    }
}
