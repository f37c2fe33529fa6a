//! Whom a TLS client trusts: the system's certificate authorities, and those of a file.
//!
//! For every connection that the project makes by itself. Not for explaining why one did not come about: each does that in its own words.
#![forbid(unsafe_code)]

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// A client's configuration. Reads files, so it may take some milliseconds; to be read anew for each connection, so that a renewed
/// file counts.
///
/// # Errors
/// The file cannot be read, or holds no certificate.
pub fn client_config(ca_file: Option<&Path>) -> io::Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(invalid)?;
    Ok(config.with_root_certificates(roots(ca_file)?).with_no_client_auth())
}

fn roots(ca_file: Option<&Path>) -> io::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    // A box without a certificate store can still have a file of ours.
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let mut found = 0;
        for certificate in CertificateDer::pem_file_iter(path).map_err(invalid)? {
            store.add(certificate.map_err(invalid)?).map_err(invalid)?;
            found += 1;
        }
        if found == 0 {
            return Err(invalid("no certificate in it"));
        }
    }
    Ok(store)
}

fn invalid(why: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_string())
}
