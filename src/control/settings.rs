//! Family `config`: how much may be asked for at once, and for how long it may be on trial. Whether the values are lawful is for the rules
//! of the configuration to say, when they are set.

use std::time::Duration;

use wire::config::{Get, MOST_KEYS, Reset, Set, TRIAL_S};
use wire::{Code, Refusal, Role};

use super::effect::ConfigAct;
use super::{Decision, Effect};

#[expect(clippy::unnecessary_wraps, reason = "one shape for the whole table of methods")]
pub(super) fn get(params: Get) -> Result<Decision, Refusal> {
    Ok(Effect::Config(ConfigAct::Get(params.keys)).into())
}

pub(super) fn set(params: Set, role: Option<Role>) -> Result<Decision, Refusal> {
    if params.values.is_empty() || params.values.len() > MOST_KEYS {
        let count = params.values.len();
        return Err(Refusal::new(Code::InvalidParams, format!("config.set: {count} values; 1 to {MOST_KEYS} are set at once")));
    }
    own_what_is_the_owners(params.values.keys(), role)?;
    let trial = trial(params.confirm_within_s)?;
    Ok(Effect::Config(ConfigAct::Set { values: params.values, trial }).into())
}

pub(super) fn reset(params: Reset, role: Option<Role>) -> Result<Decision, Refusal> {
    own_what_is_the_owners(params.keys.iter().flatten(), role)?;
    let trial = trial(params.confirm_within_s)?;
    Ok(Effect::Config(ConfigAct::Reset { keys: params.keys, keep_control: role < Some(Role::Own), trial }).into())
}

/// Who may do what is said by who has the role own alone: else whoever keeps the device could make itself its owner.
fn own_what_is_the_owners<'a>(keys: impl IntoIterator<Item = &'a String>, role: Option<Role>) -> Result<(), Refusal> {
    let theirs = |key: &&String| key.split('.').next() == Some("control");
    match keys.into_iter().find(theirs) {
        Some(_) if role < Some(Role::Own) => {
            let has = role.map_or("no role", Role::name);
            let why = format!("`control` says who may do what: to change it needs the role own, the caller has {has}");
            Err(Refusal::new(Code::NotAllowed, why))
        }
        _ => Ok(()),
    }
}

fn trial(seconds: Option<u32>) -> Result<Option<Duration>, Refusal> {
    match seconds {
        Some(seconds) if !TRIAL_S.contains(&seconds) => {
            let (least, most) = (TRIAL_S.start(), TRIAL_S.end());
            Err(Refusal::new(Code::OutOfRange, format!("confirm_within_s {seconds} is not between {least} and {most}")))
        }
        seconds => Ok(seconds.map(|seconds| Duration::from_secs(seconds.into()))),
    }
}
