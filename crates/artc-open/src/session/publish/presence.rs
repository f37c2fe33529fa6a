//! Who we say we are: name, profile and role, as attributes that everybody in the channel sees.

use std::collections::HashMap;

use artc_bindings::{ChannelProfile, ClientRole};
use rtc::proto;
use rtc::signal::Request;

use crate::session::Session;

impl Session {
    /// Says our name, profile and role to the others, where the token allows it.
    pub(in crate::session) fn say_who_we_are(&mut self, me: &proto::ParticipantInfo) {
        if !me.permission.as_ref().is_some_and(|p| p.can_update_metadata) {
            return;
        }
        let Some(join) = &self.join else { return };
        let name = if join.user_name.is_empty() { me.name.clone() } else { join.user_name.clone() };
        let attributes = self.attributes();
        self.signal(Request::UpdateMetadata(proto::UpdateParticipantMetadata {
            name,
            metadata: me.metadata.clone(),
            attributes,
            ..Default::default()
        }));
    }

    /// What a join says of us.
    pub(in crate::session) fn attributes(&self) -> HashMap<String, String> {
        let profile = self.join.as_ref().map_or(ChannelProfile::InteractiveLive, |join| join.config.channel_profile);
        let profile = match profile {
            ChannelProfile::Communication => "communication",
            ChannelProfile::InteractiveLive => "interactive",
            ChannelProfile::InteractiveWithLowLatencyLive => "low-latency",
        };
        [("artc.profile", profile), ("artc.role", role_name(self.publish.effective_role()))]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into()
    }

    pub(super) fn say_role(&mut self) {
        let may = self.permission.as_ref().is_some_and(|p| p.can_update_metadata);
        let Some(join) = self.join.as_ref().filter(|_| may) else { return };
        if !self.online() {
            return;
        }
        let attributes = [("artc.role".to_owned(), role_name(self.publish.effective_role()).to_owned())].into();
        let name = join.user_name.clone();
        self.signal(Request::UpdateMetadata(proto::UpdateParticipantMetadata { name, attributes, ..Default::default() }));
    }
}

/// The value of the attribute `artc.role`.
pub(in crate::session) fn role_name(role: ClientRole) -> &'static str {
    match role {
        ClientRole::Interactive => "interactive",
        ClientRole::Live => "live",
    }
}
