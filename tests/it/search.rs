//! What was said is found by those who may read it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Outcome, Server, TestDatabase, Token, User, id_of, within};

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
    let edit = ann.request(Method::PATCH, &format!("/messages/{id}"));
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
async fn what_is_being_written_is_found_when_it_has_been() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut at_ann = ann.connect().await;
    let id = id_of(&at_ann.ask("message.start", json!({"room_id": "den"})).await);
    let more = json!({"message_id": id, "text": "half a needle"});
    at_ann.ask("message.append", more).await;
    let is_stored = |message: &Outcome| message.json()["content"] == "half a needle";
    ann.get_until("what was said", &format!("/messages/{id}"), is_stored).await;
    // What came behind it is in the index, so that was looked at.
    ann.say("den", "a needle").await;
    find_until(&ben, "q=needle", &["a needle"]).await;
    ben.react(&id, "👍").await.expect(200);
    ann.say("den", "one more needle").await;
    find_until(&ben, "q=needle&sort=newest", &["one more needle", "a needle"]).await;
    at_ann.ask("message.finish", json!({"message_id": id})).await;
    let all = ["one more needle", "a needle", "half a needle"];
    find_until(&ben, "q=needle&sort=newest", &all).await;
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

#[tokio::test]
async fn words_are_found_in_all_scripts_and_forms() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let texts = [
        "我家在上海东边。",
        "すべての人間は尊厳と権利とについて平等",
        "ประชุมวันพรุ่งนี้",
        "회의는 내일 오후입니다",
        "版本1.2.3发布",
        "ＦＵＬＬ　ｗｉｄｔｈ ﾃｽﾄ",
        "Cafe\u{301} decomposed",
        "किताब यहाँ है",
    ];
    for text in texts {
        ann.say("den", text).await;
    }
    for (query, at) in [
        ("上海", 0),
        ("海", 0),
        ("権利", 1),
        ("พรุ่งนี้", 2),
        ("회의", 3),
        ("회의 오후", 3),
        ("1.2.3", 4),
        ("发布 1.2.3", 4),
        ("full", 5),
        ("テスト", 5),
        ("café", 6),
        ("किताब है", 7),
    ] {
        find_until(&ann, &format!("q={query}"), &[texts[at]]).await;
    }
    for none in ["海上", "1.2.4", "の間人", "가나"] {
        assert!(find(&ann, &format!("q={none}")).await.is_empty(), "{none}");
    }
    let found = ann.get("/search?q=上海").await.expect(200);
    assert_eq!(found["results"][0]["highlights"], json!([[3, 5]]));
}

#[tokio::test]
async fn the_last_word_is_perhaps_only_its_beginning() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    ann.say("den", "quarter to four").await;
    ann.say("den", "the quarterly report").await;
    let newest = ["the quarterly report", "quarter to four"];
    find_until(&ann, "q=quarter&sort=newest", &newest).await;
    // What is there as a whole comes first.
    assert_eq!(find(&ann, "q=quarter").await, ["quarter to four", "the quarterly report"]);
    assert_eq!(find(&ann, "q=quarter four").await, ["quarter to four"]);
    assert_eq!(find(&ann, "q=report quart").await, ["the quarterly report"]);
    assert!(find(&ann, "q=%22quart%22").await.is_empty());
    assert_eq!(find(&ann, "q=the -quarter").await, ["the quarterly report"]);
}

#[tokio::test]
async fn files_are_found_by_their_names() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let upload = ann.request(Method::POST, "/attachments?name=Q3_Budget-final.txt").body("x");
    let made = User::outcome(upload).await.expect(201);
    let send = json!({"content": "as promised", "attachments": [made["attachment_id"]]});
    ann.post("/rooms/den/messages", send).await.expect(201);
    for query in ["budget", "q3 final", "promised budget", "%22budget final%22"] {
        find_until(&ann, &format!("q={query}"), &["as promised"]).await;
    }
    assert!(find(&ann, "q=%22promised q3%22").await.is_empty(), "no phrase is in both");
    let found = ann.get("/search?q=as budget").await.expect(200);
    assert_eq!(found["results"][0]["highlights"], json!([[0, 2]]));
}

/// Whether a word is anywhere in the index: on SQLite, in its file or log.
/// There a word lies as it is, but for a beginning that it shares with the one
/// before it.
fn is_in_index(server: &Server, database: Option<&TestDatabase>, word: &str) -> bool {
    if let Some(database) = database {
        let count = format!("SELECT count(*) FROM message_words WHERE words @@ '{word}'::tsquery");
        return database.query(&count) != "0";
    }
    ["parlor.search.db", "parlor.search.db-wal"].iter().any(|name| {
        let bytes = std::fs::read(server.data_dir().join(name)).unwrap_or_default();
        bytes.windows(word.len()).any(|part| part == word.as_bytes())
    })
}

#[tokio::test]
async fn what_is_gone_has_no_words_in_the_index() {
    let database = TestDatabase::of_this_run();
    let mut builder = Server::builder().set("PARLOR_RETENTION_TICK", "100ms");
    if let Some(database) = &database {
        builder = builder.set("DATABASE_URL", database.url());
    }
    let server = builder.start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let token = Token::of("root").claim("roles", json!(["admin"]));
    let admin = server.user_with("root", token).await;
    // No two begin with the same letter.
    let gone = ["quagmire", "zeppelin", "bonfire", "jubilee", "knapsack"];
    for (room, word) in [
        ("deleted", "quagmire"),
        ("cleared", "zeppelin"),
        ("trimmed", "bonfire"),
        ("edited", "jubilee"),
        ("stays", "orchard"),
    ] {
        ann.room_with(room, &[&ben]).await;
        ann.say(room, word).await;
    }
    ben.say("stays", "knapsack").await;
    for word in gone {
        find_until(&ann, &format!("q={word}"), &[word]).await;
        assert!(is_in_index(&server, database.as_ref(), word), "{word}");
    }
    ann.delete("/rooms/deleted").await.expect(204);
    ann.delete("/rooms/cleared/messages").await.expect(204);
    ann.say("trimmed", "another").await;
    admin.put("/rooms/trimmed/retention", json!({"messages": 1})).await.expect(204);
    let page = ann.history("edited", "").await;
    let id = page["messages"][0]["message_id"].as_str().expect("an id").to_owned();
    let edit = ann.request(Method::PATCH, &format!("/messages/{id}"));
    User::outcome(edit.json(&json!({"content": "something else"}))).await.expect(200);
    admin.delete("/users/ben").await.expect(204);
    let forgotten = async {
        while gone.iter().any(|word| is_in_index(&server, database.as_ref(), word)) {
            tokio::task::yield_now().await;
        }
    };
    within("the words to be gone", forgotten).await;
    find_until(&ann, "q=orchard", &["orchard"]).await;
    find_until(&ann, "q=something else", &["something else"]).await;
}

#[tokio::test]
async fn an_index_that_is_garbage_or_gone_is_made_anew() {
    if !TestDatabase::is_file() {
        // There it is a table, and goes with the database only.
        return;
    }
    let mut server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    ann.say("den", "a needle").await;
    find_until(&ann, "q=needle", &["a needle"]).await;
    let path = server.data_dir().join("parlor.search.db");
    let remove = || {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
    };
    // Under a server that runs.
    remove();
    within("another index", async { while !path.exists() {} }).await;
    ann.say("den", "another needle").await;
    let again = async {
        while ann.get("/search?q=needle").await.json()["results"].as_array().map(Vec::len)
            != Some(2)
        {
            tokio::task::yield_now().await;
        }
    };
    within("both in the new index", again).await;
    // Before one starts.
    assert_eq!(server.terminate().await, Some(0));
    remove();
    std::fs::write(&path, b"no database at all".repeat(1_000)).expect("written");
    server.start_again().await;
    find_until(&ann, "q=needle&sort=newest", &["another needle", "a needle"]).await;
    assert_eq!(server.terminate().await, Some(0));
    // One that cannot be made keeps nobody from chatting.
    remove();
    std::fs::create_dir_all(path.join("full")).expect("made");
    server.start_again().await;
    ann.get("/search?q=needle").await.refused(503, "unavailable");
    ann.say("den", "a third needle").await;
    std::fs::remove_dir_all(&path).expect("removed");
    let healed = async {
        while ann.get("/search?q=third").await.status != 200
            || find(&ann, "q=third").await.is_empty()
        {
            tokio::task::yield_now().await;
        }
    };
    within("an index again", healed).await;
}
