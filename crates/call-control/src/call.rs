//! One call, from its creation to its one end.
//!
//! 1. [`Call::new`] rings everybody who is invited; who is known to be away is rung when they come.
//! 2. [`Call::answer`], [`Call::came`], [`Call::give_up`] and [`Call::expire`] tell it what happened.
//! 3. [`Call::poll`] says what is to be done, until it answers `None`.
//!
//! It knows nothing of channels, tokens or topics: whoever carries it out makes those.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ClientId;

mod kept;

pub use kept::Kept;

/// How long things last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long it rings; `None`: nobody has to answer, as in the documented sample.
    pub ring: Option<Duration>,
    /// How long a call lasts at most; a channel is good for 48 hours by the documents.
    pub life: Duration,
}

/// What somebody who is called says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A person is being asked.
    Ringing,
    /// They come.
    Accept,
    /// They do not.
    Reject,
    /// They are in another call.
    Busy,
    /// They were in, and are out again.
    Leave,
}

/// How one who is called stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// Known to be away; not told yet.
    Away,
    /// Told, and silent so far.
    Told,
    /// A person is being asked.
    Ringing,
    /// In.
    In,
    /// Will not come, or has gone.
    Out,
}

/// What happened, as others are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It rings at somebody's.
    Ringing,
    /// Somebody is coming.
    Accepted,
    /// Somebody does not want to.
    Rejected,
    /// Somebody is in another call.
    Busy,
    /// Somebody did not answer in time; or, told to them: somebody called.
    Missed,
    /// Somebody has left.
    Left,
    /// The call has ended.
    Ended,
    /// What was asked for was refused.
    Refused,
}

/// Why a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Whoever made it ended it.
    Destroyed,
    /// Whoever made it gave up before anybody had come.
    Cancelled,
    /// Nobody came: all refused, were busy, or did not answer.
    Unanswered,
    /// All who had come have left.
    Left,
    /// It lasted as long as a call may.
    TooOld,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Give them a token for the channel.
    Enter(ClientId),
    /// Tell them that the channel is no more.
    Destroyed(ClientId),
    /// Tell them that somebody called.
    Missed(ClientId),
    /// Tell the caller of one who is called.
    Tell(ClientId, Said),
    /// It has ended. Nothing follows.
    Ended(End),
}

/// A call.
#[derive(Debug)]
pub struct Call {
    caller: Option<ClientId>,
    legs: BTreeMap<ClientId, Leg>,
    /// Who holds a token.
    told: Vec<ClientId>,
    ring_until: Option<Duration>,
    ends_at: Duration,
    somebody_came: bool,
    ended: Option<End>,
    steps: VecDeque<Step>,
}

impl Call {
    /// A call by `caller` to all of `invited`; `away` says of whom it is known that they are not there.
    pub fn new(
        caller: Option<ClientId>,
        invited: impl IntoIterator<Item = ClientId>,
        away: impl Fn(&ClientId) -> bool,
        rules: Rules,
        now: Duration,
    ) -> Self {
        let mut call = Self {
            caller,
            legs: BTreeMap::new(),
            told: Vec::new(),
            ring_until: rules.ring.map(|ring| now + ring),
            ends_at: now + rules.life,
            somebody_came: false,
            ended: None,
            steps: VecDeque::new(),
        };
        if let Some(caller) = call.caller.clone() {
            call.enter(caller);
        }
        for one in invited {
            if call.caller.as_ref() == Some(&one) || call.legs.contains_key(&one) {
                continue;
            }
            // Without ringing nobody can be too late, so it waits at the broker for who is away.
            let later = rules.ring.is_some() && away(&one);
            call.legs.insert(one.clone(), if later { Leg::Away } else { Leg::Told });
            if !later {
                call.enter(one);
            }
        }
        call.see_whether_it_ends();
        call
    }

    /// Who called, where that is known.
    pub fn caller(&self) -> Option<&ClientId> {
        self.caller.as_ref()
    }

    /// How somebody who was called stands.
    pub fn leg(&self, client: &ClientId) -> Option<Leg> {
        self.legs.get(client).copied()
    }

    /// Why it has ended, if it has.
    pub fn ended(&self) -> Option<End> {
        self.ended
    }

    /// Until when it rings.
    pub fn ring_until(&self) -> Option<Duration> {
        self.ring_until
    }

    /// When [`Call::expire`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        let rings = self.legs.values().any(|leg| leg.is_open());
        let ring = self.ring_until.filter(|_| rings);
        self.ended.is_none().then(|| ring.map_or(self.ends_at, |ring| ring.min(self.ends_at)))
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// Somebody says something. Whether they had a say in it.
    pub fn answer(&mut self, who: &ClientId, answer: Answer) -> bool {
        let Some(leg) = self.legs.get_mut(who).filter(|_| self.ended.is_none()) else { return false };
        let (next, said) = match (answer, *leg) {
            (Answer::Ringing, Leg::Told) => (Leg::Ringing, Said::Ringing),
            (Answer::Accept, Leg::Told | Leg::Ringing) => (Leg::In, Said::Accepted),
            (Answer::Reject, Leg::Told | Leg::Ringing) => (Leg::Out, Said::Rejected),
            (Answer::Busy, Leg::Told | Leg::Ringing) => (Leg::Out, Said::Busy),
            (Answer::Leave, Leg::In) => (Leg::Out, Said::Left),
            // Said before, or too late: the broker may deliver twice.
            _ => return true,
        };
        *leg = next;
        self.somebody_came |= next == Leg::In;
        self.tell(who, said);
        self.see_whether_it_ends();
        true
    }

    /// Somebody came on line: it rings there, if it still does.
    pub fn came(&mut self, who: &ClientId) {
        if self.ended.is_none()
            && let Some(leg @ Leg::Away) = self.legs.get_mut(who)
        {
            *leg = Leg::Told;
            self.enter(who.clone());
        }
    }

    /// Everybody who has not answered gets a token anew, for the same channel.
    pub fn again(&mut self) {
        if self.ended.is_some() {
            return;
        }
        let silent: Vec<ClientId> = self.legs.iter().filter(|(_, leg)| **leg != Leg::In).map(|(who, _)| who.clone()).collect();
        for who in silent {
            self.legs.insert(who.clone(), Leg::Told);
            self.enter(who);
        }
    }

    /// Whoever made the call gives it up (`cancel`) or ends it.
    pub fn give_up(&mut self, cancel: bool) {
        self.end(if cancel && !self.somebody_came { End::Cancelled } else { End::Destroyed });
    }

    /// Time has passed.
    pub fn expire(&mut self, now: Duration) {
        if self.ended.is_some() {
            return;
        }
        if self.ring_until.is_some_and(|until| now >= until) {
            self.miss();
            self.see_whether_it_ends();
        }
        if now >= self.ends_at {
            self.end(End::TooOld);
        }
    }

    fn enter(&mut self, who: ClientId) {
        if !self.told.contains(&who) {
            self.told.push(who.clone());
        }
        self.steps.push_back(Step::Enter(who));
    }

    fn tell(&mut self, who: &ClientId, said: Said) {
        if self.caller.is_some() {
            self.steps.push_back(Step::Tell(who.clone(), said));
        }
    }

    /// All who have not answered have missed it.
    fn miss(&mut self) {
        let missed: Vec<ClientId> = self.legs.iter().filter(|(_, leg)| leg.is_open()).map(|(who, _)| who.clone()).collect();
        for who in missed {
            self.legs.insert(who.clone(), Leg::Out);
            self.leave(&who);
            self.steps.push_back(Step::Missed(who.clone()));
            self.tell(&who, Said::Missed);
        }
    }

    /// Who holds a token and shall not come any more is told so.
    fn leave(&mut self, who: &ClientId) {
        if let Some(at) = self.told.iter().position(|one| one == who) {
            self.told.remove(at);
            self.steps.push_back(Step::Destroyed(who.clone()));
        }
    }

    fn see_whether_it_ends(&mut self) {
        if self.ended.is_none() && self.legs.values().all(|leg| *leg == Leg::Out) {
            self.end(if self.somebody_came { End::Left } else { End::Unanswered });
        }
    }

    fn end(&mut self, end: End) {
        if self.ended.is_some() {
            return;
        }
        if self.ring_until.is_some() {
            self.miss();
        }
        for who in std::mem::take(&mut self.told) {
            self.steps.push_back(Step::Destroyed(who));
        }
        self.ended = Some(end);
        self.steps.push_back(Step::Ended(end));
    }
}

impl Leg {
    /// Whether an answer is still waited for.
    fn is_open(self) -> bool {
        matches!(self, Self::Away | Self::Told | Self::Ringing)
    }
}

#[cfg(test)]
mod tests;
