//! The open engine: joining, publishing, subscribing, codecs, jitter buffer, mixer.
