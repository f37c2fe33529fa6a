//! Reading what str0m does not tell of an offer, and editing answers where str0m has no setter. Works on the text, section by
//! section, and leaves every line alone that it has no business with. Not for negotiating: that is the peer's.

use str0m::media::MediaKind;

/// Longest SDP that is read: a client with a hundred sections stays far below.
pub const MAX_SDP: usize = 200 * 1024;

/// Most media sections of one SDP.
pub const MAX_SECTIONS: usize = 256;

/// Why a text is not taken as SDP.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Longer than [`MAX_SDP`].
    #[error("session description of {0} bytes, at most {MAX_SDP} are read")]
    TooLong(usize),
    /// More sections than [`MAX_SECTIONS`].
    #[error("session description with {0} media sections, at most {MAX_SECTIONS} are read")]
    TooManySections(usize),
}

/// An SDP cut at its `m=` lines.
#[derive(Clone, Debug)]
pub struct Sdp {
    session: Vec<String>,
    sections: Vec<Section>,
}

/// One media section.
#[derive(Clone, Debug)]
pub struct Section {
    lines: Vec<String>,
}

/// Which track an answer's section carries to the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionTrack<'a> {
    /// `a=mid` of the section.
    pub mid: &'a str,
    /// Media stream id, by LiveKit's custom `PA_x|TR_y`.
    pub stream: &'a str,
    /// Track id, by LiveKit's custom the track's sid.
    pub track: &'a str,
}

impl Sdp {
    /// Cuts a text. Any text is taken; what is no SDP has no sections.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        if text.len() > MAX_SDP {
            return Err(SdpError::TooLong(text.len()));
        }
        let mut sdp = Sdp { session: Vec::new(), sections: Vec::new() };
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            if line.starts_with("m=") {
                sdp.sections.push(Section { lines: Vec::new() });
            }
            match sdp.sections.last_mut() {
                Some(section) => section.lines.push(line.to_owned()),
                None => sdp.session.push(line.to_owned()),
            }
        }
        if sdp.sections.len() > MAX_SECTIONS { Err(SdpError::TooManySections(sdp.sections.len())) } else { Ok(sdp) }
    }

    /// The sections in order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Names H.264 before VP8 where an answer has both: the other side sends what is named first.
    pub fn prefer_h264(&mut self) {
        for section in self.sections.iter_mut().filter(|section| section.kind() == Some(MediaKind::Video)) {
            section.move_last("VP8");
        }
    }

    /// Makes an answer to a one-connection client say which track each of its receive sections carries now. Sections without
    /// a track are answered `inactive`: as `sendonly` the client would announce a track at once and never again.
    pub fn bind(&mut self, tracks: &[SectionTrack<'_>]) {
        for section in &mut self.sections {
            if section.kind().is_none() || !section.sends() {
                continue;
            }
            let track = section.mid().and_then(|mid| tracks.iter().find(|track| track.mid == mid));
            match track {
                Some(track) => section.set_msid(track.stream, track.track),
                None => section.deactivate(),
            }
        }
    }
}

impl std::fmt::Display for Sdp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in self.session.iter().chain(self.sections.iter().flat_map(|section| &section.lines)) {
            write!(f, "{line}\r\n")?;
        }
        Ok(())
    }
}

impl Section {
    /// Audio or video; `None` for the data channels' section.
    pub fn kind(&self) -> Option<MediaKind> {
        match self.lines.first()?.strip_prefix("m=")?.split(' ').next()? {
            "audio" => Some(MediaKind::Audio),
            "video" => Some(MediaKind::Video),
            _ => None,
        }
    }

    /// `a=mid`.
    pub fn mid(&self) -> Option<&str> {
        self.value("mid")
    }

    /// Whether its writer means to send: `sendonly`, `sendrecv`, or no direction at all.
    pub fn sends(&self) -> bool {
        !self.lines.iter().any(|line| line == "a=recvonly" || line == "a=inactive")
    }

    /// Whether its writer means to receive.
    pub fn receives(&self) -> bool {
        !self.lines.iter().any(|line| line == "a=sendonly" || line == "a=inactive")
    }

    /// Stream and track id of `a=msid`; browsers write `-` as the stream at first.
    pub fn msid(&self) -> Option<(&str, &str)> {
        let mut words = self.value("msid")?.split(' ');
        Some((words.next()?, words.next()?))
    }

    /// The simulcast layers its writer means to send, best first by the writer's order.
    pub fn send_rids(&self) -> Vec<&str> {
        self.lines
            .iter()
            .filter_map(|line| line.strip_prefix("a=rid:"))
            .filter_map(|rid| {
                let mut words = rid.split(' ');
                Some((words.next()?, words.next()?))
            })
            .filter(|(_, direction)| *direction == "send")
            .map(|(rid, _)| rid)
            .collect()
    }

    /// The SSRCs that its writer names, those of retransmissions among them.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> {
        self.lines.iter().filter_map(|line| line.strip_prefix("a=ssrc:")?.split(' ').next()?.parse().ok())
    }

    /// The codec names of `a=rtpmap`, without retransmission.
    pub fn codecs(&self) -> impl Iterator<Item = &str> {
        self.lines
            .iter()
            .filter_map(|line| line.strip_prefix("a=rtpmap:")?.split(' ').nth(1)?.split('/').next())
            .filter(|codec| !codec.eq_ignore_ascii_case("rtx"))
    }

    /// Puts the payload types of a codec, and of its retransmissions, behind all others.
    fn move_last(&mut self, codec: &str) {
        let of_codec: Vec<String> = self
            .lines
            .iter()
            .filter_map(|line| line.strip_prefix("a=rtpmap:")?.split_once(' '))
            .filter(|(_, format)| format.split('/').next().is_some_and(|name| name.eq_ignore_ascii_case(codec)))
            .map(|(pt, _)| pt.to_owned())
            .collect();
        let repairs = |pt: &str| {
            let prefix = format!("a=fmtp:{pt} apt=");
            self.lines.iter().any(|line| line.strip_prefix(&prefix).is_some_and(|apt| of_codec.iter().any(|pt| pt == apt)))
        };
        let Some(head) = self.lines.first() else { return };
        let words: Vec<&str> = head.split(' ').collect();
        // m=video PORT PROTOCOL and then payload types.
        let Some((fixed, types)) = words.split_at_checked(3) else { return };
        let (last, first): (Vec<&str>, Vec<&str>) = types.iter().partition(|pt| of_codec.iter().any(|c| c == *pt) || repairs(pt));
        self.lines[0] = [fixed, &first, &last].concat().join(" ");
    }

    fn value(&self, attribute: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix("a=")?.strip_prefix(attribute)?.strip_prefix(':'))
    }

    fn set_msid(&mut self, stream: &str, track: &str) {
        for line in &mut self.lines {
            if line.starts_with("a=msid:") {
                *line = format!("a=msid:{stream} {track}");
            } else if let Some(rest) = line.strip_prefix("a=ssrc:") {
                let ssrc = rest.split(' ').next().unwrap_or_default().to_owned();
                let attribute = rest[ssrc.len()..].trim_start();
                if attribute.starts_with("msid:") {
                    *line = format!("a=ssrc:{ssrc} msid:{stream} {track}");
                } else if attribute.starts_with("cname:") {
                    // One participant's sound and picture share a name, so that the receiver plays them in step.
                    let participant = stream.split('|').next().unwrap_or(stream);
                    *line = format!("a=ssrc:{ssrc} cname:{participant}");
                }
            }
        }
    }

    fn deactivate(&mut self) {
        self.lines
            .retain(|line| !line.starts_with("a=msid:") && !line.starts_with("a=ssrc:") && !line.starts_with("a=ssrc-group:"));
        for line in &mut self.lines {
            match line.as_str() {
                "a=sendonly" => "a=inactive".clone_into(line),
                // What the other side sends in it goes on.
                "a=sendrecv" => "a=recvonly".clone_into(line),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANSWER: &str = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\n\
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\na=sctp-port:5000\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=sendonly\r\na=msid:rand om\r\na=rtpmap:96 H264/90000\r\n\
        a=rtpmap:97 rtx/90000\r\na=ssrc:5 cname:x\r\na=ssrc:5 msid:rand om\r\na=ssrc-group:FID 5 6\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:2\r\na=sendonly\r\na=msid:other rand\r\na=ssrc:7 msid:other rand\r\n";

    #[test]
    fn a_bound_section_names_its_track_and_a_spare_one_is_inactive() {
        let mut sdp = Sdp::parse(ANSWER).unwrap();
        sdp.bind(&[SectionTrack { mid: "1", stream: "PA_x|TR_y", track: "TR_y" }]);
        let text = sdp.to_string();
        assert!(text.contains("a=msid:PA_x|TR_y TR_y\r\n"));
        assert!(text.contains("a=ssrc:5 msid:PA_x|TR_y TR_y\r\n"));
        assert!(text.contains("a=ssrc:5 cname:PA_x\r\n"));
        assert!(!text.contains("rand"), "no random ids are left: {text}");
        assert!(text.ends_with("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:2\r\na=inactive\r\n"));
    }

    #[test]
    fn an_offer_tells_what_its_sender_publishes() {
        let offer = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:4\r\na=sendonly\r\na=msid:- cid-1\r\n\
            a=rtpmap:96 H264/90000\r\na=rtpmap:97 rtx/90000\r\na=rid:q send\r\na=rid:h send\r\n\
            a=simulcast:send q;h\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:5\r\na=inactive\r\na=msid:- cid-2\r\n";
        let sdp = Sdp::parse(offer).unwrap();
        let [video, audio] = sdp.sections() else { panic!("two sections") };
        assert_eq!((video.kind(), video.mid(), video.msid()), (Some(MediaKind::Video), Some("4"), Some(("-", "cid-1"))));
        assert_eq!(video.send_rids(), ["q", "h"]);
        assert_eq!(video.codecs().collect::<Vec<_>>(), ["H264"]);
        assert!(video.sends() && !video.receives());
        assert!(!audio.sends(), "an unpublished track");
        assert_eq!(sdp.to_string(), offer, "what is not edited stays as it was");
    }

    #[test]
    fn oversized_descriptions_are_refused() {
        assert_eq!(Sdp::parse(&"a".repeat(MAX_SDP + 1)).unwrap_err(), SdpError::TooLong(MAX_SDP + 1));
        assert_eq!(Sdp::parse(&"m=audio\n".repeat(300)).unwrap_err(), SdpError::TooManySections(300));
    }

    #[test]
    fn an_answer_names_h264_before_vp8_with_what_repairs_either() {
        let mut sdp = Sdp::parse(
            "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 120 121 96 97\r\na=rtpmap:120 VP8/90000\r\na=rtpmap:121 rtx/90000\r\n\
             a=fmtp:121 apt=120\r\na=rtpmap:96 H264/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n",
        )
        .unwrap();
        sdp.prefer_h264();
        let text = sdp.to_string();
        assert!(text.contains("m=video 9 UDP/TLS/RTP/SAVPF 96 97 120 121\r\n"), "{text}");
        assert!(text.contains("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"), "{text}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(m=(audio|video)|a=(mid|msid|rid|ssrc|rtpmap):?|[ a-z0-9:|/\r\n]){0,60}") {
            if let Ok(mut sdp) = Sdp::parse(&text) {
                for section in sdp.sections() {
                    let _ = (section.mid(), section.msid(), section.send_rids(), section.codecs().count());
                }
                sdp.bind(&[SectionTrack { mid: "", stream: "s", track: "t" }]);
                let _ = sdp.to_string();
            }
        }
    }
}
