//! The roles for commands that others' tokens name, in the attribute `artc.command.role`.
//!
//! What the server tells are attributes, and some participants may write theirs. Those of who may are his own words as long as he stays,
//! also when he may no more. Told from the first word about somebody on: a command may come before he is reckoned to be there.

use std::collections::HashMap;

use rtc::proto::{ParticipantInfo, participant_info};

use super::MOST_PEOPLE;

const ATTRIBUTE: &str = "artc.command.role";
/// Most bytes of a role's name.
const LONGEST: usize = 32;

/// Everybody who was told of, by identity.
#[derive(Default)]
pub(super) struct TokenRoles(HashMap<String, Bearer>);

struct Bearer {
    sid: String,
    version: u32,
    /// He may change his attributes, or could since he joined.
    writes: bool,
    role: Option<String>,
}

impl TokenRoles {
    /// What the server says about somebody. Gives the role that he has now, when that is another one.
    pub fn see(&mut self, info: &ParticipantInfo) -> Option<Option<String>> {
        let before = self.0.get(&info.identity);
        let stays = before.filter(|before| before.sid == info.sid);
        if info.state == participant_info::State::Disconnected as i32 {
            // The late farewell of an earlier visit says nothing.
            return stays.is_some().then(|| self.forget(&info.identity)).flatten();
        }
        let is_old = stays.is_some_and(|before| info.version != 0 && info.version < before.version);
        if is_old || before.is_none() && self.0.len() >= MOST_PEOPLE {
            return None;
        }
        let may_write = info.permission.as_ref().is_none_or(|permission| permission.can_update_metadata);
        let writes = may_write || stays.is_some_and(|before| before.writes);
        let role = info.attributes.get(ATTRIBUTE).filter(|role| !writes && role.len() <= LONGEST).cloned();
        let was = before.and_then(|before| before.role.clone());
        let bearer = Bearer { sid: info.sid.clone(), version: info.version, writes, role: role.clone() };
        self.0.insert(info.identity.clone(), bearer);
        (role != was).then_some(role)
    }

    /// Somebody has left. Gives that he has no role any more, when he had one.
    pub fn forget(&mut self, identity: &str) -> Option<Option<String>> {
        self.0.remove(identity)?.role.map(|_| None)
    }

    /// Those who were told of.
    pub fn identities(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}
