//! One connection of the bare server: a socket and what waits for it.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice},
    net::Shutdown,
    rc::Rc,
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use socket2::SockRef;
use tokio::{io::Interest, net::TcpStream, sync::Notify, time::timeout};

use super::{
    Worker,
    protocol::{self, Incoming},
};

pub const READ_CHUNK: usize = 64 * 1024;
/// Pieces that leave with one system call.
const PIECES: usize = 64;
/// Bytes that may wait for a reader; with more it is taken for stuck. As much
/// as Parlor allows one.
const QUEUE_MAX: usize = 1024 * 1024;
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(5);
/// No frame of the bench comes near.
const FRAME_MAX: usize = 64 * 1024;

pub struct Connection {
    stream: TcpStream,
    queue: RefCell<VecDeque<Bytes>>,
    queued: Cell<usize>,
    /// Told when the socket takes no more, so that the task waits for it.
    blocked: Notify,
    stuck: Cell<bool>,
}

/// Takes the upgrade and then serves the connection to its end.
pub async fn serve(stream: std::net::TcpStream, worker: Rc<Worker>) {
    // An error is the end of this connection, and of nothing else.
    let Ok(stream) = prepare(stream) else { return };
    let Ok(Ok(upgrade)) = timeout(UPGRADE_TIMEOUT, protocol::upgrade(&stream)).await else {
        return;
    };
    let connection = Rc::new(Connection {
        stream,
        queue: RefCell::default(),
        queued: Cell::new(0),
        blocked: Notify::new(),
        stuck: Cell::new(false),
    });
    connection.send(&upgrade.answer);
    if upgrade.reads {
        worker.readers.borrow_mut().push(connection.clone());
    }
    let _ = connection.run(&worker, upgrade.rest).await;
    if upgrade.reads {
        worker.readers.borrow_mut().retain(|reader| !Rc::ptr_eq(reader, &connection));
    }
}

fn prepare(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    TcpStream::from_std(stream)
}

impl Connection {
    /// Writes now if nothing is before it, and queues what the kernel does not
    /// take. False once the reader is given up.
    pub fn send(&self, frames: &Bytes) -> bool {
        let mut queue = self.queue.borrow_mut();
        let idle = queue.is_empty();
        let written = if idle { self.stream.try_write(frames).unwrap_or(0) } else { 0 };
        if written == frames.len() {
            return true;
        }
        queue.push_back(frames.slice(written..));
        self.queued.set(self.queued.get() + frames.len() - written);
        if self.queued.get() > QUEUE_MAX && !self.stuck.replace(true) {
            // Ends the task too: both waits of its end with this.
            let _ = SockRef::from(&self.stream).shutdown(Shutdown::Both);
        }
        if idle {
            self.blocked.notify_one();
        }
        !self.stuck.get()
    }

    async fn run(&self, worker: &Worker, mut partial: Vec<u8>) -> io::Result<()> {
        self.handle(worker, &mut partial).await?;
        loop {
            tokio::select! {
                ready = self.stream.readable() => {
                    ready?;
                    if self.read(worker, &mut partial)? {
                        self.handle(worker, &mut partial).await?;
                    }
                }
                () = self.blocked.notified() => self.drain().await?,
            }
        }
    }

    /// Waits until all that was queued is written.
    async fn drain(&self) -> io::Result<()> {
        while !self.flush()? {
            self.stream.ready(Interest::WRITABLE).await?;
        }
        Ok(())
    }

    /// Whether the queue is empty now.
    fn flush(&self) -> io::Result<bool> {
        let mut queue = self.queue.borrow_mut();
        while !queue.is_empty() {
            let mut pieces = [IoSlice::new(&[]); PIECES];
            let mut count = 0;
            for (piece, frames) in pieces.iter_mut().zip(queue.iter()) {
                *piece = IoSlice::new(frames);
                count += 1;
            }
            let written = match self.stream.try_write_vectored(&pieces[..count]) {
                Ok(written) => written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            };
            self.queued.set(self.queued.get() - written);
            forget(&mut queue, written);
        }
        // A reader that was slow once does not keep the room for it.
        *queue = VecDeque::new();
        Ok(true)
    }

    /// Appends what has come to `partial`; false if it was a false alarm.
    fn read(&self, worker: &Worker, partial: &mut Vec<u8>) -> io::Result<bool> {
        let mut buffer = worker.buffer.borrow_mut();
        match self.stream.try_read(&mut buffer) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) if partial.len() + count > FRAME_MAX + READ_CHUNK => {
                Err(ErrorKind::InvalidData.into())
            }
            Ok(count) => {
                partial.extend_from_slice(&buffer[..count]);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Broadcasts all the whole frames of `bytes` together.
    async fn handle(&self, worker: &Worker, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut frames = BytesMut::new();
        let mut used = 0;
        while let Some((incoming, length)) = protocol::first(&bytes[used..], FRAME_MAX)? {
            match incoming {
                Incoming::Text(payload) => protocol::push_text(&mut frames, payload),
                Incoming::Ping(payload) => drop(self.send(&protocol::pong(payload))),
                Incoming::Close => return Err(ErrorKind::ConnectionAborted.into()),
                Incoming::Other => {}
            }
            used += length;
        }
        bytes.drain(..used);
        if bytes.is_empty() {
            // Most connections never say anything again.
            *bytes = Vec::new();
        }
        if !frames.is_empty() {
            worker.broadcast(frames.freeze()).await;
        }
        Ok(())
    }
}

/// Takes the first `written` bytes off the queue.
fn forget(queue: &mut VecDeque<Bytes>, mut written: usize) {
    while let Some(first) = queue.front_mut() {
        if written < first.len() {
            return first.advance(written);
        }
        written -= first.len();
        queue.pop_front();
    }
}
