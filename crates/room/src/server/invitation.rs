//! Invitations: one address for any number of viewers. A token that is an invitation is exchanged here for one of the bearer's own,
//! with an identity that nobody else has, so that viewers do not replace one another. Not for joining: that takes the token from
//! here, or any other.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::Shared;
use super::routes::bearer;
use crate::token::{Claims, TokenError};

/// Letters behind the identity of an invitation: 57^6 of them, so that two viewers do not meet by chance.
const SUFFIX: usize = 6;

/// What the bearer gets.
#[derive(Serialize)]
struct Accepted {
    /// To join with, and to come back with: valid no longer than the invitation.
    token: String,
    /// Whom it is for.
    identity: String,
}

/// `POST /viewer/session`, with the invitation as bearer token. Only for pages of this server: other origins cannot read the answer.
pub(super) async fn accept(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let made = shared.verify(bearer(&headers)).and_then(|claims| {
        claims.joins()?;
        if !claims.invitation {
            return Err(TokenError::NoInvitation);
        }
        let wall = shared.wall();
        let (claims, left) = own(claims, &crate::ids::random_text(SUFFIX), wall);
        let identity = claims.sub.clone();
        Ok(Accepted { token: shared.key.mint(claims, left, wall)?, identity })
    });
    match made {
        Ok(accepted) => {
            metrics::counter!("artc_room_invitations_total").increment(1);
            tracing::info!(identity = accepted.identity, "invitation accepted");
            ([(header::CACHE_CONTROL, "no-store")], Json(accepted)).into_response()
        }
        Err(error @ TokenError::NoInvitation) => (StatusCode::FORBIDDEN, error.to_string()).into_response(),
        Err(error) => (StatusCode::UNAUTHORIZED, error.to_string()).into_response(),
    }
}

/// The claims of one bearer of `invitation`, and how long they are good at `now`.
fn own(invitation: Claims, suffix: &str, now: SystemTime) -> (Claims, Duration) {
    let ends = SystemTime::UNIX_EPOCH + Duration::from_secs(invitation.exp);
    let named = |name: &str, mark: &str| if name.is_empty() { String::new() } else { format!("{name}{mark}{suffix}") };
    let claims = Claims { sub: named(&invitation.sub, "-"), name: named(&invitation.name, " "), invitation: false, ..invitation };
    // Within the leeway for wrong clocks it may have ended already; a moment is enough to join.
    (claims, ends.duration_since(now).unwrap_or_default().max(Duration::from_secs(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::VideoGrant;

    #[test]
    fn the_bearer_gets_the_same_rights_for_the_rest_of_the_time_under_a_name_of_his_own() {
        let grant = VideoGrant { can_publish: Some(false), ..VideoGrant::join("camera") };
        let invitation = Claims {
            sub: "local-viewer".into(),
            name: "Viewer".into(),
            exp: 1_800_003_600,
            invitation: true,
            video: Some(grant.clone()),
            ..Claims::default()
        };
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let (claims, left) = own(invitation.clone(), "Ab3", at(1_800_000_600));
        assert_eq!((claims.sub.as_str(), claims.name.as_str()), ("local-viewer-Ab3", "Viewer Ab3"));
        assert_eq!((claims.video, claims.invitation), (Some(grant), false), "the same rights, and not that to invite others");
        assert_eq!(left, Duration::from_secs(3000), "not longer than the invitation");
        assert_eq!(own(invitation, "x", at(1_800_003_605)).1, Duration::from_secs(1));
    }
}
