//! What a gateway asks of the server that it is part of.

/// Who bears a token, and what it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// Identity in the channel.
    pub identity: String,
    /// What people call them; may be empty.
    pub name: String,
    /// May publish.
    pub publish: bool,
    /// May receive.
    pub subscribe: bool,
}

/// Which way a stream goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Into the room.
    Publish,
    /// Out of it.
    Play,
}

/// The server around a gateway. Called on the connections' tasks, which must not be held up.
pub trait Host: Send + Sync {
    /// Who bears `token`, if it lets its bearer into `channel`.
    ///
    /// # Errors
    /// Why it does not, in words for its bearer, without the token.
    fn admit(&self, token: &str, channel: &str) -> Result<Bearer, String>;

    /// Somebody was refused or sent away, for one of a few fixed reasons.
    fn refused(&self, reason: &'static str);

    /// So many streams go that way now.
    fn streams(&self, kind: Kind, now: usize);
}
