//! Family `viewer`: the way in for people in front of the device. Answered on the local unix socket only.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An address of the viewer page. It lets in whoever has it, so `Debug` keeps it to itself.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ViewerAddress")]
pub struct Address {
    /// To be opened in a browser; several may use it.
    pub address: String,
    /// Seconds that it lets new viewers in; who is in stays.
    pub expires_in_s: u64,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("expires_in_s", &self.expires_in_s).finish_non_exhaustive()
    }
}
