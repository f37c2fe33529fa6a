//! Every documented method and callback is there, and explained: documented name, source, units, refusals.

use crate::engine;

/// The callbacks of seed 001.
const CALLBACKS: [&str; 26] = [
    "OnError",
    "OnWarning",
    "OnJoinChannelResult",
    "OnDataChannelMsg",
    "OnLeaveChannelResult",
    "OnRemoteUserOnLineNotify",
    "OnRemoteUserOffLineNotify",
    "OnRemoteTrackAvailableNotify",
    "OnAudioSubscribeStateChanged",
    "OnVideoSubscribeStateChanged",
    "OnSubscribeStreamTypeChanged",
    "OnScreenShareSubscribeStateChanged",
    "OnScreenSharePublishStateChanged",
    "OnDualStreamPublishStateChanged",
    "OnVideoPublishStateChanged",
    "OnAudioPublishStateChanged",
    "OnSubscribeAudioFrame",
    "OnSubscribeMixAudioFrame",
    "OnRemoteVideoSample",
    "OnRemoteVideoEncodedSample",
    "OnMediaExtensionMsgReceived",
    "OnUpdateRoleNotify",
    "OnSubscribeAudioAac",
    "OnSubscribeMixedAudioAac",
    "OnPushAudioFrameBufferFull",
    "OnPushVideoFrameBufferFull",
];

#[test]
fn the_api_has_every_documented_method_and_callback() {
    let source = include_str!("../engine.rs");
    for (rust, documented) in engine::METHODS {
        assert!(source.contains(&format!("#[doc(alias = \"{documented}\")]\n    fn {rust}(")), "{documented} as {rust}");
    }
    // No documented method besides these: 34 on the engine and the factory.
    assert_eq!(source.matches("#[doc(alias = \"").count(), engine::METHODS.len());
    let events = include_str!("../event.rs");
    let (documented, extensions) = events.split_once("--- Extensions").expect("the mark between documented and ours");
    for callback in CALLBACKS {
        assert_eq!(documented.matches(&format!("#[doc(alias = \"{callback}\")]")).count(), 1, "{callback}");
    }
    assert_eq!(documented.matches("#[doc(alias = \"On").count(), CALLBACKS.len());
    assert!(extensions.contains("CommandMessage") && !documented.contains("    CommandMessage"));
}

/// What stands as documentation before each line of `source` that has `mark` in it.
fn documentation<'s>(source: &'s str, mark: &str) -> Vec<&'s str> {
    let is_documentation = |line: &&str| line.trim_start().starts_with("///");
    let before = |at: usize| &source[..source[..at].rfind('\n').map_or(0, |end| end + 1)];
    let last_lines = |before: &'s str| {
        let length: usize = before.split_inclusive('\n').rev().take_while(is_documentation).map(str::len).sum();
        &before[before.len() - length..]
    };
    source.match_indices(mark).map(|(at, _)| last_lines(before(at))).collect()
}

#[test]
fn every_method_is_explained_with_what_it_refuses_and_where_it_comes_from() {
    let source = include_str!("../engine.rs");
    for (rust, documented) in engine::METHODS {
        let docs = documentation(source, &format!("#[doc(alias = \"{documented}\")]"));
        let [docs] = docs.as_slice() else { panic!("{documented} stands {} times", docs.len()) };
        assert!(docs.contains("Source: seed"), "{rust} does not say which seed it comes from: {docs}");
        let (_, signature) = source.split_once(&format!("    fn {rust}(")).expect("the method");
        let answers = signature.split([';', '{']).next().is_some_and(|signature| signature.contains("-> Result<"));
        assert_eq!(docs.contains("Refused: "), answers, "{rust}: what it refuses: {docs}");
        let signature = signature.split([';', '{']).next().unwrap_or_default();
        let numbers = ["i32", "u32", "i64", "u64", "usize"].iter().map(|kind| signature.matches(kind).count()).sum::<usize>();
        let units = ["Hz", "1 or 2", " milliseconds", " seconds", "percent", "pictures"];
        let units = units.iter().filter(|unit| docs.replace("/// ", "").replace('\n', " ").contains(**unit)).count();
        assert!(numbers <= units, "{rust} has {numbers} numbers and names {units} units: {docs}");
    }
    let events = include_str!("../event.rs").split("--- Extensions").next().expect("the documented ones");
    let callbacks = documentation(events, "#[doc(alias = \"On");
    assert_eq!(callbacks.len(), 26);
    assert!(callbacks.iter().all(|docs| docs.contains("/// ")), "{callbacks:?}");
    assert!(events.contains("Source: seed 001"), "where the callbacks come from");
}
