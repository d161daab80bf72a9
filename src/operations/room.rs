//! Make and change a room.

use std::time::Instant;

use parlor_domain::{
    Denied, DisplayText, Member, Role, Room, RoomChange, RoomId, RoomKey, RoomKind, RoomOverview,
    Scope, Standing,
    limits::{METADATA_BYTES, TITLE_CHARS, TOPIC_CHARS},
};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::RoomSeen,
    clock::now,
    db::{self, Concern, Conn, Effects, Happened, MadeRoom, Write, WriteError, Written, on},
    protocol::{Object, Refusal, RoomView, Rules, null_or},
};

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

    const SCOPES: &'static [Scope] = &[Scope::Rooms];

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        if self.room_id.as_ref().is_some_and(RoomId::is_reserved) {
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
        let rules = &server.settings.room_rules;
        let is_by_rule = self.room_id.as_ref().is_some_and(|id| rules.kind_of(id).is_some());
        if made_by.is_some() && is_by_rule {
            // Or whoever comes first would own what is meant for all.
            return server.answer(reply, Err(Denied::MadeByRule.into()));
        }
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

    const SCOPES: &'static [Scope] = &[Scope::Rooms];

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
        server.write_for(reply, Updating { room, change }, move |server, reply, updated| {
            server.tell_updated(updated);
            server.answer_overview(reply, room, user);
        });
    }
}

#[derive(Clone, Debug)]
struct Updating {
    room: RoomKey,
    change: RoomChange,
}

impl Write for Updating {
    type Outcome = Room;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Room> {
        on!(conn, update, self)
    }

    fn effects(&self, _: &Room, effects: &mut Effects) {
        effects.happened(|| Happened::RoomUpdated { room: self.room.0 });
    }
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

    use super::{Room, RoomChange, Updating, WriteError, Written};
    use parlor_db::{backend::Conn, schema::rooms, write::timeline::backend as timeline};

    pub(super) fn update(conn: &mut Conn, Updating { room, change }: &Updating) -> Written<Room> {
        let RoomChange { title, topic, custom } = change;
        let row = || diesel::update(rooms::table.find(room.0));
        if let Some(title) = title {
            row().set(rooms::title.eq(&**title)).execute(conn)?;
        }
        if let Some(topic) = topic {
            row().set(rooms::topic.eq(&**topic)).execute(conn)?;
        }
        if let Some(custom) = custom {
            row().set(rooms::custom.eq(custom.as_deref())).execute(conn)?;
        }
        Ok(timeline::find(conn, *room)?.ok_or(WriteError::NoSuchRoom)?)
    }
}
