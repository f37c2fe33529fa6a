//! What a server makes of what clients say.

use proptest::prelude::*;

use super::*;
use crate::Answer;

const NOW: Duration = Duration::from_secs(100);
const RING: Duration = Duration::from_secs(30);

fn client(name: &str) -> ClientId {
    ClientId::new("G", name).unwrap()
}

fn board() -> Switchboard {
    let topics = Topics::new("Up", "Up").unwrap();
    let usual = Usual { channel: "123456".into(), invite: vec![client("cam")] };
    Switchboard::new(topics, usual, Rules { ring: Some(RING), life: RING * 1000 }, 7, NOW)
}

fn deeds(board: &mut Switchboard) -> Vec<Deed> {
    std::iter::from_fn(|| board.poll()).collect()
}

fn say(board: &mut Switchboard, who: &str, request: &Request) -> Result<(), Refused> {
    board.message(&format!("Up/G@@@{who}"), &request.write(), NOW)
}

fn create(invite: &[&str]) -> Request {
    Request::Create { channel: None, invite: invite.iter().map(|name| client(name)).collect() }
}

/// The id of the call that was just made.
fn call_of(deeds: &[Deed]) -> String {
    deeds.iter().find_map(|deed| if let Deed::Enter { call, .. } = deed { Some(call.clone()) } else { None }).expect("a call")
}

#[test]
fn the_documented_texts_make_and_destroy_the_channel_of_the_configuration() {
    let mut board = board();
    board.message("Up", b"create", NOW).unwrap();
    let made = deeds(&mut board);
    assert_eq!(made[0], Deed::Open { channel: "123456".into() });
    let Deed::Enter { to, channel, rings: None, .. } = &made[1] else { panic!("{made:?}") };
    assert_eq!((to, channel.as_str(), made.len()), (&client("cam"), "123456", 2));
    board.message("Up", b"create", NOW).unwrap();
    assert!(matches!(deeds(&mut board)[..], [Deed::Enter { .. }]), "the channel is there already; the token is new");
    board.message("Up", b"destory", NOW).unwrap();
    let ended = deeds(&mut board);
    assert!(matches!(&ended[..], [Deed::Destroyed { .. }, Deed::Close { channel }] if channel == "123456"), "{ended:?}");
    assert_eq!(board.message("Up", b"destory", NOW), Err(Refused::NoCall));
}

#[test]
fn a_client_calls_another_and_hears_what_becomes_of_it() {
    let mut board = board();
    say(&mut board, "alice", &create(&["cam"])).unwrap();
    let call = call_of(&deeds(&mut board));
    say(&mut board, "cam", &Request::Answer { call: call.clone(), answer: Answer::Accept }).unwrap();
    let told = deeds(&mut board);
    assert!(
        matches!(&told[..], [Deed::Tell { to, event: Said::Accepted, who: Some(who), .. }] if *to == client("alice") && *who == client("cam"))
    );
    assert_eq!(say(&mut board, "mallory", &Request::Destory { call: Some(call.clone()) }), Err(Refused::NotTheirs));
    assert_eq!(
        say(&mut board, "mallory", &Request::Answer { call: call.clone(), answer: Answer::Accept }),
        Err(Refused::NotTheirs)
    );
    assert_eq!(board.calls(), 1);
    say(&mut board, "alice", &Request::Destory { call: Some(call) }).unwrap();
    assert_eq!(board.calls(), 0);
}

#[test]
fn who_is_off_line_gets_the_missed_call() {
    let mut board = board();
    board.message("Up/G@@@cam/presence", b"offline", NOW).unwrap();
    say(&mut board, "alice", &create(&["cam"])).unwrap();
    let made = deeds(&mut board);
    assert!(!made.iter().any(|deed| matches!(deed, Deed::Enter { to, .. } if *to == client("cam"))), "{made:?}");
    assert_eq!(board.deadline(), Some(NOW + RING));
    board.expire(NOW + RING);
    let missed = |deed: &Deed| matches!(deed, Deed::Tell { to, event: Said::Missed, who: Some(who), .. } if *to == client("cam") && *who == client("alice"));
    assert!(deeds(&mut board).iter().any(missed));
    assert_eq!(board.calls(), 0);
}

#[test]
fn what_is_wrong_is_refused_by_name() {
    let mut board = board();
    for (topic, payload, why) in [
        ("Up/x/y/z", "create", Refused::Topic),
        ("Other", "create", Refused::Topic),
        ("Up/G@@@alice", "{", Refused::Malformed),
        ("Up", "{\"do\":\"create\",\"invite\":[\"G@@@bob\"]}", Refused::NotTheirs),
        ("Up/G@@@alice", "{\"do\":\"create\",\"channel\":\"123456\"}", Refused::Full),
        ("Up/G@@@alice", "{\"do\":\"create\",\"invite\":[\"G@@@alice\"]}", Refused::Malformed),
        ("Up/G@@@alice", "{\"do\":\"cancel\",\"call\":\"nix\"}", Refused::NoCall),
        ("Up/G@@@alice/presence", "maybe", Refused::Malformed),
    ] {
        assert_eq!(board.message(topic, payload.as_bytes(), NOW), Err(why), "{topic} {payload}");
    }
    assert_eq!(board.calls(), 0);
}

#[test]
fn a_flood_of_one_does_not_silence_the_others() {
    let mut board = board();
    let refused = (0..500).filter(|_| say(&mut board, "mallory", &create(&["cam"])) == Err(Refused::Flood)).count();
    assert!(refused >= 450, "{refused}");
    assert_eq!(say(&mut board, "alice", &create(&["cam"])), Ok(()));
    assert_eq!(board.message("Up/G@@@mallory", b"create", NOW + Duration::from_secs(60)), Ok(()), "it is heard again later");
}

proptest! {
    /// Whoever says what: only those who were called, and those who call, are given tokens; every channel that is made is deleted.
    #[test]
    fn no_token_without_invitation(
        said in proptest::collection::vec((0..4_usize, 0..6_usize, 0..4_usize, 0..8_u64), 0..60)
    ) {
        let mut board = board();
        let names = ["alice", "bob", "carol", "mallory"];
        let (mut now, mut ids, mut invited) = (NOW, Vec::<String>::new(), Vec::<(String, ClientId)>::new());
        let mut open = Vec::<String>::new();
        for (who, what, whom, passes) in said {
            now += Duration::from_secs(passes);
            let call = ids.get(whom).cloned().unwrap_or_else(|| "none".into());
            let request = match what {
                // Mallory is never called by anybody.
                0 => Request::Create { channel: None, invite: vec![client(names[whom.min(2)])] },
                1 => Request::Destory { call: Some(call) },
                2 => Request::Destory { call: None },
                3 => Request::Cancel { call },
                4 => Request::Answer { call, answer: Answer::Accept },
                _ => Request::Answer { call, answer: Answer::Leave },
            };
            let creates = matches!(request, Request::Create { .. });
            let _ = board.message(&format!("Up/G@@@{}", names[who]), &request.write(), now);
            board.expire(now);
            for deed in deeds(&mut board) {
                match deed {
                    Deed::Open { channel } => open.push(channel),
                    Deed::Close { channel } => {
                        prop_assert!(open.contains(&channel));
                        open.retain(|one| *one != channel);
                    }
                    Deed::Enter { to, call, .. } => {
                        if creates && !ids.contains(&call) {
                            invited.push((call.clone(), client(names[who])));
                            invited.push((call.clone(), client(names[whom.min(2)])));
                            ids.insert(0, call.clone());
                        }
                        prop_assert!(invited.contains(&(call, to)));
                    }
                    _ => {}
                }
            }
        }
        board.expire(now + RING * 2000);
        board.expire(now + RING * 2000);
        let closed = deeds(&mut board).iter().filter(|deed| matches!(deed, Deed::Close { .. })).count();
        prop_assert_eq!((closed, board.calls()), (open.len(), 0));
    }
}

#[test]
fn calls_go_on_after_a_restart_of_the_server_and_what_became_late_meanwhile_is_missed() {
    let mut before = board();
    say(&mut before, "alice", &create(&["cam"])).unwrap();
    let talks = call_of(&deeds(&mut before));
    say(&mut before, "cam", &Request::Answer { call: talks.clone(), answer: Answer::Accept }).unwrap();
    say(&mut before, "bob", &create(&["door"])).unwrap();
    let rings = call_of(&deeds(&mut before)[1..]);
    let kept = before.changed(NOW);
    assert_eq!((kept.len(), before.changed(NOW).len()), (2, 0), "only what changed is kept again");

    let (passed, now) = (RING, Duration::from_secs(5));
    let mut after = board();
    for (id, line) in kept {
        let written = serde_json::to_string(&line.expect("it has not ended")).unwrap();
        after.restore(&id, serde_json::from_str(&written).unwrap(), passed, now).unwrap();
    }
    assert!(matches!(&deeds(&mut after)[..], [Deed::Open { .. }, Deed::Open { .. }]), "their channels are made again");
    assert_eq!(after.deadline(), Some(now), "nobody answered at the door, and it does not ring any more");
    after.expire(now);
    let missed =
        |deed: &Deed| matches!(deed, Deed::Tell { to, event: Said::Missed, call, .. } if *to == client("door") && *call == rings);
    assert!(deeds(&mut after).iter().any(missed));
    assert_eq!(after.calls(), 1);
    after.message("Up/G@@@alice", &Request::Destory { call: Some(talks.clone()) }.write(), now).unwrap();
    assert!(deeds(&mut after).iter().any(|deed| matches!(deed, Deed::Destroyed { to, .. } if *to == client("cam"))));
    assert_eq!(after.changed(now).into_iter().find(|(id, _)| *id == talks), Some((talks, None)), "it is forgotten");
}
