//! Family `record`: what is asked of the recorder. Which recordings there are only the folder knows.

use wire::record::{Delete, Fetch, MOST_FETCHED, MOST_LISTED, Which};
use wire::{Code, Refusal};

use super::effect::RecordAct;
use super::{Decision, Effect, View};

/// Recordings that are listed where nobody says how many.
const LISTED: u32 = 50;

pub(super) fn start(view: &View) -> Result<Decision, Refusal> {
    act(RecordAct::Start, view)
}

pub(super) fn stop(view: &View) -> Result<Decision, Refusal> {
    act(RecordAct::Stop, view)
}

pub(super) fn list(params: Which, view: &View) -> Result<Decision, Refusal> {
    let limit = params.limit.unwrap_or(LISTED);
    if !(1..=MOST_LISTED).contains(&limit) {
        return Err(Refusal::new(Code::OutOfRange, format!("limit {limit} is out of range, 1 to {MOST_LISTED}")));
    }
    act(RecordAct::List { before: params.before, limit }, view)
}

pub(super) fn fetch(params: Fetch, view: &View) -> Result<Decision, Refusal> {
    let length = params.length.unwrap_or(MOST_FETCHED);
    if !(1..=MOST_FETCHED).contains(&length) {
        return Err(Refusal::new(Code::OutOfRange, format!("length {length} is out of range, 1 to {MOST_FETCHED}")));
    }
    act(RecordAct::Fetch { id: params.id, offset: params.offset, length, thumbnail: params.thumbnail }, view)
}

pub(super) fn delete(params: Delete, view: &View) -> Result<Decision, Refusal> {
    act(RecordAct::Delete(params.id), view)
}

fn act(act: RecordAct, view: &View) -> Result<Decision, Refusal> {
    match view.no_recorder {
        Some(why) => Err(Refusal::new(Code::NotAvailable, why)),
        None => Ok(Effect::Record(act).into()),
    }
}
