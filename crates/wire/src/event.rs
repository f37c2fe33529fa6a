//! Family `event`: what a device tells without being asked each time.
//!
//! A new topic is a line in the table below, its parameters in [`crate::openrpc`], and a call of the desk where it happens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! topics {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $notification:literal;)+) => {
        /// Something that can be subscribed to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Topic { $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+ }

        impl Topic {
            /// All topics, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name, which `event.subscribe` takes.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The method of its notifications.
            pub const fn notification(self) -> &'static str {
                match self { $(Self::$variant => $notification,)+ }
            }

            /// What it tells.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

topics! {
    /// A button of the board went down or up.
    BoardPress = "board.press", "board.button";
    /// A job has come on, or ended. Who asked for the job is told without a subscription.
    JobProgress = "job.progress", "job.progress";
    /// The camera is lost, back, closed for privacy, or in another state than before.
    CameraChanged = "camera.changed", "camera.changed";
    /// A network interface, its addresses or a default route are others than before; the way to the channel is not told.
    NetChanged = "net.changed", "net.changed";
    /// Values of the configuration are others than before: set, reset, confirmed or rolled back.
    ConfigChanged = "config.changed", "config.changed";
    /// Another wish for how the device is to be was kept.
    StateChanged = "state.changed", "state.changed";
    /// Something moves in the picture, or no more; where `[detect] motion` is on.
    MotionChanged = "motion.changed", "motion.changed";
    /// It is louder than usual, or no more; where `[detect] sound` is on.
    SoundChanged = "sound.changed", "sound.changed";
    /// Something has been done to the camera, or all is well again; where `[detect] tamper` is on.
    TamperChanged = "tamper.changed", "tamper.changed";
    /// An input line moved that the board's profile has watched (`watch = true`), or is on at the start.
    LineChanged = "line.changed", "line.changed";
    /// Recording began or ended, or stands still: the day's budget is used up, or the medium refuses or hangs; where `[record] when` says anything.
    RecordChanged = "record.changed", "record.changed";
}

/// What `event.subscribe` and `event.unsubscribe` take, and what they answer: then all subscriptions of the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topics {
    /// The topics.
    pub topics: Vec<Topic>,
}

/// Parameters of the notification `config.changed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ConfigChangedEvent")]
pub struct ConfigChanged {
    /// The keys whose values are others; `config.get` tells the values.
    pub keys: Vec<String>,
}

/// Parameters of the notification `state.changed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StateChangedEvent")]
pub struct StateChanged {
    /// The version that the document has now; `state.get` tells the rest.
    pub version: u64,
}

/// A notification, as it is sent.
pub fn notification(topic: Topic, params: &impl Serialize) -> Vec<u8> {
    serde_json::json!({ "jsonrpc": "2.0", "method": topic.notification(), "params": params }).to_string().into_bytes()
}
