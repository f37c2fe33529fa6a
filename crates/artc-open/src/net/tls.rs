//! Whom we trust: the system's certificate authorities, and those of a file.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};

use super::error::ConnectError;

/// Reads the certificates and makes a client configuration. Read anew for each connection, so that a renewed file counts.
pub async fn connector(ca_file: Option<PathBuf>) -> Result<Arc<ClientConfig>, ConnectError> {
    let path = ca_file.clone();
    let read = tokio::task::spawn_blocking(move || roots(ca_file)).await;
    let failed = |why: String| ConnectError::CaFile {
        path: path.map_or_else(|| "the system's store".into(), |p| p.display().to_string()),
        why,
    };
    let roots = match read {
        Ok(Ok(roots)) => roots,
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Err(error) => return Err(failed(error.to_string())),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| failed(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn roots(ca_file: Option<PathBuf>) -> io::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    // A box without a certificate store can still have a file of ours.
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let invalid = |e: String| io::Error::new(io::ErrorKind::InvalidData, e);
        let mut found = 0;
        for certificate in CertificateDer::pem_file_iter(&path).map_err(|e| invalid(e.to_string()))? {
            store.add(certificate.map_err(|e| invalid(e.to_string()))?).map_err(|e| invalid(e.to_string()))?;
            found += 1;
        }
        if found == 0 {
            return Err(invalid("no certificate in it".into()));
        }
    }
    Ok(store)
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
