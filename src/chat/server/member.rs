//! Who comes into a room and who goes. The sessions of a member are attached
//! and detached here, between two commits, so that nobody hears what was
//! said before they came or after they went.

use std::{sync::Arc, time::Instant};

use super::{ChatServer, answer::ReplyTo};
use crate::{
    chat::{
        ChatError, Requester,
        state::{own::Own, rooms::RoomSeen},
    },
    clock::now,
    db::{AddMember, Added, Removed},
    protocol::events::{self, Departure},
};
use parlor_domain::{Adder, Member, Role, Room, RoomKey, RoomOverview, Standing, User, UserId};

/// A member who has come, or was there.
pub struct MemberAdded {
    pub member: Member,
    pub is_new: bool,
    /// As it is for this member.
    pub room: RoomOverview,
}

/// A member on the way out.
pub struct Leaving {
    pub user: User,
    pub room: Arc<Room>,
    pub why: Departure,
}

impl ChatServer {
    /// Adds a member, or makes sure that one is there; the answer carries the
    /// room as it is for this member, so it is read.
    pub fn add_member(
        &mut self,
        room: &Room,
        user: User,
        adder: Adder,
        mark_read: bool,
        then: impl FnOnce(&mut Self, Result<MemberAdded, ChatError>) + Send + 'static,
    ) {
        let (user, bounds, at) = (user.key, self.room_bounds(), now());
        let role = Role::Member;
        let write = AddMember { room: room.key, user, role, at, adder, bounds, mark_read };
        self.write_of_member((user, room.id.clone()), write, move |server, added| match added {
            Ok(added) => server.added(added, then),
            Err(error) => then(server, Err(error)),
        });
    }

    fn added(
        &mut self,
        added: Added,
        then: impl FnOnce(&mut Self, Result<MemberAdded, ChatError>) + Send + 'static,
    ) {
        let Added { member, room, last_seq, member_count, is_new, marked } = added;
        let room = Arc::new(room);
        let seen = RoomSeen { room: &room, head: last_seq, members: member_count };
        self.rooms.activate(&seen, Instant::now());
        self.rooms.members_are(room.key, member_count);
        let standing = standing_of(&member);
        let mut overview = self.new_membership(room.clone(), standing, last_seq, member_count);
        if let (Some(_), Some(state)) = (&marked, &mut overview.state) {
            (state.read_seq, state.delivered_seq) = (last_seq, last_seq);
        }
        if is_new {
            self.came(&member, &overview);
        }
        if let Some(by) = marked {
            self.marks.read((room.key, &room.id), member.user.key, by, last_seq);
            self.tell_own(ReplyTo::nobody(), member.user.key, room.clone(), Some(Own::Unread));
        }
        let user = member.user.key;
        self.with_overview(room.key, user, move |server, read| {
            let added = read.map(|read| {
                let room = read.unwrap_or(overview);
                MemberAdded { member, is_new, room }
            });
            then(server, added);
        });
    }

    /// A new member: those who are there are told, and they hear the room.
    pub(super) fn came(&mut self, member: &Member, overview: &RoomOverview) {
        self.tell_joined(&overview.room, member);
        self.attach_member(member, overview);
        self.met(member.user.key, overview.room.key);
    }

    /// Whether those who are there are told how many come and go, and not who.
    pub(super) fn is_crowd(&self, room: RoomKey) -> bool {
        self.is_big(room) || self.crowds.has_burst(room, Instant::now())
    }

    /// Whoever did it is answered.
    pub fn removed(&mut self, reply: ReplyTo<()>, leaving: &Leaving, removed: &Removed) {
        let Removed { member_count, heir } = removed;
        self.tell_left(leaving, *member_count);
        if let Some(heir) = heir {
            self.tell_member(&leaving.room, heir);
        }
        self.end_if_left(&leaving.room, *member_count, reply);
    }

    /// The user hears nothing more of the room; those who stay are told.
    pub fn tell_left(&mut self, leaving: &Leaving, member_count: i64) {
        let Leaving { user, room, why } = leaving;
        self.restrictions.restrict(user.key, room.key);
        self.stop_typing(room, user);
        let removed = events::room_removed(&room.id, *why, now());
        for session in self.sessions.ready_of(user.key) {
            self.unsubscribe_session(session, room.key);
            self.tell_session(session, removed.clone());
        }
        self.sessions.membership_changed(user.key, room.key, None);
        self.departures.left_room(user.key, room.key);
        self.rooms.members_are(room.key, member_count);
        if self.is_crowd(room.key) {
            return self.tell_crowd(room.key);
        }
        self.tell_notice(room.key, events::member_left(&room.id, user, *why, now()));
    }

    /// Those who are there are told of a new member.
    pub fn tell_joined(&mut self, room: &Room, member: &Member) {
        if self.is_crowd(room.key) {
            return self.tell_crowd(room.key);
        }
        self.tell_notice(room.key, events::member_joined(&room.id, member));
    }

    /// Members of a big room have come or gone: how many there are is told, now
    /// or later.
    pub(super) fn tell_crowd(&mut self, room: RoomKey) {
        if self.crowds.changed(room, Instant::now()) {
            self.tell_member_count(room);
        }
    }

    fn tell_member_count(&mut self, room: RoomKey) {
        let Some(entry) = self.rooms.get(room) else { return };
        let frame = events::room_members(&entry.room.id, entry.members, now());
        self.tell_notice(room, frame);
    }

    pub(super) fn look_after_crowds(&mut self) {
        for room in self.crowds.due(Instant::now()) {
            self.tell_member_count(room);
        }
    }

    /// All of a new member's connections get the room's events from now on.
    pub fn attach_member(&mut self, member: &Member, overview: &RoomOverview) {
        let (user, room) = (member.user.key, overview.room.key);
        let standing = overview.state.map(|state| state.standing);
        self.sessions.membership_changed(user, room, standing);
        self.watchers.end(user, room);
        self.departures.joined(user, room);
        let sessions = self.sessions.ready_of(user);
        if sessions.is_empty() {
            return;
        }
        let frame = events::room_added(overview, member.joined_at);
        for session in sessions {
            self.tell_session(session, frame.clone());
            self.subscribe_quietly(session, overview.clone());
        }
    }

    /// A member's role or mute has changed: it counts from now on.
    pub fn tell_member(&mut self, room: &Room, member: &Member) {
        let user = member.user.key;
        let standing = standing_of(member);
        self.restrictions.restrict(user, room.key);
        self.sessions.standing_changed(user, room.key, |known| {
            let Standing { role, muted_until, .. } = standing;
            *known = Standing { role, muted_until, ..*known };
        });
        if standing.may_react(room.rules, now()).is_err() {
            self.stop_typing(room, &member.user);
        }
        let frame = events::member_updated(&room.id, member, now());
        // In a big room it is told to the one whom it is about.
        match self.is_crowd(room.key) {
            true => self.tell_user(user, &frame),
            false => self.tell_notice(room.key, frame),
        }
    }
}

/// Who brings a user into a room, as far as that counts.
pub fn adder(from: &Requester, user: &UserId) -> Adder {
    if from.user.id == *user {
        Adder::Oneself
    } else if from.is_service || from.is_admin {
        Adder::Backend
    } else {
        Adder::Other(from.user.key)
    }
}

pub(super) fn standing_of(member: &Member) -> Standing {
    Standing { muted_until: member.muted_until, ..Standing::new(member.role) }
}
