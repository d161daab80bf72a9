//! The least that a broadcast server can do, done as well as we know how.
//!
//! Every text frame from any connection goes to every connection that reads.
//! A worker is a thread with a single-threaded runtime that owns its
//! connections, so nothing on the way is locked. What one read brings is
//! encoded once, handed to each worker in one message, and written by it
//! straight to its sockets.
//!
//! The bench runs this in a process of its own, so that its CPU time and its
//! memory are read like those of any other server.

mod connection;
mod protocol;

use std::{
    cell::RefCell,
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
    thread,
};

use bytes::{Bytes, BytesMut};
use socket2::{Domain, Socket, Type};
use tokio::{sync::mpsc, task::LocalSet};

use crate::Result;
use connection::Connection;

/// The hidden first argument that makes the bench's executable this server.
pub const SUBCOMMAND: &str = "serve-bare";

/// Batches that may wait for a worker. Whoever sends faster waits in turn.
const INBOX: usize = 1_024;
/// Taken from the inbox at once, and written as one.
const BATCHES: usize = 256;
/// Connections that the kernel keeps for a busy server.
const BACKLOG: i32 = 4_096;

enum Command {
    Accepted(std::net::TcpStream),
    /// Whole frames, to be written as they are.
    Broadcast(Bytes),
}

/// What the tasks of a worker share.
struct Worker {
    readers: RefCell<Vec<Rc<Connection>>>,
    /// Of all workers, this one's own too.
    inboxes: Vec<mpsc::Sender<Command>>,
    /// What a connection reads into. It holds nothing between two reads, so
    /// one is enough for all.
    buffer: RefCell<Vec<u8>>,
}

/// Serves on the loopback until the process is killed, with as many workers
/// as the server has by default.
pub fn serve(port: &str) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse()?));
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    let workers = thread::available_parallelism()?.get();
    let (inboxes, receivers): (Vec<_>, Vec<_>) = (0..workers).map(|_| mpsc::channel(INBOX)).unzip();
    for inbox in receivers {
        let inboxes = inboxes.clone();
        thread::spawn(move || work(inboxes, inbox));
    }
    socket.listen(BACKLOG)?;
    let listener = std::net::TcpListener::from(socket);
    for inbox in inboxes.iter().cycle() {
        let (stream, _) = listener.accept()?;
        inbox.blocking_send(Command::Accepted(stream))?;
    }
    Ok(())
}

fn work(inboxes: Vec<mpsc::Sender<Command>>, inbox: mpsc::Receiver<Command>) {
    let worker = Rc::new(Worker {
        readers: RefCell::default(),
        inboxes,
        buffer: RefCell::new(vec![0; connection::READ_CHUNK]),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => LocalSet::new().block_on(&runtime, worker.run(inbox)),
        Err(error) => eprintln!("bare: no runtime: {error}"),
    }
}

impl Worker {
    async fn run(self: Rc<Self>, mut inbox: mpsc::Receiver<Command>) {
        let mut commands = Vec::with_capacity(BATCHES);
        while inbox.recv_many(&mut commands, BATCHES).await > 0 {
            let mut batches = Vec::new();
            for command in commands.drain(..) {
                match command {
                    Command::Accepted(stream) => {
                        tokio::task::spawn_local(connection::serve(stream, self.clone()));
                    }
                    Command::Broadcast(frames) => batches.push(frames),
                }
            }
            if let Some(frames) = joined(batches) {
                let mut readers = self.readers.borrow_mut();
                readers.retain(|reader| reader.send(&frames));
            }
        }
    }

    async fn broadcast(&self, frames: Bytes) {
        for inbox in &self.inboxes {
            // A worker only ends with the process.
            let _ = inbox.send(Command::Broadcast(frames.clone())).await;
        }
    }
}

/// What has come meanwhile as one piece: copied once here, it is one piece for
/// the kernel at every reader.
fn joined(mut batches: Vec<Bytes>) -> Option<Bytes> {
    if batches.len() <= 1 {
        return batches.pop();
    }
    let mut all = BytesMut::with_capacity(batches.iter().map(Bytes::len).sum());
    batches.iter().for_each(|frames| all.extend_from_slice(frames));
    Some(all.freeze())
}
