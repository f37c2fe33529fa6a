//! A device that is called, and answers by itself: it comes when it is free, is busy when it is not, and leaves when the call ends.

use std::time::Duration;

use crate::bucket::Bucket;
use crate::message::{Enter, Notice, Request, Told};
use crate::name::Down;
use crate::{Answer, ClientId, Refused, Said, Topics};

/// How long a device stays at most in a call that nobody ends: a channel is good for 48 hours by the documents.
const LIFE: Duration = Duration::from_secs(48 * 3600);

/// What the device does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Join with this token.
    Join(Box<Enter>),
    /// Leave the channel.
    Leave,
    /// Tell the server.
    Say(Request),
    /// Somebody called while we were away; nobody knows who, perhaps.
    Missed(Option<ClientId>),
}

/// How the device stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// In no call.
    #[default]
    Free,
    /// In one.
    InCall {
        /// Which, where its server names calls.
        call: Option<String>,
        /// Its channel.
        channel: String,
        /// Of the last invitation.
        session: String,
        /// When it ends by itself.
        until: Duration,
    },
}

/// The device's side of calls.
#[derive(Debug)]
pub struct Callee {
    client: ClientId,
    topics: Topics,
    standing: Standing,
    bucket: Bucket,
}

impl Callee {
    /// A device that is free.
    pub fn new(client: ClientId, topics: Topics, now: Duration) -> Self {
        Self { client, topics, standing: Standing::Free, bucket: Bucket::new(1.0, now) }
    }

    /// How it stands.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// When [`Callee::expire`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        match self.standing {
            Standing::Free => None,
            Standing::InCall { until, .. } => Some(until),
        }
    }

    /// Time has passed.
    pub fn expire(&mut self, now: Duration) -> Vec<Act> {
        if self.deadline().is_some_and(|until| now >= until) { self.leave() } else { Vec::new() }
    }

    /// The device leaves by itself, because it stops.
    pub fn leave(&mut self) -> Vec<Act> {
        let Standing::InCall { call, .. } = std::mem::take(&mut self.standing) else { return Vec::new() };
        let said = call.map(|call| Act::Say(Request::Answer { call, answer: Answer::Leave }));
        said.into_iter().chain([Act::Leave]).collect()
    }

    /// A message came. `since_1970` is the wall clock, where it can be trusted.
    ///
    /// # Errors
    /// Why it was not heeded.
    pub fn message(
        &mut self,
        topic: &str,
        payload: &[u8],
        since_1970: Option<Duration>,
        now: Duration,
    ) -> Result<Vec<Act>, Refused> {
        if !self.bucket.take(now) {
            return Err(Refused::Flood);
        }
        match self.topics.read_down(topic, &self.client).ok_or(Refused::Topic)? {
            // Not for us: commands are judged elsewhere.
            Down::Command => Err(Refused::Topic),
            Down::Call => match Notice::read(payload)? {
                Notice { event: Said::Missed, who, .. } => Ok(vec![Act::Missed(who)]),
                // What a caller is told; devices do not call.
                _ => Err(Refused::NotTheirs),
            },
            Down::Enter => match Told::read(payload)? {
                Told::Enter(enter) => self.enter(*enter, since_1970, now),
                Told::Destroyed { call } => self.destroyed(call.as_deref()),
            },
        }
    }

    fn enter(&mut self, enter: Enter, since_1970: Option<Duration>, now: Duration) -> Result<Vec<Act>, Refused> {
        // It waited at the broker while we were away. Its server tells of the missed call by itself, if it names calls.
        if since_1970.is_some_and(|clock| enter.until.is_some_and(|until| clock.as_secs() > until)) {
            return Err(Refused::Late);
        }
        if let Standing::InCall { call, channel, session, .. } = &self.standing {
            if *session == enter.session {
                return Err(Refused::Repeated);
            }
            let same = *channel == enter.channel && *call == enter.call;
            if !same {
                let Some(call) = enter.call else { return Err(Refused::NotTheirs) };
                return Ok(vec![Act::Say(Request::Answer { call, answer: Answer::Busy })]);
            }
        }
        self.standing = Standing::InCall {
            call: enter.call.clone(),
            channel: enter.channel.clone(),
            session: enter.session.clone(),
            until: now + LIFE,
        };
        let accept = enter.call.clone().map(|call| Act::Say(Request::Answer { call, answer: Answer::Accept }));
        Ok([Act::Join(Box::new(enter))].into_iter().chain(accept).collect())
    }

    fn destroyed(&mut self, which: Option<&str>) -> Result<Vec<Act>, Refused> {
        match &self.standing {
            Standing::InCall { call, .. } if which.is_none() || which == call.as_deref() => {
                self.standing = Standing::Free;
                Ok(vec![Act::Leave])
            }
            _ => Err(Refused::NoCall),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use crate::message::write_destroyed;

    const NOW: Duration = Duration::from_secs(100);
    const CLOCK: Option<Duration> = Some(Duration::from_secs(1_800_000_000));

    fn callee() -> Callee {
        Callee::new(ClientId::new("G", "cam").unwrap(), Topics::new("Up", "Up").unwrap(), NOW)
    }

    fn enter(call: &str, session: &str) -> Enter {
        Enter {
            app_id: "app".into(),
            user_id: "cam-1".into(),
            gslb: vec!["ws://room".into()],
            session: session.into(),
            token: Secret::new("t"),
            nonce: String::new(),
            timestamp: 1_800_000_100,
            channel: format!("ch-{call}"),
            call: Some(call.into()),
            caller: None,
            until: Some(1_800_000_030),
        }
    }

    fn told(callee: &mut Callee, payload: &[u8]) -> Result<Vec<Act>, Refused> {
        callee.message("Up/p2p/G@@@cam/enter", payload, CLOCK, NOW)
    }

    fn says(call: &str, answer: Answer) -> Act {
        Act::Say(Request::Answer { call: call.into(), answer })
    }

    #[test]
    fn it_joins_and_accepts_is_busy_for_others_and_leaves_at_the_end() {
        let mut callee = callee();
        let first = enter("a", "s1");
        assert_eq!(told(&mut callee, &first.write()), Ok(vec![Act::Join(Box::new(first.clone())), says("a", Answer::Accept)]));
        assert_eq!(told(&mut callee, &first.write()), Err(Refused::Repeated), "the broker may deliver twice");
        assert_eq!(told(&mut callee, &enter("b", "s2").write()), Ok(vec![says("b", Answer::Busy)]));
        assert_eq!(told(&mut callee, &write_destroyed("r", "b", "ch-b")), Err(Refused::NoCall), "not ours");
        let renewed = enter("a", "s3");
        assert!(matches!(told(&mut callee, &renewed.write()).as_deref(), Ok([Act::Join(_), _])), "a new token");
        assert_eq!(told(&mut callee, &write_destroyed("r", "a", "ch-a")), Ok(vec![Act::Leave]));
        assert_eq!(callee.standing(), &Standing::Free);
    }

    #[test]
    fn what_waited_too_long_is_not_answered() {
        let mut callee = callee();
        let late = Some(Duration::from_secs(1_800_000_031));
        let payload = enter("a", "s").write();
        assert_eq!(callee.message("Up/p2p/G@@@cam/enter", &payload, late, NOW), Err(Refused::Late));
        // A clock that nobody set says nothing.
        assert!(callee.message("Up/p2p/G@@@cam/enter", &payload, None, NOW).is_ok());
    }

    #[test]
    fn a_missed_call_is_told_with_who_called() {
        let mut callee = callee();
        let notice = br#"{"event":"missed","call":"a","channel":"x","who":"G@@@alice","at":1}"#;
        let acts = callee.message("Up/p2p/G@@@cam/call", notice, CLOCK, NOW);
        assert_eq!(acts, Ok(vec![Act::Missed(ClientId::new("G", "alice").ok())]));
    }

    #[test]
    fn it_leaves_when_it_stops_and_after_48_hours() {
        let mut callee = callee();
        told(&mut callee, &enter("a", "s").write()).unwrap();
        let until = callee.deadline().expect("an end");
        assert_eq!((until, callee.expire(NOW)), (NOW + LIFE, Vec::new()));
        assert_eq!(callee.expire(until), vec![says("a", Answer::Leave), Act::Leave]);
        assert_eq!(callee.leave(), Vec::new(), "it is out");
    }

    #[test]
    fn a_flood_is_refused_and_others_topics_too() {
        let mut callee = callee();
        assert_eq!(callee.message("Up/p2p/G@@@other/enter", b"{}", CLOCK, NOW), Err(Refused::Topic));
        let refused = (0..200).filter(|_| told(&mut callee, b"{}") == Err(Refused::Flood)).count();
        assert!(refused >= 150, "{refused}");
    }
}
