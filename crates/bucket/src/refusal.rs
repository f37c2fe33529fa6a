//! Why a bucket does not take something, in one word for each way out.

/// Why a bucket does not take something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct Refusal {
    /// The bucket.
    pub place: String,
    /// Why.
    pub kind: Kind,
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Kind {
    /// There is no room.
    #[error("it is full")]
    Full,
    /// There is no such bucket or object.
    #[error("there is no such bucket")]
    Gone,
    /// What was begun is not known any more.
    #[error("it does not know what was begun there")]
    NoSuchUpload,
    /// The key is wrong, or may not do this.
    #[error("the access key is refused, or may not write there")]
    NotAllowed,
    /// Signatures carry the time, and ours is wrong.
    #[error("the clock of this device is wrong, and what it signs is refused")]
    WrongClock,
    /// It is somewhere else; nobody follows.
    #[error("it sends elsewhere, where nobody follows; see `endpoint` and `region`")]
    Elsewhere,
    /// It cannot be reached, or says something else; it may be better later.
    #[error("it cannot be reached or does not answer as it should: {0}")]
    Unreachable(String),
    /// What is to be sent cannot be read here.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
}

impl Kind {
    /// In one word, for metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Gone => "gone",
            Self::NoSuchUpload => "no_such_upload",
            Self::NotAllowed => "not_allowed",
            Self::WrongClock => "wrong_clock",
            Self::Elsewhere => "elsewhere",
            Self::Unreachable(_) => "unreachable",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// What an answer says that is no success. Full has a code of its own at each service.
    pub(crate) fn of_answer(status: u16, text: &str) -> Self {
        let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map_or("", |(code, _)| code);
        let full = ["StorageFull", "QuotaExceeded", "InsufficientStorage", "InsufficientCapacity"];
        match (status, code) {
            (507, _) => Self::Full,
            (_, code) if full.iter().any(|one| code.contains(one)) => Self::Full,
            (_, "NoSuchUpload") => Self::NoSuchUpload,
            (_, "RequestTimeTooSkewed" | "RequestExpired") => Self::WrongClock,
            (300..=399, _) | (_, "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed") => Self::Elsewhere,
            (401 | 403, _) | (_, "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "AccessDenied") => Self::NotAllowed,
            (404, _) | (_, "NoSuchBucket" | "NoSuchKey") => Self::Gone,
            _ => {
                let code: String = code.chars().filter(|c| !c.is_control()).take(80).collect();
                let code = if code.is_empty() { code } else { format!(" {code}") };
                Self::Unreachable(format!("it answers {status}{code}"))
            }
        }
    }
}
