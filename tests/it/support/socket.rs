//! A WebSocket client that shares no code with the server.

use std::collections::VecDeque;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        handshake::client::Request,
        http::{HeaderName, HeaderValue, Response},
    },
};

use super::{Address, FrameSchemas, within};

/// How a socket is opened.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    query: Vec<String>,
    headers: Vec<(HeaderName, String)>,
}

impl Opening {
    pub fn query(mut self, query: &str) -> Self {
        self.query.extend(Some(query.to_owned()).filter(|query| !query.is_empty()));
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((HeaderName::from_static(name), value.into()));
        self
    }

    /// The token in the `Authorization` header.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    fn request(self, address: &Address) -> Request {
        let url = format!("ws://{}/ws?{}", address.authority(), self.query.join("&"));
        let mut request = url.into_client_request().expect("a good URL");
        for (name, value) in self.headers {
            request.headers_mut().insert(name, HeaderValue::try_from(value).expect("a header"));
        }
        request
    }

    /// The token as a browser gives it.
    pub fn subprotocol(self, token: &str) -> Self {
        self.header("sec-websocket-protocol", format!("parlor.v1, bearer.{token}"))
    }
}

pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// The data of `session.ready`.
    pub ready: Value,
    /// The subprotocol that the server chose.
    pub subprotocol: Option<String>,
    /// Frames that came while something else was waited for.
    waiting: VecDeque<Value>,
    requests: u64,
    closed: Option<Option<u16>>,
}

impl Socket {
    /// Opens a socket, or gives the HTTP status of the refusal.
    pub async fn open(address: &Address, opening: Opening) -> Result<Self, u16> {
        let request = opening.request(address);
        let stream = address.dial().await;
        match within("the handshake", client_async(request, stream)).await {
            Ok((stream, response)) => Ok(Self::new(stream, &response)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("a handshake or a refusal: {error}"),
        }
    }

    fn new<B>(stream: WebSocketStream<TcpStream>, response: &Response<B>) -> Self {
        let subprotocol = response.headers().get("sec-websocket-protocol");
        Self {
            stream,
            ready: Value::Null,
            subprotocol: subprotocol.map(|name| name.to_str().expect("ASCII").to_owned()),
            waiting: VecDeque::new(),
            requests: 0,
            closed: None,
        }
    }

    /// The same where the server may be away, now or in a moment.
    pub async fn try_ready(address: &Address, opening: Opening) -> Option<Self> {
        let stream = TcpStream::connect(address.authority()).await.ok()?;
        let request = opening.request(address);
        let (stream, response) =
            within("the handshake", client_async(request, stream)).await.ok()?;
        let mut socket = Self::new(stream, &response);
        let first = socket.read().await?;
        socket.ready = first["data"].clone();
        (first["type"] == "session.ready").then_some(socket)
    }

    /// Opens a socket that is authenticated at once.
    pub async fn ready(address: &Address, opening: Opening) -> Self {
        let opened = Self::open(address, opening).await;
        let mut socket = opened.unwrap_or_else(|status| panic!("refused with {status}"));
        socket.become_ready().await;
        socket
    }

    /// Waits for `session.ready`, which is the first of all frames.
    pub async fn become_ready(&mut self) {
        let first = self.next().await;
        assert_eq!(first["type"], "session.ready", "{first}");
        self.ready = first["data"].clone();
    }

    /// All rooms that the session is told of, in the order of telling.
    pub async fn all_rooms(&mut self) -> Vec<Value> {
        let list = |piece: &Value| piece["rooms"].as_array().expect("a list").clone();
        let (mut rooms, mut complete) = (list(&self.ready), self.ready["complete"] == true);
        while !complete {
            let piece = self.next_event("session.rooms").await;
            rooms.extend(list(&piece["data"]));
            complete = piece["data"]["complete"] == true;
        }
        rooms
    }

    // Reading

    /// The next frame off the wire; `None` when the connection has ended.
    pub async fn read(&mut self) -> Option<Value> {
        while self.closed.is_none() {
            match within("a frame", self.stream.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(&text).expect("frames are JSON");
                    FrameSchemas::get().check_event(&frame);
                    return Some(frame);
                }
                Some(Ok(Message::Close(frame))) => {
                    self.closed = Some(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(Message::Binary(_))) => panic!("the server sends text only"),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => self.closed = Some(None),
            }
        }
        None
    }

    async fn read_or_fail(&mut self, what: &str) -> Value {
        let frame = self.read().await;
        frame.unwrap_or_else(|| panic!("closed with {:?} before {what}", self.closed))
    }

    /// The next frame, whatever it is.
    pub async fn next(&mut self) -> Value {
        match self.waiting.pop_front() {
            Some(frame) => frame,
            None => self.read_or_fail("the next frame").await,
        }
    }

    /// The next frame for which `wanted` holds; others keep their place.
    pub async fn next_where(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.waiting.iter().position(&wanted) {
            return self.waiting.remove(at).expect("just found");
        }
        // In all: pings and others' events may come for ever.
        let next = async {
            loop {
                let frame = self.read_or_fail(what).await;
                if wanted(&frame) {
                    return frame;
                }
                self.waiting.push_back(frame);
            }
        };
        within(what, next).await
    }

    /// The next event of a type.
    pub async fn next_event(&mut self, kind: &str) -> Value {
        self.next_where(kind, |frame| frame["type"] == kind).await
    }

    /// The next message in a room.
    pub async fn next_message(&mut self, room: &str) -> Value {
        let wanted = |frame: &Value| frame["type"] == "message.created" && frame["room_id"] == room;
        self.next_where("a message", wanted).await
    }

    /// The next `count` messages in a room, as they came.
    pub async fn next_messages(&mut self, room: &str, count: usize) -> Vec<Value> {
        let mut messages = Vec::with_capacity(count);
        while messages.len() < count {
            messages.push(self.next_message(room).await);
        }
        messages
    }

    /// Everything that came before the answer to a command sent now, which the
    /// ChatServer gives behind all that it has told before.
    pub async fn told_so_far(&mut self) -> Vec<Value> {
        self.ask("presence.set", json!({"status": "online"})).await;
        self.waiting.drain(..).collect()
    }

    /// The code that the server closes with; `None` if it only hung up.
    pub async fn close_code(&mut self) -> Option<u16> {
        while let Some(frame) = self.read().await {
            self.waiting.push_back(frame);
        }
        self.closed.expect("read until the end")
    }

    // Asking

    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(Message::text(text)).await.expect("the socket is open");
    }

    pub async fn send_frame(&mut self, message: Message) -> Result<(), Error> {
        within("room to write", self.stream.send(message)).await
    }

    /// Sends a command and gives the id under which it is answered.
    pub async fn begin(&mut self, kind: &str, data: Value) -> String {
        self.try_begin(kind, data).await.expect("the socket is open")
    }

    /// The same, for a server that may have gone.
    pub async fn try_begin(&mut self, kind: &str, data: Value) -> Result<String, Error> {
        self.requests += 1;
        let id = format!("c-{}", self.requests);
        let frame = json!({"type": kind, "id": id, "data": data});
        self.send_frame(Message::text(frame.to_string())).await?;
        Ok(id)
    }

    /// Waits for the answer: the data of the ack, or else of the error.
    pub async fn answer(&mut self, id: &str) -> Result<Value, Value> {
        let answer = self.next_where("an answer", |frame| frame["id"] == id).await;
        match answer["type"].as_str() {
            Some("ack" | "pong") => Ok(answer["data"].clone()),
            Some("error") => Err(answer["data"].clone()),
            _ => panic!("neither ack nor error: {answer}"),
        }
    }

    pub async fn request(&mut self, kind: &str, data: Value) -> Result<Value, Value> {
        let id = self.begin(kind, data).await;
        self.answer(&id).await
    }

    /// A request that is granted.
    pub async fn ask(&mut self, kind: &str, data: Value) -> Value {
        let answer = self.request(kind, data).await;
        answer.unwrap_or_else(|error| panic!("{kind} is granted: {error}"))
    }

    /// A request that is refused with a code.
    pub async fn refused(&mut self, kind: &str, data: Value, code: &str) -> Value {
        let answer = self.request(kind, data).await;
        let error = answer.expect_err("the request is refused");
        assert_eq!(error["code"], code, "{kind}: {error}");
        error
    }

    /// Sends a message and waits for its ack.
    pub async fn say(&mut self, room: &str, content: &str) -> Value {
        self.ask("message.send", json!({"room_id": room, "content": content})).await
    }

    /// The same under a name of its own.
    pub async fn say_as(&mut self, room: &str, client_id: &str, content: &str) -> Value {
        let data = json!({"room_id": room, "client_id": client_id, "content": content});
        self.ask("message.send", data).await
    }
}
