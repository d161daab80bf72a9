//! Publish an event to a user: what their inbox holds.

use parlor_domain::{AppEvent, InboxEvent, PublicationKey, RoomKey, Scope, Seq, UserId, UserKey};
use parlor_macros::each_backend;

use super::{
    Anywhere, Asked, ChatError, ChatServer, Operation, Published, Requester, event, fits,
    key::{named, placed},
    publishes, service,
};
use crate::{
    chat::ReplyTo,
    db::{Concern, Conn, Effects, Write, WriteError, Written, on},
    protocol::{Refusal, Rules},
};

publishes! {
    /// For one user; it is kept in their inbox until they come.
    PublishToUser, { user_id: UserId }
}

impl Operation for PublishToUser {
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
        let (event, from) = (event(self.kind, self.data), asked.from);
        let keep = i64::try_from(server.settings.limits.inbox_events).unwrap_or(i64::MAX);
        let (key, by) = (self.key, from.user.clone());
        server.with_named_user(&from, self.user_id, asked.reply, move |server, user, reply, _| {
            let key = placed(key, &by, &format!("user {}", user.key.0));
            let write = Publishing { user: user.key, key, event, keep };
            server.write_for(reply, write, move |server, reply, published| {
                server.published_to_user(reply, user.key, &published);
            });
        });
    }
}

impl ChatServer {
    fn published_to_user(
        &mut self,
        reply: ReplyTo<Published>,
        user: UserKey,
        published: &PublishedToUser,
    ) {
        let PublishedToUser { event, start, duplicate } = published;
        let (seq, duplicate) = (event.inbox_seq, *duplicate);
        if !duplicate {
            self.tell_inbox(user, event, *start);
        }
        self.answer(reply, Ok(Published { seq: None, inbox_seq: Some(seq), duplicate }));
    }
}

#[derive(Clone, Debug)]
struct Publishing {
    user: UserKey,
    key: Option<PublicationKey>,
    event: AppEvent,
    /// How many events an inbox holds; the oldest goes.
    keep: i64,
}

/// An event in an inbox.
#[derive(Clone, Debug)]
struct PublishedToUser {
    event: InboxEvent,
    /// Where the inbox began; nothing is told of one that was published before.
    start: Seq,
    duplicate: bool,
}

impl Write for Publishing {
    type Outcome = PublishedToUser;

    fn concerns(&self) -> Vec<Concern> {
        [Concern::User(self.user)].into_iter().chain(named(self.key.as_ref())).collect()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<PublishedToUser> {
        on!(conn, publish, self)
    }

    fn effects(&self, published: &PublishedToUser, effects: &mut Effects) {
        if !published.duplicate {
            effects.position(RoomKey::inbox_of(self.user), published.event.inbox_seq);
        }
    }
}

#[each_backend]
mod backend {
    use super::{InboxEvent, PublishedToUser, Publishing, Seq, WriteError, Written};
    use crate::operations::publish::key::backend as key;
    use parlor_db::{
        backend::Conn,
        write::{inbox::backend as inbox, user::backend as user},
    };

    pub(super) fn publish(conn: &mut Conn, publish: &Publishing) -> Written<PublishedToUser> {
        let Publishing { user, key, event, keep } = publish;
        let as_event = |inbox_seq| InboxEvent { inbox_seq, event: event.clone() };
        if let Some(seq) = key::published(conn, key.as_ref())? {
            return Ok(PublishedToUser { event: as_event(seq), start: Seq::ZERO, duplicate: true });
        }
        if user::find(conn, *user)?.is_none() {
            return Err(WriteError::NoSuchUser.into());
        }
        let (seq, start) = inbox::append(conn, *user, event, *keep)?;
        key::remember(conn, key.as_ref(), seq, event.at)?;
        Ok(PublishedToUser { event: as_event(seq), start, duplicate: false })
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::{
        EraseUser,
        samples::{AT, Bench},
    };
    use parlor_domain::EventKind;

    use super::*;

    /// Whoever looked a user up may be overtaken by the deletion.
    #[test]
    fn nothing_is_published_to_who_was_deleted() {
        let bench = Bench::new();
        let user = bench.user("ben").key;
        bench.one(EraseUser { user, at: AT }).expect("erased");
        let event = AppEvent { kind: EventKind::from_stored("x"), data: "{}".into(), at: AT };
        let refused = bench.one(Publishing { user, key: None, event, keep: 10 }).err();
        assert_eq!(refused, Some(WriteError::NoSuchUser));
        assert_eq!(bench.count("inbox"), 0);
    }
}
