//! A client that sends without pause until it is cut off, and remembers what
//! it was promised.

use std::collections::VecDeque;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::Socket;

/// Messages without an ack at a time.
const IN_FLIGHT: usize = 4;

/// What came of a stream of sends.
#[derive(Debug, Default)]
pub struct Streamed {
    /// The ack of each `client_id`.
    pub acked: Vec<(String, Value)>,
    /// Sent, and not acked.
    pub unacked: Vec<String>,
    /// The events it was told meanwhile.
    pub events: Vec<Value>,
    /// The code that the server closed with.
    pub close_code: Option<u16>,
}

/// Sends to `room` until the connection ends or the server says that it
/// goes. Each ack is also told to `acks`.
pub async fn stream_until_closed(
    mut socket: Socket,
    room: &str,
    name: &str,
    acks: UnboundedSender<()>,
) -> Streamed {
    let mut streamed = Streamed::default();
    let mut flying: VecDeque<(String, String)> = VecDeque::new();
    let mut leaving = false;
    for number in 0.. {
        while flying.len() >= IN_FLIGHT || leaving {
            let Some(frame) = socket.read().await else {
                streamed.unacked.extend(flying.into_iter().map(|(_, client_id)| client_id));
                streamed.close_code = socket.close_code().await;
                return streamed;
            };
            leaving |= frame["type"] == "server.goaway";
            take(&mut streamed, &mut flying, frame, &acks);
        }
        let client_id = format!("{name}-{number}");
        let data = json!({"room_id": room, "client_id": client_id, "content": client_id});
        match socket.try_begin("message.send", data).await {
            Ok(id) => flying.push_back((id, client_id)),
            Err(_) => {
                // What the server still had to say is read above.
                streamed.unacked.push(client_id);
                leaving = true;
            }
        }
    }
    streamed
}

fn take(
    streamed: &mut Streamed,
    flying: &mut VecDeque<(String, String)>,
    frame: Value,
    acks: &UnboundedSender<()>,
) {
    let Some(at) = flying.iter().position(|(id, _)| frame["id"] == id.as_str()) else {
        return streamed.events.push(frame);
    };
    let (_, client_id) = flying.remove(at).expect("just found");
    if frame["type"] == "ack" {
        streamed.acked.push((client_id, frame["data"].clone()));
        // Nobody may be listening any more.
        let _ = acks.send(());
    } else {
        assert_eq!(frame["data"]["code"], "unavailable", "{frame}");
        streamed.unacked.push(client_id);
    }
}
