//! Attachments in an S3-compatible store.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use image::{DynamicImage, ImageFormat};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

use crate::support::{
    Address, BUCKET, Outcome, Received, Receiver, Reply, S3Store, Server, User, run, within,
};

async fn server_with(store: &Address) -> Server {
    Server::builder()
        .set("PARLOR_ATTACHMENTS_URL", format!("s3://{BUCKET}/chat"))
        .set("PARLOR_S3_ENDPOINT", store.http("/"))
        .set("PARLOR_S3_ACCESS_KEY_ID", "test")
        .set("PARLOR_S3_SECRET_ACCESS_KEY", "a secret")
        .start()
        .await
}

async fn upload(user: &User, name: &str, bytes: Vec<u8>) -> Outcome {
    let path = format!("/attachments?name={name}");
    User::outcome(user.request(Method::POST, &path).body(bytes)).await
}

/// The status and the bytes of a download.
async fn download(user: &User, path: &str, range: Option<&str>) -> (u16, Vec<u8>) {
    let mut request = user.request(Method::GET, path);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.bytes().await.expect("a body").to_vec())
}

fn picture() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::new_rgb8(640, 480).write_to(&mut bytes, ImageFormat::Png).expect("encoded");
    bytes.into_inner()
}

/// Some text that does not repeat soon.
fn text(bytes: usize) -> Vec<u8> {
    (0..).flat_map(|n: u64| format!("{n} ").into_bytes()).take(bytes).collect()
}

fn path_of(made: &Value, what: &str) -> String {
    format!("/attachments/{}{what}", made["attachment_id"].as_str().expect("an id"))
}

async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    within(what, async { while !is_so().await {} }).await;
}

#[tokio::test]
#[ignore = "needs moto: run scripts/test"]
async fn what_goes_into_the_store_comes_out_for_members_only() {
    let store = S3Store::start().await;
    let server = server_with(store.address()).await;
    let (ann, ben, cy) =
        (server.user("ann").await, server.user("ben").await, server.user("cy").await);
    ann.room_with("den", &[&ben]).await;
    // In three parts, of which the store wants 5 MiB each at least.
    let bytes = text(12 * 1024 * 1024);
    let file = upload(&ann, "notes.txt", bytes.clone()).await.expect(201);
    let shown = upload(&ann, "p.png", picture()).await.expect(201);
    assert_eq!((&shown["width"], &shown["has_thumbnail"]), (&json!(640), &json!(true)));
    let keys = store.keys().await;
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert!(keys.iter().all(|key| key.starts_with("chat/")), "{keys:?}");
    let ids = json!({"attachments": [file["attachment_id"], shown["attachment_id"]]});
    let sent = ann.post("/rooms/den/messages", ids).await.expect(201);
    let content = path_of(&file, "/content");
    let (status, body) = download(&ben, &content, None).await;
    assert_eq!((status, body == bytes), (200, true));
    let end = bytes.len();
    for (range, part) in [
        ("bytes=6000000-6000009", &bytes[6_000_000..6_000_010]),
        ("bytes=12582900-", &bytes[12_582_900..]),
        ("bytes=-10", &bytes[end - 10..]),
    ] {
        assert_eq!(download(&ben, &content, Some(range)).await, (206, part.to_vec()), "{range}");
    }
    let (status, small) = download(&ben, &path_of(&shown, "/thumbnail"), None).await;
    let small = image::load_from_memory(&small).expect("a picture");
    assert_eq!((status, small.width(), small.height()), (200, 320, 240));
    for what in ["", "/content", "/thumbnail"] {
        cy.get(&path_of(&shown, what)).await.refused(404, "not_found");
        server.nobody().get(&path_of(&shown, what)).await.refused(401, "unauthorized");
    }
    // The message takes its files with it.
    let message = sent["message_id"].as_str().expect("an id");
    ann.delete(&format!("/messages/{message}")).await.expect(200);
    until("an empty store", || async { store.keys().await.is_empty() }).await;
}

#[tokio::test]
#[ignore = "needs moto: run scripts/test"]
async fn an_upload_that_is_refused_or_cut_leaves_nothing_in_the_store() {
    let store = S3Store::start().await;
    let server = server_with(store.address()).await;
    let ann = server.user("ann").await;
    let page = b"<html><script>alert(1)</script></html>".to_vec();
    upload(&ann, "a.html", page).await.refused(400, "invalid_message");
    assert_eq!((store.keys().await.len(), store.unfinished().await), (0, 0));
    // More than one part, and then the connection is reset.
    let head = format!(
        "POST /api/v1/attachments HTTP/1.1\r\nHost: parlor\r\nAuthorization: Bearer {}\r\n\
         Content-Length: 20000000\r\n\r\n",
        ann.token()
    );
    let connecting = TcpStream::connect(server.address().authority());
    let mut client = connecting.await.expect("connected");
    client.write_all(head.as_bytes()).await.expect("sent");
    client.write_all(&text(6_000_000)).await.expect("sent");
    until("an upload", || async { store.unfinished().await == 1 }).await;
    client.set_zero_linger().expect("set");
    drop(client);
    until("its end", || async { store.unfinished().await == 0 }).await;
    assert_eq!(store.keys().await, Vec::<String>::new());
}

#[tokio::test]
#[ignore = "needs moto: run scripts/test"]
async fn a_lost_file_and_a_store_that_is_away_are_told_apart() {
    let mut store = S3Store::start().await;
    let server = server_with(store.address()).await;
    let ann = server.user("ann").await;
    let lost = upload(&ann, "lost.png", picture()).await.expect(201);
    for key in store.keys().await {
        store.remove(&key).await;
    }
    for what in ["/content", "/thumbnail"] {
        ann.get(&path_of(&lost, what)).await.refused(404, "not_found");
    }
    assert!(server.stderr().contains("missing from the attachment store"), "the operator is told");
    let kept = upload(&ann, "kept.txt", text(100)).await.expect(201);
    store.stop().await;
    let began = Instant::now();
    let refused = ann.get(&path_of(&kept, "/content")).await.refused(503, "unavailable");
    assert!(refused["retry_after_ms"].is_u64(), "{refused}");
    upload(&ann, "a.txt", text(100)).await.refused(503, "unavailable");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    // The rest goes on.
    ann.create_room("den", "private").await;
    ann.say("den", "still here").await;
}

/// It takes connections and says nothing.
#[tokio::test]
#[ignore = "takes as long as the store may keep silent: run scripts/test"]
async fn a_store_that_keeps_silent_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok(taken) = listener.accept().await {
            held.push(taken);
        }
    });
    let server = server_with(&Address::new(port)).await;
    let ann = server.user("ann").await;
    let request = ann.request(Method::POST, "/attachments?name=a.txt").body(text(100));
    let began = Instant::now();
    let answer = User::outcome(request.timeout(Duration::from_secs(120))).await;
    answer.refused(503, "unavailable");
    assert!(began.elapsed() < Duration::from_secs(70), "{:?}", began.elapsed());
    silent.abort();
}

/// A client may take longer than the store may keep silent.
#[tokio::test]
#[ignore = "takes longer than the store may keep silent: run scripts/test"]
async fn a_slow_client_gets_the_whole_file() {
    let store = S3Store::start().await;
    let server = server_with(store.address()).await;
    let ann = server.user("ann").await;
    let bytes = text(24 * 1024 * 1024);
    let made = upload(&ann, "big.txt", bytes.clone()).await.expect(201);
    let request = ann.request(Method::GET, &path_of(&made, "/content"));
    let response = request.timeout(Duration::from_secs(120)).send().await.expect("an answer");
    let mut pieces = response.bytes_stream();
    let (began, mut taken) = (Instant::now(), Vec::new());
    while let Some(piece) = pieces.next().await {
        taken.extend_from_slice(&piece.expect("the next piece"));
        // 24 MiB in a minute, which no buffer on the way makes up for.
        let due = began + Duration::from_micros(taken.len() as u64 * 60 / 24);
        tokio::time::sleep_until(due.into()).await;
    }
    assert!(taken == bytes, "{} of {} bytes", taken.len(), bytes.len());
}

/// The address at which a machine of Amazon's learns its role (IMDSv2).
fn metadata(asked: &Received) -> Reply {
    let at = "/latest/meta-data/iam/security-credentials/";
    let body = match asked.line.split_once(' ') {
        Some(("PUT", "/latest/api/token")) => "a token".to_owned(),
        Some(("GET", path)) if path == at => "chat-role".to_owned(),
        Some(("GET", path)) if path == format!("{at}chat-role") => json!({
            "AccessKeyId": "role-key", "SecretAccessKey": "a secret", "Token": "a session",
            "Expiration": "2099-01-01T00:00:00Z",
        })
        .to_string(),
        _ => return Reply::Body(404, String::new()),
    };
    Reply::Body(200, body)
}

#[tokio::test]
#[ignore = "needs moto: run scripts/test"]
async fn without_keys_the_role_of_the_machine_opens_the_store() {
    let store = S3Store::start().await;
    let machine = Receiver::start().await;
    machine.answer_with(metadata);
    let server = Server::builder()
        .set("PARLOR_ATTACHMENTS_URL", format!("s3://{BUCKET}/chat"))
        .set("PARLOR_S3_ENDPOINT", store.address().http("/"))
        .set("AWS_METADATA_ENDPOINT", &machine.url)
        .start()
        .await;
    let ann = server.user("ann").await;
    let file = upload(&ann, "notes.txt", text(1024)).await.expect(201);
    let (status, body) = download(&ann, &path_of(&file, "/content"), None).await;
    assert_eq!((status, body.len()), (200, 1024));
    assert_eq!(machine.received().len(), 3, "asked once: {:?}", machine.received());
}

#[tokio::test]
async fn a_store_without_keys_or_with_a_wrong_address_is_refused_at_the_start() {
    let url = "--attachments-url=s3://bucket";
    run(&["serve", url, "--s3-access-key-id=a"]).await.refused(2, "PARLOR_S3_SECRET_ACCESS_KEY");
    run(&["serve", url, "--s3-secret-access-key=a"]).await.refused(2, "PARLOR_S3_ACCESS_KEY_ID");
    let keys = ["--s3-access-key-id=a", "--s3-secret-access-key=b"];
    run(&["serve", url, keys[0], keys[1], "--s3-endpoint=nowhere"])
        .await
        .refused(2, "PARLOR_S3_ENDPOINT");
    run(&["serve", "--attachments-url=ftp://x", keys[0], keys[1]])
        .await
        .refused(2, "s3://bucket/prefix");
}
