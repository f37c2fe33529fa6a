//! Joining, losing, finding again: the session against a server that does what servers do, on a virtual clock.

mod joining;
mod others;
mod publishing;
mod recovery;
mod stage;
mod strangers;

use std::time::Duration;

use artc_bindings::{ConnectionStatus as Status, ErrorCode, Event};

use stage::Stage;

const SECOND: Duration = Duration::from_secs(1);

/// A stage on which pictures flow.
fn flowing(seed: u64) -> Stage {
    let mut stage = Stage::new(seed);
    stage.join();
    assert!(stage.until(10 * SECOND, |s| s.flows()).is_some(), "pictures flow: {:?}", stage.told());
    stage
}

fn statuses(told: &[Event]) -> Vec<Status> {
    told.iter().filter_map(|e| if let Event::ConnectionState { status, .. } = e { Some(*status) } else { None }).collect()
}

fn join_results(told: &[Event]) -> Vec<ErrorCode> {
    told.iter().filter_map(|e| if let Event::JoinChannelResult { result, .. } = e { Some(*result) } else { None }).collect()
}

fn errors(told: &[Event]) -> Vec<ErrorCode> {
    told.iter().filter_map(|e| if let Event::Error { code, .. } = e { Some(*code) } else { None }).collect()
}
