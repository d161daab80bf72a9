//! Who may do what: every role and every action, as a table; and how a room
//! changes hands.

use serde_json::{Value, json};

use crate::support::{Outcome, Server, Token, User, id_of};

/// A room of the given kind with one of each role.
struct House {
    server: Server,
    owner: User,
    moderator: User,
    member: User,
    reader: User,
    stranger: User,
}

const ROOM: &str = "den";

impl House {
    async fn build(kind: &str) -> Self {
        let server = Server::start().await;
        let owner = server.user("owner").await;
        let (moderator, member) = (server.user("moderator").await, server.user("member").await);
        let (reader, stranger) = (server.user("reader").await, server.user("stranger").await);
        owner.create_room(ROOM, kind).await;
        for (user, role) in [(&moderator, "moderator"), (&member, "member"), (&reader, "read_only")]
        {
            owner.add_member(ROOM, user).await.expect(201);
            let changed = owner.set_role(ROOM, user, role).await.expect(200);
            assert_eq!(changed["role"], role);
        }
        Self { server, owner, moderator, member, reader, stranger }
    }

    fn everyone(&self) -> [&User; 5] {
        [&self.owner, &self.moderator, &self.member, &self.reader, &self.stranger]
    }

    /// A user who is a member and nothing else.
    async fn guest(&self, name: &str) -> User {
        let guest = self.server.user(name).await;
        self.owner.add_member(ROOM, &guest).await.expect(201);
        guest
    }

    async fn try_action(&self, user: &User, action: &str, at: usize) -> Outcome {
        let name = format!("guest-{action}-{at}").replace(' ', "-");
        let of_other = || async {
            let id = self.owner.say_id(ROOM, "of the owner").await;
            (id.clone(), self.owner.message(&id).await.expect(200))
        };
        match action {
            "send" => user.try_say(ROOM, "hello").await,
            "reply" => {
                let body = json!({"content": "yes", "reply_to": of_other().await.0});
                user.post(&format!("/rooms/{ROOM}/messages"), body).await
            }
            "read" => user.get(&format!("/rooms/{ROOM}/messages")).await,
            "members" => user.get(&format!("/rooms/{ROOM}/members")).await,
            "mark" => user.put(&format!("/rooms/{ROOM}/read"), json!({"all": true})).await,
            "react" => user.react(&of_other().await.0, "👍").await,
            "pin" => user.pin(&of_other().await.0).await,
            "edit the owners" => user.edit(&of_other().await.0, "changed").await,
            "delete what others wrote" => {
                let guest = self.guest(&name).await;
                let kind = self.owner.get(&format!("/rooms/{ROOM}")).await.expect(200);
                match kind["kind"].as_str() {
                    Some("announcement") => user.erase(&of_other().await.0).await,
                    _ => user.erase(&guest.say_id(ROOM, "of a guest").await).await,
                }
            }
            "retitle" => user.patch(&format!("/rooms/{ROOM}"), json!({"title": "x"})).await,
            "invite" => user.add_member(ROOM, &self.server.user(&name).await).await,
            "kick" => user.remove_member(ROOM, &self.guest(&name).await).await,
            "kick moderator" => {
                let guest = self.guest(&name).await;
                self.owner.set_role(ROOM, &guest, "moderator").await.expect(200);
                user.remove_member(ROOM, &guest).await
            }
            "mute" => user.mute(ROOM, &self.guest(&name).await, 60).await,
            "mute owner" => user.mute(ROOM, &self.owner, 0).await,
            "ban" => user.ban(ROOM, &self.guest(&name).await, json!({})).await,
            "bans" => user.get(&format!("/rooms/{ROOM}/bans")).await,
            "unban" => {
                let guest = self.guest(&name).await;
                self.owner.ban(ROOM, &guest, json!({})).await.expect(204);
                user.unban(ROOM, &guest).await
            }
            "promote" => user.set_role(ROOM, &self.guest(&name).await, "moderator").await,
            "transfer" => user.transfer(ROOM, &self.guest(&name).await).await,
            "clear" => user.delete(&format!("/rooms/{ROOM}/messages")).await,
            other => panic!("no action {other}"),
        }
    }

    /// `row` tells whom the action is granted: owner, moderator, member,
    /// reader, stranger; a refusal is told by its status.
    async fn check(&self, action: &str, row: [u16; 5]) {
        for (at, (user, status)) in self.everyone().into_iter().zip(row).enumerate() {
            let outcome = self.try_action(user, action, at).await;
            match status {
                200 => assert!(outcome.status < 300, "{action} by {}: {outcome:?}", user.id),
                403 => drop(outcome.refused(403, "forbidden")),
                404 => drop(outcome.refused(404, "not_found")),
                other => panic!("no status {other}"),
            }
        }
    }
}

#[tokio::test]
async fn each_role_in_a_private_room_may_do_what_the_table_says() {
    let house = House::build("private").await;
    for (action, row) in [
        ("send", [200, 200, 200, 403, 404]),
        ("reply", [200, 200, 200, 403, 404]),
        ("read", [200, 200, 200, 200, 404]),
        ("members", [200, 200, 200, 200, 404]),
        ("mark", [200, 200, 200, 200, 404]),
        ("react", [200, 200, 200, 403, 404]),
        ("pin", [200, 200, 403, 403, 404]),
        ("edit the owners", [200, 403, 403, 403, 404]),
        ("delete what others wrote", [200, 200, 403, 403, 404]),
        ("retitle", [200, 200, 403, 403, 404]),
        ("invite", [200, 200, 403, 403, 404]),
        ("kick", [200, 200, 403, 403, 404]),
        ("kick moderator", [200, 403, 403, 403, 404]),
        ("mute", [200, 200, 403, 403, 404]),
        ("mute owner", [200, 403, 403, 403, 404]),
        ("ban", [200, 200, 403, 403, 404]),
        ("bans", [200, 200, 403, 403, 404]),
        ("unban", [200, 200, 403, 403, 404]),
        ("promote", [200, 403, 403, 403, 404]),
        ("clear", [200, 403, 403, 403, 404]),
    ] {
        house.check(action, row).await;
    }
}

#[tokio::test]
async fn in_an_announcement_room_moderators_write_and_all_read_and_react() {
    let house = House::build("announcement").await;
    for (action, row) in [
        ("send", [200, 200, 403, 403, 403]),
        ("reply", [200, 200, 403, 403, 403]),
        ("read", [200, 200, 200, 200, 403]),
        ("react", [200, 200, 200, 403, 404]),
        ("pin", [200, 200, 403, 403, 404]),
        ("delete what others wrote", [200, 200, 403, 403, 404]),
        ("invite", [200, 200, 403, 403, 403]),
    ] {
        house.check(action, row).await;
    }
    let mut at_member = house.member.connect().await;
    let said = json!({"room_id": ROOM, "content": "may I?"});
    at_member.refused("message.send", said, "forbidden").await;
    let id = house.owner.say_id(ROOM, "news").await;
    let in_thread = json!({"room_id": ROOM, "content": "me too", "thread_id": id});
    at_member.refused("message.send", in_thread, "forbidden").await;
    house.stranger.join(ROOM).await.expect(201);
    house.owner.set_role(ROOM, &house.member, "moderator").await.expect(200);
    let ack = at_member.say(ROOM, "now I may").await;
    house.owner.set_role(ROOM, &house.member, "member").await.expect(200);
    house.member.edit(&id_of(&ack), "no more").await.refused(403, "forbidden");
    house.member.erase(&id_of(&ack)).await.expect(200);
}

#[tokio::test]
async fn a_room_is_handed_over_and_its_last_owner_does_not_leave_others_without_one() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let cleo = server.user("cleo").await;
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    ann.leave("den").await.refused(409, "conflict");
    ann.set_role("den", &ann, "member").await.refused(409, "conflict");
    ann.transfer("den", &ann).await.refused(403, "forbidden");
    ann.transfer("den", &cleo).await.refused(404, "not_found");
    ben.transfer("den", &ben).await.refused(403, "forbidden");
    ann.transfer("den", &ben).await.expect(204);
    for (user, role) in [("ann", "moderator"), ("ben", "owner")] {
        let told = at_ben.next_event("member.updated").await;
        assert_eq!(
            (&told["data"]["user"]["id"], &told["data"]["role"]),
            (&json!(user), &json!(role))
        );
    }
    ann.transfer("den", &ann).await.refused(403, "forbidden");
    ann.leave("den").await.expect(204);
    ben.leave("den").await.expect(204);
}

#[tokio::test]
async fn whoever_comes_into_a_room_that_all_have_left_is_its_owner() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("lobby", "public").await;
    ann.leave("lobby").await.expect(204);
    let mut at_ben = ben.connect().await;
    let joined = at_ben.ask("room.join", json!({"room_id": "lobby"})).await;
    assert_eq!(joined["room"]["role"], "owner");
    assert_eq!(ann.join("lobby").await.expect(201)["role"], "member");
    ben.patch("/rooms/lobby", json!({"title": "mine now"})).await.expect(200);
}

#[tokio::test]
async fn a_room_keeps_an_owner_also_when_nobody_else_is_there() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("lobby", "public").await;
    ann.set_role("lobby", &ann, "moderator").await.refused(409, "conflict");
    ben.join("lobby").await.expect(201);
    ann.set_role("lobby", &ben, "owner").await.expect(200);
    ann.set_role("lobby", &ann, "member").await.expect(200);
    ben.remove_member("lobby", &ann).await.expect(204);
}

#[tokio::test]
async fn title_topic_and_custom_data_are_changed_and_all_are_told() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let body = json!({"room_id": "den", "kind": "private", "title": "Den", "topic": "all",
        "custom": {"board": 42}});
    let room = ann.post("/rooms", body).await.expect(201);
    assert_eq!((&room["topic"], &room["custom"]), (&json!("all"), &json!({"board": 42})));
    ann.add_member("den", &ben).await.expect(201);
    let mut at_ben = ben.connect().await;
    let seen = ben.get("/rooms/den").await.expect(200);
    assert_eq!((&seen["topic"], &seen["custom"]), (&json!("all"), &json!({"board": 42})));
    let change = json!({"title": "Attic", "custom": {"a": [1, "ä"]}});
    let changed = ann.patch("/rooms/den", change).await.expect(200);
    assert_eq!((&changed["title"], &changed["topic"]), (&json!("Attic"), &json!("all")));
    let told = at_ben.next_event("room.updated").await;
    let expected =
        json!({"title": "Attic", "topic": "all", "custom": {"a": [1, "ä"]}, "rules": {}});
    assert_eq!((&told["room_id"], &told["data"]), (&json!("den"), &expected));
    let cleared = ann.patch("/rooms/den", json!({"custom": null, "topic": ""})).await.expect(200);
    assert_eq!((&cleared["custom"], &cleared["topic"]), (&Value::Null, &json!("")));
    for (bad, field) in [
        (json!({}), "title"),
        (json!({"title": 7}), "title"),
        (json!({"title": "x".repeat(201)}), "title"),
        (json!({"title": "a\u{7}b"}), "title"),
        (json!({"topic": "x".repeat(1_001)}), "topic"),
        (json!({"topic": []}), "topic"),
        (json!({"custom": "text"}), "custom"),
        (json!({"custom": [1]}), "custom"),
    ] {
        let refused = ann.patch("/rooms/den", bad.clone()).await;
        assert_eq!(refused.refused(400, "invalid_message")["field"], field, "{bad}");
    }
    let big = json!({"custom": {"text": "x".repeat(4096)}});
    assert_eq!(ann.patch("/rooms/den", big).await.refused(413, "too_large")["field"], "custom");
}

#[tokio::test]
async fn a_role_or_a_mute_that_is_none_is_refused_by_its_field() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    for (bad, field) in [
        (json!({}), "role"),
        (json!({"role": "king"}), "role"),
        (json!({"role": 1}), "role"),
        (json!({"mute_seconds": -1}), "mute_seconds"),
        (json!({"mute_seconds": 1.5}), "mute_seconds"),
        (json!({"mute_seconds": i64::MAX}), "mute_seconds"),
        (json!({"muted_until": "soon"}), "muted_until"),
        (json!({"muted_until": "2030-01-01T00:00:00Z", "mute_seconds": 5}), "muted_until"),
    ] {
        let refused = ann.change_member("den", &ben, bad.clone()).await;
        assert_eq!(refused.refused(400, "invalid_message")["field"], field, "{bad}");
    }
    let nobody = ann.patch("/rooms/den/members/nobody", json!({"role": "member"})).await;
    nobody.refused(404, "not_found");
}

#[tokio::test]
async fn an_administrator_does_over_rest_what_an_owner_may_and_it_is_recorded() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let root = server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    ann.room_with("den", &[&ben]).await;
    ann.create_room("news", "announcement").await;
    let mut at_ben = ben.connect().await;
    let id = root.say_id("den", "maintenance at six").await;
    let told = at_ben.next_message("den").await;
    assert_eq!(told["data"]["sender"]["id"], "root");
    let with_mention = root.say_id("den", "@ben look").await;
    assert_eq!(at_ben.next_message("den").await["message_id"], with_mention.as_str());
    root.say("news", "we are back").await;
    root.edit(&id, "maintenance at seven").await.expect(200);
    root.react(&id, "👍").await.expect(200);
    root.unreact(&id, "👍").await.expect(200);
    root.transfer("den", &ben).await.expect(204);
    let role = |member: Value| member["role"].clone();
    let members = root.get("/rooms/den/members").await.expect(200)["members"].clone();
    assert_eq!(members.as_array().map(Vec::len), Some(2), "it has not become a member");
    assert_eq!(role(members[0].clone()), "moderator");
    assert_eq!(role(members[1].clone()), "owner");
    let audit = root.get("/audit").await.expect(200);
    let done: Vec<&str> = audit["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| entry["action"].as_str().expect("a text"))
        .collect();
    assert!(done.contains(&"POST /api/v1/rooms/{room}/messages"), "{done:?}");
    assert!(done.contains(&"POST /api/v1/rooms/{room}/transfer"), "{done:?}");
    // A room of two has no owner: only the two speak there.
    let direct = ann.direct(&ben).await;
    root.try_say(&direct, "hello").await.refused(403, "forbidden");
    root.transfer(&direct, &ben).await.refused(403, "forbidden");
    // At a socket an administrator is a user like any other.
    let mut at_root = root.connect().await;
    let said = json!({"room_id": "den", "content": "x"});
    at_root.refused("message.send", said, "not_found").await;
    // A member who is muted and an administrator writes by that right.
    root.join("den").await.expect(201);
    ben.mute("den", &root, 3600).await.expect(200);
    root.say("den", "all the same").await;
}
