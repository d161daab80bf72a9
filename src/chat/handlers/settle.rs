//! What is done about a write that has committed, or was refused.

use std::sync::Arc;

use actix::Context;

use super::{
    commit::Marks,
    direct::Opened,
    member::{Added, Leaving, NewMembership},
    message::Sending,
    publish::Telling,
};
use crate::{
    chat::{Answer, ChatError, ChatServer, Connected, Published, ReplyTo, server::nobody},
    db::{WriteResult, Written},
};
use parlor_domain::{AppEvent, MessageId, Room, User, UserKey};

/// What to do when a write is settled.
pub(in crate::chat) enum Pending {
    Send { reply: ReplyTo, sending: Sending },
    Change { reply: ReplyTo },
    Read { reply: ReplyTo, user: UserKey, room: Arc<Room> },
    Delivered { reply: ReplyTo, user: UserKey, room: Arc<Room> },
    ReadAll { reply: ReplyTo, user: UserKey },
    CreateRoom { reply: ReplyTo, owner: User },
    OpenDirect { reply: ReplyTo, opener: User },
    UpdateRoom { reply: ReplyTo },
    DeleteRoom { reply: ReplyTo, room: Arc<Room> },
    EndRoom { reply: ReplyTo, room: Arc<Room> },
    ClearRoom { reply: ReplyTo, room: Arc<Room> },
    Trim { room: Arc<Room> },
    AddMember(NewMembership),
    RemoveMember { reply: ReplyTo, leaving: Leaving },
    Ban { reply: ReplyTo, leaving: Leaving },
    Unban { reply: ReplyTo },
    UpdateMember { reply: ReplyTo, room: Arc<Room> },
    Transfer { reply: ReplyTo, room: Arc<Room> },
    Block { reply: ReplyTo, user: UserKey, other: UserKey, blocks: bool },
    PublishRoom { reply: ReplyTo, room: Arc<Room>, event: AppEvent },
    PublishUser { reply: ReplyTo, user: User },
    PublishOnce { reply: ReplyTo, tell: Telling },
    Disconnect { reply: ReplyTo, of: Connected, reason: Arc<str> },
    Erase { reply: ReplyTo },
    EraseMessages { user: UserKey, after: MessageId },
    Done { reply: ReplyTo },
    Expire,
    Purge,
}

impl ChatServer {
    pub(super) fn settle(
        &mut self,
        pending: Pending,
        result: WriteResult,
        marks: &mut Marks,
        ctx: &mut Context<Self>,
    ) {
        let written = match result {
            Ok(written) => written,
            Err(error) => return self.settle_failed(pending, error.into(), ctx),
        };
        match (pending, written) {
            (Pending::Send { reply, sending }, Written::Message(stored)) => {
                self.settle_send(reply, sending, stored);
            }
            (Pending::Send { reply, sending }, Written::RichMessage { stored, message, root }) => {
                self.settle_rich(reply, &sending, stored, &message, root.as_deref());
            }
            (Pending::Change { reply }, Written::Changed { message, root, moved }) => {
                self.settle_change(reply, &message, root.as_deref(), moved);
            }
            (Pending::Read { reply, user, room }, Written::Read { read_seq, moved }) => {
                let is_new = moved.is_some();
                if let Some(by) = moved {
                    marks.read((room.key, &room.id), user, by, read_seq);
                }
                self.tell_read(reply, user, room, is_new, ctx);
            }
            (Pending::Delivered { reply, user, room }, Written::Delivered { seq, moved }) => {
                if let Some(by) = moved {
                    marks.delivered((room.key, &room.id), user, by, seq);
                }
                let room = room.id.clone();
                self.answer(reply, Ok(Answer::Delivered { room, delivered_seq: seq }));
            }
            (Pending::ReadAll { reply, user }, Written::ReadAll(moved)) => {
                self.settle_read_all(reply, user, moved, marks);
            }
            (Pending::Done { reply }, _) => self.answer(reply, Ok(Answer::Done)),
            (Pending::Purge, Written::Purged { more }) => self.settle_purge(more),
            (Pending::Expire, Written::Expired { more }) => self.settle_expire(more),
            (pending, written) => self.settle_room(pending, written, ctx),
        }
    }

    /// What concerns rooms and their members.
    fn settle_room(&mut self, pending: Pending, written: Written, ctx: &mut Context<Self>) {
        match (pending, written) {
            (Pending::CreateRoom { reply, owner }, Written::Room { room, last_seq }) => {
                self.settle_create(reply, owner, room, last_seq);
            }
            (
                Pending::OpenDirect { reply, opener },
                Written::Direct { room, members, blocks, last_seq, is_new },
            ) => {
                let opened = Opened { room, members, blocks, last_seq, is_new };
                self.settle_direct(reply, opener, opened, ctx);
            }
            (Pending::UpdateRoom { reply }, Written::RoomUpdated(room)) => {
                self.settle_update(reply, room);
            }
            (Pending::DeleteRoom { reply, room }, Written::RoomDeleted(_)) => {
                self.settle_delete(reply, &room);
            }
            (Pending::EndRoom { reply, room }, Written::RoomDeleted(_)) => {
                self.settle_end(reply, &room, true);
            }
            (Pending::EndRoom { reply, room }, Written::Done) => {
                self.settle_end(reply, &room, false);
            }
            (Pending::ClearRoom { reply, room }, Written::RoomCleared { seq, upto }) => {
                self.settle_clear(reply, &room, seq, upto);
            }
            (Pending::Trim { room }, Written::RoomCleared { seq, upto }) => {
                self.settle_clear(nobody(), &room, seq, upto);
            }
            (
                Pending::AddMember(adding),
                Written::MemberAdded { member, room, last_seq, member_count, is_new, marked },
            ) => {
                let added = Added { member, room, last_seq, member_count, is_new, marked };
                self.settle_add(adding, added, ctx);
            }
            (
                Pending::RemoveMember { reply, leaving },
                Written::MemberRemoved { existed, member_count, heir },
            ) => self.settle_remove(reply, &leaving, existed, member_count, heir.as_ref()),
            (Pending::Ban { reply, leaving }, Written::Banned { was_member, member_count }) => {
                self.settle_ban(reply, &leaving, was_member, member_count);
            }
            (Pending::Unban { reply }, Written::Unbanned { existed }) => {
                let missing = ChatError::NotFound("ban");
                self.answer(reply, if existed { Ok(Answer::Done) } else { Err(missing) });
            }
            (Pending::UpdateMember { reply, room }, Written::MemberUpdated(member)) => {
                self.tell_member(&room, &member);
                self.answer(reply, Ok(Answer::MemberUpdated(member)));
            }
            (Pending::Transfer { reply, room }, Written::OwnerTransferred(members)) => {
                members.iter().for_each(|member| self.tell_member(&room, member));
                self.answer(reply, Ok(Answer::Done));
            }
            (Pending::Block { reply, user, other, blocks }, Written::Blocked { room, silent }) => {
                self.block_changed(user, other, blocks, ctx);
                self.settle_block(reply, [user, other], room, silent);
            }
            (pending, written) => self.settle_told(pending, written, ctx),
        }
    }

    /// What the application tells, and what administration does.
    fn settle_told(&mut self, pending: Pending, written: Written, ctx: &mut Context<Self>) {
        match (pending, written) {
            (
                Pending::PublishRoom { reply, room, event },
                Written::PublishedToRoom { seq, duplicate },
            ) => self.settle_publish_room(reply, &room, event, seq, duplicate),
            (
                Pending::PublishUser { reply, user },
                Written::PublishedToUser { event, start, duplicate },
            ) => {
                self.settle_publish_user(reply, &user, &event, start, duplicate);
            }
            (Pending::PublishOnce { reply, tell }, Written::Done) => {
                self.tell(&tell);
                self.answer(reply, Ok(Answer::Published(Published::default())));
            }
            (Pending::PublishOnce { reply, tell }, Written::PublishedOnce { is_new }) => {
                if is_new {
                    self.tell(&tell);
                }
                let published = Published { duplicate: !is_new, ..Published::default() };
                self.answer(reply, Ok(Answer::Published(published)));
            }
            (Pending::Disconnect { reply, of, reason }, Written::Done) => {
                self.settle_disconnect(reply, of, &reason);
            }
            (Pending::Erase { reply }, Written::Erased { was, rooms, owners, alone }) => {
                self.left_alone(&alone);
                self.settle_erase(reply, &was, rooms, &owners, ctx);
            }
            (Pending::EraseMessages { user, after }, Written::ErasedMessages { changed, more }) => {
                self.settle_erase_messages(user, after, &changed, more, ctx);
            }
            // The pair makes no sense.
            (pending, _) => self.settle_failed(pending, ChatError::Internal, ctx),
        }
    }

    /// Nothing is told to anyone but the one who asked.
    fn settle_failed(&mut self, pending: Pending, error: ChatError, ctx: &mut Context<Self>) {
        let reply = match pending {
            Pending::Send { reply, .. }
            | Pending::Change { reply }
            | Pending::Read { reply, .. }
            | Pending::Delivered { reply, .. }
            | Pending::ReadAll { reply, .. }
            | Pending::CreateRoom { reply, .. }
            | Pending::OpenDirect { reply, .. }
            | Pending::UpdateRoom { reply }
            | Pending::DeleteRoom { reply, .. }
            | Pending::ClearRoom { reply, .. }
            | Pending::RemoveMember { reply, .. }
            | Pending::Ban { reply, .. }
            | Pending::Unban { reply }
            | Pending::UpdateMember { reply, .. }
            | Pending::Transfer { reply, .. }
            | Pending::Block { reply, .. }
            | Pending::PublishRoom { reply, .. }
            | Pending::PublishUser { reply, .. }
            | Pending::PublishOnce { reply, .. }
            | Pending::Disconnect { reply, .. }
            | Pending::Erase { reply }
            | Pending::Done { reply } => reply,
            Pending::AddMember(adding) => return self.refuse_add(adding, error, ctx),
            // Each is tried again: in a moment, at the next look, or at the next
            // start.
            Pending::EraseMessages { user, after } => return self.erase_later(user, after, ctx),
            Pending::Purge => return self.settle_purge(false),
            // Whoever was the last has left; the room ends at the next look.
            Pending::EndRoom { reply, room } => return self.settle_end(reply, &room, false),
            Pending::Trim { .. } | Pending::Expire => nobody(),
        };
        self.answer(reply, Err(error));
    }
}
