//! A network between a node and its database that takes time.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

const CHUNK: usize = 64 * 1024;

/// Listens at a port of its own, whose number it gives, and passes all on to another
/// one of this machine, each way so much later. Lasts as long as the bench does.
pub fn port_before(port: u16, delay: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let own = listener.local_addr().expect("it has one").port();
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
            for one in [&near, &far] {
                one.set_nodelay(true).expect("a socket");
            }
            let again = |one: &TcpStream| one.try_clone().expect("a socket");
            pass(again(&near), again(&far), delay);
            pass(far, near, delay);
        }
    });
    own
}

/// What comes while something waits is not held up by it.
fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (later, due) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut chunk = vec![0; CHUNK];
        // An end or an error ends the other side, too, when all before it has passed.
        while let Ok(read @ 1..) = from.read(&mut chunk) {
            let passed = later.send((Instant::now() + delay, chunk[..read].to_vec()));
            if passed.is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        let written = due.iter().try_for_each(|(at, bytes)| -> io::Result<()> {
            thread::sleep(at.saturating_duration_since(Instant::now()));
            to.write_all(&bytes)
        });
        let _ = (written, to.shutdown(Shutdown::Both));
    });
}
