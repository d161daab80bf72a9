//! The model: what the protocol page says, in the plainest way. It shares
//! nothing with the server.

use std::collections::{BTreeMap, BTreeSet};

/// What comes of a command: nothing wrong, or an error's code.
pub type Outcome = Result<(), &'static str>;

pub const FORBIDDEN: Outcome = Err("forbidden");
pub const MISSING: Outcome = Err("not_found");
pub const CONFLICT: Outcome = Err("conflict");

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub role: &'static str,
    pub unread_after: i64,
    pub read_seq: i64,
    /// Somebody else put them there.
    pub placed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub seq: i64,
    pub changed_seq: i64,
    pub sender: usize,
    pub content: String,
    pub edited: bool,
    pub deleted: bool,
    pub pinned: bool,
    pub mentions: BTreeSet<usize>,
    pub reply_to: Option<usize>,
    pub reactions: BTreeMap<&'static str, BTreeSet<usize>>,
}

#[derive(Clone, Debug)]
pub struct Room {
    pub kind: &'static str,
    pub head: i64,
    pub members: BTreeMap<usize, Member>,
    /// Who left as a reader comes back as one.
    pub readers: BTreeSet<usize>,
    /// By the message's number among all; without those that were cleared.
    pub messages: BTreeMap<usize, Message>,
}

fn rank(role: &str) -> u8 {
    match role {
        "owner" => 3,
        "moderator" => 2,
        "member" => 1,
        _ => 0,
    }
}

fn manages(by: &str, other: &str) -> bool {
    by == "owner" || (by == "moderator" && rank(other) < rank("moderator"))
}

impl Room {
    pub fn new(kind: &'static str, owner: usize, head: i64) -> Self {
        let owns = Member { role: "owner", unread_after: head, read_seq: 0, placed: false };
        let members = BTreeMap::from([(owner, owns)]);
        Self { kind, head, members, readers: BTreeSet::new(), messages: BTreeMap::new() }
    }

    pub fn next(&mut self) -> i64 {
        self.head += 1;
        self.head
    }

    pub fn role(&self, user: usize) -> Option<&'static str> {
        self.members.get(&user).map(|member| member.role)
    }

    fn is_open(&self) -> bool {
        self.kind != "private"
    }

    /// A stranger sees only that an open room is there.
    pub fn visible(&self, user: usize) -> Outcome {
        if self.role(user).is_some() || self.is_open() { Ok(()) } else { MISSING }
    }

    pub fn member(&self, user: usize) -> Outcome {
        self.visible(user)?;
        if self.role(user).is_some() { Ok(()) } else { FORBIDDEN }
    }

    pub fn at_least(&self, user: usize, role: &str) -> Outcome {
        self.member(user)?;
        if self.role(user).map(rank) >= Some(rank(role)) { Ok(()) } else { FORBIDDEN }
    }

    pub fn may_write(&self, user: usize) -> Outcome {
        let role = if self.kind == "announcement" { "moderator" } else { "member" };
        self.at_least(user, role)
    }

    fn is_last_owner(&self, user: usize) -> bool {
        let owners = self.members.values().filter(|member| member.role == "owner").count();
        self.role(user) == Some("owner") && owners == 1 && self.members.len() > 1
    }

    pub fn may_add(&self, by: usize, other: usize) -> Outcome {
        if by == other { self.visible(by) } else { self.at_least(by, "moderator") }
    }

    pub fn may_remove(&self, by: usize, other: usize) -> Outcome {
        if by == other {
            self.visible(by)?;
            let Some(member) = self.members.get(&by) else { return MISSING };
            if member.placed {
                return Ok(());
            }
        } else {
            self.at_least(by, "moderator")?;
            let Some(role) = self.role(other) else { return MISSING };
            if !manages(self.role(by).unwrap_or_default(), role) {
                return FORBIDDEN;
            }
        }
        if self.is_last_owner(other) { CONFLICT } else { Ok(()) }
    }

    pub fn may_set_role(&self, by: usize, other: usize, role: &str) -> Outcome {
        self.at_least(by, "moderator")?;
        let Some(known) = self.role(other) else { return MISSING };
        if !manages(self.role(by).unwrap_or_default(), known) || self.role(by) != Some("owner") {
            return FORBIDDEN;
        }
        // Also one who is alone: somebody has to own it.
        let owners = self.members.values().filter(|member| member.role == "owner").count();
        let is_only_owner = known == "owner" && owners == 1;
        if role != "owner" && is_only_owner { CONFLICT } else { Ok(()) }
    }

    pub fn add(&mut self, by: usize, user: usize) {
        let placed = by != user;
        if let Some(member) = self.members.get_mut(&user) {
            // Who joins makes the room their own.
            member.placed &= placed;
            return;
        }
        let unread_after = self.head;
        let was_reader = self.readers.remove(&user);
        // A room that all have left belongs to who comes first.
        let role = match self.members.is_empty() {
            true => "owner",
            false if was_reader => "read_only",
            false => "member",
        };
        self.members.insert(user, Member { role, unread_after, read_seq: 0, placed });
    }

    pub fn remove(&mut self, user: usize) {
        if self.members.remove(&user).is_some_and(|member| member.role == "read_only") {
            self.readers.insert(user);
        }
    }

    /// Of a room that nobody owns those of whom one does now.
    pub fn heirs(&self) -> Vec<usize> {
        let highest = self.members.values().map(|member| rank(member.role)).max();
        if highest == Some(rank("owner")) {
            return Vec::new();
        }
        let is_highest = |(_, member): &(&usize, &Member)| Some(rank(member.role)) == highest;
        self.members.iter().filter(is_highest).map(|(user, _)| *user).collect()
    }

    pub fn clear(&mut self) {
        self.next();
        self.messages.clear();
    }

    pub fn read(&mut self, user: usize, seq: i64) {
        let seq = seq.min(self.head);
        if let Some(member) = self.members.get_mut(&user)
            && seq > member.read_seq
        {
            member.read_seq = seq;
            member.unread_after = member.unread_after.max(seq);
        }
    }

    fn unread_messages(&self, user: usize) -> impl Iterator<Item = &Message> {
        let after = self.members.get(&user).map_or(i64::MAX, |member| member.unread_after);
        let is_unread = move |message: &&Message| {
            message.seq > after && message.sender != user && !message.deleted
        };
        self.messages.values().filter(is_unread)
    }

    pub fn unread(&self, user: usize) -> usize {
        self.unread_messages(user).count()
    }

    pub fn mentions(&self, user: usize) -> usize {
        self.unread_messages(user).filter(|message| message.mentions.contains(&user)).count()
    }
}

impl Message {
    /// Whether a user may do something to the message of a room they may see.
    pub fn may_edit(&self, room: &Room, user: usize) -> Outcome {
        self.seen_by(room, user)?;
        if self.sender != user {
            return FORBIDDEN;
        }
        room.may_write(user)?;
        self.is_there()
    }

    pub fn may_delete(&self, room: &Room, user: usize) -> Outcome {
        self.seen_by(room, user)?;
        if self.sender == user { Ok(()) } else { room.at_least(user, "moderator") }
    }

    pub fn may_react(&self, room: &Room, user: usize, adds: bool) -> Outcome {
        self.seen_by(room, user)?;
        if adds {
            room.at_least(user, "member")?;
        }
        self.is_there()
    }

    pub fn may_pin(&self, room: &Room, user: usize) -> Outcome {
        self.seen_by(room, user)?;
        room.at_least(user, "moderator")?;
        self.is_there()
    }

    /// To a stranger no message is there.
    fn seen_by(&self, room: &Room, user: usize) -> Outcome {
        if room.role(user).is_some() { Ok(()) } else { MISSING }
    }

    fn is_there(&self) -> Outcome {
        if self.deleted { MISSING } else { Ok(()) }
    }
}
