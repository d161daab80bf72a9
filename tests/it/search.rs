//! What was said is found by those who may read it.

use serde_json::{Value, json};

use crate::support::{Server, TestDatabase, User, within};

/// The contents found, in their order.
async fn find(user: &User, query: &str) -> Vec<String> {
    let found = user.get(&format!("/search?{query}")).await.expect(200);
    let results = found["results"].as_array().expect("a list");
    let content = |found: &Value| found["message"]["content"].as_str().expect("a text").to_owned();
    results.iter().map(content).collect()
}

/// Asks until the index has come as far.
async fn find_until(user: &User, query: &str, expected: &[&str]) {
    within(&format!("{query} to give {expected:?}"), async {
        while find(user, query).await != expected {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn words_are_found_with_accents_phrases_beginnings_and_filters() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    ann.room_with("attic", &[&ben]).await;
    ann.say("den", "Ein Café am Morgen").await;
    ben.say("den", "the quick brown fox").await;
    ann.say("attic", "brown quick things").await;
    find_until(&ben, "q=cafe", &["Ein Café am Morgen"]).await;
    find_until(&ben, "q=quick&sort=newest", &["brown quick things", "the quick brown fox"]).await;
    assert_eq!(find(&ben, "q=%22quick%20brown%22").await, ["the quick brown fox"]);
    assert_eq!(find(&ben, "q=qui*%20-fox").await, ["brown quick things"]);
    assert_eq!(find(&ben, "q=quick&room_id=attic").await, ["brown quick things"]);
    assert_eq!(find(&ben, "q=quick&sender=ben").await, ["the quick brown fox"]);
    assert!(find(&ben, "q=quick&sender=nobody").await.is_empty());
    assert!(find(&ben, "q=quick&to=2020-01-01T00:00:00Z").await.is_empty());
    assert_eq!(find(&ben, "q=quick&from=2020-01-01T00:00:00Z").await.len(), 2);
    let found = ben.get("/search?q=BROWN&room_id=den").await.expect(200);
    assert_eq!(found["results"][0]["highlights"], json!([[10, 15]]));
    // Whatever is typed is words.
    for odd in ["%22", "AND", "NEAR(a", "text:x", "a%5E*", "-"] {
        let status = ben.get(&format!("/search?q={odd}")).await.status;
        assert!(matches!(status, 200 | 400), "{odd}: {status}");
    }
    ben.get("/search?q=x&from=yesterday").await.refused(400, "invalid_message");
    ben.get("/search").await.refused(400, "invalid_message");
}

#[tokio::test]
async fn only_members_find_what_is_there_now() {
    let server = Server::start().await;
    let (ann, ben, cy) =
        (server.user("ann").await, server.user("ben").await, server.user("cy").await);
    ann.room_with("den", &[&ben]).await;
    cy.create_room("other", "public").await;
    let sent = ann.say("den", "a secret word").await;
    let id = sent["message_id"].as_str().expect("an id");
    find_until(&ben, "q=secret", &["a secret word"]).await;
    assert!(find(&cy, "q=secret").await.is_empty());
    cy.get("/search?q=secret&room_id=den").await.refused(404, "not_found");
    assert!(find(&ann, "q=secret&room_id=other").await.is_empty());
    // Edited: the old word is gone, the new one is there.
    let edit = ann.request(reqwest::Method::PATCH, &format!("/messages/{id}"));
    User::outcome(edit.json(&json!({"content": "an open word"}))).await.expect(200);
    find_until(&ben, "q=open", &["an open word"]).await;
    find_until(&ben, "q=secret", &[]).await;
    // Deleted, removed, cleared.
    ann.say("den", "another word").await;
    find_until(&ben, "q=word&sort=newest", &["another word", "an open word"]).await;
    ann.delete(&format!("/messages/{id}")).await.expect(200);
    assert_eq!(find(&ben, "q=word").await, ["another word"]);
    ann.remove_member("den", &ben).await.expect(204);
    assert!(find(&ben, "q=word").await.is_empty());
    ann.delete("/rooms/den/messages").await.expect(204);
    assert!(find(&ann, "q=word").await.is_empty());
}

#[tokio::test]
async fn the_index_catches_up_after_a_crash_and_is_made_anew_when_it_is_gone() {
    let mut server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    for n in 0..50 {
        ann.say("den", &format!("needle {n}")).await;
    }
    server.kill9().await;
    server.start_again().await;
    let all = async {
        while find(&ann, "q=needle&limit=100").await.len() < 50 {
            tokio::task::yield_now().await;
        }
    };
    within("all fifty", all).await;
    let page = ann.get("/search?q=needle&limit=20").await.expect(200);
    assert_eq!((&page["has_more"], &page["cursor"]), (&json!(true), &json!(20)));
    assert_eq!(find(&ann, "q=needle&limit=20&cursor=40").await.len(), 10);
    assert_eq!(server.terminate().await, Some(0));
    // On PostgreSQL the index is a table, and goes with the database only.
    let index = server.data_dir().join("parlor.search.db");
    if TestDatabase::is_file() {
        std::fs::remove_file(&index).expect("it is there");
    }
    server.start_again().await;
    let again = async {
        while find(&ann, "q=needle&limit=100").await.len() < 50 {
            tokio::task::yield_now().await;
        }
    };
    within("all fifty again", again).await;
}

#[tokio::test]
async fn a_nul_is_no_end_of_what_is_looked_for() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    ann.say("den", "one two three").await;
    find_until(&ann, "q=three", &["one two three"]).await;
    let found = ann.get("/search?q=one%00two%20three").await.expect(200);
    assert_eq!(found["results"][0]["highlights"], json!([[0, 7], [8, 13]]));
}
