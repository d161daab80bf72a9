//! Ways a client's bytes may travel: TLS, compression, both, or neither.
//!
//! A bridge stands between a test's plain client and the server and speaks
//! TLS and permessage-deflate to it. So every test can run over every carrier
//! without knowing of it: `PARLOR_TEST_CARRIER=tls+deflate cargo test`.

use std::{io, path::Path, sync::Arc};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use socket2::SockRef;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tokio_rustls::TlsConnector;

use super::{Address, Frame};

/// How a client and the server speak.
#[derive(Clone, Debug, Default)]
pub struct Carrier {
    pub tls: Option<Arc<ClientConfig>>,
    pub deflate: bool,
}

/// A certificate for the loopback and its key, as PEM files.
pub struct Certificate {
    pub chain: String,
    pub key: String,
    pub client: Arc<ClientConfig>,
}

impl Certificate {
    /// Makes one; `name` is that of its files.
    pub fn make(dir: &Path, name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
        let made = made.expect("a certificate can be made");
        let file = |kind: &str, text: String| {
            let path = dir.join(format!("{name}-{kind}.pem"));
            std::fs::write(&path, text).expect("it can be written");
            path.display().to_string()
        };
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).expect("it is a certificate");
        let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the defaults are known")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            chain: file("cert", made.cert.pem()),
            key: file("key", made.signing_key.serialize_pem()),
            client: Arc::new(client),
        }
    }
}

/// Listens for plain clients and carries what they say to the server.
pub async fn bridge(server: Address, carrier: Carrier) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = Address::new(listener.local_addr().expect("it is bound").port());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (server, carrier) = (server.clone(), carrier.clone());
            // Either end may go at any time; the other one then notices.
            tokio::spawn(async move { carry(client, server, carrier).await.ok() });
        }
    });
    address
}

async fn carry(client: TcpStream, server: Address, carrier: Carrier) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    // It must not hold for a slow reader what the server should notice.
    socket.set_recv_buffer_size(16 * 1024)?;
    SockRef::from(&client).set_send_buffer_size(16 * 1024)?;
    let upstream = socket.connect(server.authority().parse().expect("an address")).await?;
    upstream.set_nodelay(true)?;
    client.set_nodelay(true)?;
    match carrier.tls {
        None => talk(client, upstream, carrier.deflate).await,
        Some(config) => {
            let name = ServerName::try_from("127.0.0.1").expect("a name");
            let upstream = TlsConnector::from(config).connect(name, upstream).await?;
            talk(client, upstream, carrier.deflate).await
        }
    }
}

async fn talk<U>(mut client: TcpStream, mut upstream: U, deflate: bool) -> io::Result<()>
where
    U: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if !deflate {
        tokio::io::copy_bidirectional(&mut client, &mut upstream).await?;
        return Ok(());
    }
    let (from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = tokio::io::split(upstream);
    let (mut from_client, mut from_server) =
        (BufReader::new(from_client), BufReader::new(from_server));
    let asked = read_head(&mut from_client).await?;
    let upgrades = asked.to_ascii_lowercase().contains("upgrade: websocket");
    if upgrades {
        let offer =
            "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
        to_server.write_all(asked.trim_end().as_bytes()).await?;
        to_server.write_all(offer.as_bytes()).await?;
        let answered = read_head(&mut from_server).await?;
        to_client.write_all(without_extensions(&answered).as_bytes()).await?;
        if answered.starts_with("HTTP/1.1 101") {
            assert!(answered.contains("permessage-deflate"), "{answered}");
            return converse(from_client, to_client, from_server, to_server).await;
        }
    } else {
        to_server.write_all(asked.as_bytes()).await?;
    }
    let there = async {
        tokio::io::copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await
    };
    let back = async {
        tokio::io::copy(&mut from_server, &mut to_client).await?;
        to_client.shutdown().await
    };
    tokio::try_join!(there, back).map(drop)
}

async fn read_head(from: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if from.read_line(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

/// The plain client has offered none.
fn without_extensions(head: &str) -> String {
    let keeps = |line: &&str| !line.to_ascii_lowercase().starts_with("sec-websocket-extensions:");
    head.split_inclusive("\r\n").filter(keeps).collect()
}

async fn converse(
    mut from_client: impl AsyncRead + Unpin,
    mut to_client: impl AsyncWrite + Unpin,
    mut from_server: impl AsyncRead + Unpin,
    mut to_server: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let there = async {
        while let Some(mut frame) = WireFrame::read(&mut from_client).await? {
            if frame.first == 0x80 | Frame::TEXT {
                frame.payload = deflate(&frame.payload);
                frame.first |= 0x40;
            }
            to_server.write_all(&frame.encode(true)).await?;
        }
        to_server.shutdown().await
    };
    let back = async {
        while let Some(mut frame) = WireFrame::read(&mut from_server).await? {
            if frame.first & 0x40 != 0 {
                frame.payload = inflate(&frame.payload);
                frame.first &= !0x40;
            }
            to_client.write_all(&frame.encode(false)).await?;
        }
        to_client.shutdown().await
    };
    tokio::try_join!(there, back).map(drop)
}

/// A frame as it is on the wire, its mask taken off.
struct WireFrame {
    first: u8,
    payload: Vec<u8>,
}

impl WireFrame {
    async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let Ok(first) = from.read_u8().await else { return Ok(None) };
        let second = from.read_u8().await?;
        let length = match second & 0x7F {
            126 => usize::from(from.read_u16().await?),
            127 => usize::try_from(from.read_u64().await?).expect("a length"),
            short => usize::from(short),
        };
        let mut mask = [0; 4];
        if second & 0x80 != 0 {
            from.read_exact(&mut mask).await?;
        }
        let mut payload = vec![0; length];
        from.read_exact(&mut payload).await?;
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        Ok(Some(Self { first, payload }))
    }

    fn encode(self, masked: bool) -> Vec<u8> {
        let frame = Frame::new(self.first & 0x0F, self.payload).with_first(self.first);
        if masked { frame.encode() } else { frame.unmasked().encode() }
    }
}

const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(plain.len() + 100);
    let mut state = Compress::new(Compression::fast(), false);
    state.compress_vec(plain, &mut packed, FlushCompress::Sync).expect("it is compressed");
    packed.truncate(packed.len() - TAIL.len());
    packed
}

fn inflate(packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(2 << 20);
    let mut state = Decompress::new(false);
    for part in [packed, &TAIL] {
        state.decompress_vec(part, &mut plain, FlushDecompress::Sync).expect("good deflate");
    }
    plain
}
