//! Joining, leaving, being turned away.

use artc_bindings::{ConnectionStatus as Status, ErrorCode, Event, PublishState};
use rtc::proto::{DisconnectReason, leave_request::Action};

use super::stage::{Door, Stage};
use super::{SECOND, errors, flowing, join_results, statuses};
use crate::command::Command;
use crate::net::ConnectError;

#[test]
fn a_join_publishes_and_tells_it_in_the_documented_order() {
    let mut stage = flowing(1);
    stage.run(SECOND);
    let told = stage.told();
    assert_eq!(statuses(&told), [Status::Connecting, Status::Connected]);
    assert!(
        told.iter().any(|e| matches!(e, Event::JoinChannelResult { result: ErrorCode::Ok, channel, .. } if channel == "yard"))
    );
    let states: Vec<_> = told
        .iter()
        .filter_map(|e| if let Event::VideoPublishStateChanged(c) = e { Some((c.old_state, c.new_state)) } else { None })
        .collect();
    use PublishState as P;
    assert_eq!(states, [(P::Idle, P::Publishing), (P::Publishing, P::Published)]);
    assert_eq!(stage.seen.tracks.len(), 1);
    assert!(stage.seen.frames > 25);
    stage.command(Command::Leave);
    stage.run(SECOND);
    let told = stage.told();
    assert!(told.iter().any(|e| matches!(e, Event::LeaveChannelResult { result: ErrorCode::Ok })));
    assert_eq!(statuses(&told), [Status::Disconnected]);
    assert_eq!(stage.seen.left, 1);
    assert!(!stage.session.busy());
}

#[test]
fn what_the_server_says_on_leave_is_obeyed() {
    let mut stage = flowing(5);
    stage.dismiss(DisconnectReason::UnknownReason, Action::Resume);
    assert!(stage.until(5 * SECOND, |s| s.seen.resumes == 1).is_some());
    stage.run(2 * SECOND);
    stage.dismiss(DisconnectReason::Migration, Action::Reconnect);
    assert!(stage.until(5 * SECOND, |s| s.seen.joins == 2 && s.flows()).is_some());
    stage.dismiss(DisconnectReason::ServerShutdown, Action::Disconnect);
    assert!(
        stage.until(5 * SECOND, |s| s.seen.joins == 3 && s.flows()).is_some(),
        "a server going down is no reason to stay away"
    );
    stage.run(2 * SECOND);
    stage.told();
    stage.dismiss(DisconnectReason::DuplicateIdentity, Action::Disconnect);
    stage.run(60 * SECOND);
    let told = stage.told();
    assert_eq!(errors(&told), [ErrorCode::LeaveUnusual]);
    assert_eq!(statuses(&told), [Status::Failed]);
    assert_eq!(stage.seen.joins, 3, "two devices with one identity must not throw each other out for ever");
    assert!(!stage.session.busy());
    // A call that was taken just before has its result, and only that.
    stage.command(Command::Leave);
    stage.run(SECOND);
    assert!(matches!(stage.told()[..], [Event::LeaveChannelResult { result: ErrorCode::Ok }]));
}

#[test]
fn the_newest_token_is_used_then_the_first_and_then_the_caller_is_asked() {
    let mut stage = flowing(6);
    stage.run(SECOND);
    stage.seen.tokens.clear();
    stage.told();
    stage.door = Door::Refuses(ConnectError::TokenExpired);
    stage.restart_server();
    stage.run(60 * SECOND);
    assert_eq!(stage.seen.tokens, ["refreshed", "first"]);
    let told = stage.told();
    assert_eq!(errors(&told), [ErrorCode::JoinBadToken]);
    assert_eq!(statuses(&told).last(), Some(&Status::Failed));
}

#[test]
fn a_first_join_that_fails_says_why_once_and_can_be_tried_again() {
    let refusals = [
        (ConnectError::TokenExpired, ErrorCode::JoinBadToken),
        (ConnectError::NoRoom { why: "no".into() }, ErrorCode::JoinBadChannel),
        (ConnectError::NotLiveKit { host: "h".into(), why: "w".into() }, ErrorCode::JoinFailed),
        (ConnectError::Unreachable { host: "h".into(), why: "w".into() }, ErrorCode::NetworkConnectFail),
    ];
    let mut stage = Stage::new(7);
    for (error, code) in refusals {
        stage.door = Door::Refuses(error);
        stage.join();
        stage.run(40 * SECOND);
        assert_eq!(join_results(&stage.told()), [code]);
    }
    stage.door = Door::Open;
    stage.join();
    assert!(stage.until(10 * SECOND, |s| s.flows()).is_some());
}
