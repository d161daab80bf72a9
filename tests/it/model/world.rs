//! The server and the model side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    client::Client,
    rules::{CONFLICT, MISSING, Message, Outcome, Room},
    step::{AUTHOR, ROOMS, Step, USERS},
};
use crate::support::{Server, history_of};

/// One that was sent: where, and under which id.
struct Sent {
    room: usize,
    sender: usize,
    id: String,
}

pub struct World {
    run: u32,
    clients: Vec<Client>,
    rooms: BTreeMap<usize, Room>,
    sent: Vec<Sent>,
    edits: usize,
}

impl World {
    pub async fn new(server: &Server, run: u32) -> Self {
        let mut clients = Vec::with_capacity(USERS);
        for user in 0..USERS {
            let user = server.user(&format!("u{user}-{run}")).await;
            clients.push(Client::start(user).await);
        }
        let (rooms, sent) = (BTreeMap::new(), Vec::new());
        let mut world = Self { run, clients, rooms, sent, edits: 0 };
        // Most steps do something then.
        world.create(0, 0, "public").await;
        for user in 1..USERS {
            world.add(user, 0, user).await;
        }
        world
    }

    fn room_id(&self, room: usize) -> String {
        format!("room{room}-{}", self.run)
    }

    fn user_id(&self, user: usize) -> String {
        self.clients[user].user.id.clone()
    }

    /// The latest messages are changed; `None` while there are not so many.
    fn nth_latest(&self, message: usize) -> Option<usize> {
        self.sent.len().checked_sub(message + 1)
    }

    pub async fn take(&mut self, step: &Step) {
        match *step {
            Step::Create { user, room, kind } => self.create(user, room, kind).await,
            Step::DeleteRoom { user, room } => self.delete_room(user, room).await,
            Step::Clear { user, room } => self.clear(user, room).await,
            Step::Add { user, room, other } => self.add(user, room, other).await,
            Step::Remove { user, room, other } => self.remove(user, room, other).await,
            Step::SetRole { user, room, other, role } => {
                self.set_role(user, room, other, role).await;
            }
            Step::Send { user, room, reply, mention } => {
                self.send(user, room, reply, mention).await;
            }
            Step::Read { user, room, behind } => self.read(user, room, behind).await,
            Step::Disconnect { user } => self.clients[user].disconnect(),
            Step::Reconnect { user } => self.clients[user].reconnect().await,
            Step::Look => self.compare_all().await,
            _ => self.change(step).await,
        }
    }

    /// Over the socket while there is one, or else over REST.
    async fn command(
        &mut self,
        user: usize,
        kind: &str,
        data: Value,
        rest: (&str, String, Value),
    ) -> Result<Value, String> {
        let client = &mut self.clients[user];
        match client.socket() {
            Some(socket) => {
                let answer = socket.request(kind, data).await;
                answer.map_err(|error| error["code"].as_str().unwrap_or_default().to_owned())
            }
            None => self.rest(user, rest.0, &rest.1, rest.2).await,
        }
    }

    async fn rest(
        &self,
        user: usize,
        method: &str,
        path: &str,
        body: Value,
    ) -> Result<Value, String> {
        let user = &self.clients[user].user;
        let method = method.parse().expect("a method");
        let request = user.request(method, path).json(&body);
        let outcome = crate::support::User::outcome(request).await;
        if outcome.status < 300 {
            return Ok(if outcome.body.is_empty() { Value::Null } else { outcome.json() });
        }
        Err(outcome.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Holds the server's outcome against the model's; says whether to go on.
    fn agree(step: &str, expected: Outcome, answer: &Result<Value, String>) -> bool {
        let actual = answer.as_ref().map(drop).map_err(String::as_str);
        assert_eq!(actual, expected, "{step}: {answer:?}");
        expected.is_ok()
    }

    fn in_room(&self, room: usize, rule: impl FnOnce(&Room) -> Outcome) -> Outcome {
        self.rooms.get(&room).map_or(MISSING, rule)
    }

    async fn create(&mut self, user: usize, room: usize, kind: &'static str) {
        let expected = if self.rooms.contains_key(&room) { CONFLICT } else { Ok(()) };
        let body = json!({"room_id": self.room_id(room), "kind": kind});
        let answer = self.rest(user, "POST", "/rooms", body).await;
        if Self::agree("create", expected, &answer) {
            // Under an id that was used before numbers go on above the old ones.
            let head = answer.expect("granted")["last_seq"].as_i64().expect("a position");
            self.rooms.insert(room, Room::new(kind, user, head));
        }
    }

    async fn delete_room(&mut self, user: usize, room: usize) {
        let expected = self.in_room(room, |room| room.at_least(user, "owner"));
        let path = format!("/rooms/{}", self.room_id(room));
        let answer = self.rest(user, "DELETE", &path, json!({})).await;
        if Self::agree("delete room", expected, &answer) {
            self.rooms.remove(&room);
        }
    }

    async fn clear(&mut self, user: usize, room: usize) {
        let expected = self.in_room(room, |room| room.at_least(user, "owner"));
        let path = format!("/rooms/{}/messages", self.room_id(room));
        let answer = self.rest(user, "DELETE", &path, json!({})).await;
        if Self::agree("clear", expected, &answer) {
            self.rooms.get_mut(&room).expect("there").clear();
        }
    }

    async fn add(&mut self, user: usize, room: usize, other: usize) {
        let expected = self.in_room(room, |room| room.may_add(user, other));
        let path = format!("/rooms/{}/members/{}", self.room_id(room), self.user_id(other));
        let rest = ("PUT", path, json!({}));
        let answer = if user == other {
            let data = json!({"room_id": self.room_id(room)});
            self.command(user, "room.join", data, rest).await
        } else {
            self.rest(user, rest.0, &rest.1, rest.2).await
        };
        if Self::agree("add", expected, &answer) {
            self.rooms.get_mut(&room).expect("there").add(user, other);
        }
    }

    async fn remove(&mut self, user: usize, room: usize, other: usize) {
        let expected = self.in_room(room, |room| room.may_remove(user, other));
        let path = format!("/rooms/{}/members/{}", self.room_id(room), self.user_id(other));
        let answer = self.rest(user, "DELETE", &path, json!({})).await;
        if Self::agree("remove", expected, &answer) {
            let known = self.rooms.get_mut(&room).expect("there");
            known.remove(other);
            if known.kind == "private" && known.members.is_empty() {
                // It ends with its last member.
                self.rooms.remove(&room);
                return;
            }
            self.inherit(room).await;
        }
    }

    /// Whoever left was the only owner: one of the highest is it now. Which of
    /// them came first the server knows.
    async fn inherit(&mut self, room: usize) {
        let heirs = self.rooms[&room].heirs();
        let Some(asker) = heirs.first() else { return };
        let path = format!("/rooms/{}/members", self.room_id(room));
        let listed = self.clients[*asker].user.get(&path).await.expect(200);
        let members = listed["members"].as_array().expect("a list");
        let owners: Vec<&Value> =
            members.iter().filter(|member| member["role"] == "owner").collect();
        assert_eq!(owners.len(), 1, "{listed}");
        let is_it = |heir: &&usize| owners[0]["user"]["id"] == self.user_id(**heir);
        let heir = *heirs.iter().find(is_it).expect("one of the highest owns it");
        let known = self.rooms.get_mut(&room).expect("there");
        known.members.get_mut(&heir).expect("a member").role = "owner";
    }

    async fn set_role(&mut self, user: usize, room: usize, other: usize, role: &'static str) {
        let expected = self.in_room(room, |room| room.may_set_role(user, other, role));
        let path = format!("/rooms/{}/members/{}", self.room_id(room), self.user_id(other));
        let answer = self.rest(user, "PATCH", &path, json!({"role": role})).await;
        if Self::agree("set role", expected, &answer) {
            let room = self.rooms.get_mut(&room).expect("there");
            room.members.get_mut(&other).expect("a member").role = role;
        }
    }

    async fn send(&mut self, user: usize, room: usize, reply: bool, mention: usize) {
        let expected = self.in_room(room, |room| room.may_write(user));
        let number = self.sent.len();
        let mut content = format!("message {number}");
        if mention < USERS {
            content = format!("{content} for @{}.", self.user_id(mention));
        }
        let mut data = json!({"room_id": self.room_id(room), "content": content});
        let quoted = self.rooms.get(&room).filter(|_| reply).and_then(|room| {
            room.messages.iter().rev().find(|(_, message)| !message.deleted).map(|(n, _)| *n)
        });
        if let Some(quoted) = quoted {
            data["reply_to"] = json!(self.sent[quoted].id);
        }
        let path = format!("/rooms/{}/messages", self.room_id(room));
        let answer = self.command(user, "message.send", data.clone(), ("POST", path, data)).await;
        if !Self::agree("send", expected, &answer) {
            return;
        }
        let stored = answer.expect("granted");
        let known = self.rooms.get_mut(&room).expect("there");
        let seq = known.next();
        assert_eq!(stored["seq"], seq);
        let mentions: BTreeSet<usize> = (mention < USERS && known.members.contains_key(&mention))
            .then_some(mention)
            .into_iter()
            .collect();
        known.messages.insert(
            number,
            Message {
                seq,
                changed_seq: seq,
                sender: user,
                content,
                edited: false,
                deleted: false,
                pinned: false,
                mentions,
                reply_to: quoted,
                reactions: BTreeMap::new(),
            },
        );
        let id = stored["message_id"].as_str().expect("an id").to_owned();
        self.sent.push(Sent { room, sender: user, id });
    }

    async fn read(&mut self, user: usize, room: usize, behind: i64) {
        let expected = self.in_room(room, |room| room.member(user));
        let seq = self.rooms.get(&room).map_or(0, |room| (room.head - behind).max(0));
        let data = json!({"room_id": self.room_id(room), "seq": seq});
        let path = format!("/rooms/{}/read", self.room_id(room));
        let rest = ("PUT", path, json!({"seq": seq}));
        let answer = self.command(user, "message.read", data, rest).await;
        if Self::agree("read", expected, &answer) {
            self.rooms.get_mut(&room).expect("there").read(user, seq);
        }
    }

    /// Edit, delete, react, pin.
    async fn change(&mut self, step: &Step) {
        let (user, message) = match *step {
            Step::Edit { user, message }
            | Step::Delete { user, message }
            | Step::React { user, message, .. }
            | Step::Pin { user, message, .. } => (user, message),
            _ => unreachable!("no change of a message"),
        };
        let Some(number) = self.nth_latest(message) else { return };
        let Sent { room, sender, id } = &self.sent[number];
        let (room, id) = (*room, id.clone());
        let user = if user == AUTHOR { *sender } else { user };
        self.edits += 1;
        let text = format!("edit {}", self.edits);
        let (kind, data, rest) = wire(step, &id, &text);
        let expected = self.in_room(room, |known| match known.messages.get(&number) {
            None => MISSING,
            Some(message) => may(step, user, message, known),
        });
        let answer = self.command(user, kind, data, rest).await;
        if !Self::agree(kind, expected, &answer) {
            return;
        }
        let known = self.rooms.get_mut(&room).expect("there");
        let head = known.head;
        let message = known.messages.get_mut(&number).expect("there");
        if apply(step, message, user, text) {
            message.changed_seq = head + 1;
            known.head += 1;
        }
        let now = known.messages[&number].changed_seq;
        assert_eq!(answer.expect("granted")["seq"], now, "{step:?}");
    }

    /// Holds everything that everyone sees against the model.
    pub async fn compare_all(&mut self) {
        for user in 0..USERS {
            self.clients[user].catch_up().await;
            let listed = self.clients[user].user.get("/rooms").await.expect(200);
            let listed = listed["rooms"].as_array().expect("a list").clone();
            let own = |room: &&usize| self.rooms[room].role(user).is_some();
            let expected: BTreeSet<String> =
                self.rooms.keys().filter(own).map(|room| self.room_id(*room)).collect();
            let names = listed.iter().map(|room| room["room_id"].as_str().expect("an id"));
            assert_eq!(names.map(str::to_owned).collect::<BTreeSet<_>>(), expected);
            for room in 0..ROOMS {
                let id = self.room_id(room);
                if let Some(shown) = listed.iter().find(|shown| shown["room_id"] == id) {
                    self.compare(user, room, shown).await;
                }
            }
        }
    }

    async fn compare(&mut self, user: usize, room: usize, shown: &Value) {
        let (id, known) = (self.room_id(room), &self.rooms[&room]);
        let member = &known.members[&user];
        assert_eq!(shown["kind"], known.kind);
        assert_eq!(shown["role"], member.role);
        assert_eq!(shown["last_seq"], known.head);
        assert_eq!(shown["member_count"], known.members.len());
        assert_eq!(shown["read_seq"], member.read_seq);
        assert_eq!(shown["unread"], known.unread(user), "unread of {user} in {id}");
        assert_eq!(shown["mentions"], known.mentions(user), "mentions of {user} in {id}");
        let history = history_of(&self.clients[user].user, &id).await;
        assert_eq!(history.len(), known.messages.len(), "{id}");
        for (message, (number, expected)) in history.iter().zip(&known.messages) {
            self.compare_message(message, expected, *number);
        }
        let client = &mut self.clients[user];
        if client.socket().is_some() {
            let kept = &client.rooms[&id];
            assert_eq!(kept.head, known.head, "the client's head in {id}");
            let kept: Vec<Value> = kept.messages.values().map(without_quote).collect();
            let fresh: Vec<Value> = history.iter().map(without_quote).collect();
            assert_eq!(kept, fresh, "what the client keeps of {id} is what is there");
        }
    }

    fn compare_message(&self, message: &Value, expected: &Message, number: usize) {
        assert_eq!(message["message_id"], self.sent[number].id);
        assert_eq!(message["seq"], expected.seq);
        assert_eq!(message["changed_seq"], expected.changed_seq);
        assert_eq!(message["sender"]["id"], self.user_id(expected.sender));
        assert_eq!(message["content"], expected.content);
        assert_eq!(message["edited_at"].is_string(), expected.edited);
        assert_eq!(message["deleted_at"].is_string(), expected.deleted);
        assert_eq!(message["pinned"].is_object(), expected.pinned);
        let quoted = expected.reply_to.map(|quoted| self.sent[quoted].id.as_str());
        // A quoted message that was cleared is not there to be quoted.
        if let Some(shown) = message["reply_to"]["message_id"].as_str() {
            assert_eq!(Some(shown), quoted);
        }
        let emojis = message["reactions"].as_array().cloned().unwrap_or_default();
        let shown: BTreeMap<String, BTreeSet<String>> = emojis
            .iter()
            .map(|reaction| {
                let users = reaction["user_ids"].as_array().expect("a list");
                assert_eq!(reaction["count"], users.len());
                let users = users.iter().map(|user| user.as_str().expect("an id").to_owned());
                (reaction["emoji"].as_str().expect("an emoji").to_owned(), users.collect())
            })
            .collect();
        let given = |(emoji, users): (&&str, &BTreeSet<usize>)| {
            let users: BTreeSet<String> = users.iter().map(|user| self.user_id(*user)).collect();
            (!users.is_empty()).then(|| ((*emoji).to_owned(), users))
        };
        let expected: BTreeMap<String, BTreeSet<String>> =
            expected.reactions.iter().filter_map(given).collect();
        assert_eq!(shown, expected);
    }
}

/// A quote is as its message was when it was told; a client shows the message
/// itself where it has it.
fn without_quote(message: &Value) -> Value {
    let mut message = message.clone();
    message.as_object_mut().expect("an object").remove("reply_to");
    message
}

/// The command, over the socket and over REST.
fn wire(step: &Step, id: &str, text: &str) -> (&'static str, Value, (&'static str, String, Value)) {
    let path = format!("/messages/{id}");
    let none = json!({});
    match step {
        Step::Edit { .. } => {
            let data = json!({"message_id": id, "content": text});
            ("message.edit", data, ("PATCH", path, json!({"content": text})))
        }
        Step::Delete { .. } => {
            ("message.delete", json!({"message_id": id}), ("DELETE", path, none))
        }
        Step::React { emoji, adds, .. } => {
            let data = json!({"message_id": id, "emoji": emoji});
            let path = format!("{path}/reactions/{emoji}");
            match adds {
                true => ("reaction.add", data, ("PUT", path, none)),
                false => ("reaction.remove", data, ("DELETE", path, none)),
            }
        }
        Step::Pin { pins, .. } => {
            let (data, path) = (json!({"message_id": id}), format!("{path}/pin"));
            match pins {
                true => ("message.pin", data, ("PUT", path, none)),
                false => ("message.unpin", data, ("DELETE", path, none)),
            }
        }
        _ => unreachable!("no change of a message"),
    }
}

fn may(step: &Step, user: usize, message: &Message, room: &Room) -> Outcome {
    match *step {
        Step::Edit { .. } => message.may_edit(room, user),
        Step::Delete { .. } => message.may_delete(room, user),
        Step::React { adds, .. } => message.may_react(room, user, adds),
        Step::Pin { .. } => message.may_pin(room, user),
        _ => unreachable!("no change of a message"),
    }
}

/// Makes the change; says whether it is one.
fn apply(step: &Step, message: &mut Message, user: usize, text: String) -> bool {
    match *step {
        Step::Edit { .. } => {
            message.content = text;
            message.edited = true;
            message.mentions.clear();
            true
        }
        Step::Delete { .. } if message.deleted => false,
        Step::Delete { .. } => {
            message.deleted = true;
            message.pinned = false;
            message.content.clear();
            message.mentions.clear();
            message.reactions.clear();
            true
        }
        Step::React { emoji, adds: true, .. } => {
            message.reactions.entry(emoji).or_default().insert(user)
        }
        Step::React { emoji, adds: false, .. } => {
            message.reactions.entry(emoji).or_default().remove(&user)
        }
        Step::Pin { pins, .. } => std::mem::replace(&mut message.pinned, pins) != pins,
        _ => unreachable!("no change of a message"),
    }
}
