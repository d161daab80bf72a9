//! A socket on which every byte is the test's own.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
};

use super::{Address, Frame, within};

pub struct RawSocket(BufReader<TcpStream>);

/// A frame of the server.
#[derive(Debug, PartialEq, Eq)]
pub struct Received {
    pub first: u8,
    pub payload: Vec<u8>,
}

impl Received {
    pub fn opcode(&self) -> u8 {
        self.first & 0x0F
    }
}

impl RawSocket {
    /// Connects, authenticates and reads `session.ready`.
    pub async fn connect(address: &Address, token: &str) -> Self {
        Self::offering(address, token, None).await.0
    }

    /// The same with an offer of extensions; gives also what was agreed to.
    pub async fn offering(
        address: &Address,
        token: &str,
        offer: Option<&str>,
    ) -> (Self, Option<String>) {
        Self::upgrade(address.dial().await, address, token, offer).await
    }

    /// The same with a receive buffer so small that the server notices soon
    /// when nobody reads.
    pub async fn connect_narrow(address: &Address, token: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket can be made");
        socket.set_recv_buffer_size(4_096).expect("its buffer can be set");
        let peer = address.authority().parse().expect("an address");
        let stream = within("a TCP connection", socket.connect(peer)).await;
        let stream = stream.expect("the server accepts connections");
        Self::upgrade(stream, address, token, None).await.0
    }

    async fn upgrade(
        stream: TcpStream,
        address: &Address,
        token: &str,
        offer: Option<&str>,
    ) -> (Self, Option<String>) {
        stream.set_nodelay(true).expect("it is a TCP socket");
        let mut socket = Self(BufReader::new(stream));
        let offer = offer.map(|offer| format!("Sec-WebSocket-Extensions: {offer}\r\n"));
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Authorization: Bearer {token}\r\n{}\r\n",
            address.authority(),
            offer.unwrap_or_default(),
        );
        socket.write(request.as_bytes()).await;
        let head = socket.read_head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // The example of RFC 6455 section 1.3.
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        assert_eq!(socket.next_json().await["type"], "session.ready");
        let agreed = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let found = name.eq_ignore_ascii_case("sec-websocket-extensions");
            found.then(|| value.trim().to_owned())
        });
        (socket, agreed)
    }

    /// A connection on which nothing has been said yet.
    pub async fn open(address: &Address) -> Self {
        Self(BufReader::new(address.dial().await))
    }

    /// All that comes until the connection ends.
    pub async fn rest(&mut self) -> std::io::Result<String> {
        let mut rest = String::new();
        within("the end of the connection", self.0.read_to_string(&mut rest)).await?;
        Ok(rest)
    }

    /// Sends a request as it is written and gives the head of the answer.
    pub async fn http(address: &Address, request: &str) -> String {
        let mut socket = Self(BufReader::new(address.dial().await));
        socket.write(request.as_bytes()).await;
        socket.read_head().await
    }

    pub async fn read_head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match within("the head of an answer", self.0.read_u8()).await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        String::from_utf8(head).expect("headers are ASCII")
    }

    /// Writes bytes. A server that has already closed is no failure here:
    /// the test reads what it said.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _ = within("room to write", self.0.write_all(bytes)).await;
    }

    pub async fn send(&mut self, frame: Frame) {
        self.write(&frame.encode()).await;
    }

    /// The next frame; `None` when the connection has ended.
    pub async fn next_frame(&mut self) -> Option<Received> {
        within("a frame", self.read_frame()).await.ok()
    }

    async fn read_frame(&mut self) -> std::io::Result<Received> {
        let first = self.0.read_u8().await?;
        let length = match self.0.read_u8().await? {
            126 => usize::from(self.0.read_u16().await?),
            127 => usize::try_from(self.0.read_u64().await?).expect("a length"),
            masked if masked >= 0x80 => panic!("a server does not mask"),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).await?;
        Ok(Received { first, payload })
    }

    /// The next frame with this opcode.
    pub async fn next_of(&mut self, opcode: u8) -> Received {
        loop {
            let frame = self.next_frame().await.expect("the connection is open");
            if frame.opcode() == opcode {
                return frame;
            }
        }
    }

    pub async fn next_json(&mut self) -> Value {
        let frame = self.next_of(Frame::TEXT).await;
        serde_json::from_slice(&frame.payload).expect("frames are JSON")
    }

    /// Reads to the end and gives the code of the close frame; `None` if the
    /// connection ended without one.
    pub async fn close_code(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some(frame) = self.next_frame().await {
            assert_eq!(code, None, "nothing follows a close frame: {frame:?}");
            if frame.opcode() == Frame::CLOSE {
                let bytes = frame.payload.first_chunk().expect("a close frame has a code");
                code = Some(u16::from_be_bytes(*bytes));
            }
        }
        code
    }
}
