//! The viewer page, embedded in the binary when it was built. Not for making it: that is `web/`.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

/// Path and content of every file of `web/dist`, made by `build.rs`.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/viewer.rs"));

/// Only what came from this server may run, and it may talk to this server only. The page's own word for it.
const POLICY: &str = include_str!("../../../../web/csp.txt").trim_ascii();

const UNBUILT: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>artc-edge</title>\
    <h1>The viewer page is not built in</h1>\
    <p>The room server works; LiveKit clients and WHEP players can join. To have the page, build it and then the daemon again:</p>\
    <pre>make web &amp;&amp; cargo build --release</pre></html>";

/// Serves a file of the page.
pub(super) async fn file(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    match FILES.iter().find(|(name, _)| *name == path) {
        Some((_, content)) => found(path, content, &headers),
        None if path == "index.html" => page(UNBUILT.as_bytes()),
        None => (StatusCode::NOT_FOUND, "not found").into_response(),
    }
}

fn found(path: &str, content: &'static [u8], headers: &HeaderMap) -> Response {
    if path.ends_with(".html") {
        return page(content);
    }
    // Vite writes a hash of the content into the names of what it puts there.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = ([(header::CONTENT_TYPE, media_type(path)), (header::CACHE_CONTROL, cache)], content).into_response();
    secure(response.headers_mut());
    let _ = headers;
    response
}

fn page(content: &'static [u8]) -> Response {
    let mut response =
        ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], content).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    secure(headers);
    response
}

fn secure(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
