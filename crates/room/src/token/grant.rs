//! What a token allows in rooms, by LiveKit's names, and what clients are shown of it.

use rtc::proto::{ParticipantPermission, TrackSource};
use serde::{Deserialize, Serialize};

use super::is_false;

/// What a token allows, by LiveKit's names. What is absent is not allowed, except publishing and subscribing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VideoGrant {
    /// Room the token is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// May join that room.
    #[serde(skip_serializing_if = "is_false")]
    pub room_join: bool,
    /// May create and delete rooms.
    #[serde(skip_serializing_if = "is_false")]
    pub room_create: bool,
    /// May list rooms.
    #[serde(skip_serializing_if = "is_false")]
    pub room_list: bool,
    /// May rule over the room: list, remove, mute, send data.
    #[serde(skip_serializing_if = "is_false")]
    pub room_admin: bool,
    /// May publish tracks. Absent: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish: Option<bool>,
    /// May receive tracks. Absent: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_subscribe: Option<bool>,
    /// May send data. Absent: as publishing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish_data: Option<bool>,
    /// Sources it may publish (`camera`, `microphone`, `screen_share`, `screen_share_audio`). Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub can_publish_sources: Vec<String>,
    /// May change its own name, metadata and attributes. Absent: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_update_own_metadata: Option<bool>,
    /// Is not shown to others.
    #[serde(skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// Records; shown to others as such.
    #[serde(skip_serializing_if = "is_false")]
    pub recorder: bool,
    /// Is an agent.
    #[serde(skip_serializing_if = "is_false")]
    pub agent: bool,
}

impl VideoGrant {
    /// Joins `room` with every right of a usual participant.
    pub fn join(room: &str) -> Self {
        VideoGrant { room: room.to_owned(), room_join: true, ..Default::default() }
    }

    /// The permission that clients are shown.
    pub fn permission(&self) -> ParticipantPermission {
        let sources: Vec<i32> = self.can_publish_sources.iter().map(|name| source(name) as i32).collect();
        let can_publish = self.can_publish.unwrap_or(true) || !sources.is_empty();
        ParticipantPermission {
            can_subscribe: self.can_subscribe.unwrap_or(true),
            can_publish,
            can_publish_data: self.can_publish_data.unwrap_or(can_publish),
            can_publish_sources: sources,
            hidden: self.hidden,
            can_update_metadata: self.can_update_own_metadata.unwrap_or(false),
            ..Default::default()
        }
    }

    /// Says of rights what `permission` says; see [`VideoGrant::permission`].
    pub(crate) fn set_permission(&mut self, permission: &ParticipantPermission) {
        let known = permission.can_publish_sources.iter().filter_map(|source| TrackSource::try_from(*source).ok());
        self.can_publish = Some(permission.can_publish);
        self.can_subscribe = Some(permission.can_subscribe);
        self.can_publish_data = Some(permission.can_publish_data);
        self.can_update_own_metadata = Some(permission.can_update_metadata);
        self.hidden = permission.hidden;
        self.can_publish_sources = known.map(|source| source.as_str_name().to_ascii_lowercase()).collect();
    }
}

/// A source by its name in tokens, in whatever case. A name that nobody knows names no source: left out, it would leave an empty list,
/// which allows them all.
fn source(name: &str) -> TrackSource {
    TrackSource::from_str_name(&name.to_ascii_uppercase()).unwrap_or(TrackSource::Unknown)
}
