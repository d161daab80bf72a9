//! A network that can fail: a TCP proxy between two ends.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

use super::Address;

/// What becomes of what goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Open,
    /// Connections end, and no new one is made.
    Cut,
    /// Connections stay, and nothing comes through.
    Silent,
    /// Everything comes so much later.
    Slow(Duration),
}

pub struct Proxy {
    address: Address,
    mode: watch::Sender<Mode>,
}

impl Proxy {
    pub async fn in_front_of(server: &Address) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (mode, watching) = watch::channel(Mode::Open);
        tokio::spawn(accept(listener, server.clone(), watching));
        Self { address: Address::new(port), mode }
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Ends all connections and lets no new one through.
    pub fn cut(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    /// Keeps all connections, and lets nothing through any more.
    pub fn silence(&self) {
        self.mode.send_replace(Mode::Silent);
    }

    /// Lets everything through later.
    pub fn delay(&self, by: Duration) {
        self.mode.send_replace(Mode::Slow(by));
    }

    pub fn restore(&self) {
        self.mode.send_replace(Mode::Open);
    }
}

async fn accept(listener: TcpListener, server: Address, mode: watch::Receiver<Mode>) {
    while let Ok((client, _)) = listener.accept().await {
        if *mode.borrow() != Mode::Cut {
            tokio::spawn(pass(client, server.clone(), mode.clone()));
        }
    }
}

async fn pass(client: TcpStream, server: Address, mut mode: watch::Receiver<Mode>) {
    let Ok(upstream) = TcpStream::connect(server.authority()).await else { return };
    let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
    let (client_in, client_out) = client.into_split();
    let (server_in, server_out) = upstream.into_split();
    // However one of them ends, both ends are closed.
    tokio::select! {
        () = copy(client_in, server_out, mode.clone()) => {}
        () = copy(server_in, client_out, mode.clone()) => {}
        _ = mode.wait_for(|mode| *mode == Mode::Cut) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut mode: watch::Receiver<Mode>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read) = from.read(&mut buffer).await else { return };
        if read == 0 {
            return;
        }
        // Held back until somebody is heard again.
        if mode.wait_for(|mode| *mode != Mode::Silent).await.is_err() {
            return;
        }
        let delay = match *mode.borrow() {
            Mode::Slow(delay) => Some(delay),
            _ => None,
        };
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
