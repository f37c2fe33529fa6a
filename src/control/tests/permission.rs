//! Who may what.

use proptest::prelude::*;
use serde_json::json;
use wire::{Method, Role};

use super::super::permission::Permissions;
use super::super::{Config, Desk, Effect, Outcome, Sender, Step};
use super::{Bench, local, request};

fn config(toml: &str) -> Config {
    toml::from_str(toml).unwrap()
}

#[test]
fn by_default_the_app_server_the_printed_viewer_and_the_local_socket_may_what_their_role_may_and_nobody_else_anything() {
    for method in Method::ALL {
        let message = request(1, method.name(), json!({}));
        let operators = ["local-viewer", "local-viewer-Ab3xY9"].map(|identity| (Sender::participant(identity), Role::Operate));
        let keepers = [(Sender::participant("app-server"), Role::Maintain), (local(1), Role::Own)];
        for (lawful, role) in operators.into_iter().chain(keepers) {
            let mut bench = Bench::new();
            if let Step::Send(letter) = bench.desk.receive(&lawful, &message, &bench.view, bench.now) {
                let reply: serde_json::Value = serde_json::from_slice(&letter.message).unwrap();
                assert_eq!(reply["error"]["code"] == 2001, role < method.role(), "{lawful:?} {}", method.name());
            }
        }
        let strangers = ["", "viewer", "App-Server", "app-server2", "app-server\n", "*", "local-viewer ", "local user 0"];
        let almost =
            ["local-viewer-", "local-viewer-a b", "local-viewer-a-b", "local-viewerAb3", "local-viewer-ABCDEFGHIJKLMNOPQ"];
        for stranger in strangers.into_iter().chain(almost) {
            let (name, text, id) = Bench::new().refused(&Sender::participant(stranger), &message);
            assert_eq!((name.as_str(), id), ("not_allowed", json!(1)), "{stranger:?}");
            let needs = format!("may not call {}: it needs the role {}, the caller has no role", method.name(), method.role());
            assert_eq!(text, format!("`{}` {needs}", stranger.escape_debug()));
        }
    }
}

#[test]
fn a_viewer_address_is_made_on_the_local_socket_only_whatever_is_allowed() {
    let message = request(1, "viewer.address", json!({}));
    let mut bench = Bench { desk: Desk::new(&config("roles = { app-server = 'own' }")), ..Bench::new() };
    let (name, text, _) = bench.refused(&Sender::participant("app-server"), &message);
    assert_eq!((name.as_str(), text.as_str()), ("local_only", "viewer.address is not answered in the channel"));
    let mut bench = Bench::new();
    let (ticket, effect) = bench.effect(&local(1), &message);
    assert_eq!(effect, Effect::MakeViewerAddress);
    let made = wire::viewer::Address { address: "http://h/#token=secret".into(), expires_in_s: 3600 };
    let outcome = Outcome::ViewerAddress(made);
    assert!(!format!("{outcome:?}").contains("secret"), "what is logged lets nobody in");
    let letter = bench.desk.finish(ticket, &outcome, bench.now).unwrap();
    let reply: serde_json::Value = serde_json::from_slice(&letter.message).unwrap();
    assert_eq!(reply["result"], json!({ "address": "http://h/#token=secret", "expires_in_s": 3600 }));
}

#[test]
fn a_token_gives_the_role_that_it_names_as_far_as_the_configuration_lets_it() {
    let guard = Sender::participant("guard");
    let (look, work, keep) =
        (request(1, "device.info", json!({})), request(2, "audio.mute", json!({ "muted": true })), "log.tail");
    let may = |bench: &mut Bench, message: &[u8]| match bench.desk.receive(&guard, message, &bench.view, bench.now) {
        Step::Send(letter) => !String::from_utf8_lossy(&letter.message).contains("not_allowed"),
        _ => true,
    };
    let mut bench = Bench::new();
    bench.desk.named_by_token("guard", Some(Role::Own));
    assert!(!may(&mut bench, &look), "by default a token gives nothing");
    bench.desk.reconfigure(&config("token_role = 'operate'"));
    assert!(may(&mut bench, &look) && may(&mut bench, &work), "who is here already is seen with other eyes at once");
    let (name, text, _) = bench.refused(&guard, &request(3, keep, json!({})));
    assert_eq!(name, "not_allowed");
    assert!(text.ends_with("it needs the role maintain, the caller has operate"), "{text}");
    let other = Sender::participant("guard2");
    assert_eq!(bench.refused(&other, &look).0, "not_allowed", "another one's token is another one's");
    bench.desk.named_by_token("guard", Some(Role::Observe));
    let mute = request(4, "audio.mute", json!({ "muted": true }));
    assert!(may(&mut bench, &look) && !may(&mut bench, &mute), "what the token names, not what it could");
    bench.desk.named_by_token("guard", None);
    assert!(!may(&mut bench, &request(5, "device.info", json!({}))), "it has left");
    bench.desk.reconfigure(&config("token_role = 'own'\nrequire_signature = true\n[keys]\na.key = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'\na.role = 'own'"));
    bench.desk.named_by_token("guard", Some(Role::Own));
    assert_eq!(bench.refused(&guard, &request(6, "device.info", json!({}))).0, "signature_required", "a token signs nothing");
}

#[test]
fn refusal_comes_before_a_look_at_the_parameters() {
    let (name, ..) = Bench::new().refused(&Sender::participant("viewer"), &request(1, "audio.mute", json!({ "mute": 1 })));
    assert_eq!(name, "not_allowed", "a stranger learns nothing by probing");
}

#[test]
fn a_line_allows_what_it_says_and_takes_the_place_of_the_built_in_one() {
    let rules = Permissions::new(&config(
        r#"
        [allow]
        "guard-*" = ["camera.*", "stream.get"]
        "guard-7" = ["audio.mute"]
        "*" = ["device.info"]
        "local-viewer" = []
        "#,
    ));
    let allowed = |who: &str| -> Vec<&str> {
        Method::ALL.iter().filter(|method| rules.allows(who, **method)).map(|method| method.name()).collect()
    };
    let names = || Method::ALL.iter().map(|method| method.name());
    let camera: Vec<&str> = names().filter(|name| name.starts_with("camera.")).collect();
    assert_eq!(allowed("guard-1"), [&["device.info"], &camera[..], &["stream.get"]].concat());
    assert_eq!(allowed("guard-7"), [&["device.info"], &camera[..], &["stream.get", "audio.mute"]].concat());
    assert_eq!(allowed("guard"), ["device.info"]);
    assert_eq!(allowed("local-viewer"), ["device.info"], "its own line forbids the rest");
    assert_eq!(allowed("local-viewer-Ab3xY9"), ["device.info"], "and holds for each browser behind its address");
    let kept = Method::ALL.iter().filter(|method| method.role() <= Role::Maintain).count();
    assert_eq!(allowed("app-server").len(), kept);
    assert_eq!(allowed(""), [""; 0], "who has no identity matches not even a star");
}

#[test]
fn a_role_gives_what_asks_for_no_higher_one_and_a_line_of_methods_never_more_than_operate() {
    let rules = Permissions::new(&config(
        r#"
        roles = { "eye-*" = "observe", "eye-7" = "operate", "*-boss" = "own", "local-viewer" = "observe" }
        allow = { "eye-*" = ["stream.*"], "hand" = ["*"] }
        "#,
    ));
    for method in Method::ALL {
        let (name, needed) = (method.name(), method.role());
        let may = |who: &str| rules.allows(who, *method);
        assert_eq!(may("eye-1"), needed == Role::Observe || name.starts_with("stream."), "{name}");
        assert_eq!(may("eye-7"), needed <= Role::Operate, "{name}: the highest of several");
        assert_eq!(may("hand"), needed <= Role::Operate, "{name}: a star is no higher role");
        assert_eq!(may("local-viewer-Ab3xY9"), needed == Role::Observe, "{name}: its own line takes the built-in one's place");
        assert_eq!((may("big-boss"), may("nobody"), may("")), (true, false, false), "{name}");
    }
    let mut bench = Bench { desk: Desk::new(&config("roles = { eye = 'observe' }")), ..Bench::new() };
    let (name, text, _) = bench.refused(&Sender::participant("eye"), &request(1, "audio.mute", json!({ "muted": true })));
    assert_eq!(name, "not_allowed");
    assert_eq!(text, "`eye` may not call audio.mute: it needs the role operate, the caller has observe");
}

#[test]
fn a_pattern_without_a_method_is_a_mistake_with_a_suggestion() {
    let problems = |line: &str| config(&format!("[allow]\n{line}")).problems();
    assert_eq!(problems(r#"x = ["*", "camera.*", "*.get", "rpc.discover"]"#), []);
    assert_eq!(
        problems(r#"x = ["camera.mode"]"#),
        [("allow", "`camera.mode` is no method; did you mean `camera.modes`?".into())]
    );
    assert_eq!(problems(r#"x = ["reboot"]"#), [("allow", "`reboot` is no method; use `family.verb`, `family.*` or `*`".into())]);
    assert_eq!(problems(r#"x = ["cam.*"]"#).len(), 1);
    let local = "`viewer.address` is answered on the local socket only; nobody in the channel can be allowed it";
    assert_eq!(problems(r#"x = ["viewer.address"]"#), [("allow", local.into())]);
    assert_eq!(problems(r#""" = ["*"]"#), [("allow", "an empty identity can never join".into())]);
    assert_eq!(config("roles = { '' = 'own' }").problems(), [("roles", "an empty identity can never join".into())]);
    assert_eq!(config("socket_group = ''").problems().len(), 1);
}

#[test]
fn two_desks_may_differ() {
    let bench = Bench::new();
    let mut closed = Desk::new(&config("allow = { app-server = [] }"));
    let message = request(1, "device.info", json!({}));
    let step = closed.receive(&Sender::participant("app-server"), &message, &bench.view, bench.now);
    assert!(matches!(step, Step::Send(letter) if String::from_utf8_lossy(&letter.message).contains("not_allowed")));
}

proptest! {
    /// A star stands for any run: the pattern agrees with the regular expression of the same meaning.
    #[test]
    fn stars_mean_any_run(pattern in "[ab*]{0,8}", identity in "[ab]{1,10}") {
        let mut allow = std::collections::BTreeMap::new();
        allow.insert(pattern.clone(), vec!["device.info".to_owned()]);
        let rules = Permissions::new(&Config { allow, ..Config::default() });
        prop_assert_eq!(rules.allows(&identity, Method::DeviceInfo), slowly(pattern.as_bytes(), identity.as_bytes()));
    }
}

/// The definition, word by word; takes exponential time.
fn slowly(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|taken| slowly(rest, &text[taken..])),
        ([letter, pattern @ ..], [first, text @ ..]) => letter == first && slowly(pattern, text),
        _ => false,
    }
}
