//! Embedded room server: LiveKit-compatible SFU, tokens, RoomService, WHEP/WHIP, viewer page.
