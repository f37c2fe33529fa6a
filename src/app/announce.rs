//! The lines that `artc-edge run` prints: what is here and where to look. Logs are elsewhere (stderr or the journal).

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use super::service;
use super::tickets::TicketSource;
use crate::capture::audio::{Microphone, Phase as MicrophonePhase};
use crate::capture::video::{Camera, Phase as CameraPhase};
use crate::config::Config;
use crate::telemetry::goes_to_journal;

/// How long the first lines wait for the devices to say what they are.
const DEVICES_WITHIN: Duration = Duration::from_millis(1500);
/// How long the service manager waits for them before it is told that the daemon is ready: a driver that hangs in the kernel is given up
/// by that after 5 s a request.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// Prints `what: detail` on standard output.
pub fn line(what: &str, detail: &str) {
    // Nobody reads our output (a closed pipe): the stream goes on.
    let _ = writeln!(std::io::stdout().lock(), "{:<11} {detail}", format!("{what}:"));
}

/// Says what camera and microphone are as soon as they know it, then where to look.
pub async fn introduce(camera: Arc<Camera>, microphone: Arc<Microphone>, addresses: Vec<(&'static str, String)>) {
    let (mut pictures, mut sounds) = (camera.events(), microphone.events());
    let known = async {
        while camera.state().phase == CameraPhase::Starting {
            let _ = pictures.recv().await;
        }
        while microphone.state().phase == MicrophonePhase::Starting {
            let _ = sounds.recv().await;
        }
    };
    tokio::pin!(known);
    let told = tokio::time::timeout(DEVICES_WITHIN, known.as_mut()).await;
    line("camera", &camera.state().detail);
    line("microphone", &microphone.state().detail);
    for (what, address) in addresses {
        line(what, &address);
    }
    if told.is_err() {
        let _ = tokio::time::timeout(READY_WITHIN, known).await;
    }
    service::ready();
    tracing::info!(name: "ready", "ready");
}

/// Where the room and its viewer are, as lines of `what` and `detail`.
pub fn where_to_look(
    config: &Config,
    room: Option<&room::Handle>,
    tickets: &TicketSource,
    server: String,
) -> Vec<(&'static str, String)> {
    let Some(room) = room else {
        return vec![("room", server), ("viewer", "the server's own; this device only publishes".into())];
    };
    // Whoever may read the journal may not therefore look through the camera.
    let viewer = match goes_to_journal(std::io::stdout()) {
        true => "`artc-edge call viewer.address` gives an address".into(),
        false => tickets.viewer_address().map_or_else(|why| format!("no address: {why}"), |viewer| viewer.address),
    };
    vec![("room", format!("{} (channel {})", room.signal_url(), config.room.channel)), ("viewer", viewer)]
}

/// The address of a page of the room. The token stands in the fragment, which browsers keep to themselves.
pub fn page_address(page: &str, room: &str, token: &str) -> String {
    let escaped = |text: &str| text.bytes().flat_map(escape).collect::<String>();
    format!("{}/#room={}&token={}", page.trim_end_matches('/'), escaped(room), escaped(token))
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
        let address = page_address("http://127.0.0.1:7880", "front door", "a.b.c");
        assert_eq!(address, "http://127.0.0.1:7880/#room=front%20door&token=a.b.c");
        // Tokens of the vendor's rule are Base64, in which pages would read a plus as a space.
        assert_eq!(page_address("https://h/call/", "r", "a+b/c="), "https://h/call/#room=r&token=a%2Bb%2Fc%3D");
    }
}
