//! ICE candidates as LiveKit trickles them: the browser's `RTCIceCandidateInit` as JSON text. Not for gathering them.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use str0m::net::{Protocol, TcpType};
use str0m::{Candidate, CandidateKind};

/// Longest trickle message that is read; a candidate line is below 300 bytes.
const MAX_JSON: usize = 2048;

/// The browser's `RTCIceCandidateInit`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateInit {
    /// The candidate line, `candidate:...`; empty says "no more".
    pub candidate: String,
    /// The media section it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// Index of that section; everything is bundled, so 0.
    #[serde(default, rename = "sdpMLineIndex", skip_serializing_if = "Option::is_none")]
    pub sdp_m_line_index: Option<u16>,
    /// The ICE user fragment of the generation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_fragment: Option<String>,
}

/// Why a trickled candidate is not used.
#[derive(Debug, thiserror::Error)]
pub enum CandidateError {
    /// Not the JSON object that `TrickleRequest.candidate_init` holds.
    #[error("candidate is not the JSON of an ICE candidate: {0}")]
    Json(#[from] serde_json::Error),
    /// Longer than any candidate.
    #[error("candidate is {0} bytes long, at most {MAX_JSON} are read")]
    TooLong(usize),
    /// A line that ICE does not know, or a host name (browsers hide addresses as `<uuid>.local`; their
    /// peer-reflexive candidate does the work instead).
    #[error("candidate line is not usable: {0}")]
    Line(#[from] str0m::error::IceError),
}

/// Reads one trickled candidate. `Ok(None)` is the end-of-candidates mark.
pub fn parse(json: &str) -> Result<Option<Candidate>, CandidateError> {
    if json.len() > MAX_JSON {
        return Err(CandidateError::TooLong(json.len()));
    }
    let init: CandidateInit = serde_json::from_str(json)?;
    parse_line(&init.candidate, init.username_fragment.as_deref())
}

/// Reads one candidate line, `candidate:...` with or without `a=` in front. `Ok(None)` is the end-of-candidates mark, an empty line.
/// `ufrag` is the ICE user fragment of its generation, should the line not say.
pub fn parse_line(line: &str, ufrag: Option<&str>) -> Result<Option<Candidate>, CandidateError> {
    let line = line.trim();
    let line = line.strip_prefix("a=").unwrap_or(line);
    if line.is_empty() {
        return Ok(None);
    }
    let mut candidate = Candidate::from_sdp_string(line)?;
    if let (Some(ufrag), None) = (ufrag, candidate.ufrag()) {
        candidate.set_ufrag(ufrag);
    }
    Ok(Some(candidate))
}

/// Where a candidate waits for a connection of ours: ICE over TCP, passive.
pub fn tcp_passive(candidate: &Candidate) -> Option<SocketAddr> {
    let waits = candidate.tcptype().is_none_or(|t| t != TcpType::Active);
    (candidate.proto() == Protocol::Tcp && candidate.kind() == CandidateKind::Host && waits).then(|| candidate.addr())
}

/// The candidates that a session description brings along, at most 64.
pub fn in_description(sdp: &str) -> impl Iterator<Item = Candidate> {
    let lines = sdp.lines().filter_map(|line| line.trim_end().strip_prefix("a=candidate:"));
    lines.take(64).filter_map(|line| Candidate::from_sdp_string(&format!("candidate:{line}")).ok())
}

/// The ICE user fragment of a session description; it is another one after each restart of ICE.
pub fn ufrag_in(sdp: &str) -> Option<&str> {
    sdp.lines().find_map(|line| line.trim_end().strip_prefix("a=ice-ufrag:"))
}

/// The JSON of one candidate of ours.
pub fn to_json(candidate: &Candidate, mid: &str) -> String {
    let init = CandidateInit {
        candidate: candidate.to_sdp_string(),
        sdp_mid: Some(mid.to_owned()),
        sdp_m_line_index: Some(0),
        username_fragment: candidate.ufrag().map(str::to_owned),
    };
    serde_json::to_string(&init).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_survives_the_way_to_json_and_back() {
        let ours = Candidate::host("192.0.2.7:7882".parse().unwrap(), "udp").unwrap();
        let read = parse(&to_json(&ours, "0")).unwrap().unwrap();
        assert_eq!(read.addr(), ours.addr());
        assert_eq!(read.proto(), ours.proto());
    }

    #[test]
    fn a_description_tells_where_tcp_waits() {
        let sdp = "v=0\r\na=ice-ufrag:abcd\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:abcd\r\n\
                   a=candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host\r\n\
                   a=candidate:2 1 tcp 1671430143 192.0.2.1 7881 typ host tcptype passive\r\n\
                   a=candidate:3 1 tcp 1671430143 192.0.2.1 9 typ host tcptype active\r\na=end-of-candidates\r\n";
        assert_eq!(ufrag_in(sdp), Some("abcd"));
        assert_eq!(in_description(sdp).count(), 3);
        let passive: Vec<_> = in_description(sdp).filter_map(|c| tcp_passive(&c)).collect();
        assert_eq!(passive, ["192.0.2.1:7881".parse().unwrap()]);
        assert_eq!(in_description("a=candidate:nonsense").count(), 0);
    }

    #[test]
    fn what_browsers_send_is_understood_or_refused_with_a_reason() {
        assert!(parse(r#"{"candidate":"","sdpMid":"0","sdpMLineIndex":0}"#).unwrap().is_none());
        let v4 = r#"{"candidate":"candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host generation 0 ufrag abcd network-cost 999","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}"#;
        assert_eq!(parse(v4).unwrap().unwrap().addr().port(), 50000);
        let hidden = r#"{"candidate":"candidate:1 1 udp 2113937151 0c6d2a66-aaaa.local 50000 typ host"}"#;
        assert!(matches!(parse(hidden), Err(CandidateError::Line(_))));
        assert!(matches!(parse("garbage"), Err(CandidateError::Json(_))));
        assert!(matches!(parse(&"x".repeat(5000)), Err(CandidateError::TooLong(5000))));
    }
}
