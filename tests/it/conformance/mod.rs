//! RFC 6455 and RFC 7692 over a raw socket, a line for each rule.
//!
//! The cases are those of the Autobahn testsuite's chapters 1 to 7, 9, 10, 12
//! and 13, by its numbers. Parlor is no echo server: where they expect an echo,
//! a `ping` command is answered with its `id`, and long contents come back as
//! the event of a message.

mod closing;
mod deflate;
mod fragments;
mod messages;
mod reserved;
mod sizes;
mod utf8;

use serde_json::{Value, json};

use crate::support::{Frame, RawSocket, Server, User};

/// Bytes of a message at most, as the server of these cases is started.
const MESSAGE_MAX: usize = 256 * 1024;
/// What fits such a message however its JSON is written.
const CONTENT_MAX: usize = 38_000;

/// What is sent on a connection of its own, and what must come.
pub struct Case {
    name: String,
    bytes: Vec<u8>,
    expected: Vec<Expected>,
}

/// One thing that the server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The answer to the `ping` command with this id.
    Answer(String),
    /// An `error` frame with this code.
    Error(&'static str),
    /// A pong frame.
    Pong(Vec<u8>),
    /// A close frame with this code, and the end.
    Close(u16),
    /// A close frame without one, and the end.
    BareClose,
}

use Expected::{Answer, BareClose, Close, Error, Pong};

/// A case; after it the connection must be open, unless it is to be closed.
fn case(name: impl Into<String>, frames: &[Frame], expected: &[Expected]) -> Case {
    let bytes = frames.iter().flat_map(Frame::encode).collect();
    Case { name: name.into(), bytes, expected: expected.to_vec() }
}

/// A `ping` command whose answer has this id.
fn ask(id: &str) -> String {
    json!({"type": "ping", "id": id}).to_string()
}

/// The same, so many bytes long.
fn ask_of(id: &str, length: usize) -> String {
    let text = ask(id);
    let padding = " ".repeat(length - text.len());
    text + &padding
}

fn answer(id: &str) -> Expected {
    Answer(id.to_owned())
}

async fn start() -> (Server, User) {
    let builder = Server::builder()
        .set("PARLOR_FRAME_BYTES", MESSAGE_MAX)
        .set("PARLOR_CONTENT_BYTES", CONTENT_MAX);
    let server = builder.start().await;
    let alice = server.user("alice").await;
    (server, alice)
}

/// Cases up to this size are also sent byte by byte.
const CHOPPED_MAX: usize = 4 * 1024;

async fn run(cases: Vec<Case>) {
    run_offering(cases, None).await;
}

/// Runs each case as a whole and in pieces, and says which have failed.
async fn run_offering(cases: Vec<Case>, offer: Option<&str>) {
    let (server, alice) = start().await;
    let mut failed = Vec::new();
    for case in &cases {
        let sizes = match case.bytes.len() {
            0..=CHOPPED_MAX => [usize::MAX, 1],
            _ => [usize::MAX, 997],
        };
        for size in sizes {
            let address = server.address();
            let mut socket = RawSocket::offering(address, alice.token(), offer).await.0;
            for piece in case.bytes.chunks(size.min(case.bytes.len().max(1))) {
                socket.write(piece).await;
            }
            if let Err(why) = check(&mut socket, &case.expected).await {
                failed.push(format!("{} (pieces of {size}): {why}", case.name));
            }
        }
    }
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

async fn check(socket: &mut RawSocket, expected: &[Expected]) -> Result<(), String> {
    let mut closed = false;
    for expected in expected {
        let said = said(socket).await;
        if said.as_ref() != Some(expected) {
            return Err(format!("{said:?} instead of {expected:?}"));
        }
        closed = matches!(expected, Close(_) | BareClose);
    }
    if closed {
        return match said(socket).await {
            None => Ok(()),
            more => Err(format!("{more:?} after the close")),
        };
    }
    socket.send(Frame::text(ask("still here"))).await;
    match said(socket).await {
        Some(Answer(id)) if id == "still here" => Ok(()),
        other => Err(format!("{other:?} instead of an open connection")),
    }
}

/// What the server says next; `None` at the end.
async fn said(socket: &mut RawSocket) -> Option<Expected> {
    let frame = socket.next_frame().await?;
    Some(match frame.opcode() {
        Frame::PONG => Pong(frame.payload),
        Frame::CLOSE if frame.payload.is_empty() => BareClose,
        Frame::CLOSE => Close(u16::from_be_bytes([frame.payload[0], frame.payload[1]])),
        _ => {
            let said: Value = serde_json::from_slice(&frame.payload).expect("frames are JSON");
            match said["type"].as_str() {
                Some("pong") => Answer(said["id"].as_str().unwrap_or_default().to_owned()),
                Some("error") => Error(match said["data"]["code"].as_str() {
                    Some("invalid_message") => "invalid_message",
                    _ => "another error",
                }),
                other => panic!("nobody asked for {other:?}"),
            }
        }
    })
}
