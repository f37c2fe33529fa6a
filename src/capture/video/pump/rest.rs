//! When no device may be open: for privacy, and while nobody watches.

use std::sync::atomic::Ordering;

use super::super::SLOT_DEPTH;
use super::super::config::Idle;
use super::super::pattern::Drawn;
use super::super::state::Phase;
use super::{Pump, Source, clock};

impl Pump {
    /// Closes the device for privacy, or while nobody watches where that is asked for, and opens it again when it may be open.
    pub(super) fn rest(&mut self, source: Source) -> Source {
        let source = match (self.shared.private.load(Ordering::Relaxed), source) {
            (true, source @ Source::Private(_)) => return source,
            (true, source) => return self.hide(source),
            (false, Source::Private(card)) => self.begin(Some(card)),
            (false, source) => source,
        };
        match (self.shared.wanted.load(Ordering::Relaxed), source) {
            (true, Source::Closed) => self.begin(None),
            (true, source) | (false, source @ Source::Closed) => source,
            (false, source) if self.config.idle != Idle::Close => source,
            (false, source) => {
                drop(source);
                self.shared.slot.clear();
                {
                    let mut facts = self.shared.facts();
                    facts.latest = None;
                    facts.controls.clear();
                }
                self.say(Phase::Closed, "closed while nobody watches");
                Source::Closed
            }
        }
    }

    /// Lets go of the device and shows a card in place of its pictures.
    fn hide(&mut self, source: Source) -> Source {
        drop(source);
        self.shared.slot.clear();
        self.shared.slot.set_depth(SLOT_DEPTH);
        let card = Drawn::card(self.card_size(None), "PRIVACY", "camera and microphone are closed", clock());
        {
            let mut facts = self.shared.facts();
            facts.latest = None;
            facts.controls.clear();
            facts.modes.clear();
            facts.mode = Some(card.mode());
        }
        self.say(Phase::Private, "closed for privacy");
        Source::Private(card)
    }
}
