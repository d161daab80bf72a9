//! What the application tells: into rooms, to users, to role contexts, to
//! everyone.

use std::sync::Arc;

use actix::Context;

use crate::{
    chat::{ChatServer, ReplyTo, Requester, fanout::Item, server::now},
    db::{
        PublishOnce, PublishToRoom, PublishToUser, PublishedToRoom, PublishedToUser, SendSignal,
        Signal,
    },
    operations::publish::Published,
    protocol::events,
};
use parlor_domain::{
    AppEvent, PublicationKey, Role, Room, RoomEvent, RoomId, RoomKey, RoomKind, RoomOverview, Seq,
    Standing, Timestamp, User, UserId,
};
use parlor_websocket::Frame;

/// Who is told something that is not kept.
struct Telling {
    to: Audience,
    frame: Frame,
}

pub enum Audience {
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
    pub fn publish_to_room(
        &mut self,
        by: &User,
        room: Arc<Room>,
        key: Option<PublicationKey>,
        event: AppEvent,
        keeps: bool,
        reply: ReplyTo<Published>,
    ) {
        let key = placed(key, by, &format!("room {}", room.key.0));
        if keeps {
            let write = PublishToRoom { room: room.key, key, event: event.clone() };
            self.write_for(reply, write, move |server, reply, published, _| {
                server.published_to_room(reply, &room, event, published);
            });
            return;
        }
        let frame = events::published(Some(&room.id), &event);
        self.tell_once(Telling { to: Audience::Room(room.key), frame }, key, reply);
    }

    pub fn publish_to_user(
        &mut self,
        by: User,
        user: UserId,
        key: Option<PublicationKey>,
        event: AppEvent,
        reply: ReplyTo<Published>,
        ctx: &mut Context<Self>,
    ) {
        let keep = i64::try_from(self.settings.limits.inbox_events).unwrap_or(i64::MAX);
        let nobody = Requester::nobody();
        self.with_user(nobody, user, reply, ctx, move |server, user, reply, _, _| {
            let key = placed(key, &by, &format!("user {}", user.key.0));
            let write = PublishToUser { user: user.key, key, event, keep };
            server.write_for(reply, write, move |server, reply, published, _| {
                server.published_to_user(reply, &user, &published);
            });
        });
    }

    /// To a role context, or to everyone.
    pub fn publish_to_all(
        &mut self,
        by: &User,
        to: Audience,
        key: Option<PublicationKey>,
        event: &AppEvent,
        reply: ReplyTo<Published>,
    ) {
        let place = match &to {
            Audience::RoleContext(context) => format!("role {context}"),
            Audience::Room(room) => format!("room {}", room.0),
            Audience::Everyone => "all".to_owned(),
        };
        let frame = events::published(None, event);
        self.tell_once(Telling { to, frame }, placed(key, by, &place), reply);
    }

    /// With a key it is first made sure that nobody has been told before.
    fn tell_once(&mut self, tell: Telling, key: Option<PublicationKey>, reply: ReplyTo<Published>) {
        let signal = self.settings.has_nodes.then(|| tell.signal());
        match (key, signal) {
            (Some(key), signal) => {
                let write = PublishOnce { key, at: now(), signal };
                self.write_for(reply, write, move |server, reply, is_new, _| {
                    if is_new {
                        server.tell(&tell);
                    }
                    let published = Published { duplicate: !is_new, ..Published::default() };
                    server.answer(reply, Ok(published));
                });
            }
            // The other nodes hear of it by the feed.
            (None, Some(signal)) => {
                self.write_for(reply, SendSignal { signal }, move |server, reply, (), _| {
                    server.tell(&tell);
                    server.answer(reply, Ok(Published::default()));
                });
            }
            (None, None) => {
                self.tell(&tell);
                self.answer(reply, Ok(Published::default()));
            }
        }
    }

    fn tell(&mut self, Telling { to, frame }: &Telling) {
        match to {
            Audience::Room(room) => self.tell_notice(*room, frame.clone()),
            Audience::Everyone => {
                let item = Item::Everyone { frame: frame.clone().for_many() };
                self.fanout.tell_all(&item);
            }
            Audience::RoleContext(context) => self.tell_context(context, frame),
        }
    }

    pub(super) fn tell_context(&mut self, context: &Arc<str>, frame: &Frame) {
        let frame = frame.clone().for_many();
        for session in self.sessions.in_context(context) {
            let item = Item::Frame { session: session.id, frame: frame.clone() };
            self.fanout.tell_worker(session.worker, item);
        }
    }

    fn published_to_room(
        &mut self,
        reply: ReplyTo<Published>,
        room: &Room,
        event: AppEvent,
        PublishedToRoom { seq, duplicate }: PublishedToRoom,
    ) {
        if !duplicate {
            let frame = events::published_to_room(&room.id, &RoomEvent { seq, event });
            self.tell_event(room.key, seq, frame);
        }
        let published = Published { seq: Some(seq), inbox_seq: None, duplicate };
        self.answer(reply, Ok(published));
    }

    /// One who is there is told at once; one who is not when they come.
    fn published_to_user(
        &mut self,
        reply: ReplyTo<Published>,
        user: &User,
        published: &PublishedToUser,
    ) {
        let PublishedToUser { event, start, duplicate } = published;
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
        let published = Published { seq: None, inbox_seq: Some(seq), duplicate };
        self.answer(reply, Ok(published));
    }
}

impl ChatServer {
    /// A user's inbox as a timeline to follow. Its name is no room's: it has a
    /// blank in it.
    pub(super) fn inbox_overview(&self, user: &User, head: Seq) -> RoomOverview {
        let room = Room {
            key: RoomKey::inbox_of(user.key),
            id: RoomId::from_stored(format!("inbox of {}", user.id)),
            kind: RoomKind::Private,
            title: "".into(),
            topic: "".into(),
            custom: None,
            created_at: Timestamp(0),
        };
        self.new_membership(Arc::new(room), Standing::new(Role::ReadOnly), head, 1)
    }
}
