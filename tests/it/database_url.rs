//! The URL of a PostgreSQL means what libpq says that it means.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::support::{Finished, Postgres, TestDatabase, run_with};

/// Who signs certificates.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
struct Identity {
    chain: String,
    key: String,
}

fn parameters(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    let mut parameters = CertificateParams::new(hosts).expect("names of hosts");
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("a key can be made")
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut parameters = parameters(name, &[]);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = new_key();
        let pem = parameters.self_signed(&key).expect("it can be signed").pem();
        Self { pem, issuer: Issuer::new(parameters, key) }
    }

    fn sign(&self, name: &str, hosts: &[&str]) -> Identity {
        let key = new_key();
        let signed = parameters(name, hosts).signed_by(&key, &self.issuer);
        let chain = signed.expect("it can be signed").pem();
        Identity { chain, key: key.serialize_pem() }
    }
}

/// Roles that are let in only in one way each.
const WHO: &str = "
    host      all postgres  127.0.0.1/32 trust
    hostssl   all encrypted all          trust
    hostnossl all plain     all          trust
    hostssl   all known     all          cert
    hostssl   all secret    all          scram-sha-256
";

const ROLES: &str = "
    CREATE ROLE encrypted SUPERUSER LOGIN; CREATE ROLE plain SUPERUSER LOGIN;
    CREATE ROLE known SUPERUSER LOGIN;
    CREATE ROLE secret SUPERUSER LOGIN PASSWORD 'p@ss/w?rd'
";

/// A PostgreSQL with TLS, and the files of who comes to it.
struct Encrypted {
    postgres: Postgres,
    home: TempDir,
}

impl Encrypted {
    async fn start(server: &Identity, clients: &Authority) -> Self {
        let postgres = Postgres::start().await;
        TestDatabase::in_server(&postgres.url()).query(ROLES);
        let files = [
            ("ssl_cert_file", server.chain.as_str()),
            ("ssl_key_file", &server.key),
            ("ssl_ca_file", &clients.pem),
        ];
        postgres.start_with_tls(&files, WHO).await;
        Self { postgres, home: tempfile::tempdir().expect("a directory") }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).expect("it can be written");
        std::fs::set_permissions(path, Permissions::from_mode(0o600)).expect("it is ours");
    }

    /// What a server says that is given such a URL, in the directory of the
    /// files.
    async fn reached_by(&self, user: &str, host: &str, parameters: &str) -> Finished {
        let port = self.postgres.address().port();
        let url = format!("postgres://{user}@{host}:{port}/postgres?{parameters}");
        let authority = self.home.path().join("ca.pem");
        let settings =
            [("DATABASE_URL", url.as_str()), ("SSL_CERT_FILE", &authority.to_string_lossy())];
        run_with(&self.home, &["migrate"], &settings).await
    }

    async fn lets_in(&self, user: &str, host: &str, parameters: &str) {
        let finished = self.reached_by(user, host, parameters).await;
        assert_eq!(finished.code, Some(0), "{user}@{host}?{parameters}: {finished:?}");
    }

    async fn refuses(&self, user: &str, host: &str, parameters: &str, why: &str) {
        let finished = self.reached_by(user, host, parameters).await;
        finished.refused(1, why);
        assert!(!finished.stderr.contains("w?rd"), "{finished:?}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn each_sslmode_checks_what_libpq_says() {
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let server = Encrypted::start(&ours.sign("server", &["localhost"]), &ours).await;
    server.write("ca.pem", &ours.pem);
    server.write("other-ca.pem", &others.pem);
    // By this one its name is not in the certificate.
    let unnamed = "127.0.0.1";

    // Nothing is checked, and TLS is what is tried first, or last, or only.
    for parameters in ["", "sslmode=prefer", "sslmode=allow"] {
        server.lets_in("encrypted", unnamed, parameters).await;
        server.lets_in("plain", unnamed, parameters).await;
    }
    server.lets_in("plain", unnamed, "sslmode=disable").await;
    server.refuses("encrypted", unnamed, "sslmode=disable", "no encryption").await;
    server.lets_in("encrypted", unnamed, "sslmode=require").await;
    server.refuses("plain", unnamed, "sslmode=require", "pg_hba.conf").await;

    // Who signed it is checked, and its name is not.
    for mode in ["require", "verify-ca"] {
        let by = |file: &str| format!("sslmode={mode}&sslrootcert={file}");
        server.lets_in("encrypted", unnamed, &by("ca.pem")).await;
        server.refuses("encrypted", unnamed, &by("other-ca.pem"), "UnknownIssuer").await;
    }

    // Both are.
    let by = |file: &str| format!("sslmode=verify-full&sslrootcert={file}");
    server.lets_in("encrypted", "localhost", &by("ca.pem")).await;
    server.refuses("encrypted", unnamed, &by("ca.pem"), "not valid for name").await;
    server.refuses("encrypted", "localhost", &by("other-ca.pem"), "UnknownIssuer").await;
    // `SSL_CERT_FILE` says whom the system trusts.
    server.lets_in("encrypted", "localhost", &by("system")).await;
    server.lets_in("encrypted", "localhost", "sslmode=verify-full").await;
    server.refuses("encrypted", unnamed, "sslmode=verify-full", "not valid for name").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn a_client_shows_its_certificate_or_has_a_password_bound_to_the_servers() {
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let server = Encrypted::start(&ours.sign("server", &["localhost"]), &ours).await;
    server.write("ca.pem", &ours.pem);
    for (name, authority) in [("known", &ours), ("stranger", &others)] {
        let Identity { chain, key } = authority.sign("known", &[]);
        server.write(&format!("{name}.crt"), &chain);
        server.write(&format!("{name}.key"), &key);
    }
    let full = "sslmode=verify-full&sslrootcert=ca.pem";
    let shown = |name: &str| format!("{full}&sslcert={name}.crt&sslkey={name}.key");
    server.lets_in("known", "localhost", &shown("known")).await;
    server.refuses("known", "localhost", full, "client certificate").await;
    server.refuses("known", "localhost", &shown("stranger"), "UnknownCA").await;
    let another_key = format!("{full}&sslcert=known.crt&sslkey=stranger.key");
    server.reached_by("known", "localhost", &another_key).await.refused(2, "`sslkey`");
    let unread = format!("{full}&sslcert=known.crt&sslkey=nowhere.key");
    server.reached_by("known", "localhost", &unread).await.refused(2, "nowhere.key");

    let secret = "secret:p%40ss%2Fw%3Frd";
    server.lets_in(secret, "localhost", "sslmode=require&channel_binding=require").await;
    server.refuses("secret:w?rd", "localhost", "sslmode=require", "password").await;
    // The first that answers.
    let port = server.postgres.address().port();
    let hosts = format!("localhost:1,localhost:{port},localhost");
    server.lets_in(secret, &hosts, full).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn a_certificate_that_signed_itself_is_trusted_by_who_names_it() {
    let mut parameters = parameters("server", &["localhost"]);
    // As `openssl req -x509` makes them.
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = new_key();
    let chain = parameters.self_signed(&key).expect("it can be signed").pem();
    let own = Identity { chain, key: key.serialize_pem() };
    let others = Authority::new("others");
    let server = Encrypted::start(&own, &others).await;
    server.write("ca.pem", &others.pem);
    server.write("server.crt", &own.chain);
    let by = |file: &str| format!("sslmode=verify-full&sslrootcert={file}");
    server.lets_in("encrypted", "localhost", &by("server.crt")).await;
    server.refuses("encrypted", "127.0.0.1", &by("server.crt"), "not valid for name").await;
    server.refuses("encrypted", "localhost", &by("ca.pem"), "CaUsedAsEndEntity").await;
}
