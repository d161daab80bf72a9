//! What one node does is seen on the others, as if there were one.

use serde_json::{Value, json};

use crate::support::{Cluster, Token, id_of_room, many_rooms, seqs, within};

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_message_is_heard_on_every_node() {
    let cluster = Cluster::start(3).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let mut at_ann = ann.connect().await;
    let mut at_ben = ben.connect().await;
    at_ann.say("den", "hello").await;
    let heard = at_ben.next_message("den").await;
    assert_eq!((&heard["seq"], &heard["data"]["content"]), (&json!(1), &json!("hello")));
    at_ben.say("den", "and back").await;
    let both: Vec<_> = at_ann.next_messages("den", 2).await;
    assert_eq!(seqs(&both), [1, 2]);
    // Whoever asks any node gets the same history.
    let page = cluster.nodes[2].user("ann").await.history("den", "").await;
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn two_nodes_that_write_to_one_room_make_one_order_for_all() {
    const EACH: usize = 200;
    let cluster = Cluster::start(2).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let (mut reader_a, mut reader_b) = (ann.connect().await, ben.connect().await);
    let writing = [ann, ben].map(|user| {
        tokio::spawn(async move {
            let mut socket = user.connect().await;
            for number in 0..EACH {
                socket.say("den", &format!("{} {number}", user.id)).await;
            }
        })
    });
    let heard_a = reader_a.next_messages("den", 2 * EACH).await;
    let heard_b = reader_b.next_messages("den", 2 * EACH).await;
    for writer in writing {
        writer.await.expect("it writes");
    }
    let expected: Vec<i64> = (1..=2 * EACH as i64).collect();
    assert_eq!(seqs(&heard_a), expected);
    assert_eq!(heard_a, heard_b);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn how_one_has_a_room_is_told_to_ones_devices_everywhere() {
    let cluster = Cluster::start(2).await;
    let (ann, ben) = (cluster.nodes[0].user("ann").await, cluster.nodes[0].user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let root = ann.say_id("den", "hello").await;
    let mut phone = ben.connect().await;
    let mut laptop = cluster.nodes[1].user("ben").await.connect().await;
    phone.ask("message.read", json!({"room_id": "den", "all": true})).await;
    assert_eq!(laptop.next_event("room.unread").await["data"]["unread"], 0);
    for (kind, fields, event, expected) in [
        ("room.preferences", json!({"pinned": true}), "room.preferences", json!({"pinned": true})),
        ("message.unread", json!({}), "room.unread", json!(1)),
        ("message.read", json!({"all": true}), "room.unread", json!(0)),
    ] {
        let mut fields = fields;
        fields["room_id"] = json!("den");
        phone.ask(kind, fields).await;
        let told = laptop.next_event(event).await;
        let data = &told["data"];
        assert_eq!(
            (&told["room_id"], data.get("preferences").unwrap_or(&data["unread"])),
            (&json!("den"), &expected)
        );
    }
    for content in ["a word", ""] {
        phone.ask("draft.set", json!({"room_id": "den", "content": content})).await;
        let told = laptop.next_event("room.draft").await;
        assert_eq!((&told["room_id"], &told["data"]["content"]), (&json!("den"), &json!(content)));
    }
    for (kind, following) in [("thread.follow", true), ("thread.unfollow", false)] {
        phone.ask(kind, json!({"thread_id": root})).await;
        let told = laptop.next_event("thread.state").await;
        assert_eq!(told["data"]["following"], following);
    }
    let message = ben.history("den", "").await["messages"][0]["message_id"].clone();
    for (kind, saved) in [("message.save", true), ("message.unsave", false)] {
        phone.ask(kind, json!({"message_id": message})).await;
        let told = laptop.next_event("message.saved").await;
        assert_eq!((&told["message_id"], &told["data"]["saved"]), (&message, &json!(saved)));
    }
    phone.told_so_far().await;
    // Over two nodes at once: what each device hears last has both.
    for round in 0..10 {
        let of = |field: &str| json!({"room_id": "den", field: round % 2 == 0});
        let both = match round % 2 {
            0 => json!({"pinned": true, "archived": true}),
            _ => json!({}),
        };
        tokio::join!(
            phone.ask("room.preferences", of("pinned")),
            laptop.ask("room.preferences", of("archived")),
        );
        for device in [&mut phone, &mut laptop] {
            let is_both = |frame: &Value| frame["data"]["preferences"] == both;
            while !is_both(&device.next_event("room.preferences").await) {}
            let told = device.told_so_far().await;
            let others: Vec<_> =
                told.iter().filter(|frame| frame["type"] == "room.preferences").collect();
            assert!(others.iter().all(|frame| is_both(frame)), "round {round}: {others:?}");
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn members_come_and_go_on_other_nodes() {
    let cluster = Cluster::start(2).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    ann.create_room("den", "private").await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    ann.add_member("den", &ben).await.expect(201);
    let added = at_ben.next_event("room.added").await;
    assert_eq!(added["data"]["room"]["room_id"], "den");
    at_ann.say("den", "welcome").await;
    assert_eq!(at_ben.next_message("den").await["seq"], 1);
    // A role counts on the other node at once, or shortly after.
    ann.request(reqwest::Method::PATCH, "/rooms/den/members/ben")
        .json(&json!({"role": "read_only"}))
        .send()
        .await
        .expect("answered");
    at_ben.next_event("member.updated").await;
    at_ben.refused("message.send", json!({"room_id": "den", "content": "x"}), "forbidden").await;
    ann.remove_member("den", &ben).await;
    at_ben.next_event("room.removed").await;
    at_ann.say("den", "he is gone").await;
    let told = at_ben.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "message.created"), "{told:?}");
    at_ben.refused("message.send", json!({"room_id": "den", "content": "x"}), "not_found").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn presence_is_one_over_all_nodes() {
    let grace = vec![("PARLOR_PRESENCE_GRACE", "1ms".to_owned())];
    let cluster = Cluster::with(&[grace.clone(), grace]).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let mut at_ann = ann.connect().await;
    let one = ben.connect().await;
    let is = |status: &'static str| {
        move |frame: &serde_json::Value| {
            frame["type"] == "presence" && frame["data"]["status"] == status
        }
    };
    at_ann.next_where("ben comes", is("online")).await;
    assert_eq!(ann.get("/users/ben/presence").await.expect(200)["status"], "online");
    // Another device, on the other node: he is there until both are gone.
    let ben_here = cluster.nodes[0].user("ben").await;
    let two = ben_here.connect().await;
    drop(one);
    let told = at_ann.told_so_far().await;
    assert!(!told.iter().any(is("offline")), "{told:?}");
    drop(two);
    at_ann.next_where("ben goes", is("offline")).await;
    let gone =
        async { while ann.get("/users/ben/presence").await.expect(200)["status"] != "offline" {} };
    within("ben is away", gone).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn typing_marks_and_inboxes_reach_other_nodes() {
    let cluster = Cluster::start(2).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    let ben_here = cluster.nodes[0].user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    at_ben.ask("typing", json!({"room_id": "den", "is_typing": true})).await;
    at_ann.next_event("typing").await;
    at_ann.say("den", "read this").await;
    at_ben.next_message("den").await;
    // Read on one device, the other one's number goes down.
    ben_here.mark_read("den", 1).await;
    let unread = at_ben.next_event("room.unread").await;
    assert_eq!(unread["data"]["unread"], 0);
    let marks = at_ann.next_event("receipts").await;
    assert_eq!(marks["data"]["receipts"][0]["read_seq"], 1, "{marks}");
    let service = cluster.nodes[0]
        .server
        .user_with("app", crate::support::Token::of("app").claim("roles", json!(["service"])))
        .await;
    let event = json!({"type": "notification.new", "data": {"n": 1}});
    service.post("/users/ben/events", event).await.expect(201);
    let told = at_ben.next_event("notification.new").await;
    assert_eq!(told["data"]["n"], 1, "{told}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_mark_is_kept_on_each_node_from_who_is_blocked() {
    let cluster = Cluster::start(2).await;
    let ann = cluster.nodes[0].user("ann").await;
    let (ben, cleo) = (cluster.nodes[1].user("ben").await, cluster.nodes[1].user("cleo").await);
    ann.room_with("den", &[&ben, &cleo]).await;
    ben.say("den", "hi").await;
    ann.block(&ben).await.expect(204);
    let (mut at_ben, mut at_cleo) = (ben.connect().await, cleo.connect().await);
    // By one who is connected nowhere.
    ann.mark_read("den", 1).await;
    let marks = at_cleo.next_event("receipts").await;
    assert_eq!(marks["data"]["receipts"], json!([{"user_id": "ann", "read_seq": 1}]));
    let told = at_ben.told_so_far().await;
    assert!(!told.iter().any(|frame| frame["type"] == "receipts"), "{told:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn what_is_revoked_on_one_node_ends_on_all() {
    let cluster = Cluster::start(2).await;
    let token = crate::support::Token::of("root").claim("roles", json!(["admin"]));
    let admin = cluster.nodes[0].server.user_with("root", token).await;
    let ben = cluster.nodes[1].user("ben").await;
    let mut at_ben = ben.connect().await;
    admin.post("/users/ben/revoke", json!({})).await.expect(204);
    assert_eq!(at_ben.close_code().await, Some(4501));
    ben.get("/me").await.refused(401, "unauthorized");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn an_administrator_ends_connections_on_all_nodes() {
    let cluster = Cluster::start(2).await;
    let token = crate::support::Token::of("root").claim("roles", json!(["admin"]));
    let admin = cluster.nodes[0].server.user_with("root", token).await;
    let ann = cluster.nodes[1].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let mut here = cluster.nodes[0].user("ben").await.connect().await;
    let ended = admin.post("/users/ben/disconnect", json!({"reason": "tidying up"})).await;
    assert_eq!(ended.expect(200)["disconnected"], 1, "of the node that was asked");
    assert_eq!(here.close_code().await, Some(4503));
    assert_eq!(at_ben.close_code().await, Some(4503));
    at_ann.say("den", "still here").await;
    admin.post("/rooms/den/disconnect", json!({})).await.expect(200);
    assert_eq!(at_ann.close_code().await, Some(4503));
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn without_redis_all_is_heard_a_little_later_and_the_server_says_so() {
    let cluster = Cluster::start(2).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    for node in &cluster.nodes {
        node.to_redis.cut();
    }
    let ready = |status: &'static str| {
        let user = ben.clone();
        async move {
            loop {
                let shown = user.plain(reqwest::Method::GET, "/health/ready").send().await;
                let shown: serde_json::Value = shown.expect("answered").json().await.expect("JSON");
                if shown["status"] == status {
                    break;
                }
            }
        }
    };
    within("degraded", ready("degraded")).await;
    for number in 0..20 {
        at_ann.say("den", &format!("{number}")).await;
    }
    let heard = at_ben.next_messages("den", 20).await;
    assert_eq!(seqs(&heard), (1..=20).collect::<Vec<i64>>());
    ann.remove_member("den", &ben).await;
    at_ben.next_event("room.removed").await;
    for node in &cluster.nodes {
        node.to_redis.restore();
    }
    within("ready again", ready("ready")).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn the_limit_of_a_user_is_one_for_all_nodes() {
    let limit = vec![
        ("PARLOR_USER_COMMANDS_PER_SECOND", "1".to_owned()),
        ("PARLOR_USER_COMMAND_BURST", "40".to_owned()),
    ];
    let cluster = Cluster::with(&[limit.clone(), limit]).await;
    let here = cluster.nodes[0].user("ann").await;
    let there = cluster.nodes[1].user("ann").await;
    for _ in 0..30 {
        here.get("/me").await.expect(200);
    }
    // What is left on the other node is what was not used here.
    let used_up = async {
        // Slower than the nodes tell each other what was used.
        let mut pace = tokio::time::interval(std::time::Duration::from_millis(60));
        let mut granted = 0;
        while there.get("/me").await.status == 200 {
            granted += 1;
            pace.tick().await;
        }
        granted
    };
    let granted = within("the limit", used_up).await;
    assert!(granted < 30, "{granted} more were granted");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn one_who_was_muted_elsewhere_cannot_write_before_it_is_heard_of() {
    let late = vec![("PARLOR_FEED_INTERVAL", "1h".to_owned())];
    let cluster = Cluster::with(&[Vec::new(), late]).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    at_ben.say("den", "hello").await;
    // His node hears nothing any more.
    cluster.nodes[1].to_redis.cut();
    ann.request(reqwest::Method::PATCH, "/rooms/den/members/ben")
        .json(&json!({"role": "read_only"}))
        .send()
        .await
        .expect("answered");
    at_ben.refused("message.send", json!({"room_id": "den", "content": "x"}), "forbidden").await;
    ann.remove_member("den", &ben).await;
    let said = json!({"room_id": "den", "content": "y", "metadata": {"a": 1}});
    at_ben.refused("message.send", said, "forbidden").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_user_of_very_many_rooms_is_heard_and_seen_on_other_nodes() {
    const ROOMS: usize = 3_000;
    let cluster = Cluster::start(2).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    for statement in many_rooms("ann", ROOMS) {
        cluster.database().query(&statement);
    }
    ann.add_member(&id_of_room(1), &ben).await.expect(201);
    let mut at_ben = ben.connect().await;
    let mut here = ann.connect().await;
    // Told once to all nodes, and not in each of the rooms.
    let seen = at_ben.next_event("presence").await;
    assert_eq!(
        (&seen["data"]["user_id"], &seen["data"]["status"]),
        (&json!("ann"), &json!("online"))
    );
    let mut there = cluster.nodes[1].user("ann").await.connect().await;
    assert_eq!(here.all_rooms().await.len(), ROOMS);
    assert_eq!(there.all_rooms().await.len(), ROOMS);
    for number in [0, ROOMS / 2, ROOMS - 1] {
        let room = id_of_room(number);
        here.say(&room, "hello").await;
        there.say(&room, "and back").await;
        assert_eq!(seqs(&here.next_messages(&room, 2).await), [1, 2]);
        assert_eq!(seqs(&there.next_messages(&room, 2).await), [1, 2]);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn what_the_application_says_of_a_user_holds_on_every_node() {
    let cluster = Cluster::start(2).await;
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]];
    let (ann, ben) = (one.user("ann").await, two.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let admin = Token::of("root").claim("roles", json!(["admin"]));
    let admin = one.server.user_with("root", admin).await;
    admin.patch("/users/ann", json!({"name": "Ann Other"})).await.expect(200);
    for socket in [&mut at_ann, &mut at_ben] {
        assert_eq!(socket.next_event("user.updated").await["data"]["name"], "Ann Other");
    }
    // Whoever asks the other node hears it as well.
    let there = two.user("ann").await;
    assert_eq!(there.get("/me").await.expect(200)["name"], "Ann Other");
    admin.patch("/users/ben", json!({"name": "Ben Other"})).await.expect(200);
    at_ann.next_event("user.updated").await;
    at_ben.next_event("user.updated").await;
    at_ben.say("den", "hi").await;
    assert_eq!(at_ann.next_message("den").await["data"]["sender"]["name"], "Ben Other");
    admin.post("/users/ben/deactivate", json!({})).await.expect(204);
    assert_eq!(at_ben.close_code().await, Some(4503));
    ben.get("/me").await.refused(403, "forbidden");
    admin.post("/users/ben/reactivate", json!({})).await.expect(204);
    within("ben to be let in again", async {
        while ben.get("/me").await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn one_is_reminded_once_and_on_all_nodes() {
    const MESSAGES: usize = 20;
    let cluster = Cluster::start(2).await;
    let (ann, ben) = (cluster.nodes[0].user("ann").await, cluster.nodes[1].user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut devices = [ben.connect().await, cluster.nodes[0].user("ben").await.connect().await];
    for number in 0..MESSAGES {
        let message = ann.say_id("den", &format!("{number}")).await;
        let path = format!("/messages/{message}/saved");
        ben.put(&path, json!({"remind_in_seconds": 1})).await.expect(200);
    }
    for device in &mut devices {
        for number in 1..=MESSAGES {
            assert_eq!(device.next_event("message.reminder").await["inbox_seq"], number);
        }
    }
    let inbox = ben.get("/inbox").await.expect(200);
    assert_eq!(inbox["inbox_seq"], MESSAGES);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn what_is_scheduled_is_told_everywhere_and_sent_by_one_node() {
    const MESSAGES: usize = 20;
    let cluster = Cluster::start(2).await;
    let (ann, ben) = (cluster.nodes[0].user("ann").await, cluster.nodes[1].user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut phone = ben.connect().await;
    let mut laptop = cluster.nodes[0].user("ben").await.connect().await;
    let fields = json!({"room_id": "den", "content": "no", "send_in_seconds": 3_000});
    let id = phone.ask("message.schedule", fields).await["scheduled_id"].clone();
    for state in ["waiting", "cancelled"] {
        if state == "cancelled" {
            phone.ask("scheduled.cancel", json!({"scheduled_id": id})).await;
        }
        let told = laptop.next_event("message.scheduled").await;
        assert_eq!((&told["data"]["scheduled_id"], &told["data"]["state"]), (&id, &json!(state)));
    }
    for number in 0..MESSAGES {
        let fields = json!({"content": format!("{number}"), "send_in_seconds": 2});
        ben.post("/rooms/den/scheduled", fields).await.expect(201);
    }
    for device in [&mut phone, &mut laptop] {
        device.next_messages("den", MESSAGES).await;
        for _ in 0..MESSAGES {
            let is_sent = |frame: &Value| frame["data"]["state"] == "sent";
            device.next_where("it is sent", is_sent).await;
        }
    }
    assert_eq!(ben.get("/scheduled").await.expect(200)["scheduled"], json!([]));
    assert_eq!(ben.get("/rooms/den/messages/count").await.expect(200)["count"], MESSAGES);
}
