//! Imports in parts, again, and beside what is there.

use serde_json::json;

use super::{Place, file, told};
use crate::support::{TestDatabase, history_of};

#[tokio::test]
async fn what_is_there_stays_and_what_is_imported_comes_after_it() {
    let place = Place::new();
    let mut server = place.start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let first = ann.say("den", "said here").await;
    let position = json!({"den": ann.last_seq("den").await});
    assert_eq!(server.terminate().await, Some(0));

    let message = |id: &str, more: &[(&str, &str)]| {
        let mut line = json!({
            "type": "message", "room_id": "den", "message_id": id, "user_id": "ben",
            "created_at": "2020-01-01T00:00:00Z", "content": id,
        });
        more.iter().for_each(|(name, value)| line[name] = json!(value));
        line
    };
    let half = vec![message("m1", &[]), message("m2", &[])];
    place.imported(&file(&half)).await;
    // The whole file after a part of it: only the rest is new.
    let reaction = json!({
        "type": "reaction", "room_id": "den", "message_id": "m1", "user_id": "ann", "emoji": "👍",
    });
    let rest = [message("m3", &[("thread_id", "m1")]), message("m4", &[]), reaction];
    let whole = file(&[half, rest.to_vec()].concat());
    let report = place.imported(&whole).await;
    assert_eq!(told(&report, "message"), [2, 2, 0]);
    assert_eq!(told(&report, "reaction"), [1, 0, 0]);
    assert_eq!(told(&place.imported(&whole).await, "message"), [0, 4, 0]);

    let server = place.start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let messages = history_of(&ann, "den").await;
    assert_eq!(messages[0]["message_id"], first["message_id"]);
    let contents: Vec<_> = messages[1..].iter().map(|message| &message["content"]).collect();
    assert_eq!(contents, ["m1", "m2", "m3", "m4"]);
    // Who comes back is told of all that is new, in the state that it has.
    let (mut socket, _) = ann.resume(position).await;
    let last = ann.last_seq("den").await;
    let mut told_of = Vec::new();
    while told_of.len() < 4 {
        let change = socket.next_change("den").await;
        told_of.push((change["data"]["content"].clone(), change["seq"].clone()));
        assert!(change["seq"].as_i64() <= Some(last));
    }
    let mut contents: Vec<_> = told_of.iter().map(|(content, _)| content.clone()).collect();
    contents.sort_by_key(ToString::to_string);
    assert_eq!(contents, ["m1", "m2", "m3", "m4"].map(|text| json!(text)));
    assert_eq!(ben.say("den", "and on").await["seq"], last + 1);
}

#[tokio::test]
async fn nothing_is_imported_while_a_server_runs() {
    let place = Place::new();
    let server = place.start().await;
    server.user("ann").await.create_room("den", "public").await;
    let line = json!({"type": "user", "user_id": "zoe"});
    let what = if TestDatabase::is_file() { "in use" } else { "are running" };
    let finished = place.import(&file(&[line]), &[]).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains(what), "{finished:?}");
}
