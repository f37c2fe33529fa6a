//! The viewer page and the call page (`/call/`), embedded in the binary when it was built, packed by gzip: that is how browsers get them,
//! and whoever does not take gzip gets them unpacked. Not for making the pages: that is `web/`.

use std::borrow::Cow;
use std::io::Read as _;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

/// A file of `web/dist`.
struct File {
    /// Its path in the folder.
    name: &'static str,
    /// Whether `content` is packed.
    gzip: bool,
    content: &'static [u8],
}

/// Every file of `web/dist`, made by `build.rs`.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/viewer.rs"));

/// A file that unpacks to more was not made by `build.rs`.
const LARGEST: u64 = 16 << 20;

/// Only what came from this server may run, and it may talk to this server only. The page's own word for it.
const POLICY: &str = include_str!("../../../../web/csp.txt").trim_ascii();

const UNBUILT: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>artc-edge</title>\
    <h1>The viewer page is not built in</h1>\
    <p>The room server works; LiveKit clients and WHEP players can join. To have the page, build it and then the daemon again:</p>\
    <pre>make web &amp;&amp; cargo build --release</pre></html>";

/// Serves a file of the pages.
pub(super) async fn file(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let named = |name: &str| FILES.iter().find(|file| file.name == name);
    // A folder stands for its page.
    let name = if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    match named(&name) {
        Some(file) => found(&name, file, &headers),
        None if name == "index.html" => page(Cow::Borrowed(UNBUILT.as_bytes())),
        None if named(&format!("{name}/index.html")).is_some() => {
            // Relative, for a reverse proxy that serves the pages below a path of its own.
            let folder = format!("{}/", name.rsplit('/').next().unwrap_or_default());
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, folder)]).into_response()
        }
        None => (StatusCode::NOT_FOUND, "not found").into_response(),
    }
}

fn found(path: &str, file: &'static File, headers: &HeaderMap) -> Response {
    let as_it_is = !file.gzip || takes_gzip(headers);
    let content = if as_it_is { Cow::Borrowed(file.content) } else { Cow::Owned(unpack(file.content)) };
    let mut response = if path.ends_with(".html") {
        page(content)
    } else {
        // Vite writes a hash of the content into the names of what it puts there.
        let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut response = ([(header::CONTENT_TYPE, media_type(path)), (header::CACHE_CONTROL, cache)], content).into_response();
        secure(response.headers_mut());
        response
    };
    if file.gzip {
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if as_it_is {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

/// Whether the client says that it unpacks gzip (RFC 9110, 12.5.3). One that says nothing may be anything, so that it is sent none.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut any = false;
    for coding in codings.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.filter_map(|part| part.strip_prefix("q=")).any(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0));
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            return !refused;
        }
        any |= name == "*" && !refused;
    }
    any
}

fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    // What `build.rs` packed unpacks; a cut page would still say what it is.
    let _ = flate2::read::GzDecoder::new(packed).take(LARGEST).read_to_end(&mut content);
    content
}

fn page(content: Cow<'static, [u8]>) -> Response {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(accept: Option<&str>) -> HeaderMap {
        accept.map(|value| (header::ACCEPT_ENCODING, value.parse().unwrap())).into_iter().collect()
    }

    #[test]
    fn gzip_is_sent_to_whoever_takes_it() {
        for (accept, takes) in [
            (None, false),
            (Some("gzip, deflate, br, zstd"), true),
            (Some("br;q=1.0, GZIP;q=0.8"), true),
            (Some("gzip;q=0, *"), false),
            (Some("*"), true),
            (Some("identity"), false),
        ] {
            assert_eq!(takes_gzip(&asking(accept)), takes, "{accept:?}");
        }
    }

    #[tokio::test]
    async fn packed_and_unpacked_are_the_same_file() {
        static FILE: std::sync::LazyLock<File> = std::sync::LazyLock::new(|| {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            std::io::Write::write_all(&mut gzip, b"let viewer = 1;").unwrap();
            File { name: "assets/a.js", gzip: true, content: gzip.finish().unwrap().leak() }
        });
        for (accept, coding) in [(Some("gzip"), Some("gzip")), (None, None)] {
            let response = found("assets/a.js", &FILE, &asking(accept));
            assert_eq!(response.headers().get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap()), coding);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
            let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
            let text = if coding.is_some() { unpack(&body) } else { body.to_vec() };
            assert_eq!(text, b"let viewer = 1;");
        }
    }
}
