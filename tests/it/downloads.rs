//! Files as they are given out: under conditions, in part, and so that they
//! can do nothing.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Outcome, Server, User};

async fn upload(user: &User, name: &str, bytes: impl Into<Vec<u8>>) -> Value {
    let path = format!("/attachments?name={name}");
    let request = user.request(Method::POST, &path).body(bytes.into());
    User::outcome(request).await.expect(201)
}

async fn get(user: &User, path: &str, headers: &[(&str, &str)]) -> Outcome {
    let request = user.request(Method::GET, path);
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    User::outcome(request).await
}

fn content_of(made: &Value) -> String {
    format!("/attachments/{}/content", made["attachment_id"].as_str().expect("an id"))
}

#[tokio::test]
async fn conditional_requests_are_answered_as_rfc_9110_has_it() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let path = content_of(&upload(&ann, "a.txt", "0123456789").await);
    let whole = get(&ann, &path, &[]).await;
    whole.expect_text(200, "0123456789");
    let (tag, cache) = (whole.header("etag"), whole.header("cache-control"));
    assert!(cache.contains("private") && cache.contains("max-age=3600"), "{cache}");
    for known in [tag.to_owned(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = get(&ann, &path, &[("if-none-match", &known)]).await;
        answer.expect_text(304, "");
        assert_eq!((answer.header("etag"), answer.header("cache-control")), (tag, cache));
    }
    get(&ann, &path, &[("if-none-match", "\"x\"")]).await.expect_text(200, "0123456789");
    get(&ann, &path, &[("if-match", "\"x\"")]).await.refused(412, "invalid_message");
    get(&ann, &path, &[("if-match", tag)]).await.expect_text(200, "0123456789");
    // A part, only of the version that is known.
    let range = ("range", "bytes=2-4");
    let part = get(&ann, &path, &[range, ("if-range", tag)]).await;
    part.expect_text(206, "234");
    assert_eq!(part.header("content-range"), "bytes 2-4/10");
    assert_eq!((part.header("etag"), part.header("cache-control")), (tag, cache));
    get(&ann, &path, &[range, ("if-range", "\"x\"")]).await.expect_text(200, "0123456789");
    // Parts that are next to each other are one, others the whole.
    get(&ann, &path, &[("range", "bytes=5-6,2-4")]).await.expect_text(206, "23456");
    get(&ann, &path, &[("range", "bytes=0-1,5-6")]).await.expect_text(200, "0123456789");
    let none = get(&ann, &path, &[("range", "bytes=10-")]).await;
    none.refused(416, "invalid_message");
    assert_eq!(none.header("content-range"), "bytes */10");
}

#[tokio::test]
async fn a_thumbnail_is_fetched_again_only_when_it_has_to_be() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let mut picture = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(10, 10)
        .write_to(&mut picture, image::ImageFormat::Png)
        .expect("encoded");
    let made = upload(&ann, "p.png", picture.into_inner()).await;
    let path = format!("/attachments/{}/thumbnail", made["attachment_id"].as_str().expect("an id"));
    let response = ann.request(Method::GET, &path).send().await.expect("an answer");
    let tag = response.headers()["etag"].to_str().expect("text").to_owned();
    get(&ann, &path, &[("if-none-match", &tag)]).await.expect_text(304, "");
}

#[tokio::test]
async fn texts_of_all_kinds_are_taken_and_can_do_nothing_when_given_out() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let utf16: Vec<u8> = "\u{feff}Größe\tPreis".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes, kind) in [
        ("excel.csv", b"Gr\xf6\xdfe;Preis\r\n".to_vec(), "text/plain; charset=unknown-8bit"),
        ("unicode.txt", utf16, "text/plain; charset=utf-16le"),
        ("build.log", b"\x1b[32mok\x1b[0m test\n".to_vec(), "text/plain"),
        ("README.md", b"<p align=center>logo</p>\n# Title\n".to_vec(), "text/plain"),
        ("notes.txt", "<script>alert('ä')</script>".into(), "text/plain"),
        ("IMG_1.HEIC", b"\0\0\0\x14ftypmif1\0\0\0\0heic".to_vec(), "image/heic"),
    ] {
        let made = upload(&ann, name, bytes.clone()).await;
        assert_eq!((&made["content_type"], &made["has_thumbnail"]), (&json!(kind), &json!(false)));
        let response = ann.request(Method::GET, &content_of(&made)).send().await;
        let response = response.expect("an answer");
        let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        let told = if kind == "text/plain" { "text/plain; charset=utf-8" } else { kind };
        assert_eq!(header("content-type"), told);
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-disposition").starts_with("attachment;"), "{name}");
        assert!(header("content-security-policy").contains("sandbox"), "{name}");
        assert_eq!(response.bytes().await.expect("a body"), bytes);
    }
    // What would be opened by something that runs it is not taken.
    for name in ["page.html", "picture.svg", "run.sh", "file"] {
        let request = ann.request(Method::POST, &format!("/attachments?name={name}"));
        let outcome = User::outcome(request.body("<script>alert(1)</script>")).await;
        outcome.refused(400, "invalid_message");
    }
}
