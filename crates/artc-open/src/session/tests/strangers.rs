//! A server that answers with refusals or with nonsense: what the caller is told, and that pictures go on.

use std::time::Duration;

use artc_bindings::{ErrorCode, Event, SubscribeState};
use proptest::prelude::*;
use rtc::proto::participant_info::State;
use rtc::proto::{self, SubscriptionError, TrackSource, TrackType};
use rtc::signal::Response;

use super::stage::{Door, Stage};
use super::{SECOND, errors, flowing, join_results};
use crate::net::ConnectError;

fn bob(tracks: Vec<proto::TrackInfo>) -> Response {
    let bob = proto::ParticipantInfo {
        sid: "PA_bob".into(),
        identity: "bob".into(),
        state: State::Active as i32,
        tracks,
        version: 1,
        ..Default::default()
    };
    Response::Update(proto::ParticipantUpdate { participants: vec![bob] })
}

fn track(sid: &str, kind: TrackType, source: TrackSource) -> proto::TrackInfo {
    proto::TrackInfo { sid: sid.into(), r#type: kind as i32, source: source as i32, ..Default::default() }
}

#[test]
fn a_track_that_the_server_cannot_hand_out_is_told_by_its_kind() {
    let mut stage = flowing(41);
    stage.say(bob(vec![
        track("TR_mic", TrackType::Audio, TrackSource::Microphone),
        track("TR_cam", TrackType::Video, TrackSource::Camera),
        track("TR_screen", TrackType::Video, TrackSource::ScreenShare),
    ]));
    stage.run(SECOND);
    assert_eq!(errors(&stage.told()), []);
    for (sid, code) in [
        ("TR_mic", ErrorCode::SubscribeAudioStreamFailed),
        ("TR_cam", ErrorCode::SubscribeVideoStreamFailed),
        ("TR_screen", ErrorCode::SubscribeScreenShareFailed),
    ] {
        let err = SubscriptionError::SeCodecUnsupported as i32;
        stage.say(Response::SubscriptionResponse(proto::SubscriptionResponse { track_sid: sid.into(), err }));
        stage.run(SECOND);
        let told = stage.told();
        assert_eq!(errors(&told), [code]);
        let ended = told.iter().any(|event| match event {
            Event::AudioSubscribeStateChanged(c) | Event::VideoSubscribeStateChanged(c) => {
                c.new_state == SubscribeState::NoSubscribe
            }
            Event::ScreenShareSubscribeStateChanged(c) => c.new_state == SubscribeState::NoSubscribe,
            _ => false,
        });
        assert!(ended, "{told:?}");
    }
    // One that was never asked for says nothing.
    stage.say(Response::SubscriptionResponse(proto::SubscriptionResponse { track_sid: "TR_other".into(), err: 1 }));
    stage.run(SECOND);
    assert_eq!(errors(&stage.told()), []);
    assert!(stage.flows());
}

#[test]
fn documented_numbers_of_a_server_and_its_silence_come_with_the_result_of_the_join() {
    let documented = [
        ErrorCode::JoinBadAppid,
        ErrorCode::JoinInvalidAppid,
        ErrorCode::JoinInvalidChannel,
        ErrorCode::JoinBadChannel,
        ErrorCode::JoinBadToken,
        ErrorCode::JoinFailed,
    ];
    let mut refusals: Vec<_> =
        documented.map(|code| (ConnectError::Documented { code, why: "no".into() }, code)).into_iter().collect();
    let late = ConnectError::Timeout { host: "h".into(), step: "answer", seconds: 5 };
    refusals.push((late, ErrorCode::JoinTimeout));
    let mut stage = Stage::new(42);
    for (error, code) in refusals {
        stage.door = Door::Refuses(error);
        stage.join();
        stage.run(SECOND);
        assert_eq!(join_results(&stage.told()), [code]);
    }
}

/// Descriptions that are none, or that lie.
const DESCRIPTIONS: [&str; 6] = [
    "",
    "no description",
    "v=0\r\n",
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=ice-ufrag:x\r\na=ice-pwd:y\r\n\
     a=fingerprint:sha-256 00\r\na=rtpmap:96 H264/0\r\na=setup:nobody\r\n",
    "v=0\r\na=group:BUNDLE 0 0 0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:99999\r\na=mid:0\r\n",
];

#[test]
fn descriptions_and_candidates_that_are_none_end_nothing() {
    let mut stage = flowing(43);
    for sdp in DESCRIPTIONS {
        let description = |kind: &str| proto::SessionDescription { r#type: kind.into(), sdp: sdp.into(), ..Default::default() };
        stage.say(Response::Offer(description("offer")));
        stage.say(Response::Answer(description("answer")));
    }
    for text in
        ["", "{}", "[", r#"{"candidate":"candidate:"}"#, r#"{"candidate":"candidate:1 1 udp 1 999.1.1.1 99999 typ host"}"#]
    {
        for target in [0, 1, 7] {
            let trickle = proto::TrickleRequest { candidate_init: text.into(), target, ..Default::default() };
            stage.say(Response::Trickle(trickle));
        }
    }
    // A path that the nonsense has taken down is found again.
    stage.run(20 * SECOND);
    assert!(stage.until(20 * SECOND, |s| s.flows() && s.session.online()).is_some(), "{:?}", stage.told());
    assert_eq!(errors(&stage.told()), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn frames_and_datagrams_of_any_content_end_nothing(
        frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..20),
    ) {
        let mut stage = flowing(44);
        for bytes in &frames {
            stage.session.signal_message(stage.attempt(), bytes, stage.now);
            stage.nonsense(bytes);
            stage.run(Duration::from_millis(20));
        }
        prop_assert!(stage.until(30 * SECOND, |s| s.flows() && s.session.online()).is_some(), "{:?}", stage.told());
    }
}
