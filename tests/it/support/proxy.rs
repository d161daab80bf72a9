//! A network that can fail: a TCP proxy between a client and the server.

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::Address;

pub struct Proxy {
    address: Address,
    open: watch::Sender<bool>,
}

impl Proxy {
    pub async fn in_front_of(server: &Address) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (open, watching) = watch::channel(true);
        tokio::spawn(accept(listener, server.clone(), watching));
        Self { address: Address::new(port), open }
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Ends all connections and lets no new one through.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    pub fn restore(&self) {
        self.open.send_replace(true);
    }
}

async fn accept(listener: TcpListener, server: Address, open: watch::Receiver<bool>) {
    while let Ok((client, _)) = listener.accept().await {
        if *open.borrow() {
            tokio::spawn(pass(client, server.clone(), open.clone()));
        }
    }
}

async fn pass(mut client: TcpStream, server: Address, mut open: watch::Receiver<bool>) {
    let Ok(mut upstream) = TcpStream::connect(server.authority()).await else { return };
    tokio::select! {
        // Either way both ends are closed.
        _ = copy_bidirectional(&mut client, &mut upstream) => {}
        _ = open.wait_for(|open| !open) => {}
    }
}
