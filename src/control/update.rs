//! Family `update`: only what can be the place of a bundle is handed to RAUC; the rest is for RAUC to say.

use std::time::Duration;

use wire::update::{Bundle, LONGEST_BUNDLE};
use wire::{Code, Refusal};

use super::effect::UpdateAct;
use super::{Decision, Effect};

/// A bundle that is streamed over a poor link takes long; what takes longer hangs.
const INSTALL_WITHIN: Duration = Duration::from_secs(3 * 3600);

pub(super) fn check(params: Bundle) -> Result<Decision, Refusal> {
    Ok(Effect::Update(UpdateAct::Check(place(params)?)).into())
}

pub(super) fn install(params: Bundle) -> Result<Decision, Refusal> {
    Ok(Decision::Job { effect: Effect::InstallUpdate(place(params)?), limit: INSTALL_WITHIN })
}

fn place(Bundle { bundle }: Bundle) -> Result<String, Refusal> {
    let lawful = ["/", "https://", "http://"].iter().any(|start| bundle.len() > start.len() && bundle.starts_with(start));
    if lawful && bundle.len() <= LONGEST_BUNDLE && !bundle.chars().any(char::is_control) {
        return Ok(bundle);
    }
    let why = format!("`{}` is no bundle; name a path from / on, or an http(s) address", wire::shown(&bundle));
    Err(Refusal::new(Code::InvalidParams, why))
}
