//! A certificate for the server of a run, and a client that trusts it alone.

use std::{fs, path::Path, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};

use crate::Result;

const CERTIFICATE: &str = "bench-cert.pem";
const KEY: &str = "bench-key.pem";

/// Both sides of a certificate.
pub struct Prepared {
    /// What the server has to be told.
    pub settings: [(String, String); 2],
    pub client: Arc<ClientConfig>,
}

/// Writes a self-signed certificate for the loopback and its key to `data`.
pub fn prepare(data: &Path) -> Result<Prepared> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_string()])?;
    let (certificate, key) = (data.join(CERTIFICATE), data.join(KEY));
    fs::write(&certificate, made.cert.pem())?;
    fs::write(&key, made.signing_key.serialize_pem())?;
    let setting = |name: &str, path: &Path| (name.to_string(), path.display().to_string());
    let settings = [setting("PARLOR_TLS_CERT", &certificate), setting("PARLOR_TLS_KEY", &key)];
    Ok(Prepared { settings, client: Arc::new(client(made.cert.der())?) })
}

/// Without resumption of sessions: every connection pays for its handshake,
/// as those of many machines do.
fn client(certificate: &CertificateDer<'static>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}
