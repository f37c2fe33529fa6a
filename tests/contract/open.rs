//! On the open engine, in pairs, through the embedded room, over both ways to it: real sockets on loopback with LiveKit's tokens, and
//! the link inside a process with the vendor's; and through any other server. Real codecs, real time.

use std::collections::BTreeSet;

use artc_bindings::contract::{self, Report};

use crate::numbers;
use crate::server::{Server, Tokens};

/// What the open engine does not do yet. An engine that learns one of them makes this test fail, so that the list stays true.
const NOT_YET: &[&str] = &[];

fn keeps_the_contract(mut server: Server) -> Report {
    let only = std::env::var("ARTC_CONTRACT_CASE").unwrap_or_default();
    let report = contract::run_some(&mut server, |case| case.contains(&only));
    println!("{report}");
    assert!(report.failed.is_empty(), "{report}");
    let not_yet: BTreeSet<String> = NOT_YET.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(report.unsupported, not_yet, "{report}");
    if only.is_empty() {
        numbers::came_with_the_contract(&report);
    }
    report
}

#[test]
fn the_open_engine_keeps_the_contract() {
    keeps_the_contract(Server::own(false, Tokens::LiveKit));
}

#[test]
fn the_open_engine_keeps_the_contract_with_a_room_of_its_own_process() {
    keeps_the_contract(Server::own(true, Tokens::Vendor));
}

#[test]
#[ignore = "needs a server: ARTC_CONTRACT_URL, ARTC_CONTRACT_KEY and ARTC_CONTRACT_SECRET; tests/clients runs it on LiveKit's own"]
fn the_open_engine_keeps_the_contract_on_the_server_of_the_environment() {
    let [url, key, secret] = ["URL", "KEY", "SECRET"].map(|name| {
        let name = format!("ARTC_CONTRACT_{name}");
        std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: it names the server to run the contract on"))
    });
    let report = keeps_the_contract(Server::at(&url, &key, &secret));
    // What nothing stands in the way of is not left out.
    assert!(report.passed.len() > 50, "{report}");
}
