//! Uploads: shared between users, counted, and cut short in every way.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Outcome, RawSocket, Server, TestDatabase, User, within};

async fn upload(user: &User, name: &str, bytes: Vec<u8>) -> Outcome {
    let path = format!("/attachments?name={name}");
    User::outcome(user.request(Method::POST, &path).body(bytes)).await
}

/// Without saying before how many bytes there are.
async fn upload_in_pieces(user: &User, bytes: Vec<u8>) -> Outcome {
    let pieces = futures_util::stream::iter([Ok::<_, std::io::Error>(bytes)]);
    let body = reqwest::Body::wrap_stream(pieces);
    User::outcome(user.request(Method::POST, "/attachments?name=a.txt").body(body)).await
}

fn text(bytes: usize) -> Vec<u8> {
    vec![b'x'; bytes]
}

fn id(made: &Value) -> String {
    made["attachment_id"].as_str().expect("an id").to_owned()
}

/// The beginning of an upload of so many bytes.
fn head(server: &Server, user: &User, bytes: usize, more: &str) -> String {
    let (host, token) = (server.address().authority(), user.token());
    format!(
        "POST /api/v1/attachments?name=a.txt HTTP/1.1\r\nHost: {host}\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {bytes}\r\n{more}\r\n"
    )
}

/// The files in the store, those that are on their way too.
fn files(server: &Server) -> Vec<String> {
    let mut found = Vec::new();
    let mut directories = vec![server.data_dir().join("attachments")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => directories.push(path),
                path => found.push(path.to_string_lossy().into_owned()),
            }
        }
    }
    found
}

#[tokio::test]
async fn a_file_that_is_sent_to_two_rooms_at_once_belongs_to_one_message() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for room in ["den", "attic", "cellar", "porch"] {
        ann.create_room(room, "private").await;
    }
    for round in 0..10 {
        let made = upload(&ann, "a.txt", text(10)).await.expect(201);
        let other = upload(&ann, "b.txt", text(10)).await.expect(201);
        let sends = ["den", "attic", "cellar", "porch"].map(|room| {
            let send = json!({"content": "x", "attachments": [id(&made), id(&other)]});
            let path = format!("/rooms/{room}/messages");
            let ann = &ann;
            async move { ann.post(&path, send).await.status }
        });
        let mut answers = join_all(sends).await;
        answers.sort_unstable();
        assert_eq!(answers, [201, 404, 404, 404], "round {round}");
    }
}

#[tokio::test]
async fn who_trickles_keeps_no_place_from_others() {
    // Only what is about uploads refuses here.
    let server = Server::builder().set("PARLOR_USER_COMMANDS_PER_SECOND", 0).start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let mut trickling = Vec::new();
    // An empty file is refused for what it is as long as there is a place,
    // which then is for one more that trickles. What was refused itself,
    // because the empty file had the place, holds none.
    let refused = async {
        loop {
            let mut socket = RawSocket::open(server.address()).await;
            socket.write(head(&server, &ann, 1_000, "").as_bytes()).await;
            socket.write(b"some").await;
            trickling.push(socket);
            let outcome = upload(&ann, "none", Vec::new()).await;
            if outcome.status != 400 {
                return outcome;
            }
        }
    };
    let refused = within("a ninth upload to be refused", refused).await;
    let error = refused.refused(429, "rate_limited");
    assert!(error["retry_after_ms"].as_i64().is_some_and(|ms| ms > 0), "{error}");
    upload(&ben, "a.txt", text(10)).await.expect(201);
    // Who goes gives the place back.
    drop(trickling);
    let free = async {
        while upload(&ann, "none", Vec::new()).await.status != 400 {
            tokio::task::yield_now().await;
        }
    };
    within("a place to be free", free).await;
}

#[tokio::test]
async fn a_user_stores_no_more_than_allowed_and_deleting_makes_room() {
    let server = Server::builder()
        .set("PARLOR_ATTACHMENT_BYTES", 1_000)
        .set("PARLOR_ATTACHMENT_BYTES_PER_USER", 2_500)
        .set("PARLOR_ATTACHMENT_BYTES_PER_DAY", 0)
        .start()
        .await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("den", "private").await;
    let first = upload(&ann, "a.txt", text(1_000)).await.expect(201);
    let second = upload(&ann, "b.txt", text(1_000)).await.expect(201);
    let error = upload(&ann, "c.txt", text(600)).await.refused(413, "too_large");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("2500")), "{error}");
    upload(&ann, "c.txt", text(500)).await.expect(201);
    upload(&ben, "a.txt", text(1_000)).await.expect(201);
    // What is taken back, and what goes with its message, counts no more.
    ann.delete(&format!("/attachments/{}", id(&first))).await.expect(204);
    let third = upload(&ann, "d.txt", text(1_000)).await.expect(201);
    let send = json!({"attachments": [id(&second), id(&third)]});
    let sent = ann.post("/rooms/den/messages", send).await.expect(201);
    upload(&ann, "e.txt", text(1_000)).await.refused(413, "too_large");
    let message = sent["message_id"].as_str().expect("an id");
    ann.delete(&format!("/messages/{message}")).await.expect(200);
    // Who does not say how much there is needs room for the most, until it is
    // known how much it was. What came to nothing counts nothing.
    upload(&ann, "none", Vec::new()).await.refused(400, "invalid_message");
    upload_in_pieces(&ann, text(100)).await.expect(201);
    upload_in_pieces(&ann, text(100)).await.expect(201);
    upload(&ann, "e.txt", text(1_000)).await.expect(201);
    upload_in_pieces(&ann, text(100)).await.refused(413, "too_large");
    upload(&ann, "f.txt", text(800)).await.expect(201);
    upload(&ann, "g.txt", text(1)).await.refused(413, "too_large");
}

#[tokio::test]
async fn a_user_uploads_no_more_a_day_than_allowed_whatever_is_deleted() {
    let server = Server::builder()
        .set("PARLOR_ATTACHMENT_BYTES", 1_000)
        .set("PARLOR_ATTACHMENT_BYTES_PER_USER", 0)
        .set("PARLOR_ATTACHMENT_BYTES_PER_DAY", 2_000)
        .start()
        .await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    for _ in 0..2 {
        let made = upload(&ann, "a.txt", text(1_000)).await.expect(201);
        ann.delete(&format!("/attachments/{}", id(&made))).await.expect(204);
    }
    let refused = upload(&ann, "a.txt", text(1_000)).await;
    let error = refused.refused(429, "rate_limited");
    let half_a_day = 43_200_000;
    let wait = error["retry_after_ms"].as_i64().expect("a time");
    assert!((half_a_day - 600_000..=half_a_day).contains(&wait), "{wait}");
    upload(&ben, "a.txt", text(1_000)).await.expect(201);
    let limits = ben.connect().await.ready["limits"].clone();
    assert_eq!(limits["attachment_bytes"], 1_000);
    assert_eq!(limits["attachment_bytes_per_day"], 2_000);
    assert_eq!(limits["attachment_bytes_per_user"], 0);
}

#[tokio::test]
async fn too_large_is_heard_however_it_is_sent() {
    let server = Server::builder().set("PARLOR_ATTACHMENT_BYTES", 100_000).start().await;
    let ann = server.user("ann").await;
    // Who asks first is not told to go on.
    let asking = head(&server, &ann, 200_000, "Expect: 100-continue\r\n");
    let answer = RawSocket::http(server.address(), &asking).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let asking = head(&server, &ann, 4, "Expect: 100-continue\r\n");
    let answer = RawSocket::http(server.address(), &asking).await;
    assert!(answer.starts_with("HTTP/1.1 100 "), "{answer}");
    // Who reads nothing until everything is sent reads the answer, and the
    // end behind it: no reset that would take the answer away.
    let body = text(8 * 1024 * 1024);
    let mut socket = RawSocket::open(server.address()).await;
    socket.write(head(&server, &ann, body.len(), "").as_bytes()).await;
    socket.write(&body).await;
    let answer = socket.rest().await.expect("an end and no reset");
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("too_large"), "{answer}");
}

#[tokio::test]
async fn what_a_killed_server_left_of_uploads_is_swept() {
    let mut server = Server::start().await;
    let ann = server.user("ann").await;
    let whole = upload(&ann, "a.txt", text(10)).await.expect(201);
    let mut socket = RawSocket::open(server.address()).await;
    socket.write(head(&server, &ann, 1_000_000, "").as_bytes()).await;
    socket.write(&text(500_000)).await;
    let begun = async {
        while !files(&server).iter().any(|file| file.contains('#')) {
            tokio::task::yield_now().await;
        }
    };
    within("a piece in the store", begun).await;
    server.kill9().await;
    server.start_again().await;
    // On PostgreSQL another node may be at it: there it takes a day.
    if TestDatabase::is_file() {
        let swept = async {
            while files(&server).len() > 1 {
                tokio::task::yield_now().await;
            }
        };
        within("the piece to be gone", swept).await;
    }
    ann.get(&format!("/attachments/{}/content", id(&whole))).await.expect_text(200, "xxxxxxxxxx");
}

#[tokio::test]
async fn a_file_in_a_form_is_refused_and_says_how_it_is_sent() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let sent = |kind: &'static str| {
        let body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n\
                    some\r\n--x--\r\n";
        let request = ann.request(Method::POST, "/attachments?name=a.txt");
        User::outcome(request.header("content-type", kind).body(body))
    };
    for kind in ["multipart/form-data; boundary=x", "Multipart/Form-Data;boundary=x"] {
        let error = sent(kind).await.refused(400, "invalid_message");
        assert!(error["message"].as_str().is_some_and(|text| text.contains("--data-binary")));
        assert_eq!(error["field"], "file");
    }
    // What curl says of a body, and a browser of a saved page.
    for kind in ["application/x-www-form-urlencoded", "multipart/related; boundary=x"] {
        sent(kind).await.expect(201);
    }
}
