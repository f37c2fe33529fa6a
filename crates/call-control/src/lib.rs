//! Calls over a message broker (MQTT): who is who there, which topics and messages there are, and the life of a call as seen by the
//! server that makes it and by the device that is called. Pure: no socket, no clock, no task; `now` is an argument.
//!
//! - [`ClientId`], [`Topics`]: names on the broker, with their limits;
//! - [`Account`]: user name and password, in both generations of the documented rule;
//! - [`message`]: what is said, parsed strictly;
//! - [`Call`]: one call: create, ring, accept, reject, busy, cancel, time-out, missed, destroy;
//! - [`Switchboard`]: all calls of a server; [`Callee`]: a device that answers by itself;
//! - [`Config`]: the section `[calls]`, which devices and servers share.
//!
//! The documented part is the vendor's guide to calls by LMQ (seed 004), without the faults of its sample: texts are compared as bytes,
//! what is destroyed is what was created, a list of servers is a list. What the guide leaves to the application (who is called, ringing,
//! answers) is ours. Not for the connection to the broker, not for tokens: both are handed in.
#![forbid(unsafe_code)]

mod account;
mod bucket;
mod call;
mod callee;
mod config;
pub mod message;
mod name;
mod switchboard;

pub use account::{Account, PasswordRule, is_password_of};
pub use bucket::Bucket;
pub use call::{Answer, Call, End, Kept, Leg, Rules, Said, Step};
pub use callee::{Act, Callee, Standing};
pub use config::{Config, Place};
pub use join_token::Secret;
pub use name::{ClientId, Down, NameError, Topics, Up};
pub use switchboard::{Deed, KeptLine, Switchboard, Usual};

/// Why a message was not heeded. Each is counted by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Refused {
    /// No topic of ours, or too long.
    #[error("no such topic")]
    Topic,
    /// Longer than its kind may be.
    #[error("too long")]
    TooLong,
    /// Not what is understood.
    #[error("malformed")]
    Malformed,
    /// Too many messages of one sender, or of all.
    #[error("too many messages")]
    Flood,
    /// Of or about a call that there is not.
    #[error("no such call")]
    NoCall,
    /// Of somebody who has no say in it.
    #[error("not theirs to say")]
    NotTheirs,
    /// As many calls as there may be, or somebody else's channel.
    #[error("no room for another call")]
    Full,
    /// Its time had passed when it came.
    #[error("too late")]
    Late,
    /// The same once more.
    #[error("said before")]
    Repeated,
}

impl Refused {
    /// Its name in counters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Flood => "flood",
            Self::NoCall => "no_call",
            Self::NotTheirs => "not_theirs",
            Self::Full => "full",
            Self::Late => "late",
            Self::Repeated => "repeated",
        }
    }
}
