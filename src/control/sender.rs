//! Who a message came from, and what is sent back.

use std::fmt;
use std::sync::Arc;

/// Who a message came from, and whom its reply goes to.
///
/// A participant is the same one after it has left and come back. A connection to the local socket is somebody of its own: nothing is
/// lost on it, so nobody has to ask twice.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Sender {
    /// A participant of the channel, under the identity that the server vouches for.
    Participant(Arc<str>),
    /// Whoever may publish our commands at the broker of `[calls]`: it does not tell who that is.
    Broker,
    /// A connection to the local unix socket.
    Local {
        /// Number of the connection, never used again.
        connection: u64,
        /// User at the other end.
        uid: u32,
        /// Process at the other end.
        pid: i32,
    },
}

impl Sender {
    /// The participant with this identity.
    pub fn participant(identity: &str) -> Self {
        Self::Participant(identity.into())
    }

    /// Whether it is at the local socket.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Local { .. })
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Participant(identity) => {
                let shown: String = identity.chars().take(64).collect();
                write!(f, "participant {shown:?}")
            }
            Self::Broker => f.write_str("broker"),
            Self::Local { uid, pid, .. } => write!(f, "local user {uid} (process {pid})"),
        }
    }
}

/// Something to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// To whom, and to nobody else.
    pub to: Sender,
    /// The call of LiveKit's RPC that it answers; none makes it a message on topic `artc.rpc`.
    pub call: Option<Arc<str>>,
    /// The message. Empty only where a call asked for nothing that is answered.
    pub message: Vec<u8>,
    /// Bytes that follow the message; on LiveKit as byte streams. Only participants get any.
    pub attachments: Vec<Attachment>,
}

/// Bytes that follow a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// On which topic they follow.
    pub topic: &'static str,
    /// The name that the reply gave them.
    pub name: String,
    /// Their type.
    pub mime: &'static str,
    /// Themselves.
    pub bytes: Arc<[u8]>,
}

/// One reply: a letter by itself, or a part of a batch's.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub message: Vec<u8>,
    pub attachment: Option<Attachment>,
}

impl Part {
    /// Memory that it takes.
    pub fn bytes(&self) -> usize {
        self.message.len() + self.attachment.as_ref().map_or(0, |attachment| attachment.bytes.len())
    }

    pub fn into_letter(self, to: &Sender, call: Option<Arc<str>>) -> Letter {
        Letter { to: to.clone(), call, message: self.message, attachments: self.attachment.into_iter().collect() }
    }
}

/// The way that the reply to a request takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A letter of its own, as the answer to a call of LiveKit's RPC or as a message.
    Alone(Option<Arc<str>>),
    /// With others of its batch.
    Batch(u64),
}
