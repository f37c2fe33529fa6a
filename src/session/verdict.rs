//! What the engine's error codes mean for the life of the connection.

use artc_bindings::ErrorCode;

/// Whether an error ends the join, so that only joining again helps.
pub(super) fn ends_the_join(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::LeaveUnusual
            | ErrorCode::SessionRemoved
            | ErrorCode::NetworkConnectFail
            | ErrorCode::NetworkReconnectFail
            | ErrorCode::NetworkDisconnect
            | ErrorCode::NetworkTimeout
            | ErrorCode::JoinBadToken
            | ErrorCode::JoinInvalidChannel
            | ErrorCode::JoinBadChannel
            | ErrorCode::NoPeople
            | ErrorCode::SdkInvalidState
            | ErrorCode::Inner
            | ErrorCode::Fatal
    )
}

/// Whether another token may help.
pub fn is_about_the_token(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::JoinBadToken
            | ErrorCode::JoinInvalidChannel
            | ErrorCode::JoinBadChannel
            | ErrorCode::JoinConfigInvalid
            | ErrorCode::JoinBadAppid
            | ErrorCode::JoinInvalidAppid
    )
}
