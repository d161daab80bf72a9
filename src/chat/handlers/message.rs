//! Messages that were stored and changed, and marks that moved.

use std::sync::Arc;

use actix::Context;

use crate::{
    chat::{ChatError, ChatServer, ReadMark, ReplyTo, server::now},
    db::{ChangedMessage, NewMessage, RichMessage, RoomRead, Sent},
    metrics::metrics,
    protocol::events::{self, UnreadView},
};
use parlor_domain::{
    ClientId, Epoch, Message, Room, RoomId, RoomState, Seq, StoredMessage, User, UserKey,
};

impl ChatServer {
    pub fn send(
        &mut self,
        reply: ReplyTo<StoredMessage>,
        sender: User,
        room: Arc<Room>,
        new: NewMessage,
    ) {
        let (client_id, content) = (new.client_id.clone(), new.content.clone());
        self.write_for(reply, new, move |server, reply, sent, _| {
            let Sent { stored, rich } = sent;
            // First the ack, then the event, so that a sender knows its message
            // by the time it sees it.
            server.answer(reply, Ok(stored));
            if stored.duplicate {
                metrics().duplicates.inc();
                return;
            }
            metrics().messages.inc();
            server.stop_typing(&room, &sender);
            let (message, root) = match rich.map(|rich| *rich) {
                Some(RichMessage { message, root }) => (message, root),
                None => (plain_message(&room, sender, client_id, content, stored), None),
            };
            server.tell_event(room.key, stored.seq, events::message_created(&message));
            server.tell_root(root.as_ref());
        });
    }

    /// A message as it is now, and the root of its thread.
    pub fn tell_changed(&mut self, ChangedMessage { message, root, .. }: &ChangedMessage) {
        let frame = events::message_changed(message, now());
        self.tell_event(message.room_key, message.changed_seq, frame);
        self.tell_root(root.as_deref());
    }

    fn tell_root(&mut self, root: Option<&Message>) {
        if let Some(root) = root {
            let frame = events::message_changed(root, now());
            self.tell_event(root.room_key, root.changed_seq, frame);
        }
    }

    /// The counts are derived from rows, so they are read after the commit;
    /// the user's other connections are told the same numbers.
    pub fn tell_read(
        &mut self,
        reply: ReplyTo<ReadMark>,
        user: UserKey,
        room: Arc<Room>,
        moved: bool,
        ctx: &mut Context<Self>,
    ) {
        let (reader, key) = (self.reader.clone(), room.key);
        let reading = async move { reader.room_state(key, user).await };
        self.finishing += 1;
        Self::when(ctx, reading, move |state, server, _| {
            let answer = match state {
                Ok(Some((state, last_seq))) => {
                    let mark = mark_of(&room.id, state, last_seq, server.reader.epoch_of(key));
                    if moved {
                        let frame = events::room_unread(&room.id, unread_view(&mark), now());
                        server.tell_user(user, &frame);
                    }
                    Ok(mark)
                }
                Ok(None) => Err(ChatError::NotFound("room")),
                Err(error) => Err(error.into()),
            };
            server.answer(reply, answer);
            server.fanout.flush();
            server.finishing -= 1;
            server.finish_drain_if_idle();
        });
    }

    /// Gives the rooms whose mark moved.
    pub fn all_read(&mut self, user: UserKey, moved: Vec<RoomRead>) -> Vec<(RoomId, Seq)> {
        let mut rooms = Vec::with_capacity(moved.len());
        for RoomRead { key, room, seq, by } in moved {
            self.marks.read((key, &room), user, by, seq);
            let epoch = self.reader.epoch_of(key);
            let (read_seq, epoch) = (seq.0, epoch.as_str());
            let all_read =
                UnreadView { read_seq, unread: 0, mentions: 0, last_seq: read_seq, epoch };
            self.tell_user(user, &events::room_unread(&room, all_read, now()));
            rooms.push((room, seq));
        }
        rooms
    }
}

/// As it was sent: nothing is read for it.
fn plain_message(
    room: &Room,
    sender: User,
    client_id: Option<ClientId>,
    content: Arc<str>,
    stored: StoredMessage,
) -> Message {
    Message {
        id: stored.id,
        room_key: room.key,
        room: room.id.clone(),
        seq: stored.seq,
        changed_seq: stored.seq,
        sender,
        client_id,
        content,
        created_at: stored.created_at,
        edited_at: None,
        deleted_at: None,
        extras: None,
    }
}

fn mark_of(room: &RoomId, state: RoomState, last_seq: Seq, epoch: Epoch) -> ReadMark {
    let RoomState { standing: _, read_seq, delivered_seq: _, unread, mentions } = state;
    ReadMark { room: room.clone(), read_seq, unread, mentions, last_seq, epoch }
}

fn unread_view(mark: &ReadMark) -> UnreadView<'_> {
    let ReadMark { room: _, read_seq, unread, mentions, last_seq, epoch } = mark;
    UnreadView {
        read_seq: read_seq.0,
        unread: *unread,
        mentions: *mentions,
        last_seq: last_seq.0,
        epoch: epoch.as_str(),
    }
}
