//! Reactions and pins.

use serde_json::{Value, json};

use crate::support::Server;

#[tokio::test]
async fn reactions_are_summed_up_and_told() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let id = ann.say_id("den", "well?").await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let react = |emoji: &str| json!({"message_id": id, "emoji": emoji});
    assert_eq!(at_ben.ask("reaction.add", react("👍")).await, json!({"message_id": id, "seq": 2}));
    let told = at_ann.next_event("message.updated").await;
    let expected = json!([{"emoji": "👍", "count": 1, "user_ids": ["ben"]}]);
    assert_eq!((&told["seq"], &told["data"]["reactions"]), (&json!(2), &expected));
    assert_eq!(told["data"]["edited_at"], Value::Null, "that is no edit");
    assert_eq!(at_ben.ask("reaction.add", react("👍")).await["seq"], 2, "once is enough");
    at_ann.ask("reaction.add", react("🎉")).await;
    at_ann.ask("reaction.add", react("👍")).await;
    let seen = ben.message(&id).await.expect(200);
    let expected = json!([
        {"emoji": "👍", "count": 2, "user_ids": ["ben", "ann"]},
        {"emoji": "🎉", "count": 1, "user_ids": ["ann"]},
    ]);
    assert_eq!(seen["reactions"], expected);
    at_ben.ask("reaction.remove", react("👍")).await;
    assert_eq!(at_ben.ask("reaction.remove", react("👍")).await["seq"], 5, "nothing to take back");
    at_ann.ask("reaction.remove", react("🎉")).await;
    let seen = ann.history("den", "").await["messages"][0].clone();
    assert_eq!(seen["reactions"], json!([{"emoji": "👍", "count": 1, "user_ids": ["ann"]}]));
    ann.unreact(&id, "👍").await.expect(200);
    assert_eq!(ann.message(&id).await.expect(200)["reactions"], Value::Null);
    assert_eq!(ann.last_seq("den").await, 7);
}

#[tokio::test]
async fn all_who_reacted_are_listed_page_by_page_and_a_message_names_the_first() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("lobby", "public").await;
    let id = ann.say_id("lobby", "vote").await;
    let mut users = Vec::new();
    for number in 0..25 {
        let user = server.user(&format!("u{number:02}")).await;
        user.join("lobby").await.expect(201);
        user.react(&id, "👍").await.expect(200);
        users.push(user);
    }
    users[3].react(&id, "🎉").await.expect(200);
    let seen = ann.message(&id).await.expect(200)["reactions"].clone();
    let names: Vec<String> = (0..20).map(|number| format!("u{number:02}")).collect();
    assert_eq!((&seen[0]["count"], &seen[0]["user_ids"]), (&json!(25), &json!(names)));
    users[0].unreact(&id, "👍").await.expect(200);
    let seen = ann.message(&id).await.expect(200)["reactions"].clone();
    let names: Vec<String> = (1..21).map(|number| format!("u{number:02}")).collect();
    assert_eq!((&seen[0]["count"], &seen[0]["user_ids"]), (&json!(24), &json!(names)));
    let mut listed = Vec::new();
    let mut query = "limit=7".to_owned();
    loop {
        let page = ann.get(&format!("/messages/{id}/reactions?{query}")).await.expect(200);
        let reactions = page["reactions"].as_array().expect("a list").clone();
        query = format!(
            "limit=7&after={}",
            reactions.last().expect("some")["user_id"].as_str().expect("id")
        );
        listed.extend(reactions);
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(listed.len(), 25, "24 and one");
    assert_eq!((&listed[2]["user_id"], &listed[2]["emoji"]), (&json!("u03"), &json!("👍")));
    assert_eq!((&listed[3]["user_id"], &listed[3]["emoji"]), (&json!("u03"), &json!("🎉")));
}

#[tokio::test]
async fn what_is_no_emoji_is_refused_and_their_number_is_bounded() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let id = ann.say_id("den", "well?").await;
    let mut at_ann = ann.connect().await;
    for bad in
        [json!(""), json!("a b"), json!("\u{7}"), json!("x".repeat(65)), json!(1), Value::Null]
    {
        let data = json!({"message_id": id, "emoji": bad});
        let refused = at_ann.refused("reaction.add", data, "invalid_message").await;
        assert_eq!(refused["field"], "emoji", "{bad}");
    }
    ann.react(&id, "a%20b").await.refused(400, "invalid_message");
    for number in 0..50 {
        ann.react(&id, &format!("e{number}")).await.expect(200);
    }
    ann.react(&id, "e50").await.refused(409, "conflict");
    ann.unreact(&id, "e7").await.expect(200);
    ann.react(&id, "e50").await.expect(200);
    let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦";
    ann.unreact(&id, "e8").await.expect(200);
    ann.react(&id, family).await.expect(200);
    ann.react("12345", "x").await.refused(404, "not_found");
}

#[tokio::test]
async fn pins_are_told_listed_and_bounded() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    let (first, second) = (ann.say_id("den", "one").await, ann.say_id("den", "two").await);
    assert_eq!(ann.pin(&first).await.expect(200)["seq"], 3);
    let told = at_ben.next_event("message.updated").await;
    assert_eq!((&told["seq"], &told["data"]["pinned"]["by"]), (&json!(3), &json!("ann")));
    assert!(told["data"]["pinned"]["at"].is_string());
    assert_eq!(ann.pin(&first).await.expect(200)["seq"], 3, "pinned already");
    let mut at_ann = ann.connect().await;
    at_ann.ask("message.pin", json!({"message_id": second})).await;
    let pins = ben.get("/rooms/den/pins").await.expect(200);
    let ids: Vec<&Value> =
        pins["messages"].as_array().expect("pins").iter().map(|m| &m["message_id"]).collect();
    assert_eq!(ids.len(), 2);
    at_ann.ask("message.unpin", json!({"message_id": first})).await;
    assert_eq!(ann.unpin(&first).await.expect(200)["seq"], 5, "not pinned any more");
    let told = at_ben.next_where("the end of the pin", |frame| frame["seq"] == 5).await;
    assert_eq!(told["data"]["pinned"], Value::Null);
    ann.delete("/rooms/den/messages").await.expect(204);
    assert_eq!(ben.get("/rooms/den/pins").await.expect(200)["messages"], json!([]));
    ann.unpin(&second).await.refused(404, "not_found");
    for number in 0..100 {
        let id = ann.say_id("den", &number.to_string()).await;
        ann.pin(&id).await.expect(200);
    }
    let last = ann.say_id("den", "one too many").await;
    ann.pin(&last).await.refused(409, "conflict");
    let pins = ben.get("/rooms/den/pins?limit=200").await.expect(200);
    assert_eq!(pins["messages"].as_array().expect("pins").len(), 100);
}

#[tokio::test]
async fn both_pin_in_a_room_of_two() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let room = ann.direct(&ben).await;
    let id = ann.say_id(&room, "remember").await;
    ben.pin(&id).await.expect(200);
    ann.unpin(&id).await.expect(200);
}

#[tokio::test]
async fn the_ways_to_write_one_emoji_are_one_reaction() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let id = ann.say_id("den", "well?").await;
    ann.react(&id, "\u{2764}").await.expect(200);
    ben.react(&id, "\u{2764}\u{fe0f}").await.expect(200);
    let mut at_ben = ben.connect().await;
    at_ben.ask("reaction.add", json!({"message_id": id, "emoji": "👍\u{fe0f}"})).await;
    ann.react(&id, "👍").await.expect(200);
    let seen = ann.message(&id).await.expect(200)["reactions"].clone();
    let expected = json!([
        {"emoji": "\u{2764}\u{fe0f}", "count": 2, "user_ids": ["ann", "ben"]},
        {"emoji": "👍", "count": 2, "user_ids": ["ben", "ann"]},
    ]);
    assert_eq!(seen, expected);
    ann.unreact(&id, "\u{2764}\u{fe0e}").await.expect(200);
    assert_eq!(ann.message(&id).await.expect(200)["reactions"][0]["count"], 1);
    for unseen in ["\u{200b}", "\u{fe0f}", "\u{202e}", "👍\u{200d}", "\u{3164}"] {
        let refused = ann.react(&id, unseen).await.refused(400, "invalid_message");
        assert_eq!(refused["field"], "emoji", "{unseen:?}");
        let react = json!({"message_id": id, "emoji": unseen});
        at_ben.refused("reaction.add", react, "invalid_message").await;
    }
}
