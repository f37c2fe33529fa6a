//! The whole daemon in the guest, and somebody in its room who watches and listens.

mod commands;
mod ending;
mod family;
mod network;
mod pictures;
mod pulled;
mod refused;

use std::time::Duration;

use crate::rig::daemon::DEVICE;
use crate::rig::{Audience, Daemon, Setup};

/// How long anything may take that is only waited for.
const SOON: Duration = Duration::from_secs(20);
/// vivid's first camera, by its stable id, in a size that is cheap.
const VIVID: [(&str, &str); 3] =
    [("camera.source", "vivid-000-vid-cap@platform:vivid-000"), ("camera.width", "640"), ("camera.height", "360")];
/// A microphone that is always there.
const TONE: (&str, &str) = ("microphone.source", "tone");

/// The daemon and its viewer, who sees live pictures.
fn watched(settings: &[(&str, &str)]) -> (Daemon, Audience) {
    let daemon = Daemon::start(&Setup { settings, ..Setup::default() });
    let viewer = Audience::join(&daemon.url(), "camera", "local-viewer", DEVICE);
    viewer.wait_for_picture("a live picture", SOON, |picture| !picture.is_card());
    (daemon, viewer)
}
