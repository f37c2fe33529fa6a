//! What is said over the broker: parsed strictly, with a size limit each, and written.
//!
//! From clients: the texts `create` and `destory` (as the documents spell it), or a [`Request`] as JSON. To clients: [`Told`].

use serde::{Deserialize, Serialize};

use crate::{Answer, ClientId, Refused, Said, Secret};

/// Longest request, in bytes.
pub const MAX_REQUEST: usize = 4 * 1024;
/// Longest message to a client, in bytes. The broker's own limit is 64 KiB.
pub const MAX_TOLD: usize = 16 * 1024;
/// Most that one request may invite.
pub const MAX_INVITED: usize = 32;
/// Longest text of one field, but for tokens, in bytes.
const MAX_FIELD: usize = 256;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Make a channel and call somebody into it. As the text `create`: whom and where the server is configured to.
    Create {
        /// The channel; the server's choice where it is not named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
        /// Who is called; those of the server's configuration where nobody is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        invite: Vec<ClientId>,
    },
    /// End a call for everybody. As the text `destory`: that of the sender.
    Destory {
        /// Which; the sender's own where none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<String>,
    },
    /// Give up calling before somebody has accepted.
    Cancel {
        /// Which call.
        call: String,
    },
    /// What somebody who is called says to it.
    Answer {
        /// Which call.
        call: String,
        /// What they say.
        answer: Answer,
    },
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Refused::TooLong`], [`Refused::Malformed`].
    pub fn read(payload: &[u8]) -> Result<Self, Refused> {
        match payload {
            b"create" => return Ok(Self::Create { channel: None, invite: Vec::new() }),
            b"destory" => return Ok(Self::Destory { call: None }),
            _ if payload.len() > MAX_REQUEST => return Err(Refused::TooLong),
            _ => {}
        }
        let request: Self = serde_json::from_slice(payload).map_err(|_| Refused::Malformed)?;
        let names: Vec<&String> = match &request {
            Self::Create { channel, invite } if invite.len() <= MAX_INVITED => channel.iter().collect(),
            Self::Create { .. } => return Err(Refused::Malformed),
            Self::Destory { call } => call.iter().collect(),
            Self::Cancel { call } | Self::Answer { call, .. } => vec![call],
        };
        if names.into_iter().all(|name| join_token::is_name(name)) { Ok(request) } else { Err(Refused::Malformed) }
    }

    /// The request as JSON.
    pub fn write(&self) -> Vec<u8> {
        // Texts, lists and names always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Come into this channel: the documented message, with four keys more (`channel`, `call`, `caller`, `until`), which others pass
/// over. `Debug` does not show the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enter {
    /// The app.
    pub app_id: String,
    /// Who the client is in the channel.
    pub user_id: String,
    /// Where the channel is.
    pub gslb: Vec<String>,
    /// One invitation has one session.
    pub session: String,
    /// The join token.
    pub token: Secret,
    /// Of the token's rule; may be empty.
    pub nonce: String,
    /// When the token ends, in seconds since 1970.
    pub timestamp: i64,
    /// The channel.
    pub channel: String,
    /// Which call; a server of others names none, and gets no answer.
    pub call: Option<String>,
    /// Who calls, where that is known.
    pub caller: Option<ClientId>,
    /// Until when it rings, in seconds since 1970; whoever reads it later has missed the call.
    pub until: Option<u64>,
}

/// What became of a call, or of one who was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// What happened.
    pub event: Said,
    /// Which call; empty where there is none.
    pub call: String,
    /// Its channel.
    pub channel: String,
    /// Of whom it speaks: who was called, or, of a missed call, who called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<ClientId>,
    /// When, in seconds since 1970.
    pub at: u64,
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Come into this channel.
    Enter(Box<Enter>),
    /// The channel was destroyed.
    Destroyed {
        /// Which call; a server of others names none: the present one.
        call: Option<String>,
    },
}

#[derive(Deserialize)]
struct RawTold {
    code: i64,
    data: Option<RawEnter>,
    #[serde(rename = "RequestId")]
    request: Option<String>,
    call: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RawEnter {
    appid: String,
    userid: String,
    gslb: Servers,
    session: String,
    token: String,
    nonce: String,
    timestamp: i64,
    turn: RawTurn,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller: Option<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct RawTurn {
    username: String,
    password: String,
}

/// One text in the guide, a list in the vendor's later samples.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Servers {
    Many(Vec<String>),
    One(String),
}

impl Told {
    /// Reads what came on the level `enter`. Unknown keys do not matter.
    ///
    /// # Errors
    /// [`Refused::TooLong`], [`Refused::Malformed`].
    pub fn read(payload: &[u8]) -> Result<Self, Refused> {
        if payload.len() > MAX_TOLD {
            return Err(Refused::TooLong);
        }
        let raw: RawTold = serde_json::from_slice(payload).map_err(|_| Refused::Malformed)?;
        match (raw.code, raw.data, raw.request) {
            (0, Some(data), _) => Ok(Self::Enter(Box::new(Enter::of(data)?))),
            (0, None, Some(_)) if raw.call.as_deref().is_none_or(join_token::is_name) => Ok(Self::Destroyed { call: raw.call }),
            _ => Err(Refused::Malformed),
        }
    }
}

impl Enter {
    fn of(raw: RawEnter) -> Result<Self, Refused> {
        let channel = match raw.channel {
            Some(channel) => channel,
            // The documented message names it there alone.
            None => field(&raw.turn.username, "channel").ok_or(Refused::Malformed)?.to_owned(),
        };
        let gslb = match raw.gslb {
            Servers::Many(list) => list,
            Servers::One(one) => vec![one],
        };
        let short = [&raw.appid, &raw.session, &raw.nonce].into_iter().chain(&gslb).all(|text| text.len() <= MAX_FIELD);
        let named = [&channel, &raw.userid].into_iter().chain(&raw.call).all(|name| join_token::is_name(name));
        if !short || !named || gslb.len() > 16 || raw.token.is_empty() {
            return Err(Refused::Malformed);
        }
        Ok(Self {
            app_id: raw.appid,
            user_id: raw.userid,
            gslb,
            session: raw.session,
            token: Secret::new(raw.token),
            nonce: raw.nonce,
            timestamp: raw.timestamp,
            channel,
            call: raw.call,
            caller: raw.caller,
            until: raw.until,
        })
    }

    /// The documented message.
    pub fn write(&self) -> Vec<u8> {
        let Self { app_id, user_id, session, nonce, timestamp, channel, .. } = self;
        let token = self.token.expose().to_owned();
        let username =
            format!("{user_id}?appid={app_id}&session={session}&channel={channel}&nonce={nonce}&timestamp={timestamp}");
        let data = RawEnter {
            appid: app_id.clone(),
            userid: user_id.clone(),
            gslb: Servers::Many(self.gslb.clone()),
            session: session.clone(),
            token: token.clone(),
            nonce: nonce.clone(),
            timestamp: *timestamp,
            turn: RawTurn { username, password: token },
            channel: Some(channel.clone()),
            call: self.call.clone(),
            caller: self.caller.clone(),
            until: self.until,
        };
        serde_json::to_vec(&serde_json::json!({ "code": 0, "data": data })).unwrap_or_default()
    }
}

/// The answer to deleting a channel, which is what clients are told by; `request` is any id.
pub fn write_destroyed(request: &str, call: &str, channel: &str) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({ "code": 0, "RequestId": request, "call": call, "channel": channel }))
        .unwrap_or_default()
}

impl Notice {
    /// Reads what came on the level `call`.
    ///
    /// # Errors
    /// [`Refused::TooLong`], [`Refused::Malformed`].
    pub fn read(payload: &[u8]) -> Result<Self, Refused> {
        if payload.len() > MAX_REQUEST {
            return Err(Refused::TooLong);
        }
        let notice: Self = serde_json::from_slice(payload).map_err(|_| Refused::Malformed)?;
        let short = [&notice.call, &notice.channel].into_iter().all(|text| text.len() <= MAX_FIELD);
        if short { Ok(notice) } else { Err(Refused::Malformed) }
    }

    /// The notice as JSON.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The value of `key` in `user?a=b&key=value`.
fn field<'a>(username: &'a str, key: &str) -> Option<&'a str> {
    let (_, fields) = username.split_once('?')?;
    fields.split('&').find_map(|field| field.strip_prefix(key)?.strip_prefix('='))
}

/// Whether a client is there, by its last word: `online` or `offline`.
///
/// # Errors
/// [`Refused::Malformed`].
pub fn read_presence(payload: &[u8]) -> Result<bool, Refused> {
    match payload {
        b"online" => Ok(true),
        b"offline" => Ok(false),
        _ => Err(Refused::Malformed),
    }
}

/// What a client tells of itself when it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// What people call it.
    pub name: String,
    /// The version of its program.
    pub firmware: String,
    /// The board that it runs on.
    pub board: String,
}

impl About {
    /// Reads it. Keys of later versions are passed over.
    ///
    /// # Errors
    /// [`Refused::TooLong`], [`Refused::Malformed`].
    pub fn read(payload: &[u8]) -> Result<Self, Refused> {
        if payload.len() > MAX_REQUEST {
            return Err(Refused::TooLong);
        }
        let about: Self = serde_json::from_slice(payload).map_err(|_| Refused::Malformed)?;
        let texts = [&about.name, &about.firmware, &about.board];
        let plain = |text: &&String| text.len() <= MAX_FIELD && !text.contains(char::is_control);
        if texts.iter().all(plain) { Ok(about) } else { Err(Refused::Malformed) }
    }

    /// As JSON.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The texts of presence.
pub fn presence(there: bool) -> &'static [u8] {
    if there { b"online" } else { b"offline" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn enter() -> Enter {
        Enter {
            app_id: "g10dhbxp".into(),
            user_id: "user-1".into(),
            gslb: vec!["https://rgslb.rtc.aliyuncs.com".into()],
            session: "sess-1".into(),
            token: Secret::new("6e8b5668"),
            nonce: "AK-nonce".into(),
            timestamp: 1_560_588_594,
            channel: "123456".into(),
            call: Some("c1".into()),
            caller: ClientId::new("GID", "alice").ok(),
            until: Some(1_560_588_000),
        }
    }

    #[test]
    fn the_documented_message_is_written_and_read() {
        let written = enter().write();
        let json: serde_json::Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(json["code"], 0);
        let data = &json["data"];
        assert_eq!(
            data["turn"]["username"],
            "user-1?appid=g10dhbxp&session=sess-1&channel=123456&nonce=AK-nonce&timestamp=1560588594"
        );
        assert_eq!((&data["turn"]["password"], &data["gslb"][0]), (&data["token"], &"https://rgslb.rtc.aliyuncs.com".into()));
        assert_eq!(Told::read(&written), Ok(Told::Enter(Box::new(enter()))));
        assert!(!format!("{:?}", enter()).contains("6e8b"), "the token does not show");
    }

    #[test]
    fn a_message_of_the_sample_is_understood() {
        let text = r#"{"code":0,"data":{"appid":"a","userid":"u","gslb":"https://g","session":"s","token":"t","nonce":"n",
            "timestamp":7,"turn":{"username":"u?appid=a&session=s&channel=123456&nonce=n&timestamp=7","password":"t"}}}"#;
        let Ok(Told::Enter(enter)) = Told::read(text.as_bytes()) else { panic!("not understood") };
        assert_eq!((enter.channel.as_str(), enter.gslb.len(), enter.call.as_deref()), ("123456", 1, None));
        assert_eq!(Told::read(br#"{"code":0,"RequestId":"7C"}"#), Ok(Told::Destroyed { call: None }));
        assert_eq!(Told::read(&write_destroyed("r", "c1", "123456")), Ok(Told::Destroyed { call: Some("c1".into()) }));
    }

    #[test]
    fn texts_and_json_ask_for_the_same() {
        assert_eq!(Request::read(b"create"), Request::read(br#"{"do":"create"}"#));
        assert_eq!(Request::read(b"destory"), Request::read(br#"{"do":"destory"}"#));
        let answer = Request::Answer { call: "c1".into(), answer: Answer::Accept };
        assert_eq!(answer.write(), br#"{"do":"answer","call":"c1","answer":"accept"}"#);
        assert_eq!(Request::read(&answer.write()), Ok(answer));
    }

    #[test]
    fn what_a_client_tells_of_itself_is_short_and_plain() {
        let about = About { name: "gate".into(), firmware: "1.2.3".into(), board: "rock-5b".into() };
        assert_eq!(About::read(&about.write()), Ok(about.clone()));
        assert_eq!(About::read(br#"{"name":"gate","firmware":"1.2.3","board":"rock-5b","more":[1]}"#), Ok(about.clone()));
        for wrong in ["x".repeat(MAX_FIELD + 1), "a\nb".into()] {
            assert_eq!(About::read(&About { firmware: wrong, ..about.clone() }.write()), Err(Refused::Malformed));
        }
        assert_eq!(About::read(b"{}"), Err(Refused::Malformed));
        assert_eq!(About::read(&vec![b' '; MAX_REQUEST + 1]), Err(Refused::TooLong));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let many = format!(r#"{{"do":"create","invite":[{}]}}"#, vec![r#""G@@@D""#; MAX_INVITED + 1].join(","));
        for wrong in [
            "",
            "destroy",
            "create ",
            "b'create'",
            "{}",
            "[]",
            "null",
            "1",
            r#"{"do":"dance"}"#,
            r#"{"do":"cancel"}"#,
            r#"{"do":"create","chanel":"x"}"#,
            r#"{"do":"create","channel":"a b"}"#,
            r#"{"do":"create","channel":7}"#,
            r#"{"do":"create","invite":["nobody"]}"#,
            r#"{"do":"create","invite":"G@@@D"}"#,
            r#"{"do":"answer","call":"../x","answer":"accept"}"#,
            r#"{"do":"answer","call":"c","answer":"perhaps"}"#,
            &many,
        ] {
            assert_eq!(Request::read(wrong.as_bytes()), Err(Refused::Malformed), "{wrong}");
        }
        assert_eq!(Request::read(&vec![b' '; MAX_REQUEST + 1]), Err(Refused::TooLong));
        assert_eq!(Told::read(&vec![b' '; MAX_TOLD + 1]), Err(Refused::TooLong));
    }

    #[test]
    fn what_is_no_invitation_is_refused() {
        let good: serde_json::Value = serde_json::from_slice(&enter().write()).unwrap();
        let over = "x".repeat(65);
        for (key, value) in [
            ("channel", serde_json::json!("a/b")),
            ("userid", "".into()),
            ("userid", over.into()),
            ("token", "".into()),
            ("token", 7.into()),
            ("timestamp", "7".into()),
            ("gslb", 7.into()),
            ("call", "a b".into()),
            ("caller", "x".into()),
            ("turn", serde_json::Value::Null),
            ("session", "s".repeat(257).into()),
        ] {
            let mut bad = good.clone();
            bad["data"][key] = value.clone();
            assert_eq!(Told::read(bad.to_string().as_bytes()), Err(Refused::Malformed), "{key}: {value}");
        }
        let mut failed = good;
        failed["code"] = 403.into();
        assert_eq!(Told::read(failed.to_string().as_bytes()), Err(Refused::Malformed));
    }

    proptest! {
        #[test]
        fn nothing_that_comes_brings_a_reader_down(payload in proptest::collection::vec(any::<u8>(), 0..300), text in "[{}\\[\\]\":,a-z0-9@]{0,200}") {
            for payload in [&payload[..], text.as_bytes()] {
                let _ = (Request::read(payload), Told::read(payload), Notice::read(payload), read_presence(payload));
                let _ = About::read(payload);
            }
        }
    }
}
