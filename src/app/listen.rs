//! The sockets that the server listens on.

use std::{
    io::{Error, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs},
};

use socket2::{Domain, Socket, Type};

use super::Failure;
use crate::config::BindAddress;
use parlor_domain::limits::LISTEN_BACKLOG;

/// Listens on every address that `bind` stands for: `localhost` is often two.
/// With port 0 all of them get the port of the first.
///
/// Blocking: a name is looked up.
pub(super) fn listen(bind: &BindAddress) -> Result<Vec<TcpListener>, Failure> {
    let failed = |error: Error| Failure::environment(format!("cannot listen on {bind}: {error}"));
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut missing = None;
    for mut address in addresses(bind).map_err(failed)? {
        if let Some(first) = listeners.first() {
            address.set_port(first.local_addr().map_err(failed)?.port());
        }
        match listen_on(address) {
            Ok(listener) => listeners.push(listener),
            // A name may stand for an address that this machine does not have.
            Err(error) if is_missing(&error) => missing = Some(error),
            Err(error) => return Err(failed(error)),
        }
        if bind.host.is_none() && !listeners.is_empty() {
            break;
        }
    }
    match (listeners.is_empty(), missing) {
        (true, Some(error)) => Err(failed(error)),
        (true, None) => {
            Err(failed(Error::new(ErrorKind::NotFound, "the name resolves to no address")))
        }
        (false, _) => Ok(listeners),
    }
}

/// Every address is `[::]`, which takes IPv4 as well, or `0.0.0.0` where there
/// is no IPv6.
fn addresses(bind: &BindAddress) -> Result<Vec<SocketAddr>, Error> {
    let Some(host) = &bind.host else {
        let every = [Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()];
        return Ok(every.map(|ip| SocketAddr::new(ip, bind.port)).to_vec());
    };
    let mut found: Vec<_> = (host.as_str(), bind.port).to_socket_addrs()?.collect();
    // IPv4 first: it is what the banner names.
    found.sort_by_key(SocketAddr::is_ipv6);
    found.dedup();
    Ok(found)
}

fn is_missing(error: &Error) -> bool {
    error.kind() == ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(nix::errno::Errno::EAFNOSUPPORT as i32)
}

fn listen_on(address: SocketAddr) -> Result<TcpListener, Error> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A restart must not wait for the connections of the last run to fade.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // Whatever the system's default is; beside it `localhost` has IPv4 too.
        socket.set_only_v6(address.ip() != Ipv6Addr::UNSPECIFIED)?;
    }
    socket.bind(&address.into())?;
    socket.listen(LISTEN_BACKLOG as i32)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(host: Option<&str>) -> BindAddress {
        BindAddress { host: host.map(str::to_owned), port: 0 }
    }

    #[test]
    fn every_address_of_a_name_has_the_same_port() {
        let listeners = listen(&bind(Some("localhost"))).expect("it listens");
        let ports = listeners.iter().map(|one| one.local_addr().expect("bound").port());
        let ports: std::collections::BTreeSet<_> = ports.collect();
        assert_eq!(ports.len(), 1);
    }

    #[test]
    fn no_host_is_every_address() {
        let listeners = listen(&bind(None)).expect("it listens");
        assert_eq!(listeners.len(), 1);
        let port = listeners[0].local_addr().expect("bound").port();
        std::net::TcpStream::connect(("127.0.0.1", port)).expect("IPv4 comes in");
    }

    #[test]
    fn a_name_without_an_address_is_refused() {
        assert!(listen(&bind(Some("no-such-host.invalid"))).is_err());
    }
}
