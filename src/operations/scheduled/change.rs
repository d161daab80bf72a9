//! Change, cancel or send now what is to be sent later.

use std::sync::Arc;

use parlor_domain::{
    PlainText, Scheduled, ScheduledEnd, ScheduledId, Timestamp, UserKey, limits::METADATA_BYTES,
};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, SendIn, sending_time};
use crate::{
    clock::now,
    db::{Concern, Conn, Effects, Happened, Write, Written, on},
    protocol::{Object, Refusal, Rules, events, null_or},
};

/// Changes what is named and leaves the rest. What was refused is tried again: at its time, or
/// at once where that is over.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ChangeScheduled {
    scheduled_id: ScheduledId,
    content: Option<PlainText>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "null_or")]
    #[schemars(with = "Option<Object>")]
    metadata: Option<Option<Object>>,
    send_at: Option<Timestamp>,
    send_in_seconds: Option<SendIn>,
}

impl Operation for ChangeScheduled {
    type Answer = Scheduled;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        self.send_at = sending_time(rules, self.send_at, self.send_in_seconds.take())?;
        if let Some(PlainText(content)) = &self.content {
            rules.shown_content(content)?;
        }
        let metadata = self.metadata.as_ref().and_then(Option::as_ref);
        Object::check("metadata", metadata, METADATA_BYTES)?;
        match self.content.is_none() && self.metadata.is_none() && self.send_at.is_none() {
            true => Err(Refusal::field("content", "or metadata or send_at is required")),
            false => Ok(()),
        }
    }

    /// Whose it is, the transaction finds out.
    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let metadata = self.metadata.map(|object| object.and_then(|Object(text)| text));
        let changing = Changing {
            user: asked.from.user.key,
            id: self.scheduled_id,
            content: self.content.map(|PlainText(content)| content),
            metadata,
            send_at: self.send_at,
            at: now(),
        };
        change(changing, asked, server);
    }
}

/// Sends it now, with the next look at what is due.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SendScheduled {
    scheduled_id: ScheduledId,
}

impl Operation for SendScheduled {
    type Answer = Scheduled;
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let (user, at) = (asked.from.user.key, now());
        let (content, metadata) = (None, None);
        let id = self.scheduled_id;
        let changing = Changing { user, id, content, metadata, send_at: Some(at), at };
        change(changing, asked, server);
    }
}

fn change<O: Operation<Answer = Scheduled>>(
    changing: Changing,
    asked: Asked<O>,
    server: &mut ChatServer,
) {
    let user = changing.user;
    server.write_for(asked.reply, changing, move |server, reply, scheduled| {
        server.tell_user(user, &events::message_scheduled(&scheduled, now()));
        server.answer(reply, Ok(scheduled));
    });
}

/// It is not sent, and gone with its files.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CancelScheduled {
    scheduled_id: ScheduledId,
}

impl Operation for CancelScheduled {
    type Answer = ();
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let user = asked.from.user.key;
        let write = Cancelling { user, id: self.scheduled_id };
        server.write_for(asked.reply, write, move |server, reply, cancelled| {
            let Scheduled { id, room, .. } = cancelled;
            server.tell_ended((id, &room), user, ScheduledEnd::Cancelled);
            server.answer(reply, Ok(()));
        });
    }
}

#[derive(Clone, Debug)]
pub(in crate::operations) struct Changing {
    pub user: UserKey,
    pub id: ScheduledId,
    pub content: Option<Arc<str>>,
    pub metadata: Option<Option<Arc<str>>>,
    pub send_at: Option<Timestamp>,
    pub at: Timestamp,
}

impl Write for Changing {
    type Outcome = Scheduled;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Scheduled> {
        on!(conn, change, self)
    }

    fn effects(&self, scheduled: &Scheduled, effects: &mut Effects) {
        effects.happened(|| Happened::scheduled(self.user, scheduled, None));
    }
}

#[derive(Clone, Copy, Debug)]
pub(in crate::operations) struct Cancelling {
    pub user: UserKey,
    pub id: ScheduledId,
}

impl Write for Cancelling {
    /// As it was.
    type Outcome = Scheduled;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Scheduled> {
        on!(conn, cancel, self)
    }

    fn effects(&self, cancelled: &Scheduled, effects: &mut Effects) {
        let ended = Some(ScheduledEnd::Cancelled);
        effects.happened(|| Happened::scheduled(self.user, cancelled, ended));
    }
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

    use super::{Cancelling, Changing, Scheduled, Timestamp, Written};
    use parlor_db::{backend::Conn, schema::scheduled, write::scheduled::backend as shared};

    pub(super) fn change(conn: &mut Conn, changing: &Changing) -> Written<Scheduled> {
        let Changing { user, id, content, metadata, send_at, at } = changing;
        let before = shared::find(conn, *user, *id)?;
        let scheduled = Scheduled {
            content: content.clone().unwrap_or(before.content),
            metadata: metadata.clone().unwrap_or(before.metadata),
            send_at: send_at.unwrap_or(before.send_at),
            updated_at: Timestamp(at.0.max(before.updated_at.0 + 1)),
            failed: None,
            ..before
        };
        diesel::update(scheduled::table.find(id.0))
            .set((
                scheduled::content.eq(&*scheduled.content),
                scheduled::metadata.eq(scheduled.metadata.as_deref()),
                scheduled::send_at.eq(scheduled.send_at.0),
                scheduled::try_at.eq(Some(scheduled.send_at.0)),
                scheduled::failed_code.eq(None::<String>),
                scheduled::failed_message.eq(None::<String>),
                scheduled::updated_at.eq(scheduled.updated_at.0),
            ))
            .execute(conn)?;
        Ok(scheduled)
    }

    pub(super) fn cancel(conn: &mut Conn, cancelling: &Cancelling) -> Written<Scheduled> {
        let Cancelling { user, id } = *cancelling;
        let cancelled = shared::find(conn, user, id)?;
        shared::end(conn, &[id.0])?;
        Ok(cancelled)
    }
}
