//! Rooms in which not every member is told who comes and goes.

use serde_json::{Value, json};

use crate::support::{Server, Socket, User};

/// Rooms with more members than this are big.
const BIG: usize = 10;

async fn start() -> (Server, User) {
    let server = Server::builder().set("PARLOR_BIG_ROOM_MEMBERS", BIG).start().await;
    let owner = server.user("owner").await;
    owner.create_room("big", "public").await;
    for n in 1..=BIG {
        owner.add_member("big", &server.user(&format!("m{n:02}")).await).await.expect(201);
    }
    (server, owner)
}

fn of_members(told: &[Value]) -> Vec<&str> {
    let kinds = told.iter().filter_map(|frame| frame["type"].as_str());
    kinds.filter(|kind| kind.starts_with("member.") || *kind == "room.members").collect()
}

async fn number(socket: &mut Socket, members: usize) {
    let is_it = |frame: &Value| {
        frame["type"] == "room.members" && frame["data"]["member_count"] == json!(members)
    };
    let told = socket.next_where("the number", is_it).await;
    assert_eq!(told["room_id"], "big");
}

#[tokio::test]
async fn a_crowd_is_told_how_many_it_is_and_not_who_comes_and_goes() {
    let (server, owner) = start().await;
    let mut reader = owner.connect().await;
    let started = std::time::Instant::now();
    let ann = server.user("ann").await;
    let mut at_ann = ann.connect().await;
    for _ in 0..40 {
        at_ann.ask("room.join", json!({"room_id": "big"})).await;
        at_ann.ask("room.leave", json!({"room_id": "big"})).await;
    }
    at_ann.ask("room.join", json!({"room_id": "big"})).await;
    owner.add_member("big", &server.user("zoe").await).await.expect(201);
    // The last number is told, also where nothing else happens.
    number(&mut reader, BIG + 3).await;
    let told = reader.told_so_far().await;
    let told = of_members(&told);
    assert!(told.iter().all(|kind| *kind == "room.members"), "{told:?}");
    let seconds = usize::try_from(started.elapsed().as_secs()).expect("few");
    assert!(told.len() <= seconds + 2, "{} times in {seconds} s", told.len());
    // Whom it was about has heard of each.
    let own = at_ann.told_so_far().await;
    let of = |kind: &str| own.iter().filter(|frame| frame["type"] == kind).count();
    assert_eq!((of("room.added"), of("room.removed")), (41, 40));
    let listed = owner.get("/rooms/big/members?limit=200").await.expect(200);
    assert_eq!(listed["members"].as_array().expect("a list").len(), BIG + 3);
}

#[tokio::test]
async fn what_moderators_do_in_a_crowd_is_told_to_the_one_whom_it_is_about() {
    let (server, owner) = start().await;
    let ann = server.user("ann").await;
    owner.add_member("big", &ann).await.expect(201);
    let (mut at_ann, mut reader) = (ann.connect().await, owner.connect().await);
    owner.patch("/rooms/big/members/ann", json!({"mute_seconds": 600})).await.expect(200);
    let updated = at_ann.next_event("member.updated").await;
    assert_eq!(updated["data"]["user"]["id"], "ann");
    assert!(updated["data"]["muted_until"].is_string(), "{updated}");
    owner.put("/rooms/big/bans/ann", json!({})).await.expect(204);
    assert_eq!(at_ann.next_event("room.removed").await["data"]["reason"], "banned");
    number(&mut reader, BIG + 1).await;
    assert!(of_members(&reader.told_so_far().await).is_empty(), "nothing else was told");
}

#[tokio::test]
async fn a_room_that_is_no_longer_big_tells_of_its_members_again() {
    let (server, owner) = start().await;
    let mut reader = owner.connect().await;
    for n in [1, 2] {
        let user = server.user(&format!("m{n:02}")).await;
        owner.remove_member("big", &user).await.expect(204);
    }
    assert_eq!(reader.next_event("member.left").await["data"]["user"]["id"], "m01");
    assert_eq!(reader.next_event("member.left").await["data"]["user"]["id"], "m02");
    owner.add_member("big", &server.user("ann").await).await.expect(201);
    assert_eq!(reader.next_event("member.joined").await["data"]["user"]["id"], "ann");
}

#[tokio::test]
async fn a_user_who_comes_and_goes_in_a_loop_is_told_of_once_in_a_while() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    let mut at_ann = ann.connect().await;
    let started = std::time::Instant::now();
    for status in ["away", "online"].repeat(50) {
        at_ann.ask("presence.set", json!({"status": status})).await;
    }
    at_ann.ask("presence.set", json!({"status": "away"})).await;
    // What was not told at once is told later.
    let mut times = 0;
    let mut last = Value::Null;
    while last != "away" || times < 5 {
        last = at_ben.next_event("presence").await["data"]["status"].clone();
        times += 1;
    }
    let told = at_ben.told_so_far().await;
    times += told.iter().filter(|frame| frame["type"] == "presence").count();
    let seconds = usize::try_from(started.elapsed().as_secs()).expect("few");
    assert!(times <= seconds + 6, "told {times} times in {seconds} s");
}
