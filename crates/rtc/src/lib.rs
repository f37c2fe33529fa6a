//! What engine and room share: peer connection over str0m, UDP/TCP mux, LiveKit signalling frames.
