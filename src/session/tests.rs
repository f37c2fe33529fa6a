//! The session's steps one by one; the life as a whole is in `tests/simulation`.

use artc_bindings::{
    AudioQualityMode, AudioSceneMode, ConnectionStatus, ConnectionStatusChangeReason, ErrorCode, Event, JoinChannelConfig,
    PublishChange, PublishState, RenderMode, Secret, VideoEncoderConfiguration, VideoSource,
};

use super::events::REPUBLISH;
use super::membership::{LEAVE_TIMEOUT, STEADY, TOKEN_TIMEOUT};
use super::*;

const NOW: Duration = Duration::from_secs(1000);

fn config() -> Config {
    Config {
        join: JoinChannelConfig::default(),
        encoder: VideoEncoderConfiguration::default(),
        video: true,
        audio: Some((48_000, 1)),
        volume: 80,
        dual: false,
        profile: None,
        muted: (false, true),
        seed: 1,
    }
}

fn ticket() -> Ticket {
    Ticket { token: Secret::new("s3cret"), channel: "yard".into(), user_id: "cam".into(), user_name: "Yard".into() }
}

/// Drains the session: what it asks for, and when it wants to be woken.
fn drain(session: &mut Session) -> (Vec<Output>, Option<Duration>) {
    let mut outputs = Vec::new();
    loop {
        match session.poll() {
            Output::WakeAt(at) => return (outputs, at),
            output => outputs.push(output),
        }
        assert!(outputs.len() < 64, "the session never comes to rest");
    }
}

fn calls(outputs: &[Output]) -> Vec<&Call> {
    outputs.iter().filter_map(|output| if let Output::Call(call) = output { Some(call) } else { None }).collect()
}

fn join_result(result: ErrorCode) -> Event {
    Event::JoinChannelResult { result, channel: "yard".into(), user_id: "cam".into() }
}

fn joined() -> Session {
    let mut session = Session::new(config());
    session.handle(Input::Join, NOW);
    session.handle(Input::Ticket(Ok(ticket())), NOW);
    session.handle(Input::Event(&join_result(ErrorCode::Ok)), NOW);
    drain(&mut session);
    assert_eq!(session.status().phase, Phase::Connected);
    session
}

#[test]
fn joining_sets_everything_up_before_the_join() {
    let mut session = Session::new(config());
    session.handle(Input::Join, NOW);
    let (outputs, wake) = drain(&mut session);
    assert_eq!(outputs[0], Output::NeedToken { renew: false });
    assert_eq!(wake, Some(NOW + TOKEN_TIMEOUT));
    session.handle(Input::Ticket(Ok(ticket())), NOW);
    let (outputs, _) = drain(&mut session);
    let calls = calls(&outputs);
    assert!(matches!(calls.last(), Some(Call::Join(t, _)) if *t == ticket()));
    for call in [
        Call::SetVideoSource(true, VideoSource::Camera, RenderMode::Auto),
        Call::SetAudioSource(true, 48_000, 1),
        Call::SetVolume(80),
        Call::Mute(Medium::Video, false),
        Call::Mute(Medium::Audio, true),
        Call::Publish(Medium::Video, true),
        Call::Publish(Medium::Audio, true),
    ] {
        assert!(calls.contains(&&call), "{call:?}");
    }
    assert!(!format!("{outputs:?}").contains("s3cret"), "the token does not show");
}

#[test]
fn pauses_double_and_are_capped() {
    let mut session = Session::new(config());
    session.handle(Input::Join, NOW);
    let mut now = NOW;
    let mut pauses = Vec::new();
    for _ in 0..12 {
        session.handle(Input::Ticket(Err("no network".into())), now);
        let (_, wake) = drain(&mut session);
        let wake = wake.expect("a next attempt");
        pauses.push(wake - now);
        now = wake;
        session.handle(Input::Deadline, now);
        let (outputs, _) = drain(&mut session);
        assert!(outputs.contains(&Output::NeedToken { renew: false }));
    }
    assert!(pauses[0] <= FIRST_PAUSE && pauses[0] >= FIRST_PAUSE / 2);
    assert!(pauses.iter().all(|pause| *pause <= MAX_PAUSE));
    assert!(pauses[8..].iter().all(|pause| *pause >= MAX_PAUSE / 2));
}

#[test]
fn a_link_that_comes_up_cuts_the_pause_short_but_not_to_nothing() {
    let mut session = Session::new(config());
    session.handle(Input::Join, NOW);
    let mut now = NOW;
    for _ in 0..10 {
        session.handle(Input::Ticket(Err("no network".into())), now);
        now = drain(&mut session).1.expect("a next attempt");
        session.handle(Input::Deadline, now);
    }
    session.handle(Input::Ticket(Err("no network".into())), now);
    assert!(drain(&mut session).1.expect("a pause") > now + Duration::from_secs(10));
    session.handle(Input::LinkUp, now + Duration::from_millis(200));
    assert_eq!(drain(&mut session).1, Some(now + MIN_GAP));
    session.handle(Input::LinkUp, now + Duration::from_secs(2));
    let (outputs, _) = drain(&mut session);
    assert!(outputs.contains(&Output::NeedToken { renew: false }), "{outputs:?}");
}

#[test]
fn a_refused_token_is_renewed_and_the_cause_is_told() {
    let mut session = Session::new(config());
    session.handle(Input::Join, NOW);
    session.handle(Input::Ticket(Ok(ticket())), NOW);
    let failed = Event::ConnectionState {
        status: ConnectionStatus::Failed,
        reason: ConnectionStatusChangeReason::JoinChannelFailure,
        detail: "token expired 3 s ago".into(),
    };
    session.handle(Input::Event(&failed), NOW);
    session.handle(Input::Event(&join_result(ErrorCode::JoinBadToken)), NOW);
    assert_eq!(session.status().detail, "join refused: token expired 3 s ago (ERR_JOIN_BAD_TOKEN (0x02010205))");
    let wake = drain(&mut session).1.expect("a next attempt");
    session.handle(Input::Deadline, wake);
    assert!(drain(&mut session).0.contains(&Output::NeedToken { renew: true }));
}

#[test]
fn an_error_that_ends_the_join_leaves_and_joins_again() {
    let mut session = joined();
    let error = Event::Error { code: ErrorCode::NetworkDisconnect, detail: "server gone".into() };
    session.handle(Input::Event(&error), NOW);
    let (outputs, wake) = drain(&mut session);
    assert_eq!(calls(&outputs), [&Call::Leave]);
    assert_eq!(wake, Some(NOW + LEAVE_TIMEOUT));
    session.handle(Input::Event(&Event::LeaveChannelResult { result: ErrorCode::Ok }), NOW);
    assert!(matches!(session.status().phase, Phase::Waiting { .. }));
    assert!(session.status().detail.contains("server gone"));
    // An error that does not end the join is only a line in the log.
    let mut session = joined();
    session.handle(Input::Event(&Event::Error { code: ErrorCode::AudioDataError, detail: String::new() }), NOW);
    assert_eq!(calls(&drain(&mut session).0), Vec::<&Call>::new());
    assert_eq!(session.status().phase, Phase::Connected);
}

#[test]
fn a_short_lived_connection_does_not_shorten_the_pauses() {
    let pause_after = |held: Duration| {
        let mut session = Session::new(config());
        session.handle(Input::Join, NOW);
        let mut now = NOW;
        for _ in 0..8 {
            session.handle(Input::Ticket(Err("no".into())), now);
            now = drain(&mut session).1.expect("a next attempt");
            session.handle(Input::Deadline, now);
        }
        session.handle(Input::Ticket(Ok(ticket())), now);
        session.handle(Input::Event(&join_result(ErrorCode::Ok)), now);
        now += held;
        session.handle(Input::Event(&Event::Error { code: ErrorCode::LeaveUnusual, detail: String::new() }), now);
        session.handle(Input::Event(&Event::LeaveChannelResult { result: ErrorCode::Ok }), now);
        drain(&mut session).1.expect("a pause") - now
    };
    assert!(pause_after(Duration::from_secs(1)) >= MAX_PAUSE / 2);
    assert!(pause_after(STEADY) <= FIRST_PAUSE);
}

#[test]
fn leaving_is_bounded_in_time_and_final() {
    let mut session = joined();
    session.handle(Input::Leave, NOW);
    assert_eq!(calls(&drain(&mut session).0), [&Call::Leave]);
    session.handle(Input::Deadline, NOW + LEAVE_TIMEOUT);
    assert_eq!(session.status().phase, Phase::Idle);
    assert_eq!(drain(&mut session).1, None);
    // While waiting for anything else it ends at once.
    let mut session = Session::new(config());
    session.handle(Input::Join, NOW);
    session.handle(Input::Leave, NOW);
    assert_eq!(session.status().phase, Phase::Idle);
    session.handle(Input::Ticket(Ok(ticket())), NOW);
    assert!(calls(&drain(&mut session).0).is_empty(), "a late token joins nothing");
}

#[test]
fn a_dropped_track_is_published_again() {
    let mut session = joined();
    let dropped = PublishChange {
        old_state: PublishState::Published,
        new_state: PublishState::NoPublish,
        elapse_since_last_state: Duration::ZERO,
        channel: "yard".into(),
    };
    session.handle(Input::Event(&Event::VideoPublishStateChanged(dropped)), NOW);
    let wake = drain(&mut session).1;
    assert_eq!(wake, Some(NOW + REPUBLISH));
    session.handle(Input::Deadline, NOW + REPUBLISH);
    assert_eq!(calls(&drain(&mut session).0), [&Call::Publish(Medium::Video, true)]);
}

#[test]
fn mute_is_kept_over_joins() {
    let mut session = joined();
    session.handle(Input::Mute(Medium::Video, true), NOW);
    assert_eq!(calls(&drain(&mut session).0), [&Call::Mute(Medium::Video, true)]);
    session.handle(Input::Event(&Event::Error { code: ErrorCode::LeaveUnusual, detail: String::new() }), NOW);
    session.handle(Input::Event(&Event::LeaveChannelResult { result: ErrorCode::Ok }), NOW);
    let wake = drain(&mut session).1.expect("a next attempt");
    session.handle(Input::Deadline, wake);
    session.handle(Input::Ticket(Ok(ticket())), wake);
    let (outputs, _) = drain(&mut session);
    assert!(calls(&outputs).contains(&&Call::Mute(Medium::Video, true)));
}

#[test]
fn small_stream_and_profile_are_asked_for_at_once_and_before_every_join() {
    let mut session = Session::new(config());
    session.handle(Input::Dual(true), NOW);
    session.handle(Input::Profile(AudioQualityMode::HighQuality, AudioSceneMode::Music), NOW);
    let wanted = [Call::PublishDual(true), Call::SetProfile(AudioQualityMode::HighQuality, AudioSceneMode::Music)];
    assert_eq!(calls(&drain(&mut session).0), wanted.each_ref());
    session.handle(Input::Join, NOW);
    drain(&mut session);
    session.handle(Input::Ticket(Ok(ticket())), NOW);
    let outputs = drain(&mut session).0;
    let calls = calls(&outputs);
    let join = calls.iter().position(|call| matches!(call, Call::Join(..))).expect("a join");
    assert!(wanted.iter().all(|call| calls[..join].contains(&call)), "{calls:?}");
}
