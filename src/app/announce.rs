//! The lines that `artc-edge run` prints: what is here and where to look. Logs are elsewhere (stderr or the journal).

use std::io::Write;

/// Prints `what: detail` on standard output.
pub fn line(what: &str, detail: &str) {
    // Nobody reads our output (a closed pipe): the stream goes on.
    let _ = writeln!(std::io::stdout().lock(), "{:<11} {detail}", format!("{what}:"));
}

/// The viewer's address. The token stands in the fragment, which browsers keep to themselves.
pub fn viewer_address(url: &str, room: &str, token: &str) -> String {
    let room: String = room.bytes().flat_map(escape).collect();
    format!("{}/#room={room}&token={token}", url.trim_end_matches('/'))
}

fn escape(byte: u8) -> Vec<char> {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => vec![char::from(byte)],
        _ => format!("%{byte:02X}").chars().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_stands_in_the_fragment() {
        let address = viewer_address("http://127.0.0.1:7880", "front door", "a.b.c");
        assert_eq!(address, "http://127.0.0.1:7880/#room=front%20door&token=a.b.c");
    }
}
