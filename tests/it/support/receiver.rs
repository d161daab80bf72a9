//! A real HTTP server beside the one under test: an issuer that gives its
//! keys, or whoever is told of what happens.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};

use super::within;

/// A request that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Method and path.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The same, as it came.
    pub bytes: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("a JSON body: {self:?}"))
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    Body(u16, String),
    /// What is asked for is elsewhere.
    Redirect(String),
    /// This and nothing else, and then the connection ends.
    Raw(String),
    /// The same, but not before the gate is open.
    Behind(watch::Receiver<bool>, Box<Reply>),
    /// Nothing, for as long as the caller waits.
    Silence,
    /// The connection ends.
    HangUp,
}

type Behaviour = Box<dyn Fn(&Received) -> Reply + Send>;

struct Shared {
    received: Mutex<Vec<Received>>,
    behaviour: Mutex<Behaviour>,
    came: Notify,
}

/// Runs until it is dropped.
pub struct Receiver {
    pub url: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// Answers everything with 200 until it is told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let ok: Behaviour = Box::new(|_| Reply::Body(200, String::new()));
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            behaviour: Mutex::new(ok),
            came: Notify::new(),
        });
        let serving = shared.clone();
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(serve(stream, serving.clone()));
            }
        });
        Self { url: format!("http://{address}"), shared, task }
    }

    pub fn answer_with(&self, behaviour: impl Fn(&Received) -> Reply + Send + 'static) {
        *self.shared.behaviour.lock().expect("unpoisoned") = Box::new(behaviour);
    }

    pub fn answer(&self, reply: Reply) {
        self.answer_with(move |_| reply.clone());
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().expect("unpoisoned").clone()
    }

    /// Waits until what came is enough; gives all of it.
    pub async fn wait_until(
        &self,
        what: &str,
        is_enough: impl Fn(&[Received]) -> bool,
    ) -> Vec<Received> {
        within(what, async {
            loop {
                let came = self.shared.came.notified();
                let received = self.received();
                if is_enough(&received) {
                    return received;
                }
                came.await;
            }
        })
        .await
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Some(received) = read(&mut stream).await {
        let mut reply = (shared.behaviour.lock().expect("unpoisoned"))(&received);
        shared.received.lock().expect("unpoisoned").push(received);
        shared.came.notify_waiters();
        while let Reply::Behind(mut gate, behind) = reply {
            // A gate that is gone stays as it was.
            if gate.wait_for(|open| *open).await.is_err() {
                return;
            }
            reply = *behind;
        }
        let (status, location, body) = match reply {
            Reply::Body(status, body) => (status, String::new(), body),
            Reply::Redirect(to) => (307, format!("location: {to}\r\n"), String::new()),
            Reply::Raw(text) => {
                // Who has read enough hangs up.
                let _ = stream.write_all(text.as_bytes()).await;
                return;
            }
            Reply::Behind(..) => unreachable!("it has been opened"),
            Reply::Silence => std::future::pending().await,
            Reply::HangUp => return,
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\n{location}content-length: {length}\r\n\r\n");
        if stream.write_all((head + &body).as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut line = String::new();
    if stream.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    let line = line.rsplit_once(" HTTP/")?.0.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut received = Received { line, headers, body: String::new(), bytes: Vec::new() };
    let mut body = vec![0; received.header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    received.body = String::from_utf8_lossy(&body).into_owned();
    received.bytes = body;
    Some(received)
}
