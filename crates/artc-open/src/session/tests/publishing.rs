//! What is published, at which rate, and whether anybody needs it.

use artc_bindings::{ConnectionStatus as Status, ErrorCode, Event};
use rtc::proto;
use rtc::signal::Response;

use super::stage::Stage;
use super::{SECOND, errors, flowing, statuses};
use crate::command::{Command, Local};
use crate::session::TrackSettings;

#[test]
fn a_track_that_the_server_refuses_is_told_and_not_asked_for_again() {
    let mut stage = Stage::new(8);
    stage.takes_tracks = false;
    stage.join();
    stage.run(20 * SECOND);
    let told = stage.told();
    assert_eq!(errors(&told), [ErrorCode::PublishVideoStreamFailed]);
    assert_eq!(stage.seen.tracks.len(), 1);
    assert_eq!(statuses(&told), [Status::Connecting, Status::Connected], "and the channel stays joined");
}

/// The server says whether anybody watches.
fn quality(enabled: bool) -> Response {
    Response::SubscribedQualityUpdate(proto::SubscribedQualityUpdate {
        track_sid: "TR_1".into(),
        subscribed_codecs: vec![proto::SubscribedCodec {
            codec: "h264".into(),
            qualities: vec![proto::SubscribedQuality { quality: 2, enabled }],
        }],
        ..Default::default()
    })
}

#[test]
fn a_path_that_rested_is_not_taken_for_a_poor_one() {
    let mut stage = flowing(9);
    stage.run(2 * SECOND);
    stage.say(quality(false));
    stage.run(SECOND);
    // What an estimator makes of reports and nothing else.
    stage.session.bandwidth(30_000, stage.now);
    stage.run(60 * SECOND);
    stage.say(quality(true));
    assert!(stage.until(SECOND, |s| s.flows()).is_some(), "pictures flow again");
    let target = stage.session.setup.shared.network.target_kbps();
    assert!(target >= 400, "{target} kbit/s for the first who watches");
}

#[test]
fn the_encoder_rests_while_nobody_watches() {
    let mut stage = flowing(9);
    stage.told();
    stage.say(quality(true));
    stage.run(SECOND);
    let needed = |told: Vec<Event>| {
        told.iter().filter_map(|e| if let Event::StreamNeeded(n) = e { Some(*n) } else { None }).collect::<Vec<_>>()
    };
    assert_eq!(needed(stage.told()), [true], "what was only assumed before is said");
    stage.say(quality(false));
    stage.run(SECOND);
    assert_eq!(needed(stage.told()), [false]);
    // A viewer that rests while the picture is muted wants it again afterwards.
    stage.command(Command::Mute(Local::Camera, true));
    stage.say(quality(true));
    stage.run(SECOND);
    stage.command(Command::Mute(Local::Camera, false));
    stage.run(SECOND);
    assert_eq!(needed(stage.told()), [true]);
    assert!(stage.flows());
}

#[test]
fn the_configured_bitrate_is_kept_where_that_is_asked_for() {
    let config = artc_bindings::VideoEncoderConfiguration {
        dimensions: artc_bindings::Dimensions { width: 1280, height: 720 },
        frame_rate: 30,
        bitrate: 2000,
        ..Default::default()
    };
    assert_eq!(TrackSettings::camera(&config, true).max_bps, 2_000_000);
    assert_eq!(TrackSettings::camera(&config, false).max_bps, 2_400_000, "the documented table's least");
    let undecided = artc_bindings::VideoEncoderConfiguration { bitrate: 0, ..config };
    assert_eq!(TrackSettings::camera(&undecided, true).max_bps, 2_400_000);
}

#[test]
fn a_track_whose_confirmation_was_lost_with_the_connection_is_asked_for_again() {
    let mut stage = Stage::new(13);
    stage.join();
    // The question is on its way, the answer will not find us.
    assert!(stage.until(SECOND, |s| s.seen.tracks.len() == 1).is_some());
    stage.break_signalling();
    assert!(stage.until(5 * SECOND, |s| s.flows()).is_some());
    stage.run(30 * SECOND);
    assert!(stage.flows(), "{:?}", stage.told());
    assert!(errors(&stage.told()).is_empty());
}
