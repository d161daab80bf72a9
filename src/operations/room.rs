//! Make, change, clear and delete a room, and say what it keeps.

use std::{sync::Arc, time::Instant};

use parlor_domain::{
    DisplayText, Member, Retention, Role, RoomChange, RoomId, RoomKind, RoomOverview, Standing,
    Whole,
    limits::{AGE_DAYS_MAX, KEPT_MESSAGES_MAX, METADATA_BYTES, TITLE_CHARS, TOPIC_CHARS},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::RoomSeen,
    clock::now,
    db::{self, MadeRoom},
    protocol::{Object, Refusal, RoomView, Rules, null_or},
};

/// A room of this id could not be reached: its path is that of direct rooms.
const DIRECT: &str = "direct";

/// 64 random bits: nobody guesses the id of a private room, and two never
/// meet.
pub(super) fn generated_id(prefix: &str) -> RoomId {
    RoomId::from_stored(format!("{prefix}-{:016x}", rand::random::<u64>()))
}

/// Without an id it gets one that nobody can guess; without a kind it is
/// private.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateRoom {
    room_id: Option<RoomId>,
    kind: Option<RoomKind>,
    title: Option<DisplayText<TITLE_CHARS>>,
    topic: Option<DisplayText<TOPIC_CHARS>>,
    custom: Option<Object>,
}

impl Operation for CreateRoom {
    type Answer = Created;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        if self.room_id.as_ref().is_some_and(|id| id.as_str() == DIRECT) {
            return Err(Refusal::field("room_id", "must not be `direct`, which is reserved"));
        }
        Object::check("custom", self.custom.as_ref(), METADATA_BYTES)
    }

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, reply, .. } = asked;
        let made_by = server.maker(&from);
        let owner = from.user;
        let write = db::NewRoom {
            id: self.room_id.unwrap_or_else(|| generated_id("r")),
            kind: self.kind.unwrap_or(RoomKind::Private),
            title: self.title.map_or_else(|| "".into(), |DisplayText(title)| title),
            topic: self.topic.map_or_else(|| "".into(), |DisplayText(topic)| topic),
            custom: self.custom.and_then(|Object(custom)| custom),
            owner: owner.key,
            made_by,
            created_at: now(),
            bounds: server.room_bounds(),
        };
        server.write_for(reply, write, move |server, reply, made| {
            let MadeRoom { room, last_seq } = made;
            let (role, joined_at) = (Role::Owner, room.created_at);
            let member = Member { user: owner, role, muted_until: None, joined_at };
            let overview = server.new_membership(room.into(), Standing::new(role), last_seq, 1);
            server.rooms.activate(&RoomSeen::from(&overview), Instant::now());
            server.attach_member(&member, &overview);
            server.answer(reply, Ok(Created(Box::new(overview))));
        });
    }
}

/// The new room.
#[derive(Debug)]
pub struct Created(Box<RoomOverview>);

impl Shown for Created {
    type View<'a> = RoomView<'a>;

    const STATUSES: &'static [u16] = &[201];

    fn view(&self) -> RoomView<'_> {
        RoomView::from(&*self.0)
    }
}

impl Shown for Box<RoomOverview> {
    type View<'a> = RoomView<'a>;

    fn view(&self) -> RoomView<'_> {
        RoomView::from(&**self)
    }
}

/// Changes title, topic or custom data; null removes `custom`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdateRoom {
    room_id: RoomId,
    title: Option<DisplayText<TITLE_CHARS>>,
    topic: Option<DisplayText<TOPIC_CHARS>>,
    #[serde(default, deserialize_with = "null_or")]
    #[schemars(with = "Option<Object>")]
    custom: Option<Option<Object>>,
}

impl Operation for UpdateRoom {
    type Answer = Box<RoomOverview>;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        if self.title.is_none() && self.topic.is_none() && self.custom.is_none() {
            return Err(Refusal::field("title", "or topic or custom is required"));
        }
        Object::check("custom", self.custom.iter().flatten().next(), METADATA_BYTES)
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.moderator()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let (room, user) = (access.room.key, from.user.key);
        let change = RoomChange {
            title: self.title.map(|DisplayText(title)| title),
            topic: self.topic.map(|DisplayText(topic)| topic),
            custom: self.custom.map(|custom| custom.and_then(|Object(custom)| custom)),
        };
        let write = db::UpdateRoom { room, change };
        server.write_for(reply, write, move |server, reply, updated| {
            server.tell_updated(updated);
            server.answer_overview(reply, room, user);
        });
    }
}

/// Deletes the room for everyone, at once.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteRoom {
    room_id: RoomId,
}

impl Operation for DeleteRoom {
    type Answer = ();
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.owner()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let room = asked.place.room;
        let write = db::DeleteRoom { room: room.key };
        server.write_for(asked.reply, write, move |server, reply, _| {
            server.tell_deleted(&room);
            server.answer(reply, Ok(()));
            server.purge(room.key);
        });
    }
}

/// Deletes all messages of a room.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ClearRoom {
    room_id: RoomId,
}

impl Operation for ClearRoom {
    type Answer = ();
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.owner()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let room: Arc<_> = asked.place.room;
        let write = db::ClearRoom { room: room.key, upto: None };
        server.write_for(asked.reply, write, move |server, reply, cleared| {
            server.cleared(&room, cleared);
            server.answer(reply, Ok(()));
        });
    }
}

const DAY_MS: i64 = 86_400_000;

/// How much of its history a room keeps; what is left out follows the server's
/// setting.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetRetention {
    room_id: RoomId,
    age_days: Option<Whole<1, AGE_DAYS_MAX>>,
    messages: Option<Whole<1, KEPT_MESSAGES_MAX>>,
}

impl Operation for SetRetention {
    type Answer = ();
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.administrator()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let retention = Retention {
            age_ms: self.age_days.map(|Whole(days)| days * DAY_MS),
            messages: self.messages.map(|Whole(messages)| messages),
        };
        let room = asked.place.room.key;
        server.write_and_answer(asked.reply, db::SetRetention { room, retention });
    }
}
