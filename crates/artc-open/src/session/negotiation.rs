//! Offers and answers of both peer connections, and what the server must know of them after a resume.

use std::time::Instant;

use artc_bindings::ConnectionStatusChangeReason as Reason;
use rtc::proto::{self, SignalTarget};
use rtc::signal::Request;
use rtc::{DataChannel, Peer};

use super::{PeerKind, Session};

impl Session {
    /// Offers what has changed, unless an offer is under way already.
    pub(super) fn negotiate(&mut self) {
        if !self.online() {
            return;
        }
        let Some(link) = &mut self.link else { return };
        if link.offer.is_some() || !(link.dirty || link.restart) {
            return;
        }
        let (channels, restart) = (!std::mem::replace(&mut link.channels, true), std::mem::take(&mut link.restart));
        link.dirty = false;
        let publish = &mut self.publish;
        let offered = link.peer(PeerKind::Publisher).offer(|api| {
            if channels {
                Peer::add_data_channels(api);
            }
            publish.put_into(api);
            if restart {
                api.ice_restart(true);
            }
        });
        match offered {
            Ok(((), Some(sdp))) => self.send_offer(sdp),
            Ok(((), None)) => {}
            Err(error) => tracing::warn!(%error, "no offer could be made"),
        }
    }

    fn send_offer(&mut self, sdp: String) {
        let Some(link) = &mut self.link else { return };
        link.offers += 1;
        let id = link.offers;
        link.offer = Some(sdp.clone());
        self.signal(Request::Offer(proto::SessionDescription { r#type: "offer".into(), sdp, id, ..Default::default() }));
    }

    /// The server answered our offer. Answers are not told apart by their number: some servers do not repeat it.
    pub(super) fn answered(&mut self, sdp: &str, now: Instant) {
        let Some(link) = &mut self.link else { return };
        if link.offer.take().is_none() {
            return;
        }
        let end = &mut link.ends[PeerKind::Publisher as usize];
        if let Err(error) = end.peer.accept_answer(sdp) {
            tracing::warn!(%error, "answer of the server not usable");
            return self.lost(Reason::MediaPath, "the server's answer is not usable", false, now);
        }
        end.describe(sdp, now);
        self.publish_answered(now);
        self.negotiate();
    }

    /// The server offers what others send.
    pub(super) fn offered(&mut self, offer: &proto::SessionDescription, now: Instant) {
        let Some(link) = &mut self.link else { return };
        let end = &mut link.ends[PeerKind::Subscriber as usize];
        let answer = match end.peer.accept_offer(&receiving_only(&offer.sdp)) {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%error, "offer of the server not usable");
                return self.lost(Reason::MediaPath, "the server's offer is not usable", false, now);
            }
        };
        end.describe(&offer.sdp, now);
        link.answer = Some(answer.clone());
        self.signal(Request::Answer(proto::SessionDescription {
            r#type: "answer".into(),
            sdp: answer,
            id: offer.id,
            ..Default::default()
        }));
        self.sections_changed(offer);
    }

    /// After a resume: both media paths are tried on the addresses of now. The server restarts its own side.
    pub(super) fn restart_ice(&mut self, _now: Instant) {
        let Some(link) = &mut self.link else { return };
        link.restart = true;
        if let Some(sdp) = link.offer.take() {
            // Its answer was lost with the old connection; the same question is asked again.
            self.send_offer(sdp);
        } else {
            self.negotiate();
        }
    }

    /// Tells the server after a resume what we think is true.
    pub(super) fn sync_state(&mut self) {
        let subscription = self.subscription_state();
        let publish_tracks = self.published_state();
        let datachannel_receive_states = self.data.receive_states();
        let Some(link) = &mut self.link else { return };
        let answer =
            link.answer.clone().map(|sdp| proto::SessionDescription { r#type: "answer".into(), sdp, ..Default::default() });
        let data_channels = [DataChannel::Reliable, DataChannel::Lossy]
            .into_iter()
            .zip([1, 0])
            .map(|(channel, id)| proto::DataChannelInfo {
                label: channel.label().into(),
                id,
                target: SignalTarget::Publisher as i32,
            })
            .collect();
        self.signal(Request::SyncState(proto::SyncState {
            answer,
            subscription: Some(subscription),
            publish_tracks,
            data_channels,
            datachannel_receive_states,
            ..Default::default()
        }));
    }
}

/// An offer of the server without its wish to receive: on this connection we never send. LiveKit's server gives a section that it has no
/// track for any more the direction `recvonly`, and `sendrecv` once it uses it for another; an answer that promised to send would keep
/// it from sending that other one.
fn receiving_only(offer: &str) -> String {
    let mut media = false;
    let narrowed = offer.lines().map(|line| {
        if line.starts_with("m=") {
            media = !line.starts_with("m=application");
        }
        match line.trim_end() {
            "a=sendrecv" if media => "a=sendonly",
            "a=recvonly" if media => "a=inactive",
            other => other,
        }
    });
    narrowed.flat_map(|line| [line, "\r\n"]).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn sections_of_media_are_for_receiving_and_others_stay_as_they_are() {
        let offer =
            "v=0\r\nm=application 9\r\na=sendrecv\r\nm=video 9\r\na=recvonly\r\nm=audio 9\r\na=sendrecv\r\nm=audio 9\na=sendonly";
        let narrowed = "v=0\r\nm=application 9\r\na=sendrecv\r\nm=video 9\r\na=inactive\r\nm=audio 9\r\na=sendonly\r\nm=audio 9\r\na=sendonly\r\n";
        assert_eq!(super::receiving_only(offer), narrowed);
        assert_eq!(super::receiving_only(""), "");
    }
}
