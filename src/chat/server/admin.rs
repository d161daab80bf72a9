//! What administrators do: see connections, end them, delete users.

use std::sync::Arc;

use super::{ChatServer, answer::ReplyTo, member::Leaving};
use crate::{
    chat::{
        Connected, Connection, Ended, Item, SessionId, SessionRef, state::sessions::SessionEntry,
    },
    clock::now,
    db::{EraseMessages, Erased},
    protocol::{Close, events::Departure},
};
use parlor_domain::{
    MessageId, Room, RoomId, RoomKey, Status, UserId, UserKey,
    limits::{ERASE_MESSAGES, ERASE_RETRY, WRITTEN_BY_WINDOW},
};
use parlor_process::span;

impl ChatServer {
    pub fn rooms_in_memory(&self) -> usize {
        self.rooms.count()
    }

    /// Ends the connections to this node that are meant; says how many.
    pub fn disconnect_all(&mut self, of: Connected, reason: &Arc<str>) -> usize {
        let sessions: Vec<SessionRef> = self.connected(of).map(|entry| entry.at).collect();
        sessions.iter().for_each(|session| self.end(*session, reason));
        sessions.len()
    }

    /// The connections to this node that are meant.
    pub fn connected(&self, of: Connected) -> impl Iterator<Item = &SessionEntry> {
        self.sessions.entries.values().map(Box::as_ref).filter(move |entry| match of {
            Connected::All => true,
            Connected::Room(room) => entry.subscribed.contains(&room),
            Connected::User(user) => entry.user == user,
        })
    }

    fn user_id(&self, entry: &SessionEntry) -> Option<&UserId> {
        Some(&self.sessions.users.get(&entry.user)?.user.id)
    }

    /// Some of them by number, and whether there are more.
    pub fn connections(
        &self,
        of: Connected,
        after: SessionId,
        limit: usize,
    ) -> (Vec<Connection>, bool) {
        let mut found: Vec<&SessionEntry> =
            self.connected(of).filter(|entry| entry.at.id > after).collect();
        found.sort_unstable_by_key(|entry| entry.at.id);
        let has_more = found.len() > limit;
        found.truncate(limit);
        let connection = |entry: &&SessionEntry| {
            Some(Connection {
                id: entry.at.id,
                user: self.user_id(entry)?.clone(),
                device_id: entry.origin.device_id.clone(),
                address: entry.origin.address,
                connected_at: entry.origin.connected_at,
                status: if entry.away { Status::Away } else { Status::Online },
                rooms: entry.subscribed.iter().filter(|key| key.inbox_owner().is_none()).count(),
            })
        };
        (found.iter().filter_map(connection).collect(), has_more)
    }

    pub fn end_revoked(&mut self, ended: &Ended) {
        let close = match ended {
            Ended::Banned(_) => Close::Disconnected,
            Ended::Token(_) | Ended::User(_) | Ended::Before { .. } => Close::Unauthorized,
        };
        let is_meant = |entry: &&SessionEntry| match ended {
            Ended::Token(id) => {
                entry.token_id.as_ref() == Some(id) || entry.sign_in.as_ref() == Some(id)
            }
            Ended::Before { user, upto, keeps } => {
                let is_kept = keeps.is_some() && entry.sign_in == *keeps;
                let is_old = entry.issued_at.is_none_or(|at| at <= *upto);
                self.user_id(entry) == Some(user) && is_old && !is_kept
            }
            Ended::User(user) | Ended::Banned(user) => self.user_id(entry) == Some(user),
        };
        let sessions = self.sessions.entries.values().map(Box::as_ref).filter(is_meant);
        let sessions: Vec<SessionRef> = sessions.map(|entry| entry.at).collect();
        sessions.into_iter().for_each(|session| self.close(session, close));
    }

    fn end(&mut self, session: SessionRef, reason: &Arc<str>) {
        let reason = Some(reason.clone()).filter(|reason| !reason.is_empty());
        let item = Item::Close { session: session.id, close: Close::Disconnected, reason };
        self.fanout.tell_worker(session.worker, item);
    }

    // Erasure

    pub fn erased(&mut self, reply: ReplyTo<()>, erased: Erased) {
        let Erased { was, rooms, owners, alone } = erased;
        self.left_alone(&alone);
        self.erased.insert(was.key);
        // Nobody is told twice that they have gone.
        self.departures.is_back(was.key);
        for (key, id, member_count) in rooms {
            let room = self.known_room(key, id);
            let leaving = Leaving { user: was.clone(), room, why: Departure::Deleted };
            self.tell_left(&leaving, member_count);
            self.end_if_left(&leaving.room, member_count, ReplyTo::nobody());
        }
        for (room, member) in owners {
            if let Some(room) = self.rooms.get(room).map(|entry| entry.room.clone()) {
                self.tell_member(&room, &member);
            }
        }
        for session in self.sessions.all_of(was.key) {
            self.end(session, &"this account was deleted".into());
        }
        self.answer(reply, Ok(()));
        self.erase_next(was.key, MessageId(0));
    }

    /// The room in memory, or as much of it as events need.
    fn known_room(&self, key: RoomKey, id: RoomId) -> Arc<Room> {
        let known = self.rooms.get(key).map(|entry| entry.room.clone());
        known.unwrap_or_else(|| Arc::new(Room::stub(key, id)))
    }

    /// Goes on with an erasure, with what was written after a message. One
    /// that a stop cuts short goes on at the next start.
    pub(in crate::chat) fn erase_next(&mut self, user: UserKey, after: MessageId) {
        let _apart = span::apart();
        if self.draining.is_some() {
            return;
        }
        let reader = self.reader.clone();
        let reading = async move {
            let mut after = after;
            loop {
                let (mut ids, end) = reader.written_by(user, after, WRITTEN_BY_WINDOW).await?;
                match end {
                    Some(end) if ids.is_empty() => after = end,
                    end => {
                        let last = end.is_none() && ids.len() <= ERASE_MESSAGES;
                        ids.truncate(ERASE_MESSAGES);
                        return Ok::<_, crate::db::ReadError>((ids, last, after));
                    }
                }
            }
        };
        self.when(reading, move |found, server| {
            let Ok((messages, last, after)) = found else {
                return server.erase_later(user, after);
            };
            let write = EraseMessages { user, messages, last, at: now() };
            server.erasing.insert(user);
            server.write(write, move |server, erased| {
                let Ok(erased) = erased else { return server.erase_later(user, after) };
                erased.changed.iter().for_each(|changed| server.tell_changed(changed));
                server.erasing.remove(&user);
                if erased.more {
                    server.erase_next(user, after);
                }
            });
        });
    }

    /// The database is away or has too much to do: once more in a moment.
    fn erase_later(&mut self, user: UserKey, after: MessageId) {
        let later = tokio::time::sleep(ERASE_RETRY);
        self.when(later, move |(), server| server.erase_next(user, after));
    }
}
