//! Rooms and their members as an application's backend changes them, on several
//! nodes.

use serde_json::{Value, json};

use crate::support::{Cluster, Receiver, Reply, Token, User, seqs};

async fn application(cluster: &Cluster, node: usize) -> User {
    let token = Token::of("app").claim("roles", json!(["service"]));
    cluster.nodes[node].server.user_with("app", token).await
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn many_members_come_and_go_on_other_nodes() {
    const MANY: usize = 150;
    let cluster = Cluster::start(2).await;
    let app = application(&cluster, 0).await;
    let (ann, ben) = (cluster.nodes[1].user("ann").await, cluster.nodes[1].user("ben").await);
    ann.create_room("den", "private").await;
    cluster.database().query(&format!(
        "INSERT INTO users (key, id, name, created_at)
         SELECT 1000000 + n, 'u' || n, 'U', 0 FROM generate_series(1, {MANY}) AS n"
    ));
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let body = json!({"add": [{"user_id": "ben", "role": "moderator"}]});
    app.post("/rooms/den/members", body).await.expect(200);
    assert_eq!(at_ann.next_event("member.joined").await["data"]["role"], "moderator");
    assert_eq!(at_ben.next_event("room.added").await["data"]["room"]["room_id"], "den");
    at_ann.say("den", "welcome").await;
    assert_eq!(at_ben.next_message("den").await["data"]["content"], "welcome");
    // Of very many nobody is told one by one.
    let many: Vec<Value> = (1..=MANY).map(|n| json!({"user_id": format!("u{n}")})).collect();
    let answer = app.post("/rooms/den/members", json!({"add": many})).await.expect(200);
    assert_eq!(answer["member_count"], MANY + 2);
    let is_all = |frame: &Value| {
        frame["type"] == "room.members" && frame["data"]["member_count"] == MANY + 2
    };
    at_ann.next_where("the number", is_all).await;
    let told = at_ann.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "member.joined"), "{told:?}");
    let body = json!({"members": [{"user_id": "ann"}]});
    let answer = app.put("/rooms/den/members", body).await.expect(200);
    assert_eq!(answer["member_count"], 1);
    assert_eq!(at_ben.next_event("room.removed").await["data"]["reason"], "removed");
    at_ann.say("den", "all gone").await;
    let told = at_ben.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "message.created"), "{told:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn who_watches_on_another_node_hears_the_room_until_they_are_banned() {
    let application = Receiver::start().await;
    let answer = json!({"action": "accept", "allow": "read", "seconds": 3_600});
    application.answer(Reply::Body(200, answer.to_string()));
    let settings = vec![
        ("PARLOR_ACCESS_URL", application.url.clone()),
        ("PARLOR_CALLBACK_SECRET", "a secret of at least 24 bytes".to_owned()),
    ];
    let cluster = Cluster::with(&[settings.clone(), settings]).await;
    let (ann, cy) = (cluster.nodes[0].user("ann").await, cluster.nodes[1].user("cy").await);
    ann.create_room("den", "private").await;
    let mut at_cy = cy.connect().await;
    let acked = at_cy.ask("room.subscribe", json!({"room_id": "den"})).await;
    ann.say("den", "hello").await;
    assert_eq!(at_cy.next_message("den").await["data"]["content"], "hello");
    // Back on the other node, with what was missed.
    drop(at_cy);
    ann.say("den", "missed").await;
    let mut at_cy = cluster.nodes[0].user("cy").await.connect().await;
    let since = json!({"room_id": "den", "since": acked["last_seq"], "epoch": acked["epoch"]});
    let subscribing = at_cy.begin("room.subscribe", since).await;
    assert_eq!(seqs(&at_cy.next_messages("den", 2).await), [1, 2]);
    at_cy.answer(&subscribing).await.expect("an ack");
    let mut elsewhere = cy.connect().await;
    elsewhere.ask("room.subscribe", json!({"room_id": "den"})).await;
    ann.ban("den", &cy, json!({})).await.expect(204);
    for socket in [&mut at_cy, &mut elsewhere] {
        assert_eq!(socket.next_event("room.removed").await["data"]["reason"], "banned");
    }
    ann.say("den", "unheard").await;
    elsewhere.refused("room.subscribe", json!({"room_id": "den"}), "forbidden").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn who_join_at_once_on_two_nodes_are_in_one_room_that_a_rule_makes() {
    let rules = vec![("PARLOR_ROOM_RULES", "board:*=public".to_owned())];
    let cluster = Cluster::with(&[rules.clone(), rules]).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    for n in 0..20 {
        let id = format!("board:{n}");
        let room = json!({"room_id": &id});
        let (one, two) = tokio::join!(
            at_ann.ask("room.join", room.clone()),
            at_ben.ask("room.join", room.clone())
        );
        assert_eq!(one["epoch"], two["epoch"], "one life of one room");
        assert_eq!(
            (&one["room"]["role"], &two["room"]["role"]),
            (&json!("member"), &json!("member"))
        );
        at_ann.say(&id, "from one").await;
        assert_eq!(at_ben.next_message(&id).await["seq"], 1);
        at_ben.say(&id, "from the other").await;
        at_ann.next_message(&id).await;
        assert_eq!(at_ann.next_message(&id).await["data"]["content"], "from the other");
    }
}
