//! Publish an event that is told and not kept: only its key is.

use std::sync::Arc;

use parlor_domain::{PublicationKey, RoomId, RoomKey, Scope, Seq, Timestamp};
use parlor_macros::each_backend;
use parlor_websocket::Frame;

use super::{
    Anywhere, Asked, ChatError, ChatServer, Operation, Published, Requester, event, fits,
    key::{named, placed},
    publishes, service,
};
use crate::{
    chat::ReplyTo,
    clock::now,
    db::{Concern, Conn, Effects, Happened, Signal, Write, Written, on},
    protocol::{Refusal, Rules, events},
};

publishes! {
    /// For all whose token names a context.
    PublishToRole, { context: RoomId }
}

impl Operation for PublishToRole {
    type Answer = Published;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Events];

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        fits(self.data.as_ref())
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
    PublishToEveryone, {}
}

impl Operation for PublishToEveryone {
    type Answer = Published;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Events];

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        fits(self.data.as_ref())
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
pub(super) struct Telling {
    pub to: Audience,
    pub frame: Frame,
}

pub(super) enum Audience {
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

impl ChatServer {
    /// With a key it is first made sure that nobody has been told before.
    pub(super) fn tell_once(
        &mut self,
        telling: Telling,
        key: Option<PublicationKey>,
        reply: ReplyTo<Published>,
    ) {
        let signal = self.settings.has_nodes.then(|| telling.signal());
        let Some(key) = key else {
            return self.after_signal(reply, signal, move |server, reply| {
                server.tell(&telling);
                server.answer(reply, Ok(Published::default()));
            });
        };
        let write = PublishOnce { key, at: now(), signal };
        self.write_for(reply, write, move |server, reply, is_new| {
            if is_new {
                server.tell(&telling);
            }
            let published = Published { duplicate: !is_new, ..Published::default() };
            server.answer(reply, Ok(published));
        });
    }

    fn tell(&mut self, Telling { to, frame }: &Telling) {
        match to {
            Audience::Room(room) => self.tell_notice(*room, frame.clone()),
            Audience::Everyone => self.tell_everyone(frame),
            Audience::RoleContext(context) => self.tell_context(context, frame),
        }
    }
}

#[derive(Clone, Debug)]
struct PublishOnce {
    key: PublicationKey,
    at: Timestamp,
    /// For the other nodes, where there are any.
    signal: Option<Signal>,
}

impl Write for PublishOnce {
    /// `false` if it was published under this key before.
    type Outcome = bool;

    fn concerns(&self) -> Vec<Concern> {
        named(Some(&self.key)).into_iter().collect()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<bool> {
        on!(conn, publish, self)
    }

    fn effects(&self, is_new: &bool, effects: &mut Effects) {
        if let (true, Some(signal)) = (is_new, &self.signal) {
            effects.happened(|| Happened::Signal(signal.clone()));
        }
    }
}

#[each_backend]
mod backend {
    use super::{PublishOnce, Seq, Written};
    use crate::operations::publish::key::backend as key;
    use parlor_db::backend::Conn;

    pub(super) fn publish(conn: &mut Conn, publish: &PublishOnce) -> Written<bool> {
        let key = Some(&publish.key);
        let is_new = key::published(conn, key)?.is_none();
        if is_new {
            key::remember(conn, key, Seq::ZERO, publish.at)?;
        }
        Ok(is_new)
    }
}
