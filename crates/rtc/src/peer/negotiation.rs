//! Offers and answers as text, one offer of ours at a time. Not for what is written into them beside the library's own words (see
//! [`crate::sdp`]).

use str0m::change::{SdpAnswer, SdpApi, SdpOffer};
use str0m::media::Mid;

use super::{DataChannel, Peer};
use crate::sdp::Sdp;

/// Why a session description is refused.
#[derive(Debug, thiserror::Error)]
pub enum NegotiationError {
    /// Too long or with too many sections.
    #[error(transparent)]
    Bounds(#[from] crate::sdp::SdpError),
    /// Not SDP.
    #[error("session description cannot be read: {0}")]
    Syntax(String),
    /// SDP, but not one that fits this connection.
    #[error("session description cannot be applied: {0}")]
    Refused(#[from] str0m::RtcError),
    /// An answer came although no offer of ours is waiting for one.
    #[error("answer without an offer")]
    NoOffer,
    /// An offer of ours still waits for its answer.
    #[error("an offer is waiting for its answer already")]
    OfferOutstanding,
}

impl Peer {
    /// Applies their offer and answers it. An own offer that waits is rolled back, as the library demands; ask
    /// [`Peer::offer`] again.
    pub fn accept_offer(&mut self, offer: &str) -> Result<String, NegotiationError> {
        let description = Sdp::parse(offer)?;
        let offer = SdpOffer::from_sdp_string(offer).map_err(|e| NegotiationError::Syntax(e.to_string()))?;
        self.pending = None;
        self.forget_other_tracks(&description);
        Ok(self.rtc.sdp_api().accept_offer(offer)?.to_sdp_string())
    }

    /// A section may carry one track after another. Of the one before the library would keep the sources, and ask those for key
    /// frames, and the sequence numbers, and take a track that begins below them for what is long past. So a section with other
    /// sources than before is made anew.
    fn forget_other_tracks(&mut self, description: &Sdp) {
        let before = std::mem::take(&mut self.sources);
        for section in description.sections() {
            let Some(mid) = section.mid().map(Mid::from) else { continue };
            let known = before.get(&mid).copied();
            let Some(source) = section.ssrcs().next().or(known) else { continue };
            self.sources.insert(mid, source);
            let sends = || self.rtc.media(mid).is_some_and(|media| media.direction().is_sending());
            if known.is_some_and(|known| known != source) && !sends() {
                self.rtc.direct_api().remove_media(mid);
            }
        }
    }

    /// Makes an offer of the changes that `change` makes. `None` when nothing needs an offer. One offer at a time.
    pub fn offer<T>(&mut self, change: impl FnOnce(&mut SdpApi<'_>) -> T) -> Result<(T, Option<String>), NegotiationError> {
        if self.pending.is_some() {
            return Err(NegotiationError::OfferOutstanding);
        }
        let mut api = self.rtc.sdp_api();
        let result = change(&mut api);
        let Some((offer, pending)) = api.apply() else { return Ok((result, None)) };
        self.pending = Some(pending);
        Ok((result, Some(offer.to_sdp_string())))
    }

    /// Adds the three data channels to an offer, for use inside [`Peer::offer`].
    pub fn add_data_channels(api: &mut SdpApi<'_>) {
        for channel in DataChannel::ALL {
            api.add_channel_with_config(channel.config());
        }
    }

    /// Whether an offer of ours waits for its answer.
    pub fn offer_outstanding(&self) -> bool {
        self.pending.is_some()
    }

    /// Gives up an offer whose answer will not come, because the signalling connection was lost.
    pub fn abandon_offer(&mut self) {
        self.pending = None;
    }

    /// Applies their answer to our offer.
    pub fn accept_answer(&mut self, answer: &str) -> Result<(), NegotiationError> {
        crate::sdp::Sdp::parse(answer)?;
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|e| NegotiationError::Syntax(e.to_string()))?;
        let pending = self.pending.take().ok_or(NegotiationError::NoOffer)?;
        Ok(self.rtc.sdp_api().accept_answer(pending, answer)?)
    }
}
