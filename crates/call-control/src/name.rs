//! Names on the broker: client ids and topics, with the documented limits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest client id and longest parent topic, in characters, by the documents.
pub const MAX_NAME: usize = 64;
/// Between group and device.
const JOINT: &str = "@@@";
/// The second level of what goes to one client alone.
const P2P: &str = "p2p";
/// The last level of presence.
const PRESENCE: &str = "presence";
/// The last level of what a client tells of itself.
const ABOUT: &str = "about";
/// The last level of commands, and of what is answered to them.
const COMMAND: &str = "rpc";

/// A client's name on the broker, `GROUP@@@DEVICE`: at most 64 of digits, letters, `-` and `_`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId {
    text: String,
    group: usize,
}

/// A name that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Of a client.
    #[error("{0:?} is no client id: GROUP@@@DEVICE, at most {MAX_NAME} of A-Z, a-z, 0-9, '_' and '-'")]
    Client(String),
    /// Of a topic.
    #[error("{0:?} is no parent topic: 1 to {MAX_NAME} of A-Z, a-z, 0-9, '_' and '-'")]
    Topic(String),
}

impl ClientId {
    /// The client `device` of `group`.
    ///
    /// # Errors
    /// Empty or too long, or with other characters.
    pub fn new(group: &str, device: &str) -> Result<Self, NameError> {
        format!("{group}{JOINT}{device}").parse()
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What comes before `@@@`: whom the console gave the rights.
    pub fn group(&self) -> &str {
        &self.text[..self.group]
    }

    /// What comes after it.
    pub fn device(&self) -> &str {
        &self.text[self.group + JOINT.len()..]
    }
}

impl FromStr for ClientId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::Client(text.chars().take(MAX_NAME + 1).collect());
        let (group, device) = text.split_once(JOINT).filter(|_| text.len() <= MAX_NAME).ok_or_else(wrong)?;
        if !is_plain(group) || !is_plain(device) {
            return Err(wrong());
        }
        Ok(Self { text: text.to_owned(), group: group.len() })
    }
}

impl TryFrom<String> for ClientId {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.text
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// Not empty, and of the letters that names are made of.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Where a message to the server came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Up {
    /// The control topic itself: nobody knows who.
    Anybody,
    /// The client's own level below it.
    Client(ClientId),
    /// The presence of a client.
    Presence(ClientId),
    /// What a client tells of itself.
    About(ClientId),
    /// What a client answers to a command.
    Answer(ClientId),
}

/// What a message to a client is about, by the last level of its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// To enter a channel, or that the channel was destroyed; as documented both come on this level.
    Enter,
    /// What became of a call.
    Call,
    /// A command.
    Command,
}

/// The topics of one installation: to the server, and to clients. In the documented sample both have the same parent.
///
/// | topic | who publishes | what |
/// |---|---|---|
/// | `UP` | clients | `create`, `destory`, as documented |
/// | `UP/CLIENT` | that client | requests and answers |
/// | `UP/CLIENT/presence` | that client, or the broker by its last will | `online`, `offline`, kept |
/// | `UP/CLIENT/about` | that client, when it comes | what it is |
/// | `UP/CLIENT/rpc` | that client | replies to commands |
/// | `UP/CLIENT/event` | that client | what it notices |
/// | `DOWN/p2p/CLIENT/enter` | the server | come into this channel; the channel was destroyed |
/// | `DOWN/p2p/CLIENT/call` | the server | what became of a call |
/// | `DOWN/p2p/CLIENT/rpc` | the server | commands |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    up: String,
    down: String,
}

impl Topics {
    /// Topics below these parents.
    ///
    /// # Errors
    /// A parent that is empty, too long, or has levels or other characters.
    pub fn new(up: &str, down: &str) -> Result<Self, NameError> {
        for parent in [up, down] {
            if !is_plain(parent) || parent.len() > MAX_NAME {
                return Err(NameError::Topic(parent.chars().take(MAX_NAME + 1).collect()));
            }
        }
        Ok(Self { up: up.to_owned(), down: down.to_owned() })
    }

    /// The control topic.
    pub fn up(&self) -> &str {
        &self.up
    }

    /// Where `client` speaks.
    pub fn of(&self, client: &ClientId) -> String {
        format!("{}/{client}", self.up)
    }

    /// Where `client` shows that it is there.
    pub fn presence(&self, client: &ClientId) -> String {
        format!("{}/{client}/{PRESENCE}", self.up)
    }

    /// Where `client` tells what it notices.
    pub fn event(&self, client: &ClientId) -> String {
        format!("{}/{client}/event", self.up)
    }

    /// Where `client` is told to enter.
    pub fn enter(&self, client: &ClientId) -> String {
        format!("{}/{P2P}/{client}/enter", self.down)
    }

    /// Where `client` is told what became of a call.
    pub fn call(&self, client: &ClientId) -> String {
        format!("{}/{P2P}/{client}/call", self.down)
    }

    /// Where `client` tells what it is.
    pub fn about(&self, client: &ClientId) -> String {
        format!("{}/{client}/{ABOUT}", self.up)
    }

    /// Where `client` is sent commands.
    pub fn command(&self, client: &ClientId) -> String {
        format!("{}/{P2P}/{client}/{COMMAND}", self.down)
    }

    /// Where `client` answers them.
    pub fn answer(&self, client: &ClientId) -> String {
        format!("{}/{client}/{COMMAND}", self.up)
    }

    /// What a server listens to.
    pub fn for_server(&self) -> Vec<String> {
        let below = [PRESENCE, ABOUT, COMMAND].map(|level| format!("{}/+/{level}", self.up));
        [self.up.clone(), format!("{}/+", self.up)].into_iter().chain(below).collect()
    }

    /// What a client listens to. The vendor's broker delivers it without being asked, others do not.
    pub fn for_client(&self, client: &ClientId) -> Vec<String> {
        vec![format!("{}/{P2P}/{client}/#", self.down)]
    }

    /// What a message to the server is; `None` where it is none.
    pub fn read_up(&self, topic: &str) -> Option<Up> {
        let mut levels = topic.split('/');
        if levels.next() != Some(&self.up) {
            return None;
        }
        match (levels.next(), levels.next(), levels.next()) {
            (None, ..) => Some(Up::Anybody),
            (Some(client), None, _) => Some(Up::Client(client.parse().ok()?)),
            (Some(client), Some(PRESENCE), None) => Some(Up::Presence(client.parse().ok()?)),
            (Some(client), Some(ABOUT), None) => Some(Up::About(client.parse().ok()?)),
            (Some(client), Some(COMMAND), None) => Some(Up::Answer(client.parse().ok()?)),
            _ => None,
        }
    }

    /// What a message to `client` is; `None` where it is none.
    pub fn read_down(&self, topic: &str, client: &ClientId) -> Option<Down> {
        let levels: Vec<&str> = topic.splitn(5, '/').collect();
        match levels[..] {
            [parent, P2P, to, what] if parent == self.down && to == client.as_str() => match what {
                "enter" => Some(Down::Enter),
                "call" => Some(Down::Call),
                COMMAND => Some(Down::Command),
                _ => None,
            },
            // The documents' own form has no fourth level.
            [parent, P2P, to] if parent == self.down && to == client.as_str() => Some(Down::Enter),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_keep_the_documented_limits() {
        let id: ClientId = "GID_ALIRTC_CTRL_UP@@@TEST0001".parse().unwrap();
        assert_eq!((id.group(), id.device()), ("GID_ALIRTC_CTRL_UP", "TEST0001"));
        let longest = format!("G@@@{}", "d".repeat(60));
        assert!(longest.parse::<ClientId>().is_ok());
        let over = format!("{longest}d");
        for wrong in ["", "G", "@@@D", "G@@@", "G@@D", "G@@@a b", "G@@@a/b", "G@@@+", "G@@@#", "G@@@ä", "G@@@a@@@b", &over] {
            assert!(wrong.parse::<ClientId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn topics_are_those_of_the_sample() {
        let topics = Topics::new("MeetingCtrlUp", "MeetingCtrlUp").unwrap();
        let device = ClientId::new("GID_ALIRTC_CTRL_DOWN", "DEVICE_001").unwrap();
        assert_eq!(topics.enter(&device), "MeetingCtrlUp/p2p/GID_ALIRTC_CTRL_DOWN@@@DEVICE_001/enter");
        assert_eq!(topics.read_down(&topics.enter(&device), &device), Some(Down::Enter));
        assert_eq!(topics.read_down("MeetingCtrlUp/p2p/GID_ALIRTC_CTRL_DOWN@@@DEVICE_001", &device), Some(Down::Enter));
        assert_eq!(topics.read_down(&topics.call(&device), &device), Some(Down::Call));
        assert_eq!(topics.read_up("MeetingCtrlUp"), Some(Up::Anybody));
        assert_eq!(topics.read_up(&topics.of(&device)), Some(Up::Client(device.clone())));
        assert_eq!(topics.read_up(&topics.presence(&device)), Some(Up::Presence(device.clone())));
        assert_eq!(topics.read_up(&topics.about(&device)), Some(Up::About(device.clone())));
        assert_eq!(topics.read_down(&topics.command(&device), &device), Some(Down::Command));
        assert_eq!(topics.read_up(&topics.answer(&device)), Some(Up::Answer(device)));
    }

    #[test]
    fn other_levels_are_no_topics_of_ours() {
        let topics = Topics::new("Up", "Down").unwrap();
        let device = ClientId::new("G", "D").unwrap();
        for wrong in ["", "Up/", "Upper", "Up/G@@@D/", "Up/G@@@D/absence", "Up/G@@@D/presence/x", "Up/nobody", "up", "Up/G@@@+"] {
            assert_eq!(topics.read_up(wrong), None, "{wrong}");
        }
        for wrong in
            ["Down/p2p/G@@@E/enter", "Down/G@@@D/enter", "Up/p2p/G@@@D/enter", "Down/p2p/G@@@D/enter/x", "Down/p2p/G@@@D/"]
        {
            assert_eq!(topics.read_down(wrong, &device), None, "{wrong}");
        }
        for wrong in ["", "a/b", "a b", "+", &"t".repeat(65)] {
            assert!(Topics::new(wrong, "Down").is_err() && Topics::new("Up", wrong).is_err(), "{wrong}");
        }
    }
}
