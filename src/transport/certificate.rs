//! The server's TLS certificate and key.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use x509_cert::der::Decode;

/// A certificate chain and its key, from two PEM files that can be read again
/// while the server runs.
#[derive(Clone)]
pub struct Certificate(Arc<Files>);

struct Files {
    chain: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

/// Why the files cannot be used. Its text is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("cannot use the certificate {path}: {cause}")]
    Chain { path: PathBuf, cause: String },
    #[error("cannot use the key {path}: {cause}")]
    Key { path: PathBuf, cause: String },
    #[error("the key {key} does not belong to the certificate {chain}")]
    Mismatch { chain: PathBuf, key: PathBuf },
}

impl Certificate {
    /// Reads the files. Blocking.
    pub fn load(chain: &Path, key: &Path) -> Result<Self, CertificateError> {
        let current = RwLock::new(Arc::new(read(chain, key)?));
        Ok(Self(Arc::new(Files { chain: chain.to_owned(), key: key.to_owned(), current })))
    }

    /// Reads the files again; new connections are shown what they hold. After
    /// an error the old ones stay. Blocking.
    pub fn reload(&self) -> Result<(), CertificateError> {
        let fresh = Arc::new(read(&self.0.chain, &self.0.key)?);
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// When the certificate that is in use expires, in seconds since 1970.
    pub fn expires_at(&self) -> Option<u64> {
        let current = self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        expiry(current.cert.first()?)
    }

    /// TLS 1.2 and 1.3 with the defaults of rustls, without client
    /// certificates.
    pub fn server_config(&self) -> ServerConfig {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows the default versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }
}

/// When a certificate expires, which is in DER, in seconds since 1970.
pub fn expiry(certificate: &[u8]) -> Option<u64> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let end = certificate.tbs_certificate.validity.not_after;
    Some(end.to_unix_duration().as_secs())
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.0.chain).finish()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn read(chain: &Path, key: &Path) -> Result<CertifiedKey, CertificateError> {
    let bad_chain = |cause: String| CertificateError::Chain { path: chain.to_owned(), cause };
    let bad_key = |cause: String| CertificateError::Key { path: key.to_owned(), cause };
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| bad_chain(error.to_string()))?;
    if certificates.is_empty() {
        return Err(bad_chain("the file contains none".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| bad_key(error.to_string()))?;
    let signer = ring::sign::any_supported_type(&private).map_err(|e| bad_key(e.to_string()))?;
    let certified = CertifiedKey::new(certificates, signer);
    match certified.keys_match() {
        Ok(()) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
            Err(CertificateError::Mismatch { chain: chain.to_owned(), key: key.to_owned() })
        }
        // The kind of key cannot say; a handshake will.
        Err(rustls::Error::InconsistentKeys(_)) => Ok(certified),
        Err(error) => Err(bad_chain(error.to_string())),
    }
}
