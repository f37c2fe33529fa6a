//! What every engine refuses, in the documented numbers and in the same words: arguments out of their range, and what a viewer, or who is in
//! a channel, may not. For engines; not for the question whether an engine is in such a state.

use crate::audio::{MAX_VOLUME, SAMPLE_RATES};
use crate::engine::{MAX_DATA_BYTES, MAX_SEI_BYTES};
use crate::error::{CallError, ErrorCode};
use crate::extensions::MAX_COMMAND_BYTES;
use crate::extra::Parameters;

type Checked<T = ()> = Result<T, CallError>;

fn bad<T>(method: &'static str, argument: &'static str, why: String) -> Checked<T> {
    Err(CallError::BadArgument { method, argument, why })
}

/// `join_channel`: nothing is empty.
pub fn join(token: &str, channel_id: &str, user_id: &str) -> Checked {
    let bad = |code, why: &str| Err(CallError::BadJoin { code, why: why.to_owned() });
    if token.trim().is_empty() {
        return bad(ErrorCode::JoinConfigInvalid, "the token is empty");
    }
    if channel_id.is_empty() {
        return bad(ErrorCode::JoinBadParam, "the channel is empty");
    }
    if user_id.is_empty() {
        return bad(ErrorCode::JoinBadParam, "the user is empty");
    }
    Ok(())
}

/// `set_external_audio_source`: what is switched on has a rate and a number of channels that exist.
pub fn audio_source(enable: bool, sample_rate: u32, channels_per_frame: u32) -> Checked {
    const METHOD: &str = "set_external_audio_source";
    if enable && !SAMPLE_RATES.contains(&sample_rate) {
        return bad(METHOD, "sample_rate", format!("is {sample_rate} Hz; one of {SAMPLE_RATES:?} is possible"));
    }
    if enable && !(1..=2).contains(&channels_per_frame) {
        return bad(METHOD, "channels_per_frame", format!("is {channels_per_frame}; 1 and 2 are possible"));
    }
    Ok(())
}

/// `push_external_audio_frame_raw_data`: whole samples; how many of one channel.
pub fn pcm(bytes: usize, channels: u32) -> Checked<usize> {
    let sample = 2 * channels as usize;
    if bytes == 0 || !bytes.is_multiple_of(sample) {
        let why = format!("{bytes} bytes are no whole number of {channels}-channel 16-bit samples");
        return Err(CallError::BadAudio { why });
    }
    Ok(bytes / sample)
}

/// `set_external_audio_publish_volume`: 0 to 100.
pub fn volume(volume: i32) -> Checked {
    if (0..=MAX_VOLUME).contains(&volume) {
        return Ok(());
    }
    bad("set_external_audio_publish_volume", "volume", format!("is {volume}; 0 to {MAX_VOLUME} are possible"))
}

/// `send_media_extension_msg`: a message that fits.
pub fn sei(message: &[u8], repeat_count: i32) -> Checked {
    const METHOD: &str = "send_media_extension_msg";
    if message.is_empty() {
        return bad(METHOD, "message", "is empty".into());
    }
    if message.len() > MAX_SEI_BYTES {
        return Err(CallError::MessageTooLong { method: METHOD, len: message.len(), limit: MAX_SEI_BYTES });
    }
    if repeat_count < -1 {
        return bad(METHOD, "repeat_count", format!("is {repeat_count}; -1 means endless, 0 and 1 once"));
    }
    Ok(())
}

/// `send_data_channel_message`: a message that fits.
pub fn data(method: &'static str, len: usize) -> Checked {
    if len > MAX_DATA_BYTES { Err(CallError::MessageTooLong { method, len, limit: MAX_DATA_BYTES }) } else { Ok(()) }
}

/// `send_command_message`: a message that fits.
pub fn command(method: &'static str, len: usize) -> Checked {
    if len > MAX_COMMAND_BYTES { Err(CallError::MessageTooLong { method, len, limit: MAX_COMMAND_BYTES }) } else { Ok(()) }
}

/// `set_parameter`: a JSON object of the documented keys.
pub fn parameters(params: &str) -> Checked<Parameters> {
    Parameters::parse(params).or_else(|error| bad("set_parameter", "params", format!("is {error}")))
}

/// A call about another user names one.
pub fn uid(method: &'static str, uid: &str) -> Checked {
    if uid.is_empty() { bad(method, "uid", "is empty".into()) } else { Ok(()) }
}

/// A call about another user names one who is not oneself.
pub fn somebody(method: &'static str, uid: &str, own: &str) -> Checked {
    self::uid(method, uid)?;
    if uid == own {
        let why = format!("{uid:?} is this engine's own user; subscribe to others");
        return Err(CallError::Failed { method, code: ErrorCode::SubscribeInvalid, why });
    }
    Ok(())
}

/// The refusal of sound whose time stamp is before the last one.
pub fn sound_backwards(time_stamp: i64, last: i64) -> CallError {
    let why = format!("time stamp {time_stamp} ms is before the {last} ms pushed last; one join has one time axis");
    CallError::BadAudio { why }
}

/// The refusal to publish as a viewer.
pub fn viewer_publishes(method: &'static str) -> CallError {
    let why = "a viewer may not publish; become a broadcaster with set_client_role first".to_owned();
    CallError::Failed { method, code: ErrorCode::PublishInvalid, why }
}

/// The refusal of a message while the data channel is off.
pub fn data_channel_off(method: &'static str) -> CallError {
    CallError::InvalidState { method, why: "the data channel is off; switch it on with set_parameter".to_owned() }
}

/// The refusal of a message by a viewer.
pub fn viewer_sends(method: &'static str) -> CallError {
    CallError::InvalidState { method, why: "a viewer may not send; become a broadcaster first".to_owned() }
}

/// The refusal to become a viewer while something is published.
pub fn publishing_viewer(method: &'static str) -> CallError {
    CallError::InvalidState { method, why: "stop publishing before becoming a viewer".to_owned() }
}
