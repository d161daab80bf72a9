//! What a restart keeps.

use serde_json::json;

use crate::support::{Server, User, history_of, without_epoch};

#[tokio::test]
async fn accounts_rooms_marks_and_tokens_outlive_a_restart() {
    let mut server = Server::builder().with_own_secret().start().await;
    let nobody = server.nobody();
    let mut tokens = Vec::new();
    for name in ["alice", "ben"] {
        tokens.push(nobody.register(name, "a good password").await.expect(201));
    }
    let user = |name: &str, at: usize| {
        let token = tokens[at]["access_token"].as_str().expect("a token").to_owned();
        User::new(server.address().clone(), name, Some(token))
    };
    let (alice, ben) = (user("alice", 0), user("ben", 1));
    alice.room_with("den", &[&ben]).await;
    for number in 0..3 {
        alice.say("den", &format!("message {number}")).await;
    }
    ben.put("/rooms/den/read", json!({"seq": 2})).await.expect(200);
    let history = history_of(&alice, "den").await;
    let members = alice.get("/rooms/den/members").await.expect(200);
    server.restart().await;

    nobody.login("alice", "a good password").await.expect(200);
    nobody.refresh(&tokens[1]["refresh_token"]).await.expect(200);
    assert_eq!(history_of(&alice, "den").await, history);
    assert_eq!(alice.get("/rooms/den/members").await.expect(200), members);
    let read = ben.read_state("den").await;
    let expected =
        json!({"room_id": "den", "read_seq": 2, "unread": 1, "mentions": 0, "last_seq": 3});
    assert_eq!(without_epoch(&read), expected);
    assert_eq!(alice.say("den", "and on").await["seq"], 4);
}

#[tokio::test]
async fn a_repeated_client_id_is_known_after_a_restart() {
    let mut server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let first = alice.connect().await.say_as("den", "once", "hi").await;
    server.restart().await;
    let again = alice.connect().await.say_as("den", "once", "hi").await;
    assert_eq!((&again["duplicate"], &again["seq"]), (&json!(true), &first["seq"]));
    assert_eq!(again["message_id"], first["message_id"]);
}

#[tokio::test]
async fn a_used_refresh_token_stays_used_after_a_crash() {
    let mut server = Server::start().await;
    let nobody = server.nobody();
    let first = nobody.register("alice", "a good password").await.expect(201);
    let second = nobody.refresh(&first["refresh_token"]).await.expect(200);
    let third = nobody.refresh(&second["refresh_token"]).await.expect(200);
    server.kill9().await;
    server.start_again().await;
    nobody.refresh(&first["refresh_token"]).await.refused(401, "unauthorized");
    nobody.refresh(&third["refresh_token"]).await.refused(401, "unauthorized");
}
