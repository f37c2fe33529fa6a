//! The address of the signalling connection. The token never gets into it: it travels in a header.

use url::Url;

use super::error::ConnectError;

/// Where to connect, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The whole address.
    pub url: Url,
    /// Host as written.
    pub host: String,
    /// Port.
    pub port: u16,
    /// With TLS.
    pub tls: bool,
}

impl Address {
    /// Host and port, for messages.
    pub fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// The address for joining `base`, or for resuming participant `resume` there.
pub fn join(base: &str, resume: Option<&str>) -> Result<Address, ConnectError> {
    let bad = |why: &str| ConnectError::Address { url: base.to_owned(), why: why.to_owned() };
    let mut url = Url::parse(base).map_err(|e| bad(&e.to_string()))?;
    let tls = match url.scheme() {
        "ws" | "http" => false,
        "wss" | "https" => true,
        _ => return Err(bad("it must begin with ws://, wss://, http:// or https://")),
    };
    // Both pairs of schemes are "special" to the URL standard, so that the change cannot fail.
    let changed = url.set_scheme(if tls { "wss" } else { "ws" });
    let host = url.host_str().filter(|h| !h.is_empty()).map(str::to_owned);
    let (Ok(()), Some(host)) = (changed, host) else { return Err(bad("it names no host")) };
    let port = url.port_or_known_default().unwrap_or(if tls { 443 } else { 80 });
    let path = format!("{}/rtc", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_fragment(None);
    let mut query = url.query_pairs_mut();
    query.clear();
    query.append_pair("protocol", &rtc::PROTOCOL_VERSION.to_string());
    query.append_pair("version", env!("CARGO_PKG_VERSION"));
    query.append_pair("os", "linux");
    query.append_pair("auto_subscribe", "0");
    if let Some(sid) = resume {
        query.append_pair("reconnect", "1");
        query.append_pair("sid", sid);
    }
    drop(query);
    Ok(Address { url, host: host.trim_matches(['[', ']']).to_owned(), port, tls })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_and_path_prefixes_are_understood() {
        for (base, start, tls, port) in [
            ("ws://127.0.0.1:7880", "ws://127.0.0.1:7880/rtc?protocol=", false, 7880),
            ("http://box.local", "ws://box.local/rtc?protocol=", false, 80),
            ("https://example.org/live/", "wss://example.org/live/rtc?protocol=", true, 443),
            ("wss://[2001:db8::1]:444/x?old=1#frag", "wss://[2001:db8::1]:444/x/rtc?protocol=", true, 444),
        ] {
            let address = join(base, None).unwrap();
            assert!(address.url.as_str().starts_with(start), "{}", address.url);
            assert!(!address.url.as_str().contains("old=1"));
            assert_eq!((address.tls, address.port), (tls, port), "{base}");
        }
        assert_eq!(join("wss://[2001:db8::1]:444", None).unwrap().host, "2001:db8::1");
        let resume = join("ws://h", Some("PA_x")).unwrap();
        assert!(resume.url.as_str().ends_with("&auto_subscribe=0&reconnect=1&sid=PA_x"), "{}", resume.url);
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        for (base, why) in
            [("", "relative URL"), ("ftp://x", "must begin with"), ("127.0.0.1:7880", "relative URL"), ("ws://", "host")]
        {
            let error = join(base, None).unwrap_err().to_string();
            assert!(error.contains(why), "{base}: {error}");
        }
    }
}
