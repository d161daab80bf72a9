//! A client as the protocol page describes one: it keeps what it is told.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Socket, User, history_of};

/// What a client knows of a room.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub head: i64,
    /// By `seq`.
    pub messages: BTreeMap<i64, Value>,
}

pub struct Client {
    pub user: User,
    socket: Option<Socket>,
    pub rooms: BTreeMap<String, Known>,
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("a number: {value}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}"))
}

impl Client {
    pub async fn start(user: User) -> Self {
        let mut client = Self { user, socket: None, rooms: BTreeMap::new() };
        client.reconnect().await;
        client
    }

    pub fn disconnect(&mut self) {
        self.socket = None;
    }

    /// The socket, while there is one.
    pub fn socket(&mut self) -> Option<&mut Socket> {
        self.socket.as_mut()
    }

    /// Comes back and says what it has.
    pub async fn reconnect(&mut self) {
        if self.socket.is_some() {
            return;
        }
        let mut socket = self.user.connect_with("resume=1").await;
        let listed: BTreeMap<String, i64> = socket.ready["rooms"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|room| (text(&room["room_id"]).to_owned(), number(&room["last_seq"])))
            .collect();
        self.rooms.retain(|room, _| listed.contains_key(room));
        let heads: BTreeMap<&String, i64> =
            self.rooms.iter().map(|(room, known)| (room, known.head)).collect();
        let ack = socket.ask("session.resume", json!({"rooms": heads})).await;
        // The ack follows the last replayed event.
        let replayed = socket.told_so_far().await;
        self.socket = Some(socket);
        for frame in &replayed {
            self.replayed(frame);
        }
        for (room, result) in ack["rooms"].as_object().expect("rooms") {
            let last_seq = number(&result["last_seq"]);
            if result["resync"] == true {
                self.load(room, last_seq).await;
            } else {
                self.rooms.get_mut(room).expect("it was named").head = last_seq;
            }
        }
        for (room, last_seq) in listed {
            if !self.rooms.contains_key(&room) {
                self.load(&room, last_seq).await;
            }
        }
    }

    /// Takes the room's history as it is; events tell what came after.
    async fn load(&mut self, room: &str, head: i64) {
        let history = history_of(&self.user, room).await;
        let messages = history.into_iter().map(|message| (number(&message["seq"]), message));
        self.rooms.insert(room.to_owned(), Known { head, messages: messages.collect() });
    }

    /// Takes in all that the server has told until now.
    pub async fn catch_up(&mut self) {
        let Some(socket) = &mut self.socket else { return };
        for frame in socket.told_so_far().await {
            self.told(&frame).await;
        }
    }

    async fn told(&mut self, frame: &Value) {
        let room = frame["room_id"].as_str().unwrap_or_default();
        match text(&frame["type"]) {
            "room.added" => {
                let head = number(&frame["data"]["room"]["last_seq"]);
                if self.user.get(&format!("/rooms/{room}/messages")).await.status == 200 {
                    self.load(room, head).await;
                } else {
                    // Removed again meanwhile: it is told next.
                    self.rooms.insert(room.to_owned(), Known { head, ..Known::default() });
                }
            }
            "room.removed" | "room.deleted" => {
                self.rooms.remove(room);
            }
            _ if frame["seq"].is_number() => {
                let head = self.rooms.get(room).map(|known| known.head);
                let seq = number(&frame["seq"]);
                assert_eq!(head, Some(seq - 1), "no gap and no repeat: {frame}");
                self.replayed(frame);
            }
            _ => {}
        }
    }

    /// An event with a place in a timeline; in a replay places are left out.
    fn replayed(&mut self, frame: &Value) {
        let room = frame["room_id"].as_str().unwrap_or_default();
        let Some(known) = self.rooms.get_mut(room).filter(|_| frame["seq"].is_number()) else {
            return;
        };
        let seq = number(&frame["seq"]);
        assert!(seq > known.head, "each place once and in order: {frame}");
        known.head = seq;
        let data = &frame["data"];
        if frame["type"] == "room.cleared" {
            let upto = number(&data["upto"]);
            known.messages.retain(|seq, _| *seq > upto);
            return;
        }
        assert_eq!(seq, number(&data["changed_seq"]), "{frame}");
        let place = number(&data["seq"]);
        // What was loaded may be newer than what is told.
        let newer = known.messages.get(&place).is_some_and(|old| number(&old["changed_seq"]) > seq);
        if !newer {
            known.messages.insert(place, data.clone());
        }
    }
}
