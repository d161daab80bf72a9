//! TLS to PostgreSQL: what `sslmode` and the certificates beside it mean.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use tokio_postgres::config::SslMode;

/// libpq's `sslmode`, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(mode: &str) -> Result<Self, String> {
        Ok(match mode {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => {
                return Err("`sslmode` must be disable, allow, prefer, require, verify-ca or \
                            verify-full"
                    .to_owned());
            }
        })
    }
}

/// Whose certificates are trusted.
#[derive(Clone, Debug)]
pub(super) enum Roots {
    /// Those that the system trusts, or `SSL_CERT_FILE` names.
    System,
    File(PathBuf),
}

/// How a connection is encrypted, and who may answer it.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    mode: Mode,
    roots: Option<Roots>,
    /// The certificate that is shown to the server, and its key.
    identity: Option<(PathBuf, PathBuf)>,
    /// TLS from the first byte, without asking for it.
    is_direct: bool,
}

impl Tls {
    /// # Errors
    /// They do not go together.
    pub fn new(
        mode: Option<Mode>,
        roots: Option<Roots>,
        identity: Option<(PathBuf, PathBuf)>,
        is_direct: bool,
    ) -> Result<Self, String> {
        let (mode, roots) = match (mode, roots) {
            (None, roots @ Some(Roots::System)) => (Mode::VerifyFull, roots),
            // Anybody can have a certificate that the system trusts.
            (Some(mode), Some(Roots::System)) if mode < Mode::VerifyFull => {
                return Err("`sslrootcert`=system needs `sslmode`=verify-full".to_owned());
            }
            (Some(Mode::VerifyCa), None) => {
                return Err("`sslmode`=verify-ca needs `sslrootcert`, a file".to_owned());
            }
            (Some(Mode::VerifyFull), None) => (Mode::VerifyFull, Some(Roots::System)),
            (mode, roots) => (mode.unwrap_or(Mode::Prefer), roots),
        };
        // Below that, what fails with TLS is tried without.
        if matches!(mode, Mode::Allow | Mode::Prefer) && roots.is_some() {
            return Err("`sslrootcert` needs `sslmode`=require, verify-ca or verify-full".into());
        }
        if mode < Mode::Require && is_direct {
            return Err("`sslnegotiation`=direct needs `sslmode`=require or more".into());
        }
        Ok(Self { mode, roots, identity, is_direct })
    }

    /// What is tried, one after the other, until the server lets one in.
    pub fn attempts(&self) -> &'static [SslMode] {
        match self.mode {
            Mode::Disable => &[SslMode::Disable],
            Mode::Allow => &[SslMode::Disable, SslMode::Require],
            // With `Prefer` a server that has no TLS is not asked twice.
            Mode::Prefer => &[SslMode::Prefer, SslMode::Disable],
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => &[SslMode::Require],
        }
    }

    pub fn caution(&self) -> Option<&'static str> {
        let is_unchecked = self.mode == Mode::Require && self.roots.is_none();
        is_unchecked.then_some(
            "sslmode=require encrypts what goes to the database and does not check who answers: \
             sslmode=verify-full does, with sslrootcert=<file> where the system does not know \
             its certificate",
        )
    }

    /// Reads the files anew: they may have been renewed. `None` without TLS.
    ///
    /// # Errors
    /// One cannot be read; names its parameter.
    pub fn client_config(&self) -> Result<Option<ClientConfig>, String> {
        if self.mode == Mode::Disable {
            return Ok(None);
        }
        let provider = ring::default_provider();
        let algorithms = provider.signature_verification_algorithms;
        let trusted = self.roots.as_ref().map(|roots| match roots {
            Roots::System => Trusted::by_the_system(),
            Roots::File(path) => Trusted::by_file(path),
        });
        let verifier = Verifier {
            trusted: trusted.transpose()?,
            checks_name: self.mode == Mode::VerifyFull,
            algorithms,
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(certificates("sslcert", chain)?, private_key(key)?)
                .map_err(|error| format!("`sslkey`: {}: {error}", key.display()))?,
        };
        if self.is_direct {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(Some(config))
    }
}

fn certificates(parameter: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unread = |cause: &dyn std::fmt::Display| {
        format!("`{parameter}`: cannot read {}: {cause}", path.display())
    };
    let read = CertificateDer::pem_file_iter(path).map_err(|error| unread(&error))?;
    let read: Vec<_> = read.collect::<Result<_, _>>().map_err(|error| unread(&error))?;
    if read.is_empty() { Err(unread(&"there is no certificate in it")) } else { Ok(read) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    if std::fs::metadata(path).is_ok_and(|file| is_open_to_others(file.uid(), file.mode())) {
        return Err(format!(
            "`sslkey`: others can read {}: its mode must be 0600 or less, or 0640 if it is root's",
            path.display()
        ));
    }
    PrivateKeyDer::from_pem_file(path).map_err(|error| {
        let path = path.display();
        format!("`sslkey`: cannot read {path}: {error} (it must be PEM without a password)")
    })
}

/// As libpq sees it: a key that belongs to root may be there for a group.
fn is_open_to_others(owner: u32, mode: u32) -> bool {
    mode & if owner == 0 { 0o037 } else { 0o077 } != 0
}

/// Those whose word is taken for who the server is.
#[derive(Debug)]
struct Trusted {
    roots: RootCertStore,
    /// The same. A server may show one of them itself, which webpki does not
    /// take from it.
    certificates: Vec<CertificateDer<'static>>,
}

impl Trusted {
    fn by_the_system() -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        match roots.add_parsable_certificates(found.certs) {
            (0, _) => Err("the system has no certificates to trust: name a file with \
                           `sslrootcert`"
                .to_owned()),
            _ => Ok(Self { roots, certificates: Vec::new() }),
        }
    }

    fn by_file(path: &Path) -> Result<Self, String> {
        let (mut roots, certificates) =
            (RootCertStore::empty(), certificates("sslrootcert", path)?);
        roots.add_parsable_certificates(certificates.iter().cloned());
        Ok(Self { roots, certificates })
    }
}

/// Checks as much of a server's certificate as `sslmode` asks for. In any
/// case the server has to have its key: what `channel_binding` says of the
/// certificate would mean nothing otherwise.
#[derive(Debug)]
struct Verifier {
    trusted: Option<Trusted>,
    checks_name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(Trusted { roots, certificates }) = &self.trusted else {
            return Ok(ServerCertVerified::assertion());
        };
        let parsed = ParsedCertificate::try_from(shown)?;
        let chain = verify_server_cert_signed_by_trust_anchor(
            &parsed,
            roots,
            intermediates,
            now,
            self.algorithms.all,
        );
        match chain {
            // It signed itself, and says that it may sign others.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if certificates.iter().any(|one| one == shown) => {}
            chain => chain?,
        }
        if self.checks_name {
            verify_server_name(&parsed, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_owners_alone_or_roots_and_a_groups() {
        for (owner, mode, is_open) in [
            (0, 0o100_600, false),
            (0, 0o100_640, false),
            (0, 0o100_644, true),
            (0, 0o100_660, true),
            (1_000, 0o100_600, false),
            (1_000, 0o100_400, false),
            (1_000, 0o100_640, true),
        ] {
            assert_eq!(is_open_to_others(owner, mode), is_open, "{owner} {mode:o}");
        }
    }

    #[test]
    fn who_answers_is_unchecked_only_where_the_operator_is_told_or_asks_for_it() {
        let of = |mode, roots: Option<&str>| {
            let roots = roots.map(|path| match path {
                "system" => Roots::System,
                path => Roots::File(path.into()),
            });
            Tls::new(mode, roots, None, false)
        };
        let caution = |mode, roots| of(mode, roots).expect("they go together").caution().is_some();
        assert!(caution(Some(Mode::Require), None));
        assert!(!caution(Some(Mode::Require), Some("ca.pem")), "who signed is checked then");
        assert!(!caution(Some(Mode::VerifyFull), None));
        assert!(!caution(None, None), "nothing was asked for");
        // The system's certificates say nothing without a name.
        for mode in [Mode::Disable, Mode::Prefer, Mode::Require, Mode::VerifyCa] {
            assert!(of(Some(mode), Some("system")).is_err());
        }
        assert!(of(Some(Mode::VerifyCa), None).is_err());
        // Nor does a file where what fails is tried without TLS.
        for mode in [None, Some(Mode::Allow), Some(Mode::Prefer)] {
            assert!(of(mode, Some("ca.pem")).is_err());
            assert!(Tls::new(mode, None, None, true).is_err(), "it is never tried");
        }
        assert!(of(Some(Mode::Disable), Some("ca.pem")).is_ok());
        assert!(Tls::new(Some(Mode::Require), None, None, true).is_ok());
        assert_eq!(of(None, Some("system")).map(|tls| tls.mode), Ok(Mode::VerifyFull));
    }
}
