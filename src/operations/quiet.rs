//! Say when one does not want to be told anything on one's devices.

use parlor_domain::{QuietTime, TimeOfDay, Timestamp, UserKey, Whole, limits::UTC_OFFSET_MINUTES};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    clock::now,
    db::{Concern, Conn, Effects, Write, Written, on},
    protocol::{QuietView, Refusal, Rules},
};

const LEAST: i64 = -UTC_OFFSET_MINUTES;

/// Each day nothing is shown on the user's devices in this time.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetQuiet {
    from: TimeOfDay,
    /// On the next day, where it is not later than `from`.
    until: TimeOfDay,
    /// How far the user's clock is ahead of UTC.
    #[serde(default)]
    utc_offset_minutes: Option<Whole<LEAST, UTC_OFFSET_MINUTES>>,
}

impl Operation for SetQuiet {
    type Answer = QuietTime;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        match self.from == self.until {
            true => Err(Refusal::field("until", "must be another time than from")),
            false => Ok(()),
        }
    }

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, Asked { from: who, reply, .. }: Asked<Self>, server: &mut ChatServer) {
        let Self { from, until, utc_offset_minutes } = self;
        let utc_offset_minutes = utc_offset_minutes.map_or(0, |Whole(minutes)| minutes);
        let quiet = QuietTime { from, until, utc_offset_minutes };
        let write = Quieting { user: who.user.key, quiet: Some(quiet), at: now() };
        server.write_for(reply, write, move |server, reply, ()| server.answer(reply, Ok(quiet)));
    }
}

/// The user is told at any time again.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EndQuiet {}

impl Operation for EndQuiet {
    type Answer = ();
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let write = Quieting { user: asked.from.user.key, quiet: None, at: now() };
        server.write_for(asked.reply, write, |server, reply, ()| server.answer(reply, Ok(())));
    }
}

impl Shown for QuietTime {
    type View<'a> = QuietView;

    fn view(&self) -> QuietView {
        QuietView::from(*self)
    }
}

#[derive(Clone, Copy, Debug)]
struct Quieting {
    user: UserKey,
    quiet: Option<QuietTime>,
    at: Timestamp,
}

impl Write for Quieting {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, set, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

    use super::{QuietTime, Quieting, Written};
    use parlor_db::{
        backend::Conn,
        schema::{push_notes, quiet_times},
    };

    /// What waits is looked at anew: it may have waited for the end of another time.
    pub(super) fn set(conn: &mut Conn, quieting: &Quieting) -> Written<()> {
        let Quieting { user, quiet, at } = quieting;
        diesel::delete(quiet_times::table.find(user.0)).execute(conn)?;
        if let Some(QuietTime { from, until, utc_offset_minutes }) = quiet {
            diesel::insert_into(quiet_times::table)
                .values((
                    quiet_times::user_key.eq(user.0),
                    quiet_times::from_minute.eq(from.minutes()),
                    quiet_times::until_minute.eq(until.minutes()),
                    quiet_times::utc_offset_minutes.eq(utc_offset_minutes),
                ))
                .execute(conn)?;
        }
        let waiting = push_notes::table
            .filter(push_notes::user_key.eq(user.0))
            .filter(push_notes::attempts.eq(0))
            .filter(push_notes::next_at.gt(at.0));
        diesel::update(waiting).set(push_notes::next_at.eq(Some(at.0))).execute(conn)?;
        Ok(())
    }
}
