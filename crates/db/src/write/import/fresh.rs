//! Messages of an import that are not there yet: what is decided about each.

use std::collections::BTreeMap;

use parlor_domain::{
    Attachment, MessageId, MessageIds, RoomKey, Seq, Timestamp, UserId, UserKey,
    archive::{self, MessageIdsOf, MessageName},
    shows_something,
};
use rustc_hash::FxHashSet;

use super::{
    Imported, LeftOut,
    known::{Known, KnownMessage, KnownMessages, KnownRoom},
};

/// A message that is not there yet.
pub(super) struct Fresh<'a> {
    pub line: u64,
    pub message: &'a archive::Message,
    pub room: &'a KnownRoom,
    pub sender: UserKey,
    pub id: MessageId,
    pub seq: Seq,
    pub reply_to: Option<MessageId>,
    pub thread: Option<MessageId>,
    pub client_id: Option<&'a str>,
    pub mentioned: Vec<(&'a UserId, UserKey)>,
    pub files: Vec<Attachment>,
    pub is_pinned: bool,
}

impl Fresh<'_> {
    pub fn is_deleted(&self) -> bool {
        self.message.deleted_at.is_some()
    }

    /// It counts in its thread alone.
    pub fn is_only_in_thread(&self) -> bool {
        self.thread.is_some() && !self.message.in_room
    }

    /// A file may speak for itself, and of what was deleted nothing is left.
    pub fn says_something(&self) -> bool {
        let content = self.message.content.as_ref().map_or("", |content| &*content.0);
        self.is_deleted() || !self.files.is_empty() || shows_something(content)
    }

    fn name(&self) -> (RoomKey, MessageName) {
        (self.room.key, self.message.message_id.clone())
    }

    /// By which it is known when it is imported again.
    pub fn imported_id(&self, ids: MessageIdsOf) -> Option<&str> {
        let own = (ids == MessageIdsOf::Application).then_some(&self.message.message_id);
        self.message.imported_id.as_ref().or(own).map(|name| &*name.0)
    }
}

/// Takes out of the messages of a chunk those that are there, and those that cannot be
/// stored.
pub(super) fn fresh<'a>(
    lines: &[(u64, &'a archive::Message)],
    known: &'a Known,
    there: &KnownMessages,
    latest: Timestamp,
    deleted: Option<UserKey>,
    done: &mut Imported,
) -> Vec<Fresh<'a>> {
    let mut fresh: Vec<Fresh<'a>> = Vec::with_capacity(lines.len());
    let mut seen = FxHashSet::default();
    for (line, message) in lines {
        let Some(room) = known.rooms.get(&message.room_id) else {
            done.leave_out(*line, "message", "room_id", LeftOut::UnknownRoom);
            continue;
        };
        // Ids are in the order of times, and those to come begin above all that are there.
        if message.created_at > latest {
            done.leave_out(*line, "message", "created_at", LeftOut::InFuture);
            continue;
        }
        let sender = match &message.user_id {
            Some(user) => known.users.get(user).copied(),
            None => deleted,
        };
        let Some(sender) = sender else {
            done.leave_out(*line, "message", "user_id", LeftOut::UnknownUser);
            continue;
        };
        let name = (room.key, message.message_id.clone());
        if there.contains_key(&name) || !seen.insert(name) {
            done.count("message", 0, 1);
            continue;
        }
        fresh.push(Fresh {
            line: *line,
            message,
            room,
            sender,
            id: MessageId(0),
            seq: Seq::ZERO,
            reply_to: None,
            thread: None,
            client_id: None,
            mentioned: Vec::new(),
            files: Vec::new(),
            is_pinned: false,
        });
    }
    fresh
}

/// Gives messages the ids that they have had in Parlor.
pub(super) fn keep_ids(fresh: &mut Vec<Fresh<'_>>, latest: Timestamp, done: &mut Imported) {
    fresh.retain_mut(|one| {
        let id = MessageId::parse(&one.message.message_id.0)
            .filter(|id| MessageIds::time_of(*id) <= latest)
            // As it is written, or lines that name it would not find it.
            .filter(|id| id.0.to_string() == *one.message.message_id.0);
        match id {
            Some(id) => one.id = id,
            None => done.leave_out(one.line, "message", "message_id", LeftOut::NotAnId),
        }
        id.is_some()
    });
}

/// What each answers, and in which thread it is.
pub(super) fn refer(fresh: &mut [Fresh<'_>], there: &KnownMessages, done: &mut Imported) {
    let mut known = there.clone();
    for one in fresh {
        let room = one.room.key;
        let mut find = |field, name: &Option<MessageName>| {
            let found = name.as_ref().map(|name| known.get(&(room, name.clone())));
            if found == Some(None) {
                done.without(one.line, field, LeftOut::UnknownReference);
            }
            found.flatten().copied()
        };
        one.reply_to = find("reply_to", &one.message.reply_to).map(|answered| answered.id);
        // A reply to a reply belongs to the thread of its root.
        let thread = find("thread_id", &one.message.thread_id);
        one.thread = thread.map(|root| root.thread.map_or(root.id, MessageId));
        let (seq, changed_seq, is_deleted) = (one.seq, one.seq, one.is_deleted());
        let thread = one.thread.map(|root| root.0);
        known.insert(one.name(), KnownMessage { id: one.id, seq, changed_seq, thread, is_deleted });
    }
}

/// Whom each mentions.
pub(super) fn mention<'a>(fresh: &mut [Fresh<'a>], known: &Known, done: &mut Imported) {
    for one in fresh.iter_mut().filter(|one| !one.is_deleted()) {
        for user in &one.message.mentions.users {
            match known.users.get(user) {
                None => done.without(one.line, "mentions.users", LeftOut::UnknownUser),
                Some(key) if one.mentioned.iter().any(|(_, known)| known == key) => {}
                Some(key) => one.mentioned.push((user, *key)),
            }
        }
    }
}

/// What the roots of threads are to tell of the replies that have come: how many, and
/// the last one.
pub(super) fn replies(fresh: &[Fresh<'_>]) -> BTreeMap<MessageId, (i64, MessageId)> {
    let mut replies = BTreeMap::new();
    for one in fresh.iter().filter(|one| !one.is_deleted()) {
        if let Some(root) = one.thread {
            let (count, last) = replies.entry(root).or_insert((0, one.id));
            (*count, *last) = (*count + 1, one.id);
        }
    }
    replies
}
