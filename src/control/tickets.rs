//! Requests that are being carried out, by ticket and by the time by which they are answered.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use metrics::gauge;
use wire::{Id, Method};

use super::authority::Standing;
use super::sender::{Route, Sender};

/// Stands for a request while its effect is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

#[derive(Debug)]
pub(super) struct Pending {
    pub sender: Sender,
    pub id: Option<Id>,
    pub method: Method,
    pub standing: Standing,
    pub since: Duration,
    /// When it is answered with an error.
    pub due: Duration,
    pub route: Route,
    /// Its sender is not there: nothing is sent, and it counts for nobody.
    pub away: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tickets {
    open: BTreeMap<Ticket, Pending>,
    due: BTreeSet<(Duration, Ticket)>,
    next: u64,
}

impl Tickets {
    pub fn open(&mut self, pending: Pending) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.due.insert((pending.due, ticket));
        self.open.insert(ticket, pending);
        gauge!("artc_control_in_flight").set(self.open.len() as f64);
        ticket
    }

    pub fn close(&mut self, ticket: Ticket) -> Option<Pending> {
        let pending = self.open.remove(&ticket)?;
        self.due.remove(&(pending.due, ticket));
        gauge!("artc_control_in_flight").set(self.open.len() as f64);
        Some(pending)
    }

    pub fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Pending> {
        self.open.get_mut(&ticket)
    }

    /// Those of `sender`.
    pub fn of(&self, sender: &Sender) -> Vec<Ticket> {
        self.open.iter().filter(|(_, pending)| pending.sender == *sender).map(|(ticket, _)| *ticket).collect()
    }

    /// When the next one is due.
    pub fn deadline(&self) -> Option<Duration> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Takes one that is due at `now`.
    pub fn expire(&mut self, now: Duration) -> Option<(Ticket, Pending)> {
        let (due, ticket) = *self.due.first()?;
        if due > now { None } else { Some((ticket, self.close(ticket)?)) }
    }
}
