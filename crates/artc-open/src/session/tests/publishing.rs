//! What is published, at which rate, and whether anybody needs it.

use artc_bindings::encoder::{MirrorMode, OrientationMode, RotationMode};
use artc_bindings::{
    ConnectionStatus as Status, Dimensions, ErrorCode, Event, PublishState, RenderMode, ScreenShareEncoderConfiguration,
    VideoEncoderConfiguration,
};
use media::Size;
use rtc::proto::{self, VideoQuality};
use rtc::signal::Response;

use super::stage::Stage;
use super::{SECOND, errors, flowing, statuses};
use crate::command::{Command, Local};
use crate::session::TrackSettings;
use crate::video::{Control, Shape};
use PublishState as P;

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
    qualities("TR_1", &[(VideoQuality::High, enabled)])
}

/// The server says who watches what of a track.
fn qualities(sid: &str, watched: &[(VideoQuality, bool)]) -> Response {
    let quality =
        |(quality, enabled): &(VideoQuality, bool)| proto::SubscribedQuality { quality: *quality as i32, enabled: *enabled };
    Response::SubscribedQualityUpdate(proto::SubscribedQualityUpdate {
        track_sid: sid.into(),
        subscribed_codecs: vec![proto::SubscribedCodec {
            codec: "h264".into(),
            qualities: watched.iter().map(quality).collect(),
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

fn small_states(told: &[Event]) -> Vec<(PublishState, PublishState)> {
    told.iter()
        .filter_map(|e| if let Event::DualStreamPublishStateChanged(c) = e { Some((c.old_state, c.new_state)) } else { None })
        .collect()
}

fn camera_states(told: &[Event]) -> Vec<(PublishState, PublishState)> {
    told.iter()
        .filter_map(|e| if let Event::VideoPublishStateChanged(c) = e { Some((c.old_state, c.new_state)) } else { None })
        .collect()
}

/// Which streams the encoders work on: big, small.
fn encoded(stage: &Stage) -> [bool; 2] {
    let mut found = [false; 2];
    stage.session.setup.video[0].control(|control| found = control.streams.map(|stream| stream.active));
    found
}

#[test]
fn a_small_stream_is_a_layer_of_the_cameras_track_and_arrives_as_one() {
    let mut stage = Stage::new(21);
    stage.command(Command::Publish(Local::Small, true));
    stage.join();
    assert!(stage.until(10 * SECOND, |s| s.flows() && s.seen.layers.contains_key("q")).is_some(), "{:?}", stage.seen.layers);
    stage.run(2 * SECOND);
    let [track] = &stage.seen.tracks[..] else { panic!("{:?}", stage.seen.tracks) };
    let layers: Vec<_> = track.layers.iter().map(|l| (l.rid.as_str(), l.quality(), l.width, l.height)).collect();
    assert_eq!(layers, [("h", VideoQuality::High, 640, 480), ("q", VideoQuality::Low, 212, 160)]);
    assert!(stage.seen.layers["h"] > 30 && stage.seen.layers["q"] > 30, "{:?}", stage.seen.layers);
    let told = stage.told();
    assert_eq!(small_states(&told), [(P::Idle, P::Publishing), (P::Publishing, P::Published)]);
    stage.command(Command::Publish(Local::Camera, false));
    stage.run(SECOND);
    assert_eq!(small_states(&stage.told()), [(P::Published, P::NoPublish)], "without the camera there is none");
    stage.command(Command::Publish(Local::Camera, true));
    stage.run(3 * SECOND);
    assert_eq!(small_states(&stage.told()), [(P::NoPublish, P::Publishing), (P::Publishing, P::Published)], "and with it again");
}

#[test]
fn a_small_stream_that_is_wished_later_begins_without_a_change_of_the_cameras_state() {
    let mut stage = flowing(22);
    stage.run(SECOND);
    stage.told();
    stage.command(Command::Publish(Local::Small, true));
    assert!(stage.until(5 * SECOND, |s| s.seen.layers.contains_key("q")).is_some());
    stage.run(2 * SECOND);
    assert!(stage.flows());
    assert_eq!(stage.seen.tracks.len(), 2, "a section's layers cannot be changed, so it is another track");
    let told = stage.told();
    assert!(camera_states(&told).is_empty(), "{told:?}");
    assert_eq!(small_states(&told), [(P::Idle, P::Publishing), (P::Publishing, P::Published)]);
    let before = stage.seen.layers["q"];
    stage.command(Command::Publish(Local::Small, false));
    stage.run(SECOND);
    assert_eq!(small_states(&stage.told()), [(P::Published, P::NoPublish)]);
    assert_eq!(encoded(&stage), [true, false]);
    stage.command(Command::Publish(Local::Small, true));
    stage.run(2 * SECOND);
    assert_eq!(stage.seen.tracks.len(), 2, "the layer is there already");
    assert!(stage.seen.layers["q"] > before + 30, "{:?}", stage.seen.layers);
}

#[test]
fn each_stream_is_encoded_while_somebody_takes_it() {
    let mut stage = Stage::new(23);
    stage.command(Command::Publish(Local::Small, true));
    stage.join();
    assert!(stage.until(10 * SECOND, |s| s.flows()).is_some());
    let told =
        |low, high| qualities("TR_1", &[(VideoQuality::Low, low), (VideoQuality::Medium, high), (VideoQuality::High, high)]);
    for (low, high) in [(true, false), (true, true), (false, true), (false, false), (true, true)] {
        stage.say(told(low, high));
        stage.run(SECOND);
        assert_eq!(encoded(&stage), [high, low]);
    }
    // Without the small stream, who wanted it gets the big one.
    stage.say(told(true, false));
    stage.command(Command::Publish(Local::Small, false));
    stage.run(SECOND);
    assert_eq!(encoded(&stage), [true, false]);
}

#[test]
fn the_small_stream_gets_its_share_of_what_the_path_carries_first() {
    let mut stage = Stage::new(24);
    stage.command(Command::Publish(Local::Small, true));
    stage.join();
    assert!(stage.until(10 * SECOND, |s| s.flows()).is_some());
    let targets = |stage: &Stage| {
        let mut found = [0; 2];
        let input = &stage.session.setup.video[0];
        input.control(|control| found = control.streams.map(|s| s.target.map_or(0, |t| t.bitrate_bps)));
        found
    };
    stage.session.bandwidth(5_000_000, stage.now);
    stage.run(SECOND);
    let [big, small] = targets(&stage);
    assert_eq!(big, 512_000, "as configured");
    assert!((60_000..=200_000).contains(&small), "as recommended for 212x160: {small}");
    stage.session.bandwidth(400_000, stage.now);
    let [big, small] = targets(&stage);
    assert!((60_000..=90_000).contains(&small) && big > 2 * small && big + small <= 400_000, "{big} and {small}");
}

#[test]
fn camera_and_screen_are_encoded_as_each_was_configured() {
    let mut stage = flowing(25);
    let camera = VideoEncoderConfiguration {
        key_frame_interval: 2000,
        rotation_mode: RotationMode::Rotate90,
        mirror_mode: MirrorMode::Enabled,
        ..Default::default()
    };
    let screen = ScreenShareEncoderConfiguration {
        dimensions: Dimensions { width: 1920, height: 1080 },
        frame_rate: 10,
        bitrate: 1000,
        rotation_mode: RotationMode::Rotate180,
    };
    stage.command(Command::Render(Local::Camera, RenderMode::Crop));
    stage.command(Command::CameraEncoding(camera));
    stage.command(Command::ScreenEncoding(screen));
    stage.run(SECOND);
    let control = |source: usize| {
        let mut found = Control::default();
        stage.session.setup.video[source].control(|control| found = *control);
        found
    };
    let (camera, screen) = (control(0), control(1));
    let orientation = OrientationMode::Adaptive;
    let (mirror, rotation) = (MirrorMode::Enabled, RotationMode::Rotate90);
    assert_eq!(camera.shape, Shape { render: RenderMode::Crop, orientation, mirror, rotation });
    assert_eq!((camera.key_interval, camera.screen), (Some(2 * SECOND), false));
    assert_eq!((screen.shape.rotation, screen.key_interval, screen.screen), (RotationMode::Rotate180, None, true));
    let target = screen.streams[0].target.unwrap();
    assert_eq!((target.size, target.fps, target.bitrate_bps), (Size::new(1920, 1080), 10.0, 1_000_000));
}
