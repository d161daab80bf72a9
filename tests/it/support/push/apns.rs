//! A stand-in for the Apple Push Notification service: HTTP/2 over TLS, as
//! <https://developer.apple.com/documentation/usernotifications> has it.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use h2::{RecvStream, server::SendResponse};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;

use super::assertion::{now, opened};
use crate::support::{Certificate, within};

/// What it was asked, and what it answered.
#[derive(Clone, Debug)]
pub struct AskedOfApple {
    pub device: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub payload: Value,
    pub status: u16,
}

impl AskedOfApple {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }
}

/// What it answers besides what it has to say itself: a status, a reason, `Retry-After`.
pub type AppleSays = Option<(u16, &'static str, Option<&'static str>)>;

type Behaviour = Box<dyn Fn(&AskedOfApple) -> AppleSays + Send>;

struct Shared {
    asked: Mutex<Vec<AskedOfApple>>,
    behaviour: Mutex<Behaviour>,
    came: Notify,
    connections: AtomicUsize,
}

/// Runs until it is dropped.
pub struct Apns {
    pub url: String,
    /// The file with its certificate, for who is to trust it.
    pub certificate: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Apns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Apns {
    pub const KEY_ID: &'static str = "ABC123DEFG";
    pub const TEAM_ID: &'static str = "DEF123GHIJ";
    pub const TOPIC: &'static str = "org.example.chat";

    /// Takes everything that Apple would take, until it is told otherwise. Its certificate is
    /// put into `home`.
    pub async fn start(home: &Path) -> Self {
        let certificate = Certificate::make(home, "apns");
        let chain = CertificateDer::from_pem_file(&certificate.chain).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(&certificate.key).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the defaults are known")
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .expect("they belong together");
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            asked: Mutex::default(),
            behaviour: Mutex::new(Box::new(|_| None)),
            came: Notify::new(),
            connections: AtomicUsize::new(0),
        });
        let serving = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, acceptor.clone(), serving.clone()));
            }
        });
        let (url, certificate) = (format!("https://{address}"), certificate.chain);
        Self { url, certificate, shared, task }
    }

    pub fn answer_with(&self, behaviour: impl Fn(&AskedOfApple) -> AppleSays + Send + 'static) {
        *self.shared.behaviour.lock().expect("unpoisoned") = Box::new(behaviour);
    }

    pub fn asked(&self) -> Vec<AskedOfApple> {
        self.shared.asked.lock().expect("unpoisoned").clone()
    }

    /// Connections on which HTTP/2 was spoken.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Waits until what came is enough; gives all of it.
    pub async fn wait_until(
        &self,
        what: &str,
        is_enough: impl Fn(&[AskedOfApple]) -> bool,
    ) -> Vec<AskedOfApple> {
        within(what, async {
            loop {
                let came = self.shared.came.notified();
                let asked = self.asked();
                if is_enough(&asked) {
                    return asked;
                }
                came.await;
            }
        })
        .await
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    // Whoever offers no `h2` has no connection already.
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    shared.connections.fetch_add(1, Ordering::Relaxed);
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(answer(request, respond, shared.clone()));
    }
}

async fn answer(
    request: http::Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    shared: Arc<Shared>,
) {
    let (head, mut stream) = request.into_parts();
    let mut body = Vec::new();
    while let Some(Ok(chunk)) = stream.data().await {
        let _ = stream.flow_control().release_capacity(chunk.len());
        body.extend_from_slice(&chunk);
    }
    let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
    let mut asked = AskedOfApple {
        device: head.uri.path().strip_prefix("/3/device/").unwrap_or_default().to_owned(),
        headers: headers.collect(),
        payload: serde_json::from_slice(&body).unwrap_or_default(),
        status: 200,
    };
    let own =
        if head.method == "POST" { refusal(&asked, body.len()) } else { (405, "MethodNotAllowed") };
    let told = match own {
        (200, _) => (shared.behaviour.lock().expect("unpoisoned"))(&asked),
        (status, reason) => Some((status, reason, None)),
    };
    let (status, reason, retry_after) = told.unwrap_or((200, "", None));
    asked.status = status;
    shared.asked.lock().expect("unpoisoned").push(asked);
    shared.came.notify_waiters();
    let mut response = http::Response::builder().status(status);
    if let Some(retry_after) = retry_after {
        response = response.header("retry-after", retry_after);
    }
    let response = response.body(()).expect("a response");
    // Who asked may have gone.
    if let Ok(mut send) = respond.send_response(response, status == 200)
        && status != 200
    {
        let _ = send.send_data(json!({ "reason": reason }).to_string().into(), true);
    }
}

/// What Apple refuses by itself
/// (<https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns>).
fn refusal(asked: &AskedOfApple, bytes: usize) -> (u16, &'static str) {
    let header = |name| asked.header(name);
    let Some(token) = header("authorization").strip_prefix("bearer ") else {
        return (403, "MissingProviderToken");
    };
    let Some((head, claims)) = opened(token, "ES256") else {
        return (403, "InvalidProviderToken");
    };
    if head["kid"] != Apns::KEY_ID || claims["iss"] != Apns::TEAM_ID {
        return (403, "InvalidProviderToken");
    }
    let age = claims["iat"].as_i64().map_or(i64::MAX, |issued| now() - issued);
    let aps = &asked.payload["aps"];
    let interacts = ["alert", "badge", "sound"].iter().any(|key| aps.get(key).is_some());
    let is_hex = asked.device.bytes().all(|byte| byte.is_ascii_hexdigit());
    let wrong = [
        (age > 3_600, (403, "ExpiredProviderToken")),
        (asked.device.is_empty(), (404, "BadPath")),
        (asked.device.len() != 64 || !is_hex, (400, "BadDeviceToken")),
        (header("apns-topic").is_empty(), (400, "MissingTopic")),
        (header("apns-topic") != Apns::TOPIC, (400, "DeviceTokenNotForTopic")),
        (bytes == 0, (400, "PayloadEmpty")),
        (bytes > 4_096, (413, "PayloadTooLarge")),
        (!["1", "5", "10"].contains(&header("apns-priority")), (400, "BadPriority")),
        (header("apns-collapse-id").len() > 64, (400, "BadCollapseId")),
        (header("apns-expiration").parse::<i64>().is_err(), (400, "BadExpirationDate")),
        // What Apple's documentation asks of the two types.
        (header("apns-push-type") == "alert" && !interacts, (400, "InvalidPushType")),
        (header("apns-push-type") == "background" && interacts, (400, "InvalidPushType")),
        (!["alert", "background"].contains(&header("apns-push-type")), (400, "InvalidPushType")),
    ];
    wrong.iter().find(|(is_so, _)| *is_so).map_or((200, ""), |(_, refusal)| *refusal)
}
