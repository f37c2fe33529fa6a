//! Calls step by step, and any order of everything that can happen to one.

use proptest::prelude::*;

use super::*;

const RING: Duration = Duration::from_secs(30);
const RULES: Rules = Rules { ring: Some(RING), life: Duration::from_secs(48 * 3600) };
const NOW: Duration = Duration::from_secs(100);

fn client(name: &str) -> ClientId {
    ClientId::new("G", name).unwrap()
}

fn call(invited: &[&str]) -> Call {
    Call::new(Some(client("alice")), invited.iter().map(|name| client(name)), |_| false, RULES, NOW)
}

fn steps(call: &mut Call) -> Vec<Step> {
    std::iter::from_fn(|| call.poll()).collect()
}

#[test]
fn caller_and_invited_get_a_token_and_the_caller_hears_the_answer() {
    let mut call = call(&["bob"]);
    assert_eq!(steps(&mut call), [Step::Enter(client("alice")), Step::Enter(client("bob"))]);
    assert!(call.answer(&client("bob"), Answer::Ringing));
    assert!(call.answer(&client("bob"), Answer::Accept));
    assert!(call.answer(&client("bob"), Answer::Accept), "the broker may deliver twice");
    assert_eq!(steps(&mut call), [Step::Tell(client("bob"), Said::Ringing), Step::Tell(client("bob"), Said::Accepted)]);
    call.expire(NOW + RING);
    assert_eq!(steps(&mut call), [], "who has come is in time");
    call.give_up(false);
    assert_eq!(steps(&mut call), [Step::Destroyed(client("alice")), Step::Destroyed(client("bob")), Step::Ended(End::Destroyed)]);
    assert!(!call.answer(&client("bob"), Answer::Leave), "nothing is said to what has ended");
    assert_eq!(call.deadline(), None);
}

#[test]
fn who_does_not_answer_has_missed_it_and_is_not_let_in_later() {
    let mut call = call(&["bob", "carol"]);
    call.answer(&client("carol"), Answer::Accept);
    steps(&mut call);
    assert_eq!(call.deadline(), Some(NOW + RING));
    call.expire(NOW + RING);
    let (bob, missed) = (client("bob"), Said::Missed);
    assert_eq!(steps(&mut call), [Step::Destroyed(bob.clone()), Step::Missed(bob.clone()), Step::Tell(bob.clone(), missed)]);
    call.answer(&bob, Answer::Accept);
    assert_eq!((call.leg(&bob), call.ended()), (Some(Leg::Out), None));
    call.answer(&client("carol"), Answer::Leave);
    assert_eq!(call.ended(), Some(End::Left));
}

#[test]
fn who_is_away_is_rung_when_they_come_or_told_afterwards() {
    let away = |who: &ClientId| who.device() != "carol";
    let mut call = Call::new(None, [client("bob"), client("dave")], away, RULES, NOW);
    assert_eq!(steps(&mut call), []);
    call.came(&client("bob"));
    call.came(&client("bob"));
    assert_eq!(steps(&mut call), [Step::Enter(client("bob"))]);
    call.expire(NOW + RING);
    assert_eq!(
        steps(&mut call),
        [Step::Destroyed(client("bob")), Step::Missed(client("bob")), Step::Missed(client("dave")), Step::Ended(End::Unanswered)]
    );
    call.came(&client("dave"));
    assert_eq!(steps(&mut call), []);
}

#[test]
fn busy_and_rejected_everywhere_ends_it() {
    let mut call = call(&["bob", "carol"]);
    call.answer(&client("bob"), Answer::Busy);
    assert_eq!(call.ended(), None);
    call.answer(&client("carol"), Answer::Reject);
    assert_eq!(call.ended(), Some(End::Unanswered));
}

#[test]
fn cancelled_before_anybody_came_is_missed_by_all() {
    let mut call = call(&["bob"]);
    steps(&mut call);
    call.give_up(true);
    let told = steps(&mut call);
    assert!(told.contains(&Step::Missed(client("bob"))) && told.contains(&Step::Ended(End::Cancelled)), "{told:?}");
}

#[test]
fn without_ringing_nobody_has_to_answer() {
    let rules = Rules { ring: None, ..RULES };
    let mut call = Call::new(None, [client("bob")], |_| true, rules, NOW);
    assert_eq!(steps(&mut call), [Step::Enter(client("bob"))]);
    assert_eq!(call.deadline(), Some(NOW + RULES.life));
    call.again();
    assert_eq!(steps(&mut call), [Step::Enter(client("bob"))]);
    call.expire(NOW + RULES.life);
    assert_eq!(steps(&mut call), [Step::Destroyed(client("bob")), Step::Ended(End::TooOld)]);
}

#[derive(Clone, Debug)]
enum Happening {
    Says(usize, Answer),
    Comes(usize),
    Again,
    GivesUp(bool),
    Passes(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let answers =
        prop_oneof![Just(Answer::Ringing), Just(Answer::Accept), Just(Answer::Reject), Just(Answer::Busy), Just(Answer::Leave)];
    prop_oneof![
        6 => (0..6_usize, answers).prop_map(|(who, answer)| Happening::Says(who, answer)),
        2 => (0..6_usize).prop_map(Happening::Comes),
        1 => Just(Happening::Again),
        1 => any::<bool>().prop_map(Happening::GivesUp),
        2 => (0..40_u64).prop_map(Happening::Passes),
    ]
}

proptest! {
    /// Whatever happens in whatever order: one end and no more, and it comes in time; no token for anybody who was not called; who
    /// got a token is told when it is worth nothing any more.
    #[test]
    fn exactly_one_end_and_no_token_without_invitation(
        invited in proptest::collection::btree_set(0..4_usize, 0..4),
        away in any::<[bool; 6]>(),
        has_caller in any::<bool>(),
        rings in any::<bool>(),
        happenings in proptest::collection::vec(happening(), 0..40),
    ) {
        let names: Vec<ClientId> = (0..6).map(|n| client(&format!("c{n}"))).collect();
        let caller = has_caller.then(|| client("alice"));
        let is_away = |who: &ClientId| names.iter().position(|name| name == who).is_some_and(|n| away[n]);
        let rules = Rules { ring: rings.then_some(RING), ..RULES };
        let mut call = Call::new(caller.clone(), invited.iter().map(|n| names[*n].clone()), is_away, rules, NOW);
        let mut now = NOW;
        let mut done = steps(&mut call);
        for happening in happenings {
            match happening {
                Happening::Says(who, answer) => {
                    let had_a_say = call.answer(&names[who], answer);
                    prop_assert!(!had_a_say || invited.contains(&who));
                }
                Happening::Comes(who) => call.came(&names[who]),
                Happening::Again => call.again(),
                Happening::GivesUp(cancel) => call.give_up(cancel),
                Happening::Passes(seconds) => {
                    now += Duration::from_secs(seconds);
                    call.expire(now);
                }
            }
            done.extend(steps(&mut call));
            prop_assert!(call.deadline().is_none_or(|at| at >= NOW));
        }
        call.expire(NOW + RULES.life);
        done.extend(steps(&mut call));

        prop_assert_eq!(done.iter().filter(|step| matches!(step, Step::Ended(_))).count(), 1);
        prop_assert!(matches!(done.last(), Some(Step::Ended(_))), "nothing follows the end: {:?}", done);
        let mut holding: Vec<&ClientId> = Vec::new();
        for step in &done {
            match step {
                Step::Enter(who) => {
                    let called = names.iter().position(|name| name == who).is_some_and(|n| invited.contains(&n));
                    prop_assert!(called || caller.as_ref() == Some(who), "{} was not called", who);
                    if !holding.contains(&who) { holding.push(who) }
                }
                Step::Destroyed(who) => {
                    prop_assert!(holding.contains(&who), "{} held no token", who);
                    holding.retain(|one| *one != who);
                }
                _ => {}
            }
        }
        prop_assert!(holding.is_empty(), "nobody is left with a token: {:?}", holding);
    }
}
