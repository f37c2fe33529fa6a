//! Why the signalling connection could not be made. Each cause its own, none with a secret in it.

use artc_bindings::ErrorCode;

/// Why a server was not reached or did not let us in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is no address.
    #[error("server address {url:?} is not usable: {why}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The name does not resolve.
    #[error("server {host} is not known to the name service: {why}")]
    Name {
        /// Host name.
        host: String,
        /// The resolver's words.
        why: String,
    },
    /// Nobody listens there, or no way leads there.
    #[error("server {host} cannot be reached: {why}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// The system's words.
        why: String,
    },
    /// No answer in time.
    #[error("server {host} does not answer within {seconds} s ({step})")]
    Timeout {
        /// Host and port.
        host: String,
        /// What was waited for.
        step: &'static str,
        /// How long.
        seconds: u64,
    },
    /// The certificate is not one that we trust.
    #[error("certificate of {host} is not trusted: {why}")]
    Certificate {
        /// Host and port.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// The extra certificates could not be read.
    #[error("certificates in {path} cannot be read: {why}")]
    CaFile {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// Something answers, but it does not speak the protocol.
    #[error("{host} is not a LiveKit server: {why}")]
    NotLiveKit {
        /// Host and port.
        host: String,
        /// What it did instead.
        why: String,
    },
    /// The token is over.
    #[error("join token has expired; get a new one")]
    TokenExpired,
    /// The server does not believe the token, or it does not allow joining.
    #[error("join token refused: {why}")]
    TokenRefused {
        /// The server's words.
        why: String,
    },
    /// The server gives one of the documented numbers for its refusal, as rooms of our own do where the status alone says too little.
    #[error("join refused: {why}")]
    Documented {
        /// The number.
        code: ErrorCode,
        /// The server's words.
        why: String,
    },
    /// The server has no such room and may not make one.
    #[error("channel does not exist: {why}")]
    NoRoom {
        /// The server's words.
        why: String,
    },
    /// The server is full or going down.
    #[error("server {host} is not available (status {status})")]
    Busy {
        /// Host and port.
        host: String,
        /// HTTP status.
        status: u16,
    },
    /// The server ended the connection before it let us in.
    #[error("server {host} closed the connection while joining: {why}")]
    Closed {
        /// Host and port.
        host: String,
        /// Its words, if any.
        why: String,
    },
}

impl ConnectError {
    /// The documented number.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Address { .. } | Self::CaFile { .. } => ErrorCode::JoinConfigInvalid,
            Self::Name { .. } | Self::Unreachable { .. } | Self::Busy { .. } | Self::Certificate { .. } => {
                ErrorCode::NetworkConnectFail
            }
            Self::Timeout { .. } => ErrorCode::JoinTimeout,
            Self::NotLiveKit { .. } | Self::Closed { .. } => ErrorCode::JoinFailed,
            Self::TokenExpired | Self::TokenRefused { .. } => ErrorCode::JoinBadToken,
            Self::Documented { code, .. } => *code,
            Self::NoRoom { .. } => ErrorCode::JoinBadChannel,
        }
    }

    /// Whether trying the same again cannot help: the token must change first.
    pub fn needs_new_token(&self) -> bool {
        matches!(self, Self::TokenExpired | Self::TokenRefused { .. } | Self::Documented { .. })
    }
}
