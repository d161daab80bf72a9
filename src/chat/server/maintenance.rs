//! What is too old goes, a bounded step at a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{ChatServer, answer::ReplyTo};
use crate::{
    clock::now,
    db::{ClearRoom, Expire, Trim},
};
use parlor_domain::{
    RoomKey, Timestamp,
    limits::{PUBLICATION_TTL, RETENTION_ROOMS, ROOM_IDLE, TOKEN_AGE_MAX},
};

/// The time that was `age` ago.
pub(super) fn before(age: Duration) -> Timestamp {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    Timestamp(now().0.saturating_sub(age))
}

impl ChatServer {
    /// What nobody has used for a while leaves memory.
    pub(super) fn sweep(&mut self) {
        self.rooms.sweep(Instant::now(), ROOM_IDLE);
        self.restrictions.forget();
    }

    pub(in crate::chat) fn look_after_age(&mut self) {
        if self.draining.is_some() || !*self.settings.leads.borrow() {
            return;
        }
        self.expire();
        if !self.looks_after_left {
            self.looks_after_left = true;
            self.look_after_left(RoomKey(0));
        }
        // The look before is still under way.
        if !self.looks_after_rooms {
            self.looks_after_rooms = true;
            self.trim_after(RoomKey(0));
        }
    }

    fn expire(&mut self) {
        let write = Expire {
            inbox_before: before(self.settings.inbox_ttl),
            keys_before: before(PUBLICATION_TTL),
            ids_before: before(TOKEN_AGE_MAX),
        };
        self.write(write, |server, more| {
            if more.unwrap_or(false) && server.draining.is_none() {
                server.expire();
            }
        });
    }

    /// Looks at some rooms, then at the next ones.
    fn trim_after(&mut self, after: RoomKey) {
        let (reader, keep) = (self.reader.clone(), self.settings.retention);
        let looking = async move {
            let (overdue, last) = reader.overdue(after, RETENTION_ROOMS, keep, now()).await?;
            let mut rooms = Vec::with_capacity(overdue.len());
            for Trim { room, upto } in overdue {
                if let Some(room) = reader.room_by_key(room).await? {
                    rooms.push((Arc::new(room), upto));
                }
            }
            Ok::<_, crate::db::ReadError>((rooms, last))
        };
        self.when(looking, move |found, server| {
            let Ok((rooms, last)) = found else {
                server.looks_after_rooms = false;
                return;
            };
            for (room, upto) in rooms {
                let write = ClearRoom { room: room.key, upto: Some(upto) };
                server.write_for(ReplyTo::<()>::nobody(), write, move |server, _, cleared| {
                    server.cleared(&room, cleared);
                });
            }
            match last {
                Some(last) if server.draining.is_none() => server.trim_after(last),
                _ => server.looks_after_rooms = false,
            }
        });
    }
}
