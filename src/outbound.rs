//! The one HTTP client for requests that the server itself makes, with limits.

use std::time::Duration;

/// Says which implementation of TLS is used where a library asks for none.
pub fn install_tls() {
    // Fails only if one was installed before, which does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client for requests that the server makes itself, each of which ends
/// within `timeout`. It follows no redirect: who configured an address meant
/// that one, and not where it may lead.
#[expect(clippy::disallowed_methods, reason = "the one client")]
pub fn client(timeout: Duration) -> reqwest::Client {
    install_tls();
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("parlor/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("a client with a provider for TLS can be made")
}
