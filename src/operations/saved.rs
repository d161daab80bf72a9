//! Save a message for oneself, with a note or a time to be reminded of it.

use std::sync::Arc;

use parlor_domain::{
    DisplayText, MessageId, Saved, Timestamp, UserKey, Whole,
    limits::{NOTE_CHARS, SAVED_PER_USER, SECONDS_MAX},
};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    clock::now,
    db::{Concern, Conn, Effects, Happened, Write, WriteError, Written, on},
    protocol::{Refusal, Rules, SavedView, events},
};

/// Saves a message for the user alone. Saved again, its note and time are what this says.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Save {
    message_id: MessageId,
    note: Option<DisplayText<NOTE_CHARS>>,
    /// When the user is to be reminded of it.
    remind_at: Option<Timestamp>,
    remind_in_seconds: Option<Whole<1, SECONDS_MAX>>,
}

impl Operation for Save {
    type Answer = Saved;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        let seconds = ("remind_in_seconds", self.remind_in_seconds.take());
        self.remind_at = rules.end("remind_at", self.remind_at, seconds)?;
        Ok(())
    }

    /// Whether the user can read it, the transaction finds out.
    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Self { message_id: message, note, remind_at, remind_in_seconds: _ } = self;
        let note = note.map(|DisplayText(note)| note).filter(|note| !note.is_empty());
        let user = asked.from.user.key;
        let write = Saving { user, message, note, remind_at, at: now() };
        server.write_for(asked.reply, write, move |server, reply, saved| {
            server.tell_user(user, &events::message_saved(&saved, now()));
            server.answer(reply, Ok(saved));
        });
    }
}

/// Takes away what the user has saved of a message.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Unsave {
    message_id: MessageId,
}

impl Operation for Unsave {
    type Answer = ();
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let user = asked.from.user.key;
        let write = Unsaving { user, message: self.message_id, at: now() };
        server.write_for(asked.reply, write, move |server, reply, gone| {
            if let Some(gone) = gone {
                server.tell_user(user, &events::message_saved(&gone, now()));
            }
            server.answer(reply, Ok(()));
        });
    }
}

impl Shown for Saved {
    type View<'a> = SavedView<'a>;

    fn view(&self) -> SavedView<'_> {
        SavedView::from(self)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Saving {
    pub user: UserKey,
    pub message: MessageId,
    pub note: Option<Arc<str>>,
    pub remind_at: Option<Timestamp>,
    pub at: Timestamp,
}

impl Write for Saving {
    type Outcome = Saved;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::RoomOf(self.message), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Saved> {
        on!(conn, save, self)
    }

    fn effects(&self, saved: &Saved, effects: &mut Effects) {
        effects.happened(|| Happened::saved(self.user, saved));
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Unsaving {
    pub user: UserKey,
    pub message: MessageId,
    pub at: Timestamp,
}

impl Write for Unsaving {
    /// `None`: there is nothing to tell.
    type Outcome = Option<Saved>;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Option<Saved>> {
        on!(conn, unsave, self)
    }

    fn effects(&self, gone: &Option<Saved>, effects: &mut Effects) {
        if let Some(gone) = gone {
            effects.happened(|| Happened::saved(self.user, gone));
        }
    }
}

#[each_backend]
mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, upsert::excluded,
    };

    use super::{SAVED_PER_USER, Saved, Saving, Timestamp, Unsaving, UserKey, WriteError, Written};
    use parlor_db::{backend::Conn, schema::saved, write::saved::backend as shared};

    pub(super) fn save(conn: &mut Conn, saving: &Saving) -> Written<Saved> {
        let Saving { user, message, note, remind_at, at } = saving;
        let readable = shared::readable(conn, *user, *message)?;
        let (_, room) = readable.ok_or(WriteError::NoSuchMessage)?;
        let known = saved::table.find((user.0, message.0)).select(saved::saved_at);
        let known = known.first::<i64>(conn).optional()?.map(Timestamp);
        if known.is_none() && !make_place(conn, *user)? {
            return Err(WriteError::TooManySaved.into());
        }
        let at = shared::next_time(conn, *user, *at)?;
        let saved_at = known.unwrap_or(at);
        diesel::insert_into(saved::table)
            .values((
                saved::user_key.eq(user.0),
                saved::message_id.eq(message.0),
                saved::note.eq(note.as_deref()),
                saved::saved_at.eq(saved_at.0),
                saved::remind_at.eq(remind_at.map(|at| at.0)),
                saved::updated_at.eq(at.0),
            ))
            .on_conflict((saved::user_key, saved::message_id))
            .do_update()
            .set((
                saved::note.eq(excluded(saved::note)),
                saved::remind_at.eq(excluded(saved::remind_at)),
                saved::reminded_at.eq(None::<i64>),
                saved::updated_at.eq(excluded(saved::updated_at)),
            ))
            .execute(conn)?;
        Ok(Saved {
            room,
            message: *message,
            note: note.clone(),
            saved_at: Some(saved_at),
            remind_at: *remind_at,
            reminded_at: None,
            updated_at: at,
        })
    }

    /// Whether a user may save one more. What they cannot read any more, and so cannot take
    /// away, gives its place to it.
    fn make_place(conn: &mut Conn, user: UserKey) -> QueryResult<bool> {
        let of_user = saved::table.filter(saved::user_key.eq(user.0));
        if of_user.count().get_result::<i64>(conn)? < SAVED_PER_USER {
            return Ok(true);
        }
        let readable = shared::all_readable(conn, user)?;
        if i64::try_from(readable.len()).unwrap_or(i64::MAX) >= SAVED_PER_USER {
            return Ok(false);
        }
        let others = of_user.filter(saved::message_id.ne_all(readable));
        diesel::delete(others.filter(saved::message_id.ne(shared::GONE))).execute(conn)?;
        Ok(true)
    }

    pub(super) fn unsave(conn: &mut Conn, unsaving: &Unsaving) -> Written<Option<Saved>> {
        let Unsaving { user, message, at } = *unsaving;
        Ok(shared::take_away(conn, user, message, at)?)
    }
}
