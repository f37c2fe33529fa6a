//! Who may not come in is told why, counted, and nobody reads the token in the log.

use std::time::Duration;

use room::token::VideoGrant;

use crate::stage::{CHANNEL, Ffmpeg, Stage, now, token, token_for, wait};

/// Pushes, or plays, with what must be refused: what ffmpeg complains of.
fn tries(push: bool, address: &str) -> String {
    let args: &[&str] = match push {
        true => &["-f", "lavfi", "-i", "color=red:size=64x64:rate=10", "-t", "20", "-c:v", "libx264", "-f", "flv", address],
        false => &["-i", address, "-t", "1", "-f", "null", "-"],
    };
    let (content, said) = Ffmpeg::start(args).ended();
    assert!(!content, "{address} was let in: {said}");
    said
}

#[test]
fn who_may_not_come_in_is_told_why_and_counted_and_no_token_is_logged() {
    let stage = Stage::new();
    let grant = |grant: VideoGrant| token_for("encoder", grant, now());
    let usual = || VideoGrant::join(CHANNEL);
    let expired = token_for("encoder", usual(), now() - Duration::from_secs(8000));
    let forged = token("encoder") + "x";
    let elsewhere = grant(VideoGrant::join("street"));
    let viewer = grant(VideoGrant { can_publish: Some(false), ..usual() });
    let deaf = grant(VideoGrant { can_subscribe: Some(false), ..usual() });
    let good = token("encoder");
    let cases = [
        (true, "encoder", &expired, "expired", "token"),
        (true, "encoder", &forged, "signed with", "token"),
        (true, "encoder", &elsewhere, "street", "token"),
        (true, "encoder", &viewer, "does not allow to publish", "grant"),
        (true, "somebody", &good, "not for", "grant"),
        (true, "encoder", &String::new(), "no ?token=", "address"),
        (false, "encoder", &expired, "expired", "token"),
        (false, "encoder", &deaf, "does not allow to play", "grant"),
    ];
    for (push, stream, token, why, reason) in &cases {
        let before = stage.count("artc_server_refused_total", &["rtmp", reason]);
        let said = tries(*push, &stage.address(stream, token));
        assert!(said.contains(why), "{why:?} is not in {said:?}");
        assert_eq!(stage.count("artc_server_refused_total", &["rtmp", reason]), before + 1, "{why}");
    }
    // The first keeps the stream.
    let _first = Ffmpeg::push(&stage.address("encoder", &good), "red");
    wait("it pushes", || (stage.count("artc_server_rtmp_streams", &["in"]) == 1).then_some(()));
    let said = tries(true, &stage.address("encoder", &good));
    assert!(said.contains("already"), "{said}");
    assert_eq!(stage.count("artc_server_rtmp_streams", &["in"]), 1);
    // What WebRTC cannot show in order is not shown.
    let address = stage.address("b-frames", &token("b-frames"));
    let (content, said) = Ffmpeg::start(&[
        "-re",
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=160x120:rate=25",
        "-t",
        "60",
        "-c:v",
        "libx264",
        "-bf",
        "2",
        "-g",
        "50",
        "-f",
        "flv",
        &address,
    ])
    .ended();
    assert!(!content, "{said}");
    wait("it is counted", || (stage.count("artc_server_refused_total", &["rtmp", "pictures"]) == 1).then_some(()));
    let log = stage.log();
    assert!(log.contains("NetStream.Publish.Denied") && log.contains("B-frames"), "{log}");
    for token in [&expired, &forged, &elsewhere, &viewer, &deaf, &good] {
        let signature = token.rsplit('.').next().expect("a signature");
        assert!(!log.contains(signature), "a token is in the log");
    }
}
