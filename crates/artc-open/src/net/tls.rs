//! TLS with a server: the trust that each connection is made with, and why one did not come about.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::{CertificateError, ClientConfig};

use super::error::ConnectError;

/// Reads the certificates and makes a client configuration. Read anew for each connection, so that a renewed file counts.
pub async fn connector(ca_file: Option<PathBuf>) -> Result<Arc<ClientConfig>, ConnectError> {
    let path = ca_file.clone();
    let read = tokio::task::spawn_blocking(move || tls_trust::client_config(ca_file.as_deref())).await;
    let failed = |why: String| ConnectError::CaFile {
        path: path.map_or_else(|| "the system's store".into(), |p| p.display().to_string()),
        why,
    };
    match read {
        Ok(Ok(config)) => Ok(Arc::new(config)),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Why TLS did not come about.
pub fn explain(host: &str, error: &io::Error) -> ConnectError {
    let host = host.to_owned();
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => ConnectError::Certificate { host, why: certificate(why) },
        Some(rustls::Error::InvalidMessage(_)) => ConnectError::NotLiveKit { host, why: "it does not speak TLS there".into() },
        Some(other) => ConnectError::NotLiveKit { host, why: format!("no TLS with it: {other}") },
        None => ConnectError::NotLiveKit { host, why: format!("no TLS with it: {}", error.kind()) },
    }
}

/// What is wrong with a certificate, and the way out.
fn certificate(why: &CertificateError) -> String {
    use CertificateError as E;
    match why {
        E::UnknownIssuer => {
            "nobody that is trusted here has issued it; give its issuer's certificate in `[engine.open] ca_file`".into()
        }
        E::Expired | E::ExpiredContext { .. } => {
            "it has expired; renew it on the server, or set the clock of this machine".into()
        }
        E::NotValidYet | E::NotValidYetContext { .. } => "it is not valid yet; set the clock of this machine".into(),
        E::NotValidForName => "it is for another name; use a name that it is for in `url`".into(),
        E::NotValidForNameContext { presented, .. } => {
            // Told as `DnsName("...")`; people want what is between the quotes.
            let names: Vec<&str> = presented.iter().take(8).map(|name| name.split('"').nth(1).unwrap_or(name)).collect();
            let names = if names.is_empty() { "none".into() } else { names.join(", ") };
            format!("it is for other names ({names}); use one of them in `url`")
        }
        E::Revoked => "it has been revoked".into(),
        other => format!("{other:?}"),
    }
}
