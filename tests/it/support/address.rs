//! Where the server is reached.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use tokio::net::TcpStream;

/// The server's port, shared by all who talk to it: a server that is started
/// again may get another one, and its users find it there.
#[derive(Clone, Debug)]
pub struct Address(Arc<AtomicU16>);

impl Address {
    pub fn new(port: u16) -> Self {
        Self(Arc::new(AtomicU16::new(port)))
    }

    pub fn moved_to(&self, port: u16) {
        self.0.store(port, Ordering::SeqCst);
    }

    pub fn port(&self) -> u16 {
        self.0.load(Ordering::SeqCst)
    }

    /// Host and port, as in a `Host` header.
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    pub fn http(&self, path: &str) -> String {
        format!("http://{}{path}", self.authority())
    }

    pub async fn dial(&self) -> TcpStream {
        let stream = super::within("a TCP connection", TcpStream::connect(self.authority()))
            .await
            .expect("the server accepts connections");
        stream.set_nodelay(true).expect("TCP_NODELAY can be set");
        stream
    }
}
