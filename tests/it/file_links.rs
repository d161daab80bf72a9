//! Links that give a file to whoever has them: for a while, as they were signed, and so that
//! a cache may keep it.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use ring::hmac;
use serde_json::{Value, json};

use crate::support::{Outcome, SECRET, Server, User, id_of};

async fn upload(user: &User, name: &str, bytes: impl Into<Vec<u8>>) -> String {
    let path = format!("/attachments?name={name}");
    let made = User::outcome(user.request(Method::POST, &path).body(bytes.into())).await;
    made.expect(201)["attachment_id"].as_str().expect("an id").to_owned()
}

fn picture() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = image::DynamicImage::new_rgb8(640, 480);
    image.write_to(&mut bytes, image::ImageFormat::Png).expect("encoded");
    bytes.into_inner()
}

async fn asked(user: &User, id: &str, query: &str) -> Outcome {
    user.get(&format!("/attachments/{id}/link?{query}")).await
}

async fn link(user: &User, id: &str, query: &str) -> String {
    asked(user, id, query).await.expect(200)["url"].as_str().expect("a URL").to_owned()
}

/// Follows a link as anybody does.
async fn follow(server: &Server, url: &str, headers: &[(&str, &str)]) -> Outcome {
    let request = server.nobody().plain(Method::GET, url);
    User::outcome(headers.iter().fold(request, |all, (name, value)| all.header(*name, *value)))
        .await
}

fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock before the end of time")
}

/// One that this server would have made for this end.
fn signed_until(id: &str, expires: i64) -> String {
    let sign = |key: &[u8], text: &str| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
    };
    let key = sign(SECRET.as_bytes(), "parlor: links to files");
    let signature = URL_SAFE_NO_PAD.encode(sign(&key, &format!("{id}/{expires}/content")));
    format!("/api/v1/files/{id}/content?expires={expires}&signature={signature}")
}

/// The seconds for which an answer may be kept.
fn max_age(answer: &Outcome) -> i64 {
    let cache = answer.header("cache-control");
    assert!(cache.contains("public") && cache.contains("immutable"), "{cache}");
    let age = cache.split("max-age=").nth(1).expect("an age");
    age.split(',').next().expect("a number").trim().parse().expect("a number")
}

#[tokio::test]
async fn whoever_has_a_link_has_the_file_and_a_cache_may_keep_it() {
    let server = Server::start().await;
    let (ann, ben, cy) =
        (server.user("ann").await, server.user("ben").await, server.user("cy").await);
    ann.room_with("den", &[&ben]).await;
    let id = upload(&ann, "notes.txt", "0123456789").await;
    // Who has the file makes the link, and nobody else.
    asked(&ben, &id, "").await.refused(404, "not_found");
    ann.post("/rooms/den/messages", json!({"attachments": [id]})).await.expect(201);
    asked(&cy, &id, "").await.refused(404, "not_found");
    asked(&server.nobody(), &id, "").await.refused(401, "unauthorized");
    let made = asked(&ben, &id, "").await;
    assert_eq!(made.header("cache-control"), "no-store");
    let url = made.expect(200)["url"].as_str().expect("a URL").to_owned();
    // It is the same for everybody, but at the border of a quarter of an hour.
    let others = link(&ann, &id, "").await;
    let again = link(&ben, &id, "expires_in_seconds=3600").await;
    assert!(others == url || others == again, "{url} {others} {again}");

    let whole = follow(&server, &url, &[]).await;
    whole.expect_text(200, "0123456789");
    assert!((3_500..=4_500).contains(&max_age(&whole)), "{whole:?}");
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert_eq!(whole.header("content-disposition"), "attachment; filename*=UTF-8''notes.txt");
    assert_eq!(whole.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(whole.header("x-content-type-options"), "nosniff");
    let part = follow(&server, &url, &[("range", "bytes=2-4")]).await;
    part.expect_text(206, "234");
    assert_eq!(part.header("content-range"), "bytes 2-4/10");
    assert!(max_age(&part) > 3_000);
    let known = follow(&server, &url, &[("if-none-match", whole.header("etag"))]).await;
    known.expect_text(304, "");
    assert!(max_age(&known) > 3_000);
    let outside = follow(&server, &url, &[("range", "bytes=10-")]).await;
    outside.refused(416, "invalid_message");
    assert_eq!(outside.header("cache-control"), "no-store");
    let head = User::outcome(server.nobody().plain(Method::HEAD, &url)).await;
    head.expect_text(200, "");
    assert_eq!((head.header("content-length"), head.header("etag")), ("10", whole.header("etag")));
    // Who has it keeps it, like whoever has saved the file; a new one they do not get.
    ann.remove_member("den", &ben).await.expect(204);
    follow(&server, &url, &[]).await.expect_text(200, "0123456789");
    asked(&ben, &id, "").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_link_leads_to_what_was_signed_until_it_ends() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let (id, other) = (upload(&ann, "a.txt", "one").await, upload(&ann, "b.txt", "two").await);
    let now = seconds();
    follow(&server, &signed_until(&id, now + 600), &[]).await.expect_text(200, "one");
    let url = link(&ann, &id, "").await;
    let expires = url.split("expires=").nth(1).expect("an end").split('&').next().expect("it");
    let later = (expires.parse::<i64>().expect("a number") + 1).to_string();
    let forged = [
        signed_until(&id, now - 1),
        signed_until(&id, now),
        signed_until(&id, 0),
        url.replace(expires, &later),
        url.replace(&id, &other),
        url.replace("content?", "content?download=true&"),
        url.replace("content?", "thumbnail?"),
        url.split_once("&signature").expect("signed").0.to_owned() + "&signature=",
        format!("{url}A"),
    ];
    for url in &forged {
        // Also for who says that they have it.
        for header in [None, Some(("if-none-match", "*"))] {
            let refused = follow(&server, url, header.as_slice()).await;
            refused.refused(403, "forbidden");
            assert_eq!(refused.header("cache-control"), "no-store");
        }
    }
    for wrong in [
        format!("/api/v1/files/{id}/content"),
        format!("/api/v1/files/{id}/content?expires=9999999999"),
        format!("/api/v1/files/{id}/content?expires=soon&signature=A"),
        format!("/api/v1/files/{id}/content?expires=-1&signature=A"),
    ] {
        follow(&server, &wrong, &[]).await.refused(400, "invalid_message");
    }
    let nowhere = url.replace(&id, "none");
    follow(&server, &nowhere, &[]).await.refused(404, "not_found");
    // A link is no token for anything else.
    let query = url.split_once('?').expect("a query").1;
    let path = format!("/attachments/{id}/content?{query}");
    server.nobody().get(&path).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_link_is_good_for_as_long_as_it_says() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let id = upload(&ann, "a.txt", "one").await;
    for (query, least) in [
        ("", 3_600),
        ("expires_in_seconds=60", 60),
        ("expires_in_seconds=1000", 1_000),
        ("expires_in_seconds=604800", 604_800),
    ] {
        let before = seconds();
        let made = asked(&ann, &id, query).await.expect(200);
        let ends = chrono::DateTime::parse_from_rfc3339(made["expires_at"].as_str().expect("it"));
        let lasts = ends.expect("a time").timestamp() - before;
        assert!((least..=least + least / 4 + 2).contains(&lasts), "{query}: {lasts}");
        let url = made["url"].as_str().expect("a URL");
        let kept = max_age(&follow(&server, url, &[]).await);
        assert!((lasts - 5..=lasts).contains(&kept), "{kept} of {lasts}");
    }
    for wrong in ["59", "604801", "-1", "x", ""] {
        let refused = asked(&ann, &id, &format!("expires_in_seconds={wrong}")).await;
        assert_eq!(refused.refused(400, "invalid_message")["field"], "expires_in_seconds");
    }
    asked(&ann, "7", "").await.refused(404, "not_found");
    asked(&ann, "x", "").await.refused(404, "not_found");
}

#[tokio::test]
async fn pictures_are_shown_or_saved_and_have_links_to_their_thumbnails() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let (id, text) = (upload(&ann, "p.png", picture()).await, upload(&ann, "a.txt", "one").await);
    let shown = follow(&server, &link(&ann, &id, "").await, &[]).await;
    let saved = link(&ann, &id, "download=true").await;
    assert_eq!(shown.header("content-disposition"), "inline; filename*=UTF-8''p.png");
    let answer = follow(&server, &saved, &[]).await;
    assert_eq!(answer.header("content-disposition"), "attachment; filename*=UTF-8''p.png");
    follow(&server, &saved.replace("true", "false"), &[]).await.refused(403, "forbidden");
    let small = link(&ann, &id, "thumbnail=true").await;
    let answer = server.nobody().plain(Method::GET, &small).send().await.expect("an answer");
    let tag = answer.headers()["etag"].to_str().expect("text").to_owned();
    assert_eq!(answer.status(), 200);
    let bytes = answer.bytes().await.expect("a body");
    assert_eq!(image::load_from_memory(&bytes).expect("a picture").width(), 320);
    let known = follow(&server, &small, &[("if-none-match", &tag)]).await;
    known.expect_text(304, "");
    assert!(max_age(&known) > 3_000);
    asked(&ann, &text, "thumbnail=true").await.refused(404, "not_found");
}

#[tokio::test]
async fn what_is_deleted_has_no_link_any_more() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    ann.create_room("attic", "private").await;
    let mut urls = Vec::new();
    for room in ["den", "attic"] {
        let id = upload(&ann, "a.txt", "one").await;
        let url = link(&ann, &id, "").await;
        let send = json!({"attachments": [id]});
        let sent = ann.post(&format!("/rooms/{room}/messages"), send).await.expect(201);
        // The message has changed nothing of it.
        follow(&server, &url, &[]).await.expect_text(200, "one");
        urls.push((url, id_of(&sent)));
    }
    let unsent = upload(&ann, "a.txt", "one").await;
    let of_unsent = link(&ann, &unsent, "").await;
    ann.delete(&format!("/messages/{}", urls[0].1)).await.expect(200);
    ann.delete("/rooms/attic").await.expect(204);
    ann.delete(&format!("/attachments/{unsent}")).await.expect(204);
    for url in [&urls[0].0, &urls[1].0, &of_unsent] {
        let gone = follow(&server, url, &[]).await;
        gone.refused(404, "not_found");
        assert_eq!(gone.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn links_lead_on_while_the_secret_is_changed_and_no_longer() {
    let mut server = Server::start().await;
    let (old, new) = (SECRET, "another secret, also long enough for HS256");
    let ann = server.user("ann").await;
    let id = upload(&ann, "a.txt", "one").await;
    let url = link(&ann, &id, "").await;
    server.set("JWT_SECRET", new);
    server.set("JWT_SECRET_PREVIOUS", old);
    server.restart().await;
    follow(&server, &url, &[]).await.expect_text(200, "one");
    server.set("JWT_SECRET_PREVIOUS", "");
    server.restart().await;
    follow(&server, &url, &[]).await.refused(403, "forbidden");
}

#[tokio::test]
async fn links_begin_with_the_address_of_the_cdn_and_the_log_has_none() {
    let server = Server::builder()
        .set("PARLOR_CDN_URL", "https://cdn.example.org/chat/")
        .set("RUST_LOG", "debug")
        .start()
        .await;
    let ann = server.user("ann").await;
    let id = upload(&ann, "a.txt", "one").await;
    let url = link(&ann, &id, "").await;
    let path = url.strip_prefix("https://cdn.example.org/chat").expect("it is the CDN's");
    follow(&server, path, &[]).await.expect_text(200, "one");
    follow(&server, &format!("{path}A"), &[]).await.refused(403, "forbidden");
    let page = follow(&server, "/", &[]).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("media-src 'self' blob: https://cdn.example.org;"), "{policy}");
    assert!(policy.contains("img-src 'self' data: blob: https://cdn.example.org;"), "{policy}");
    let log = server.stderr();
    let signature = path.split("signature=").nth(1).expect("a signature");
    assert!(log.contains(&format!("/api/v1/files/{id}/content")), "{log}");
    assert!(!log.contains(signature) && !log.contains("signature="), "{log}");
    let home = tempfile::tempdir().expect("a directory");
    for wrong in ["cdn.example.org", "https://cdn.example.org/?a=b"] {
        let settings = [("PARLOR_CDN_URL", wrong)];
        let refused = crate::support::run_with(&home, &["serve"], &settings).await;
        refused.refused(2, "PARLOR_CDN_URL");
    }
}

#[tokio::test]
async fn a_link_of_an_administrator_is_a_link_like_any_other() {
    let server = Server::start().await;
    let (ann, root) = (server.user("ann").await, administrator(&server).await);
    ann.create_room("den", "private").await;
    let id = upload(&ann, "a.txt", "one").await;
    // What was not sent is the uploader's own.
    asked(&root, &id, "").await.refused(404, "not_found");
    ann.post("/rooms/den/messages", json!({"attachments": [id]})).await.expect(201);
    let url = link(&root, &id, "").await;
    follow(&server, &url, &[]).await.expect_text(200, "one");
}

async fn administrator(server: &Server) -> User {
    let token = crate::support::Token::of("root").claim("roles", Value::from(vec!["admin"]));
    server.user_with("root", token).await
}
