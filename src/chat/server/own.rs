//! What users have of their rooms for themselves: told to their own connections alone.

use std::sync::Arc;

use super::{
    ChatServer,
    answer::ReplyTo,
    marks::{ReadMark, unread_view},
};
use crate::{
    chat::{
        ChatError,
        state::own::{Own, Part},
    },
    clock::now,
    db::{Followed, FollowedBy, TrimFollows},
    protocol::events,
};
use parlor_domain::{Draft, Message, MessageId, Room, RoomKey, ThreadState, Timestamp, UserKey};

impl ChatServer {
    /// What one has of a room for oneself is derived from rows, so it is read after the
    /// commit; where something of it changed, all of the user's connections are told.
    ///
    /// Of several that are under way only the one that began last is told: it has what the
    /// others have, and may come before them.
    pub fn tell_own(
        &mut self,
        reply: ReplyTo<ReadMark>,
        user: UserKey,
        room: Arc<Room>,
        changed: Option<Own>,
    ) {
        let (reader, key) = (self.reader.clone(), room.key);
        let what = changed.map(|what| (user, key, Part::Room(what)));
        let turn = what.map(|what| (what, self.own.begin(what)));
        let reading = async move { reader.room_state(key, user).await };
        self.finishing += 1;
        self.when(reading, move |state, server| {
            let is_newest = turn.is_some_and(|(what, turn)| server.own.is_newest(what, turn));
            let told = changed.filter(|_| is_newest);
            let answer = match state {
                Ok(Some((state, last_seq))) => {
                    let epoch = server.reader.epoch_of(key);
                    let mark = ReadMark::of(room.id.clone(), &state, last_seq, epoch);
                    let frame = told.map(|what| match what {
                        Own::Unread => events::room_unread(&room.id, unread_view(&mark), now()),
                        Own::Preferences => {
                            events::room_preferences(&room.id, state.preferences, now())
                        }
                    });
                    if let Some(frame) = frame {
                        server.tell_user(user, &frame);
                    }
                    Ok(mark)
                }
                Ok(None) => Err(ChatError::NotFound("room")),
                Err(error) => Err(error.into()),
            };
            server.answer(reply, answer);
            server.finishing -= 1;
        });
    }

    /// What one has of a thread is derived from rows, too.
    pub fn tell_thread(
        &mut self,
        reply: ReplyTo<ThreadState>,
        user: UserKey,
        (room, thread): (RoomKey, MessageId),
        changed: bool,
    ) {
        let what = (user, room, Part::Thread(thread));
        let turn = changed.then(|| self.own.begin(what));
        let reader = self.reader.clone();
        let reading = async move { reader.thread_state(user, thread).await };
        self.finishing += 1;
        self.when(reading, move |state, server| {
            let is_newest = turn.is_some_and(|turn| server.own.is_newest(what, turn));
            let state = match state {
                Ok(state) => state.ok_or(ChatError::NotFound("message")),
                Err(error) => Err(error.into()),
            };
            if let (true, Ok(state)) = (is_newest, &state) {
                server.tell_user(user, &events::thread_state(state, now()));
            }
            server.answer(reply, state);
            server.finishing -= 1;
        });
    }

    /// The clients here of those who have the thread of a message otherwise show it, and
    /// nobody keeps more of them than their share.
    pub fn tell_followed(&mut self, message: &Message, followed: &[Followed]) {
        let Some(thread) = message.extras.as_ref().and_then(|extras| extras.thread_id) else {
            return;
        };
        for Followed { user, grows } in followed {
            self.has_thread_otherwise((message.room_key, thread), *user);
            if let Some(whose) = grows {
                self.trim_follows(*user, *whose);
            }
        }
    }

    pub fn trim_follows(&mut self, user: UserKey, whose: FollowedBy) {
        self.write(TrimFollows { user, whose }, move |server, forgotten| {
            if let Ok(Some(place)) = forgotten {
                server.has_thread_otherwise(place, user);
            }
        });
    }

    /// The user's clients here show a thread otherwise now.
    pub(super) fn has_thread_otherwise(&mut self, place: (RoomKey, MessageId), user: UserKey) {
        if self.sessions.users.contains_key(&user) {
            self.tell_thread(ReplyTo::nobody(), user, place, true);
        }
    }

    /// The user's clients here show what they write elsewhere. Which of two is newer, each
    /// says itself.
    pub(super) fn has_drafted(
        &mut self,
        (room, user): (RoomKey, UserKey),
        thread: Option<MessageId>,
        at: Timestamp,
    ) {
        let Some(entry) = self.rooms.get(room) else { return };
        if !self.sessions.users.contains_key(&user) {
            return;
        }
        let (id, reader) = (entry.room.id.clone(), self.reader.clone());
        let reading = async move { reader.draft(user, room, thread).await };
        self.when(reading, move |read, server| {
            let Ok(draft) = read else { return };
            let draft = draft.unwrap_or_else(|| Draft::gone(id, thread, at));
            server.tell_user(user, &events::room_draft(&draft, now()));
        });
    }

    /// The user's clients here show a room otherwise now.
    pub(super) fn has_otherwise(&mut self, room: RoomKey, user: UserKey, what: Own) {
        let Some(entry) = self.rooms.get(room) else { return };
        if self.sessions.users.contains_key(&user) {
            self.tell_own(ReplyTo::nobody(), user, entry.room.clone(), Some(what));
        }
    }
}
