//! Files: what goes in comes out, to those who may have it.

use image::{DynamicImage, ImageFormat};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Outcome, Server, User, within};

async fn upload(user: &User, name: &str, bytes: Vec<u8>) -> Outcome {
    let path = format!("/attachments?name={name}");
    User::outcome(user.request(Method::POST, &path).body(bytes)).await
}

/// The bytes of a download, with its status and headers.
async fn download(user: &User, path: &str, range: Option<&str>) -> (u16, Vec<u8>, String) {
    let mut request = user.request(Method::GET, path);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let headers = format!("{:?}", response.headers());
    (status, response.bytes().await.expect("a body").to_vec(), headers)
}

fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = DynamicImage::new_rgb8(width, height);
    image.write_to(&mut bytes, ImageFormat::Png).expect("encoded");
    bytes.into_inner()
}

/// Some text that does not repeat soon.
fn text(bytes: usize) -> Vec<u8> {
    (0..).flat_map(|n: u64| format!("{n} ").into_bytes()).take(bytes).collect()
}

fn id(made: &Value) -> String {
    made["attachment_id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_file_goes_with_a_message_and_its_room_has_it() {
    let server = Server::start().await;
    let (ann, ben, cy) =
        (server.user("ann").await, server.user("ben").await, server.user("cy").await);
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    let bytes = text(200_000);
    let made = upload(&ann, "notes.txt", bytes.clone()).await.expect(201);
    assert_eq!((&made["content_type"], &made["size"]), (&json!("text/plain"), &json!(200_000)));
    let path = format!("/attachments/{}", id(&made));
    // Nobody else has it until it is sent.
    ben.get(&path).await.refused(404, "not_found");
    let send = json!({"attachments": [id(&made)]});
    ann.post("/rooms/den/messages", send.clone()).await.expect(201);
    let message = at_ben.next_message("den").await;
    assert_eq!(message["data"]["attachments"], json!([made]));
    assert_eq!(message["data"]["content"], "");
    let content = format!("{path}/content");
    let (status, body, headers) = download(&ben, &content, None).await;
    assert_eq!((status, body == bytes), (200, true));
    assert!(headers.contains("attachment; filename*=UTF-8''notes.txt"), "{headers}");
    assert!(headers.contains("sandbox") && headers.contains("nosniff"), "{headers}");
    for user in [&cy, &server.nobody()] {
        assert!(matches!(download(user, &content, None).await.0, 401 | 404));
    }
    // It is that message's, and only once.
    ann.post("/rooms/den/messages", send).await.refused(404, "not_found");
    // A part of it.
    let (status, part, headers) = download(&ben, &content, Some("bytes=1000-1009")).await;
    assert_eq!((status, &part[..]), (206, &bytes[1_000..1_010]));
    assert!(headers.contains("bytes 1000-1009/200000"), "{headers}");
    assert_eq!(download(&ben, &content, Some("bytes=200000-")).await.0, 416);
    // Who is removed has it no more.
    ann.remove_member("den", &ben).await.expect(204);
    assert_eq!(download(&ben, &content, None).await.0, 404);
}

#[tokio::test]
async fn somebody_elses_upload_cannot_be_sent() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let made = upload(&ann, "a.txt", text(10)).await.expect(201);
    let send = json!({"content": "mine", "attachments": [id(&made)]});
    ben.post("/rooms/den/messages", send).await.refused(404, "not_found");
    for bad in [json!("7"), json!(["x"]), json!([7]), json!([id(&made), id(&made)])] {
        let send = json!({"content": "x", "attachments": bad});
        ann.post("/rooms/den/messages", send).await.refused(400, "invalid_message");
    }
}

#[tokio::test]
async fn a_picture_has_a_thumbnail_and_a_broken_one_has_none() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let made = upload(&ann, "p.png", picture(1_200, 600)).await.expect(201);
    assert_eq!((&made["width"], &made["height"]), (&json!(1_200), &json!(600)));
    assert_eq!(made["has_thumbnail"], true);
    let path = format!("/attachments/{}/thumbnail", id(&made));
    let (status, bytes, _) = download(&ann, &path, None).await;
    let small = image::load_from_memory(&bytes).expect("a picture");
    assert_eq!((status, small.width(), small.height()), (200, 320, 160));
    let broken = upload(&ann, "p.png", b"\x89PNG\r\n\x1a\nbroken".to_vec()).await.expect(201);
    assert_eq!(broken["has_thumbnail"], false);
}

#[tokio::test]
async fn what_is_too_big_empty_or_of_a_wrong_type_is_refused_and_leaves_nothing() {
    let server = Server::builder().set("PARLOR_ATTACHMENT_BYTES", 100_000).start().await;
    let ann = server.user("ann").await;
    upload(&ann, "big.txt", text(100_001)).await.refused(413, "too_large");
    // Also where nobody says before how much it will be.
    let pieces = futures_util::stream::iter((0..20).map(|_| Ok::<_, std::io::Error>(text(10_000))));
    let body = reqwest::Body::wrap_stream(pieces);
    let request = ann.request(Method::POST, "/attachments?name=big.txt").body(body);
    User::outcome(request).await.refused(413, "too_large");
    upload(&ann, "none", Vec::new()).await.refused(400, "invalid_message");
    // The name and the header are not believed.
    let page = b"<html><script>alert(1)</script></html>".to_vec();
    let request = ann.request(Method::POST, "/attachments?name=a.png");
    let request = request.header("content-type", "image/png").body(page);
    User::outcome(request).await.refused(400, "invalid_message");
    let files = server.data_dir().join("attachments");
    let gone = async {
        while count_files(&files) > 0 {
            tokio::task::yield_now().await;
        }
    };
    within("the store to be empty", gone).await;
}

fn count_files(path: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    let count = |entry: std::fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() { count_files(&path) } else { 1 }
    };
    entries.flatten().map(count).sum()
}

#[tokio::test]
async fn a_name_is_cleaned_and_a_big_file_needs_little_memory() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let made = upload(&ann, "..%2F..%2Fetc%2Fpass%0Awd", text(10)).await.expect(201);
    assert_eq!(made["name"], "passwd");
    let before = server.resident_bytes();
    let bytes = text(24 * 1024 * 1024);
    let made = upload(&ann, "big.txt", bytes.clone()).await.expect(201);
    let (_, body, _) = download(&ann, &format!("/attachments/{}/content", id(&made)), None).await;
    assert!(body == bytes, "what goes in comes out");
    let more = server.resident_bytes().saturating_sub(before);
    assert!(more < 40 * 1024 * 1024, "{more} bytes more for a file of 24 MiB, twice");
}

#[tokio::test]
async fn a_deleted_message_takes_its_files_out_of_the_store() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let made = upload(&ann, "p.png", picture(10, 10)).await.expect(201);
    let sent =
        ann.post("/rooms/den/messages", json!({"attachments": [id(&made)]})).await.expect(201);
    let files = server.data_dir().join("attachments");
    assert_eq!(count_files(&files), 2, "the file and its thumbnail");
    let message = sent["message_id"].as_str().expect("an id");
    ann.delete(&format!("/messages/{message}")).await.expect(200);
    ann.get(&format!("/attachments/{}", id(&made))).await.refused(404, "not_found");
    let gone = async {
        while count_files(&files) > 0 {
            tokio::task::yield_now().await;
        }
    };
    within("the files to be gone", gone).await;
    // An upload can be taken back, too.
    let made = upload(&ann, "a.txt", text(10)).await.expect(201);
    ann.delete(&format!("/attachments/{}", id(&made))).await.expect(204);
    ann.get(&format!("/attachments/{}", id(&made))).await.refused(404, "not_found");
}
