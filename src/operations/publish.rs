//! Publish an event of the application's: into a room, to a user, to a role
//! context, to everyone.

use std::sync::Arc;

use parlor_domain::{
    AppEvent, Denied, EventKind, PublicationKey, RoomEvent, RoomId, RoomKey, Seq, User, UserId,
    limits::EVENT_BYTES,
};
use parlor_websocket::Frame;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::ReplyTo,
    clock::now,
    db::{self, Signal},
    protocol::{Json, Refusal, Rules, events},
};

fn service(from: &Requester) -> Result<(), ChatError> {
    if from.is_service { Ok(()) } else { Err(Denied::NotService.into()) }
}

fn event(kind: EventKind, data: Option<Json>) -> AppEvent {
    AppEvent { kind, data: data.unwrap_or_default().0, at: now() }
}

macro_rules! publishes {
    ($(#[$doc:meta])* $name:ident, $place:ty, {
        $($(#[$more:meta])* $field:ident: $type:ty),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, JsonSchema)]
        pub struct $name {
            $($(#[$more])* pub $field: $type,)*
            #[serde(rename = "type")]
            pub kind: EventKind,
            pub data: Option<Json>,
            /// The same key again publishes nothing.
            #[serde(rename = "Idempotency-Key")]
            pub key: Option<PublicationKey>,
        }

        impl $name {
            fn check_data(&self) -> Result<(), Refusal> {
                match self.data.as_ref().is_some_and(|Json(data)| data.len() > EVENT_BYTES) {
                    true => Err(Refusal::too_large("data", EVENT_BYTES)),
                    false => Ok(()),
                }
            }
        }
    };
}

publishes! {
    /// For all who are in a room; it takes a place in the room's timeline.
    PublishToRoom, Access, {
        room_id: RoomId,
        /// Sent to connected users only; not stored.
        #[serde(default)]
        ephemeral: bool,
    }
}

impl Operation for PublishToRoom {
    type Answer = Published;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.check_data()
    }

    fn allowed(&self, from: &Requester, access: &Access) -> Result<(), ChatError> {
        access.service(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let (event, room) = (event(self.kind, self.data), access.room);
        let key = placed(self.key, &from.user, &format!("room {}", room.key.0));
        if self.ephemeral {
            let frame = events::published(Some(&room.id), &event);
            return server.tell_once(Telling { to: Audience::Room(room.key), frame }, key, reply);
        }
        let write = db::PublishToRoom { room: room.key, key, event: event.clone() };
        server.write_for(reply, write, move |server, reply, published| {
            let db::PublishedToRoom { seq, duplicate } = published;
            if !duplicate {
                let frame = events::published_to_room(&room.id, &RoomEvent { seq, event });
                server.tell_event(room.key, seq, frame);
            }
            server.answer(reply, Ok(Published { seq: Some(seq), inbox_seq: None, duplicate }));
        });
    }
}

publishes! {
    /// For one user; it is kept in their inbox until they come.
    PublishToUser, Anywhere, { user_id: UserId }
}

impl Operation for PublishToUser {
    type Answer = Published;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.check_data()
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        service(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let (event, by) = (event(self.kind, self.data), asked.from.user);
        let keep = i64::try_from(server.settings.limits.inbox_events).unwrap_or(i64::MAX);
        let (nobody, key) = (Requester::nobody(), self.key);
        server.with_user(nobody, self.user_id, asked.reply, move |server, user, reply, _| {
            let key = placed(key, &by, &format!("user {}", user.key.0));
            let write = db::PublishToUser { user: user.key, key, event, keep };
            server.write_for(reply, write, move |server, reply, published| {
                server.published_to_user(reply, &user, &published);
            });
        });
    }
}

publishes! {
    /// For all whose token names a context.
    PublishToRole, Anywhere, { context: RoomId }
}

impl Operation for PublishToRole {
    type Answer = Published;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.check_data()
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        service(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let key = placed(self.key, &asked.from.user, &format!("role {}", self.context.as_str()));
        let to = Audience::RoleContext(self.context.as_str().into());
        let frame = events::published(None, &event(self.kind, self.data));
        server.tell_once(Telling { to, frame }, key, asked.reply);
    }
}

publishes! {
    /// For all who are there.
    PublishToEveryone, Anywhere, {}
}

impl Operation for PublishToEveryone {
    type Answer = Published;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.check_data()
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        service(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let key = placed(self.key, &asked.from.user, "all");
        let frame = events::published(None, &event(self.kind, self.data));
        server.tell_once(Telling { to: Audience::Everyone, frame }, key, asked.reply);
    }
}

/// Who is told something that is not kept.
struct Telling {
    to: Audience,
    frame: Frame,
}

enum Audience {
    Room(RoomKey),
    RoleContext(Arc<str>),
    Everyone,
}

impl Telling {
    /// For the other nodes.
    fn signal(&self) -> Signal {
        let frame = self.frame.payload().to_owned();
        match &self.to {
            Audience::Room(room) => Signal::Room { room: room.0, frame },
            Audience::RoleContext(context) => {
                Signal::RoleContext { context: context.to_string(), frame }
            }
            Audience::Everyone => Signal::Everyone { frame },
        }
    }
}

/// A key is its publisher's own, and may be used in several places. The stream
/// of services is one publisher, beside those over REST.
fn placed(key: Option<PublicationKey>, by: &User, place: &str) -> Option<PublicationKey> {
    key.map(|key| key.at(&format!("by {} {place}", by.key.0)))
}

impl ChatServer {
    /// With a key it is first made sure that nobody has been told before.
    fn tell_once(
        &mut self,
        telling: Telling,
        key: Option<PublicationKey>,
        reply: ReplyTo<Published>,
    ) {
        let signal = self.settings.has_nodes.then(|| telling.signal());
        match (key, signal) {
            (Some(key), signal) => {
                let write = db::PublishOnce { key, at: now(), signal };
                self.write_for(reply, write, move |server, reply, is_new| {
                    if is_new {
                        server.tell(&telling);
                    }
                    let published = Published { duplicate: !is_new, ..Published::default() };
                    server.answer(reply, Ok(published));
                });
            }
            // The other nodes hear of it by the feed.
            (None, Some(signal)) => {
                self.write_for(reply, db::SendSignal { signal }, move |server, reply, ()| {
                    server.tell(&telling);
                    server.answer(reply, Ok(Published::default()));
                });
            }
            (None, None) => {
                self.tell(&telling);
                self.answer(reply, Ok(Published::default()));
            }
        }
    }

    fn tell(&mut self, Telling { to, frame }: &Telling) {
        match to {
            Audience::Room(room) => self.tell_notice(*room, frame.clone()),
            Audience::Everyone => self.tell_everyone(frame),
            Audience::RoleContext(context) => self.tell_context(context, frame),
        }
    }

    /// One who is there is told at once; one who is not when they come.
    fn published_to_user(
        &mut self,
        reply: ReplyTo<Published>,
        user: &User,
        published: &db::PublishedToUser,
    ) {
        let db::PublishedToUser { event, start, duplicate } = published;
        let (seq, start, duplicate) = (event.inbox_seq, *start, *duplicate);
        if !duplicate && self.sessions.users.contains_key(&user.key) {
            // Kept also while nobody listens yet: whoever is connecting
            // compares what they have read with this head.
            self.follow_inbox(user, start);
        }
        if !duplicate {
            let inbox = RoomKey::inbox_of(user.key);
            self.tell_event(inbox, seq, events::published_to_user(event));
        }
        self.answer(reply, Ok(Published { seq: None, inbox_seq: Some(seq), duplicate }));
    }
}

/// Where an event went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// In the room's timeline.
    pub seq: Option<Seq>,
    /// In the user's inbox.
    pub inbox_seq: Option<Seq>,
    pub duplicate: bool,
}

#[derive(Serialize, JsonSchema)]
pub struct PublishedView {
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inbox_seq: Option<i64>,
    duplicate: bool,
}

impl Shown for Published {
    type View<'a> = PublishedView;

    const STATUSES: &'static [u16] = &[201, 200];

    fn view(&self) -> PublishedView {
        let Self { seq, inbox_seq, duplicate } = *self;
        PublishedView {
            seq: seq.map(|seq| seq.0),
            inbox_seq: inbox_seq.map(|seq| seq.0),
            duplicate,
        }
    }

    fn status(&self) -> u16 {
        if self.duplicate { 200 } else { 201 }
    }
}
