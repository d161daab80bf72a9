//! Which rooms a session hears, and what it has of them.

use std::{collections::BTreeMap, convert::Infallible};

use parlor_domain::{Epoch, Position, RoomId, Seq};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::ReplyTo,
    protocol::{
        Refusal, Rules,
        server_frame::{ResumedView, SubscribedView},
    },
};

/// Subscribes to a room, from a position on. Who is no member watches it, if the
/// application lets them.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Subscribe {
    room_id: RoomId,
    since: Option<Seq>,
    /// Which life of the timeline `since` is of.
    epoch: Option<Epoch>,
}

impl Operation for Subscribe {
    type Answer = Subscribed;
    type Place = Access;

    const OPENS: bool = true;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn asks(&self, _: &Requester) -> bool {
        true
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.listener()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let epoch = self.epoch;
        let since = self.since.map(|seq| Position { seq, epoch });
        server.subscribe(asked.from.user, since, asked.reply, &asked.place);
    }
}

/// The ack is made on the session's thread, behind what the session missed.
#[derive(Debug)]
pub struct Subscribed(Infallible);

impl Shown for Subscribed {
    type View<'a> = SubscribedView<'a>;

    fn view(&self) -> SubscribedView<'_> {
        match self.0 {}
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Unsubscribe {
    room_id: RoomId,
}

impl Operation for Unsubscribe {
    type Answer = ();
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    /// Whoever hears a room may cease to, whether they still might begin to or not.
    fn allowed(&self, _: &Requester, _: &Access) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { place: access, reply, .. } = asked;
        let room = access.room.key;
        let answer = match &reply {
            // A member's room may be one that the session is still to be told of.
            ReplyTo::Session { session, .. }
                if access.member().is_ok() || server.is_subscribed(*session, room) =>
            {
                server.unsubscribe_session(*session, room);
                Ok(())
            }
            ReplyTo::Session { .. } | ReplyTo::Caller(_) | ReplyTo::Then(_) => access.member(),
        };
        server.answer(reply, answer);
    }
}

/// A session that came back says what it has: those rooms are replayed from
/// there, the others go live where it was told that they stand.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Resume {
    rooms: BTreeMap<RoomId, Position>,
    inbox: Option<Position>,
    /// Another one follows: rooms that are not named wait for it.
    #[serde(default)]
    pub(super) more: bool,
}

impl Operation for Resume {
    type Answer = Resumed;
    type Place = Anywhere;

    const RESUMES: bool = true;

    fn place(&self) {}

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        match self.rooms.len() > rules.rooms {
            true => {
                Err(Refusal::field("rooms", &format!("must name at most {} rooms", rules.rooms)))
            }
            false => Ok(()),
        }
    }

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.resume(self.rooms, self.inbox, self.more, asked.reply);
    }
}

/// The same as [`Subscribed`], of many rooms.
#[derive(Debug)]
pub struct Resumed(Infallible);

impl Shown for Resumed {
    type View<'a> = ResumedView<'a>;

    fn view(&self) -> ResumedView<'_> {
        match self.0 {}
    }
}
