//! The join token of the vendor's rule, as the engine API names it; the rule itself is the crate `join-token`, which the room shares.

pub use join_token::*;

use crate::error::ErrorCode;

/// The documented code for a join that is refused because of this.
pub const fn refusal_code(why: &VerifyError) -> ErrorCode {
    match why {
        VerifyError::App { .. } => ErrorCode::JoinBadAppid,
        VerifyError::Channel { .. } => ErrorCode::JoinBadChannel,
        _ => ErrorCode::JoinBadToken,
    }
}
