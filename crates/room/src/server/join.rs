//! What clients write into the address of the signalling websocket: parameters in the older form, one packed request in the
//! newer. Not for deciding whether they may come in.

use std::collections::HashMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use prost::Message as _;
use rtc::proto::{
    AddTrackRequest, JoinRequest, SessionDescription, SyncState, WrappedJoinRequest, wrapped_join_request::Compression,
};

use crate::core::{ClientTraits, Way};

/// Longest packed request as it travels.
const MAX_PACKED: usize = 96 * 1024;
/// Longest request once unpacked: an offer, announcements and metadata.
const MAX_UNPACKED: usize = 384 * 1024;

/// Clients pad or do not pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum JoinError {
    #[error("parameter `join_request` is missing")]
    Missing,
    #[error("join request of {0} bytes, at most {MAX_PACKED} are read")]
    TooLong(usize),
    #[error("join request is longer than {MAX_UNPACKED} bytes once unpacked")]
    TooLongUnpacked,
    #[error("join request is not base64url: {0}")]
    Base64(#[from] base64::DecodeError),
    #[error("join request is not gzip: {0}")]
    Gzip(#[from] std::io::Error),
    #[error("join request is not a LiveKit message: {0}")]
    Message(#[from] prost::DecodeError),
}

/// What a client asks for, in either form.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) way: Way,
    pub(super) traits: ClientTraits,
    pub(super) resume: Option<String>,
    pub(super) offer: Option<SessionDescription>,
    pub(super) add_tracks: Vec<AddTrackRequest>,
    pub(super) sync: Option<SyncState>,
}

/// The older form: one parameter for each thing.
pub(super) fn from_query(query: &HashMap<String, String>) -> Asked {
    let flag = |name: &str| query.get(name).map(|value| value == "1" || value.eq_ignore_ascii_case("true"));
    let traits = ClientTraits {
        auto_subscribe: flag("auto_subscribe").unwrap_or(true),
        allow_pause: flag("subscriber_allow_pause").unwrap_or(false),
        full_ice: flag("disable_ice_lite").unwrap_or(false),
        client_protocol: query.get("client_protocol").and_then(|value| value.parse().ok()).unwrap_or(0),
        capabilities: query.get("capabilities").map(|names| capabilities(names)).unwrap_or_default(),
        ..Default::default()
    };
    let resume = flag("reconnect").unwrap_or(false).then(|| query.get("sid").cloned().unwrap_or_default());
    Asked { way: Way::Two, traits, resume, offer: None, add_tracks: Vec::new(), sync: None }
}

/// The newer form.
pub(super) fn from_join_request(query: &HashMap<String, String>) -> Result<Asked, JoinError> {
    let packed = query.get("join_request").ok_or(JoinError::Missing)?;
    if packed.len() > MAX_PACKED {
        return Err(JoinError::TooLong(packed.len()));
    }
    let wrapped = WrappedJoinRequest::decode(BASE64.decode(packed)?.as_slice())?;
    let bytes = match wrapped.compression() {
        Compression::None => wrapped.join_request,
        Compression::Gzip => gunzip(&wrapped.join_request)?,
    };
    if bytes.len() > MAX_UNPACKED {
        return Err(JoinError::TooLongUnpacked);
    }
    let request = JoinRequest::decode(bytes.as_slice())?;
    let settings = request.connection_settings.unwrap_or_default();
    let client = request.client_info.unwrap_or_default();
    let traits = ClientTraits {
        auto_subscribe: settings.auto_subscribe,
        allow_pause: settings.subscriber_allow_pause.unwrap_or(false),
        full_ice: settings.disable_ice_lite,
        client_protocol: client.client_protocol,
        capabilities: client.capabilities,
        metadata: request.metadata,
        attributes: request.participant_attributes,
    };
    Ok(Asked {
        way: Way::One,
        traits,
        resume: request.reconnect.then_some(request.participant_sid),
        offer: request.publisher_offer,
        add_tracks: request.add_track_requests,
        sync: request.sync_state,
    })
}

fn gunzip(packed: &[u8]) -> Result<Vec<u8>, JoinError> {
    let mut bytes = Vec::new();
    // One byte more than is allowed tells too long from just long enough.
    flate2::read::GzDecoder::new(packed).take(MAX_UNPACKED as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_UNPACKED { Err(JoinError::TooLongUnpacked) } else { Ok(bytes) }
}

fn capabilities(names: &str) -> Vec<i32> {
    use rtc::proto::client_info::Capability;
    names.split(',').filter_map(|name| Capability::from_str_name(name.trim())).map(|capability| capability as i32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    fn pack(request: &JoinRequest, padded: bool) -> HashMap<String, String> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&request.encode_to_vec()).unwrap();
        let wrapped = WrappedJoinRequest { compression: Compression::Gzip as i32, join_request: gzip.finish().unwrap() };
        let text = base64::engine::general_purpose::URL_SAFE.encode(wrapped.encode_to_vec());
        let text = if padded { text } else { text.trim_end_matches('=').to_owned() };
        HashMap::from([("join_request".to_owned(), text)])
    }

    #[test]
    fn a_packed_request_is_read_with_and_without_padding() {
        let request = JoinRequest { reconnect: true, participant_sid: "PA_x".into(), ..Default::default() };
        for padded in [true, false] {
            let asked = from_join_request(&pack(&request, padded)).unwrap();
            assert_eq!(asked.resume.as_deref(), Some("PA_x"));
            assert!(!asked.traits.auto_subscribe, "absent is off in the newer form");
        }
    }

    #[test]
    fn a_request_that_swells_is_refused_before_it_fills_the_memory() {
        let bomb = JoinRequest { metadata: "x".repeat(50 * 1024 * 1024), ..Default::default() };
        let packed = pack(&bomb, true);
        assert!(packed["join_request"].len() < MAX_PACKED, "it must be small on the wire to be a bomb");
        assert!(matches!(from_join_request(&packed), Err(JoinError::TooLongUnpacked)));
        let long = HashMap::from([("join_request".to_owned(), "A".repeat(MAX_PACKED + 1))]);
        assert!(matches!(from_join_request(&long), Err(JoinError::TooLong(_))));
    }

    #[test]
    fn the_older_form_has_its_own_defaults() {
        let asked = from_query(&HashMap::new());
        assert!(asked.traits.auto_subscribe && asked.resume.is_none());
        let query = HashMap::from(
            [("auto_subscribe", "0"), ("reconnect", "1"), ("sid", "PA_y"), ("client_protocol", "2")]
                .map(|(k, v)| (k.to_owned(), v.to_owned())),
        );
        let asked = from_query(&query);
        assert!(!asked.traits.auto_subscribe);
        assert_eq!((asked.resume.as_deref(), asked.traits.client_protocol), (Some("PA_y"), 2));
    }

    proptest! {
        #[test]
        fn no_request_makes_it_panic(text in "[A-Za-z0-9_=-]{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let encoded = base64::engine::general_purpose::URL_SAFE.encode(&bytes);
            for text in [text, encoded] {
                let _ = from_join_request(&HashMap::from([("join_request".to_owned(), text)]));
            }
        }
    }
}
