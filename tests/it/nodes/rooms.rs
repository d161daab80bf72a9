//! Rooms and their members as an application's backend changes them, on several
//! nodes.

use serde_json::{Value, json};

use crate::support::{Cluster, Token, User};

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
