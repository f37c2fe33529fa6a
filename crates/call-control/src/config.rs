//! `[calls]`: who we are at which broker.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Account, ClientId, NameError, PasswordRule, Secret, Topics};

/// Settings of a client of the broker.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether calls are taken at all.
    pub enabled: bool,
    /// The broker: `mqtts://HOST:PORT`, or `mqtt://` without encryption. Ports 8883 and 1883 where none is named.
    pub broker: Option<String>,
    /// A PEM file of certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The first part of the client id, which the console gave. Unset: the documented one of its side.
    pub group: Option<String>,
    /// The second part. Unset: a name of the machine's.
    pub device: Option<String>,
    /// The access key, or the user name of a broker with its own passwords.
    pub access_key: String,
    /// File that holds the key's secret, or that password, on its first line.
    pub secret_file: Option<PathBuf>,
    /// What the password is.
    pub password: PasswordRule,
    /// The broker's instance, which the rule `client-id` puts into the user name.
    pub instance: String,
    /// Parent topic of what clients say.
    pub topic_up: String,
    /// Parent topic of what clients are told.
    pub topic_down: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            broker: None,
            ca_file: None,
            group: None,
            device: None,
            access_key: String::new(),
            secret_file: None,
            password: PasswordRule::default(),
            instance: String::new(),
            topic_up: "MeetingCtrlUp".into(),
            topic_down: "MeetingCtrlUp".into(),
        }
    }
}

/// Where a broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether it is spoken to over TLS.
    pub tls: bool,
}

impl Config {
    /// What is wrong, as (key below `[calls]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        match self.broker.as_deref().map(place) {
            Some(None) => found.push(("broker", "is not mqtts://HOST, mqtts://HOST:PORT or the same with mqtt://".into())),
            None if self.enabled => found.push(("enabled", "needs a broker; set `calls.broker`".into())),
            _ => {}
        }
        if self.enabled && self.access_key.is_empty() {
            found.push(("access_key", "is empty; name the key, or the user, that the broker knows".into()));
        }
        if self.enabled && self.secret_file.is_none() {
            let text = "is not set; name the file of the secret, or hand it over as the credential `calls.secret`";
            found.push(("secret_file", text.into()));
        }
        if self.enabled && self.password == PasswordRule::ClientId && self.instance.is_empty() {
            found.push(("instance", "is empty; the rule \"client-id\" needs the broker's instance".into()));
        }
        for (key, part) in [("group", &self.group), ("device", &self.device)] {
            // Beside a partner of one letter, so that only this part can be at fault.
            let fits = part.as_ref().is_none_or(|part| ClientId::new(part, "d").is_ok());
            if !fits {
                found.push((key, "is no part of a client id: A-Z, a-z, 0-9, '_' and '-', at most 64 with the other part".into()));
            }
        }
        for (key, topic) in [("topic_up", &self.topic_up), ("topic_down", &self.topic_down)] {
            if let Err(why) = Topics::new(topic, topic) {
                found.push((key, why.to_string()));
            }
        }
        found
    }

    /// Where the broker is; `None` where none is named, or badly.
    pub fn place(&self) -> Option<Place> {
        self.broker.as_deref().and_then(place)
    }

    /// Our client id, with what stands in for parts that are not set.
    ///
    /// # Errors
    /// The parts make no client id.
    pub fn client(&self, group: &str, device: &str) -> Result<ClientId, NameError> {
        ClientId::new(self.group.as_deref().unwrap_or(group), self.device.as_deref().unwrap_or(device))
    }

    /// The topics.
    ///
    /// # Errors
    /// The parents are no topics.
    pub fn topics(&self) -> Result<Topics, NameError> {
        Topics::new(&self.topic_up, &self.topic_down)
    }

    /// Our account at the broker.
    pub fn account(&self, client: &ClientId, secret: &Secret) -> Account {
        Account::new(self.password, client, &self.access_key, secret, &self.instance)
    }
}

fn place(url: &str) -> Option<Place> {
    let (scheme, rest) = url.split_once("://")?;
    let (tls, usual) = match scheme {
        "mqtts" => (true, 8883),
        "mqtt" => (false, 1883),
        _ => return None,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.rsplit_once(':') {
        // The colons of a bare IPv6 address are none of a port.
        Some((host, port)) if !rest.ends_with(']') => (host, port.parse().ok().filter(|port| *port != 0)?),
        _ => (rest, usual),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let odd = |letter: char| letter.is_whitespace() || letter.is_control() || "/@?#[]".contains(letter);
    (!host.is_empty() && !host.contains(odd)).then(|| Place { host: host.to_owned(), port, tls })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_named_by_its_address() {
        let read = |text| place(text).map(|place| (place.host, place.port, place.tls));
        assert_eq!(read("mqtts://mqtt.example.com"), Some(("mqtt.example.com".into(), 8883, true)));
        assert_eq!(read("mqtt://127.0.0.1:2883/"), Some(("127.0.0.1".into(), 2883, false)));
        assert_eq!(read("mqtts://[::1]:8884"), Some(("::1".into(), 8884, true)));
        assert_eq!(read("mqtts://[::1]"), Some(("::1".into(), 8883, true)));
        for wrong in [
            "",
            "mqtt.example.com",
            "https://x",
            "mqtt://",
            "mqtt://x:0",
            "mqtt://x:70000",
            "mqtt://u:p@x",
            "mqtt://x/y",
            "mqtt://a b",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_off_needs_nothing_and_what_is_on_says_what_it_lacks() {
        assert_eq!(Config::default().problems(), []);
        let on = Config { enabled: true, ..Config::default() };
        let keys: Vec<_> = on.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["enabled", "access_key", "secret_file", "instance"]);
        let odd = Config { group: Some("a b".into()), device: Some("x".repeat(64)), topic_up: "a/b".into(), ..Config::default() };
        let keys: Vec<_> = odd.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["group", "device", "topic_up"]);
    }
}
