//! Kicks, bans and mutes, also those that end by themselves.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Server, Socket, Token, User};

async fn public_room(server: &Server) -> (User, User) {
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.create_room("lobby", "public").await;
    ben.join("lobby").await.expect(201);
    (ann, ben)
}

#[tokio::test]
async fn who_is_banned_is_out_and_does_not_come_in_until_it_is_lifted() {
    let server = Server::start().await;
    let (ann, ben) = public_room(&server).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    ann.ban("lobby", &ben, json!({"reason": "spam"})).await.expect(204);
    assert_eq!(at_ben.next_event("room.removed").await["data"]["reason"], "banned");
    let left = at_ann.next_event("member.left").await;
    assert_eq!(
        (&left["data"]["user"]["id"], &left["data"]["reason"]),
        (&json!("ben"), &json!("banned"))
    );
    at_ben.refused("room.join", json!({"room_id": "lobby"}), "forbidden").await;
    ben.join("lobby").await.refused(403, "forbidden");
    let ready = ben.connect_with("room=lobby").await.ready;
    assert_eq!(ready["rooms"], json!([]));
    ann.add_member("lobby", &ben).await.refused(403, "forbidden");
    ben.get("/rooms/lobby/messages").await.refused(403, "forbidden");
    let bans = ann.get("/rooms/lobby/bans").await.expect(200);
    assert_eq!(bans["bans"][0]["user"]["id"], "ben");
    assert_eq!(
        (&bans["bans"][0]["reason"], &bans["bans"][0]["until"]),
        (&json!("spam"), &Value::Null)
    );
    ann.unban("lobby", &ben).await.expect(204);
    ann.unban("lobby", &ben).await.refused(404, "not_found");
    assert_eq!(ann.get("/rooms/lobby/bans").await.expect(200)["bans"], json!([]));
    ben.join("lobby").await.expect(201);
}

#[tokio::test]
async fn also_who_is_no_member_can_be_banned_and_nobody_bans_themselves() {
    let server = Server::start().await;
    let (ann, _) = public_room(&server).await;
    let cleo = server.user("cleo").await;
    ann.ban("lobby", &cleo, json!({})).await.expect(204);
    cleo.join("lobby").await.refused(403, "forbidden");
    ann.ban("lobby", &ann, json!({})).await.refused(403, "forbidden");
    ann.put("/rooms/lobby/bans/nobody", json!({})).await.refused(404, "not_found");
    // Whom the application names is there, and is kept out before they come.
    let backend = Token::of("backend").claim("roles", json!(["admin"]));
    let backend = server.user_with("backend", backend).await;
    backend.put("/rooms/lobby/bans/dora", json!({})).await.expect(204);
    server.user("dora").await.join("lobby").await.refused(403, "forbidden");
    for (bad, field) in [
        (json!({"until": "soon"}), "until"),
        (json!({"until": "2020-01-01T00:00:00Z"}), "until"),
        (json!({"ban_seconds": 0}), "ban_seconds"),
        (json!({"ban_seconds": 5, "until": "2099-01-01T00:00:00Z"}), "until"),
        (json!({"reason": "x".repeat(101)}), "reason"),
        (json!({"reason": 5}), "reason"),
    ] {
        let refused = ann.ban("lobby", &cleo, bad.clone()).await;
        assert_eq!(refused.refused(400, "invalid_message")["field"], field, "{bad}");
    }
}

#[tokio::test]
async fn a_ban_with_a_time_ends_by_itself_also_across_a_restart() {
    let mut server = Server::start().await;
    let (ann, ben) = public_room(&server).await;
    ann.ban("lobby", &ben, json!({"ban_seconds": 3})).await.expect(204);
    let bans = ann.get("/rooms/lobby/bans").await.expect(200);
    assert!(bans["bans"][0]["until"].is_string(), "{bans}");
    server.kill9().await;
    server.start_again().await;
    ben.join("lobby").await.refused(403, "forbidden");
    let ended = |bans: &crate::support::Outcome| bans.expect(200)["bans"] == json!([]);
    ann.get_until("the end of the ban", "/rooms/lobby/bans", ended).await;
    ben.join("lobby").await.expect(201);
}

/// Tries until it is granted.
async fn say_until_granted(socket: &mut Socket, room: &str) -> usize {
    for refusals in 0.. {
        let data = json!({"room_id": room, "content": "at last"});
        match socket.request("message.send", data).await {
            Ok(_) => return refusals,
            Err(error) => assert_eq!(error["code"], "forbidden", "{error}"),
        }
    }
    unreachable!()
}

#[tokio::test]
async fn a_mute_ends_by_itself() {
    let server = Server::start().await;
    let (ann, ben) = public_room(&server).await;
    let mut at_ben = ben.connect().await;
    let muted = ann.mute("lobby", &ben, 2).await.expect(200);
    assert!(muted["muted_until"].is_string(), "{muted}");
    let told = at_ben.next_event("member.updated").await;
    assert_eq!(told["data"]["muted_until"], muted["muted_until"]);
    ben.try_say("lobby", "hi").await.refused(403, "forbidden");
    let waiting = say_until_granted(&mut at_ben, "lobby");
    let refusals = crate::support::within("the end of the mute", waiting).await;
    assert!(refusals > 0);
    ben.say("lobby", "over REST, too").await;
}

#[tokio::test]
async fn who_is_muted_reads_and_takes_back_and_says_nothing() {
    let server = Server::start().await;
    let (ann, ben) = public_room(&server).await;
    let own = ben.say_id("lobby", "before").await;
    ben.react(&own, "👍").await.expect(200);
    let mut at_ben = ben.connect().await;
    ann.mute("lobby", &ben, 3600).await.expect(200);
    at_ben.refused("message.send", json!({"room_id": "lobby", "content": "x"}), "forbidden").await;
    at_ben.refused("typing", json!({"room_id": "lobby", "is_typing": true}), "forbidden").await;
    ben.edit(&own, "x").await.refused(403, "forbidden");
    ben.react(&own, "🙂").await.refused(403, "forbidden");
    at_ben.ask("message.read", json!({"room_id": "lobby", "all": true})).await;
    ben.unreact(&own, "👍").await.expect(200);
    ben.erase(&own).await.expect(200);
    ann.change_member("lobby", &ben, json!({"muted_until": null})).await.expect(200);
    at_ben.say("lobby", "again").await;
    ann.mute("lobby", &ben, 3600).await.expect(200);
    let ended = ann.mute("lobby", &ben, 0).await.expect(200);
    assert_eq!(ended["muted_until"], Value::Null);
    at_ben.say("lobby", "and again").await;
}

#[tokio::test]
async fn leaving_and_joining_again_ends_no_mute_and_gives_no_voice_to_a_reader() {
    let server = Server::start().await;
    let (ann, ben) = public_room(&server).await;
    let cleo = server.user("cleo").await;
    cleo.join("lobby").await.expect(201);
    ann.mute("lobby", &ben, 3600).await.expect(200);
    ann.set_role("lobby", &cleo, "read_only").await.expect(200);
    let mut at_ben = ben.connect().await;
    for user in [&ben, &cleo] {
        user.leave("lobby").await.expect(204);
        user.join("lobby").await.expect(201);
        user.try_say("lobby", "here I am").await.refused(403, "forbidden");
        ann.remove_member("lobby", user).await.expect(204);
        user.join("lobby").await.expect(201);
        user.try_say("lobby", "here I am").await.refused(403, "forbidden");
    }
    at_ben.refused("message.send", json!({"room_id": "lobby", "content": "x"}), "forbidden").await;
    let members = ann.get("/rooms/lobby/members").await.expect(200);
    assert!(members["members"][1]["muted_until"].is_string(), "{members}");
    assert_eq!(members["members"][2]["role"], "read_only");
    ann.mute("lobby", &ben, 0).await.expect(200);
    ann.set_role("lobby", &cleo, "member").await.expect(200);
    for user in [&ben, &cleo] {
        user.leave("lobby").await.expect(204);
        user.join("lobby").await.expect(201);
        user.say("lobby", "here I am").await;
    }
}

#[tokio::test]
async fn bans_amid_a_stream_cut_it_cleanly_and_nothing_is_stored_behind_them() {
    let server = Server::start().await;
    let (ann, ben) = public_room(&server).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    for round in 0..15 {
        for number in 0..10 {
            let data = json!({"room_id": "lobby", "content": format!("{round}-{number}")});
            at_ben.begin("message.send", data).await;
        }
        ann.ban("lobby", &ben, json!({})).await.expect(204);
        at_ann.say("lobby", "not for ben").await;
        ann.unban("lobby", &ben).await.expect(204);
        ben.join("lobby").await.expect(201);
    }
    // As the owner heard it: nothing of ben's between the ban and the return.
    let mut is_in = true;
    for frame in at_ann.told_so_far().await {
        match frame["type"].as_str() {
            Some("member.left") => is_in = false,
            Some("member.joined") => is_in = true,
            Some("message.created") if frame["data"]["sender"]["id"] == "ben" => {
                assert!(is_in, "{frame}");
            }
            _ => {}
        }
    }
    let told = at_ben.told_so_far().await;
    assert!(told.iter().all(|frame| frame["data"]["content"] != "not for ben"));
}

#[tokio::test]
async fn a_ban_meets_a_join_that_is_under_way() {
    let server = Server::start().await;
    let (ann, ben) = public_room(&server).await;
    for _ in 0..20 {
        let (banned, joined) = tokio::join!(ann.ban("lobby", &ben, json!({})), ben.join("lobby"));
        banned.expect(204);
        assert!([200, 201, 403].contains(&joined.status), "{joined:?}");
        ben.get("/rooms/lobby/messages").await.refused(403, "forbidden");
        let room = ann.get("/rooms/lobby").await.expect(200);
        assert_eq!(room["member_count"], 1);
        ann.unban("lobby", &ben).await.expect(204);
        ben.join("lobby").await.expect(201);
    }
}

#[tokio::test]
async fn what_would_end_before_it_begins_is_refused_and_does_nothing() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let root = server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    let past = "2020-01-01T00:00:00Z";
    for (refused, field) in [
        (root.put("/users/ben/ban", json!({"until": past})).await, "until"),
        (ann.ban("den", &ben, json!({"until": past})).await, "until"),
        (ann.change_member("den", &ben, json!({"muted_until": past})).await, "muted_until"),
        (
            root.post("/tokens/revoke", json!({"token_id": "x", "expires_at": past})).await,
            "expires_at",
        ),
    ] {
        assert_eq!(refused.refused(400, "invalid_message")["field"], field);
    }
    at_ben.say("den", "still here").await;
    // A ban without a word is one for good; with seconds it ends by itself.
    root.put("/users/ben/ban", json!({"ban_seconds": 3600})).await.expect(204);
    assert_eq!(at_ben.close_code().await, Some(4503));
    let ban = root.get("/users/ben/ban").await.expect(200);
    assert!(ban["until"].is_string(), "{ban}");
}

#[tokio::test]
async fn who_has_nothing_to_say_sends_no_body() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let root = server.user_with("root", Token::of("root").claim("roles", json!(["admin"]))).await;
    ann.room_with("den", &[&ben]).await;
    let without = |user: &User, method, path: &str| User::outcome(user.request(method, path));
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let one = without(&root, Method::POST, "/users/ben/disconnect").await.expect(200);
    assert_eq!((&one["disconnected"], at_ben.close_code().await), (&json!(1), Some(4503)));
    let all = without(&root, Method::POST, "/rooms/den/disconnect").await.expect(200);
    assert_eq!((&all["disconnected"], at_ann.close_code().await), (&json!(1), Some(4503)));
    without(&ann, Method::PUT, "/rooms/den/bans/ben").await.expect(204);
    without(&root, Method::PUT, "/users/ben/ban").await.expect(204);
    without(&ann, Method::POST, "/rooms").await.expect(201);
    let refused = without(&ann, Method::POST, "/rooms/den/messages").await;
    assert_eq!(refused.refused(400, "invalid_message")["field"], "content");
}
