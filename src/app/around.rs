//! What a command does around the server that it runs.

use std::net::SocketAddr;

use super::{Failure, http};
use crate::config::Config;

/// What differs between the commands that run a server.
pub(super) trait Around {
    /// The server listens: says so, and whatever else there is to do. An error stops
    /// the server.
    async fn begun(&self, addresses: &[SocketAddr], config: &Config) -> Result<(), Failure>;

    /// Whether the server ends with its terminal, instead of outliving it.
    fn ends_with_terminal(&self) -> bool {
        false
    }

    /// The process ends at once, and nothing is dropped.
    fn cut_short(&self) {}
}

/// `parlor serve`: it only says where it is.
pub(super) struct Serving;

impl Around for Serving {
    async fn begun(&self, addresses: &[SocketAddr], config: &Config) -> Result<(), Failure> {
        http::banner(addresses, config);
        Ok(())
    }
}
