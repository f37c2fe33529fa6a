//! What is asked for: `rtmp://HOST/CHANNEL/STREAM?token=TOKEN`, of which the connection says the channel and the stream's key the rest.

use artc_bindings::Secret;

/// Longest channel and stream, as the room has them.
const LONGEST: usize = 256;

/// See the module.
#[derive(Debug)]
pub(crate) struct Address {
    pub channel: String,
    /// The identity of who sends it.
    pub stream: String,
    pub token: Secret,
}

impl Address {
    /// From what `connect` calls the app, and the key of `publish` or `play`. The token may stand behind either.
    pub(crate) fn read(app: &str, key: &str) -> Result<Self, &'static str> {
        let (channel, of_app) = split(app);
        let (stream, of_key) = split(key);
        let token = of_key.or(of_app).filter(|token| !token.is_empty()).ok_or("the address has no ?token=")?;
        for (text, problem) in [
            (&channel, "the address names no channel: rtmp://HOST/CHANNEL/STREAM?token=TOKEN"),
            (&stream, "the address names no stream"),
        ] {
            if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
                return Err(problem);
            }
        }
        Ok(Self { channel, stream, token: Secret::from(token) })
    }
}

/// A name, and the token behind it.
fn split(text: &str) -> (String, Option<String>) {
    let (name, query) = text.split_once('?').unwrap_or((text, ""));
    // A plus is a plus: base64 has them, and no name or token has spaces.
    let plain = |text: &str| text.replace('+', "%2B");
    let form = format!("n={}", plain(name).replace('&', "%26"));
    let decoded = url::form_urlencoded::parse(form.as_bytes())
        .next()
        .map_or_else(String::new, |(_, name)| name.trim_matches('/').to_owned());
    let query = plain(query);
    let token =
        url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "token").map(|(_, value)| value.into_owned());
    (decoded, token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(app: &str, key: &str) -> Result<(String, String, String), &'static str> {
        Address::read(app, key).map(|a| (a.channel, a.stream, a.token.expose().to_owned()))
    }

    fn three(channel: &str, stream: &str, token: &str) -> Result<(String, String, String), &'static str> {
        Ok((channel.to_owned(), stream.to_owned(), token.to_owned()))
    }

    #[test]
    fn channel_stream_and_token_are_found_wherever_pushers_put_them() {
        assert_eq!(read("yard", "cam?token=a.b.c"), three("yard", "cam", "a.b.c"));
        assert_eq!(read("yard/", "/cam?x=1&token=eyJ%2Fa+b%3D%3D"), three("yard", "cam", "eyJ/a+b=="), "both kinds of tokens");
        assert_eq!(read("yard?token=t", "cam"), three("yard", "cam", "t"), "some programs keep addresses and keys apart");
        assert_eq!(read("a%20b", "c%26d&e?token=t"), three("a b", "c&d&e", "t"));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(read("", "cam?token=t").unwrap_err().contains("channel"));
        assert!(read("yard", "?token=t").unwrap_err().contains("stream"));
        assert!(read(&"y".repeat(257), "cam?token=t").unwrap_err().contains("channel"));
        for key in ["cam", "cam?token=", "cam?tok=t"] {
            assert!(read("yard", key).unwrap_err().contains("token"), "{key}");
        }
        let shown = format!("{:?}", Address::read("yard", "cam?token=secret"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
