//! Several devices of one user stay in step.

use serde_json::json;

use crate::support::{Server, without_epoch};

#[tokio::test]
async fn a_room_joined_on_one_device_is_there_on_all() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.create_room("lobby", "public").await;
    let (mut phone, mut laptop) = (ben.connect().await, ben.connect().await);
    phone.ask("room.join", json!({"room_id": "lobby"})).await;
    for device in [&mut phone, &mut laptop] {
        assert_eq!(device.next_event("room.added").await["room_id"], "lobby");
    }
    alice.say("lobby", "hello both").await;
    for device in [&mut phone, &mut laptop] {
        assert_eq!(device.next_message("lobby").await["data"]["content"], "hello both");
    }
    laptop.ask("room.leave", json!({"room_id": "lobby"})).await;
    for device in [&mut phone, &mut laptop] {
        assert_eq!(device.next_event("room.removed").await["room_id"], "lobby");
    }
}

#[tokio::test]
async fn a_room_made_on_one_device_is_there_on_all() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let (mut phone, mut laptop) = (alice.connect().await, alice.connect().await);
    alice.create_room("den", "private").await;
    for device in [&mut phone, &mut laptop] {
        let added = device.next_event("room.added").await;
        assert_eq!(added["data"]["room"]["role"], "owner");
    }
    phone.say("den", "note to self").await;
    assert_eq!(laptop.next_message("den").await["data"]["content"], "note to self");
}

#[tokio::test]
async fn what_is_read_on_one_device_is_read_on_all() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    let (mut phone, mut laptop) = (ben.connect().await, ben.connect().await);
    for number in 0..3 {
        alice.say("den", &format!("message {number}")).await;
    }
    phone.next_messages("den", 3).await;
    phone.ask("message.read", json!({"room_id": "den", "seq": 2})).await;
    for device in [&mut phone, &mut laptop] {
        let unread = device.next_event("room.unread").await;
        assert_eq!(unread["room_id"], "den");
        assert_eq!(
            without_epoch(&unread["data"]),
            json!({"read_seq": 2, "unread": 1, "mentions": 0, "last_seq": 3})
        );
    }
}

#[tokio::test]
async fn unsubscribing_is_for_one_device_only() {
    let server = Server::start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    alice.room_with("fence", &[&ben]).await;
    let (mut phone, mut laptop) = (ben.connect().await, ben.connect().await);
    phone.ask("room.unsubscribe", json!({"room_id": "den"})).await;
    alice.say("den", "for the laptop").await;
    alice.say("fence", "the fence").await;
    assert_eq!(laptop.next_message("den").await["data"]["content"], "for the laptop");
    phone.next_message("fence").await;
    let told = phone.told_so_far().await;
    assert!(told.iter().all(|frame| frame["room_id"] != "den"), "{told:?}");

    let again = phone.ask("room.subscribe", json!({"room_id": "den", "since": 0})).await;
    assert_eq!((&again["replayed"], &again["last_seq"]), (&json!(1), &json!(1)));
    assert_eq!(phone.next_message("den").await["seq"], 1);
}

#[tokio::test]
async fn the_sender_hears_its_own_message_once_on_every_device() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let (mut phone, mut laptop) = (alice.connect().await, alice.connect().await);
    phone.say_as("den", "once", "hi").await;
    phone.say_as("den", "fence", "the fence").await;
    for device in [&mut phone, &mut laptop] {
        let messages = device.next_messages("den", 2).await;
        assert_eq!(messages[0]["data"]["client_id"], "once");
        assert_eq!(messages[1]["data"]["client_id"], "fence");
    }
}
