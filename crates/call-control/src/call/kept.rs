//! A call on paper, so that it goes on when its server has started anew.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Call, Leg};
use crate::ClientId;

/// What is kept of a call. Times are those that were left when it was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    pub(crate) caller: Option<ClientId>,
    legs: Vec<(ClientId, Leg)>,
    told: Vec<ClientId>,
    ring_left_ms: Option<u64>,
    life_left_ms: u64,
    somebody_came: bool,
}

fn left(until: Duration, now: Duration) -> u64 {
    u64::try_from(until.saturating_sub(now).as_millis()).unwrap_or(u64::MAX)
}

impl Call {
    /// The call as it is at `now`.
    pub fn keep(&self, now: Duration) -> Kept {
        Kept {
            caller: self.caller.clone(),
            legs: self.legs.iter().map(|(who, leg)| (who.clone(), *leg)).collect(),
            told: self.told.clone(),
            ring_left_ms: self.ring_until.map(|until| left(until, now)),
            life_left_ms: left(self.ends_at, now),
            somebody_came: self.somebody_came,
        }
    }

    /// The call that was kept `passed` ago. Nobody is told anything: [`Call::expire`] sees to what has become late meanwhile.
    pub fn restore(kept: Kept, passed: Duration, now: Duration) -> Self {
        let until = |left: u64| now + Duration::from_millis(left).saturating_sub(passed);
        Self {
            caller: kept.caller,
            legs: kept.legs.into_iter().collect(),
            told: kept.told,
            ring_until: kept.ring_left_ms.map(until),
            ends_at: until(kept.life_left_ms),
            somebody_came: kept.somebody_came,
            ended: None,
            steps: std::collections::VecDeque::new(),
        }
    }
}
