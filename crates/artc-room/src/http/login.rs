//! `GET` and `POST /app/v1/login?room=&user=&passwd=`: the HTTP twin of the vendor's guide, with the answers and headers of its sample
//! server, for clients that were written for that.
//!
//! `user` is one of `[http.users]`, or a client id of the broker with its password there, of either generation. Unlike the sample it
//! does look at the password.

use std::sync::Arc;

use aws_lc_rs::constant_time;
use axum::body::Bytes;
use axum::extract::{Extension, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use call_control::message::Enter;
use call_control::{ClientId, is_password_of};
use serde::Deserialize;
use web_listener::Peer;

use super::config::lets_in;
use super::{Failure, Web};
use crate::sign::Pass;
use crate::{clock, service, telemetry};

/// Longest form or query.
const LONGEST: usize = 2048;
const WHAT: &str = "login";

#[derive(Deserialize)]
struct Asked {
    room: String,
    user: String,
    passwd: Hidden,
}

/// Text that does not show.
#[derive(Deserialize)]
#[serde(transparent)]
struct Hidden(String);

pub(super) async fn login(
    State(web): State<Arc<Web>>,
    Extension(Peer(peer)): Extension<Peer>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method == Method::OPTIONS {
        return cors(&headers, StatusCode::OK.into_response());
    }
    let answer = match web.logins.take(peer.ip()) {
        true => web.login(query.as_deref().unwrap_or_default(), &body),
        false => {
            telemetry::refused(WHAT, "rate");
            Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, "rate", "too many logins from this address; wait a second"))
        }
    };
    cors(&headers, answer.unwrap_or_else(Failure::into_response))
}

/// The headers of the vendor's sample server: any page may log in, since it has to bring the password.
fn cors(asked: &HeaderMap, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    if asked.contains_key(header::ORIGIN) {
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET,POST,HEAD,PUT,DELETE,OPTIONS"),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, "Server,Range,Content-Length,Content-Range"),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "Origin,Range,Accept-Encoding,Referer,Cache-Control,X-Proxy-Authorization,X-Requested-With,Content-Type",
            ),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

impl Web {
    fn login(&self, query: &str, body: &[u8]) -> Result<Response, Failure> {
        let asked = read(query, body)?;
        let Some(user_id) = self.known(&asked) else {
            telemetry::refused(WHAT, "password");
            return Err(Failure::new(StatusCode::UNAUTHORIZED, "password", "user or password is wrong, or not for this room"));
        };
        let signed = self.signer.sign(Pass::usual(&asked.room, &user_id), clock::now()).map_err(|why| {
            tracing::error!(channel = asked.room, "no token for a login: {why}");
            telemetry::refused(WHAT, "token");
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "token", "no token can be signed; see the server's log")
        })?;
        tracing::info!(user = asked.user, channel = asked.room, user_id, "logged in");
        let enter = Enter {
            app_id: signed.app_id,
            user_id,
            gslb: self.address.iter().cloned().collect(),
            session: signed.session,
            token: signed.token,
            nonce: signed.nonce,
            timestamp: signed.timestamp,
            channel: asked.room,
            call: None,
            caller: None,
            until: None,
        };
        Ok(([(header::CONTENT_TYPE, "application/json")], enter.write()).into_response())
    }

    /// The user id for whoever logs in, if password and room are theirs.
    fn known(&self, asked: &Asked) -> Option<String> {
        if let Ok(client) = asked.user.parse::<ClientId>() {
            let secret = self.broker_secret.as_ref()?;
            let theirs = is_password_of(&client, secret, &asked.passwd.0) & lets_in(&self.config.broker_rooms, &asked.room);
            return theirs.then(|| service::user_of(&client));
        }
        let (password, rooms) = self.users.get(&asked.user)?;
        let right = constant_time::verify_slices_are_equal(password.expose().as_bytes(), asked.passwd.0.as_bytes()).is_ok();
        let name: String = asked.user.chars().take(47).collect();
        (right & lets_in(rooms, &asked.room)).then(|| format!("{name}-{:016x}", rand::random::<u64>()))
    }
}

/// The three parameters, each once: of the query, or of a form.
fn read(query: &str, body: &[u8]) -> Result<Asked, Failure> {
    let wrong = |why: &str| Failure::malformed(WHAT, why);
    let form = std::str::from_utf8(body).map_err(|_| wrong("the form is not UTF-8"))?;
    let text = if form.is_empty() { query.to_owned() } else { format!("{query}&{form}") };
    if text.len() > LONGEST {
        return Err(wrong("too long"));
    }
    let uri = format!("/?{}", text.trim_matches('&')).parse().map_err(|_| wrong("not a query or form"))?;
    let axum::extract::Query(asked) =
        axum::extract::Query::<Asked>::try_from_uri(&uri).map_err(|_| wrong("room, user and passwd are needed, each once"))?;
    if !join_token::is_name(&asked.room) {
        return Err(wrong("room is no channel: 1 to 64 of A-Z, a-z, 0-9, '_' and '-'"));
    }
    if !join_token::is_name(&asked.user) && asked.user.parse::<ClientId>().is_err() {
        return Err(wrong("user is neither a name nor a client id"));
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_and_form_say_the_same_and_other_things_are_refused() {
        let good = |query: &str, body: &str| read(query, body.as_bytes()).map(|asked| (asked.room, asked.user, asked.passwd.0));
        let asked = ("yard".to_owned(), "G@@@cam".to_owned(), "a+b/c=".to_owned());
        assert_eq!(good("room=yard&user=G%40%40%40cam&passwd=a%2Bb%2Fc%3D", "").ok(), Some(asked.clone()));
        assert_eq!(good("", "room=yard&user=G%40%40%40cam&passwd=a%2Bb%2Fc%3D").ok(), Some(asked.clone()));
        assert_eq!(good("room=yard", "user=G%40%40%40cam&passwd=a%2Bb%2Fc%3D&more=1").ok(), Some(asked));
        let long = format!("room={}&user=a&passwd=b", "r".repeat(65));
        let huge = format!("room=r&user=a&passwd={}", "p".repeat(LONGEST));
        for (query, body) in [
            ("", ""),
            ("room=yard&user=a", ""),
            ("room=yard&room=yard&user=a&passwd=b", ""),
            ("room=yard&user=a&passwd=b", "passwd=c"),
            ("room=../yard&user=a&passwd=b", ""),
            ("room=yard&user=a%00&passwd=b", ""),
            ("room=&user=a&passwd=b", ""),
            (&long, ""),
            (&huge, ""),
            ("", "{\"room\":\"yard\"}"),
        ] {
            assert!(good(query, body).is_err(), "{query} {body}");
        }
        assert!(read("", b"room=\xff").is_err());
    }
}
