//! A user of one node.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config, tungstenite::Message,
};

use super::cluster::{Node, token};

pub struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// A call with a user's token; what it answers is no matter.
pub async fn call(node: &Node, user: &str, method: reqwest::Method, path: &str, body: Value) {
    let request = reqwest::Client::new().request(method, node.http(path)).bearer_auth(token(user));
    let answer = request.json(&body).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}

/// The text of the metrics.
pub async fn metrics(node: &Node) -> String {
    let url = format!("http://127.0.0.1:{}/metrics", node.port);
    reqwest::get(url).await.expect("an answer").text().await.expect("a text")
}

impl Client {
    pub async fn connect(node: &Node, user: &str) -> Self {
        // TCP_NODELAY, as every client does.
        let connected = connect_async_with_config(node.ws(user), None, true).await;
        let (stream, _) = connected.expect("a socket");
        let mut client = Self(stream);
        let ready = client.next().await;
        assert_eq!(ready["type"], "session.ready", "{ready}");
        client
    }

    pub async fn next(&mut self) -> Value {
        loop {
            let message = self.0.next().await.expect("open").expect("a message");
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }

    pub async fn send(&mut self, id: &str, room: &str, content: &str) {
        let data = json!({"room_id": room, "content": content});
        let frame = json!({"type": "message.send", "id": id, "data": data});
        self.0.send(Message::text(frame.to_string())).await.expect("open");
    }

    /// Sends, and waits for the ack.
    pub async fn say(&mut self, room: &str, content: &str) {
        self.send("1", room, content).await;
        loop {
            let frame = self.next().await;
            if frame["id"] == "1" {
                assert_eq!(frame["type"], "ack", "{frame}");
                return;
            }
        }
    }
}
