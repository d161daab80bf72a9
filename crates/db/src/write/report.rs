//! Reports of messages and users to those who moderate.

use std::sync::Arc;

use parlor_domain::{
    Decision, Denied, MessageId, ReportId, ReportReason, RoomKey, Timestamp, UserKey,
    limits::{REPORTS_DECIDED, REPORTS_PER_USER},
    with_reason,
};
use parlor_macros::each_backend;

pub use super::reported::REPORT_OPENED;
use super::{
    Concern, Conn, Effects, Write, WriteError, Written, on,
    reported::{OpenedReport, ReportPlace},
};
use crate::rows::report::{decode_reasons, encode_reasons};

/// What is told to webhooks of a decision.
pub const REPORT_DECIDED: &str = "report.decided";

/// What somebody reports.
#[derive(Clone, Copy, Debug)]
pub enum Reported {
    Message(MessageId),
    User(UserKey),
}

/// Reports it; what is reported already, and not decided, is reported once more.
#[derive(Clone, Debug)]
pub struct OpenReport {
    /// Of a new one.
    pub id: ReportId,
    pub what: Reported,
    pub by: UserKey,
    pub reason: ReportReason,
    pub note: Arc<str>,
    pub at: Timestamp,
}

impl Write for OpenReport {
    type Outcome = OpenedReport;

    fn concerns(&self) -> Vec<Concern> {
        match self.what {
            Reported::Message(message) => vec![Concern::RoomOf(message), Concern::User(self.by)],
            Reported::User(user) => vec![Concern::User(user), Concern::User(self.by)],
        }
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<OpenedReport> {
        on!(conn, open, self)
    }

    fn effects(&self, report: &OpenedReport, effects: &mut Effects) {
        report.effects(effects);
    }
}

/// Takes a report on, so that nobody else decides it meanwhile; or gives it back.
#[derive(Clone, Copy, Debug)]
pub struct ClaimReport {
    pub id: ReportId,
    /// `None`: it is given back.
    pub at: Option<Timestamp>,
    /// Who has taken it on before this has not come back.
    pub lapsed: Timestamp,
}

impl Write for ClaimReport {
    type Outcome = ();

    /// The condition of the change itself says whether somebody has it.
    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, claim, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// Notes what was decided about a report, and forgets what it had of the message.
#[derive(Clone, Debug)]
pub struct DecideReport {
    pub id: ReportId,
    pub decision: Decision,
    pub by: UserKey,
    pub note: Arc<str>,
    pub at: Timestamp,
}

/// A report that has been decided.
#[derive(Clone, Copy, Debug)]
pub struct DecidedReport(ReportPlace);

impl Write for DecideReport {
    type Outcome = DecidedReport;

    /// The condition of the change itself says whether it was open.
    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<DecidedReport> {
        on!(conn, decide, self)
    }

    fn effects(&self, DecidedReport(place): &DecidedReport, effects: &mut Effects) {
        effects.webhook(|| place.event(REPORT_DECIDED, self.id));
    }
}

#[each_backend]
pub mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl,
        QueryResult, RunQueryDsl, dsl::exists, select,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{members, reported_by, reports},
        write::{
            contact::backend::share_a_room,
            message::select::backend as message,
            reported::backend::{insert, newest},
        },
    };

    pub(super) fn open(conn: &mut Conn, new: &OpenReport) -> Written<OpenedReport> {
        let Subject { place, message, content, edited } = subject_of(conn, new)?;
        let newest = newest(conn, place.user, message)?;
        // What was decided of a message stands, also against who says the same again, until
        // it says something else.
        let stands = newest.filter(|(_, decided)| match (decided, message) {
            (None, _) => true,
            (Some(decided), Some(_)) => edited.is_none_or(|edited| edited.0 <= *decided),
            (Some(_), None) => false,
        });
        if let Some((newest, _)) = stands
            && select(exists(reported_by::table.find((newest, new.by.0)))).get_result(conn)?
        {
            return Ok(OpenedReport { id: ReportId(newest), opened: false, place });
        }
        let unsettled: i64 = reported_by::table
            .inner_join(reports::table.on(reports::id.eq(reported_by::report_id)))
            .filter(reported_by::user_key.eq(new.by.0))
            .filter(reports::decided_at.is_null())
            .count()
            .get_result(conn)?;
        if unsettled >= REPORTS_PER_USER {
            return Err(WriteError::TooManyReports.into());
        }
        let open = newest.and_then(|(id, decided)| decided.is_none().then_some(ReportId(id)));
        let added = match open {
            Some(open) => add(conn, open, new)?,
            None => false,
        };
        let id = match open.filter(|_| added) {
            Some(open) => open,
            None => insert(conn, (place, message, content), (new.id, new.reason, new.at))?,
        };
        diesel::insert_into(reported_by::table)
            .values((
                reported_by::report_id.eq(id.0),
                reported_by::user_key.eq(new.by.0),
                reported_by::reason.eq(new.reason.as_str()),
                reported_by::note.eq(&*new.note),
                reported_by::at.eq(new.at.0),
            ))
            .execute(conn)?;
        Ok(OpenedReport { id, opened: !added, place })
    }

    /// What is reported.
    struct Subject {
        place: ReportPlace,
        message: Option<MessageId>,
        content: Option<Arc<str>>,
        edited: Option<Timestamp>,
    }

    /// What is reported, if who reports it can see it: to others it does not exist.
    fn subject_of(conn: &mut Conn, new: &OpenReport) -> Written<Subject> {
        match new.what {
            Reported::Message(id) => {
                let found = message::find(conn, id)?.ok_or(WriteError::NoSuchMessage)?;
                let (room, user) = (found.room_key, found.sender.key);
                let member = members::table.find((room.0, new.by.0));
                // What a deleted user has said goes in steps, and is gone already.
                let is_gone = found.deleted_at.is_some() || found.sender.id.is_deleted();
                if is_gone || !select(exists(member)).get_result::<bool>(conn)? {
                    return Err(WriteError::NoSuchMessage.into());
                }
                if user == new.by {
                    return Err(Denied::Oneself.into());
                }
                Ok(Subject {
                    place: ReportPlace { room: Some(room), user },
                    message: Some(id),
                    content: Some(found.content),
                    edited: found.edited_at,
                })
            }
            Reported::User(user) if user == new.by => Err(Denied::Oneself.into()),
            Reported::User(user) if !share_a_room(conn, new.by, user)? => {
                Err(WriteError::NoSuchUser.into())
            }
            Reported::User(user) => Ok(Subject {
                place: ReportPlace { room: None, user },
                message: None,
                content: None,
                edited: None,
            }),
        }
    }

    /// Whether it was still to be decided.
    fn add(conn: &mut Conn, id: ReportId, new: &OpenReport) -> QueryResult<bool> {
        let open = reports::table.find(id.0).filter(reports::decided_at.is_null());
        let (count, reasons) =
            open.select((reports::count, reports::reasons)).first::<(i64, String)>(conn)?;
        let mut reasons = decode_reasons(&reasons);
        with_reason(&mut reasons, new.reason);
        let added = diesel::update(open)
            .set((reports::count.eq(count + 1), reports::reasons.eq(encode_reasons(&reasons))))
            .execute(conn)?;
        Ok(added == 1)
    }

    pub(super) fn claim(conn: &mut Conn, claim: &ClaimReport) -> Written<()> {
        let open = reports::table.find(claim.id.0).filter(reports::decided_at.is_null());
        let Some(at) = claim.at else {
            diesel::update(open).set(reports::claimed_at.eq(None::<i64>)).execute(conn)?;
            return Ok(());
        };
        let lapsed = reports::claimed_at.is_null().or(reports::claimed_at.lt(claim.lapsed.0));
        let claimed =
            diesel::update(open.filter(lapsed)).set(reports::claimed_at.eq(at.0)).execute(conn)?;
        if claimed == 1 { Ok(()) } else { Err(WriteError::ReportDecided.into()) }
    }

    pub(super) fn decide(conn: &mut Conn, new: &DecideReport) -> Written<DecidedReport> {
        let row = reports::table.find(new.id.0);
        let place = row.select((reports::room_key, reports::user_key));
        let place = place.first::<(Option<i64>, i64)>(conn).optional()?;
        let (room, user) = place.ok_or(WriteError::NoSuchReport)?;
        let decided = diesel::update(row.filter(reports::decided_at.is_null()))
            .set((
                reports::decided_at.eq(new.at.0),
                reports::decided_by.eq(new.by.0),
                reports::decision.eq(new.decision.as_str()),
                reports::note.eq(&*new.note),
                reports::content.eq(None::<String>),
            ))
            .execute(conn)?;
        if decided == 0 {
            return Err(WriteError::ReportDecided.into());
        }
        forget_oldest(conn)?;
        Ok(DecidedReport(ReportPlace { room: room.map(RoomKey), user: UserKey(user) }))
    }

    fn forget_oldest(conn: &mut Conn) -> QueryResult<()> {
        let oldest = reports::table
            .filter(reports::decided_at.is_not_null())
            .order(reports::decided_at.desc())
            .offset(REPORTS_DECIDED)
            .limit(2)
            .select(reports::id)
            .load::<i64>(conn)?;
        forget(conn, &oldest)
    }

    fn forget(conn: &mut Conn, ids: &[i64]) -> QueryResult<()> {
        if ids.is_empty() {
            return Ok(());
        }
        diesel::delete(reported_by::table.filter(reported_by::report_id.eq_any(ids)))
            .execute(conn)?;
        diesel::delete(reports::table.filter(reports::id.eq_any(ids))).execute(conn).map(drop)
    }

    /// A room is gone, and what was reported in it.
    pub fn forget_room(conn: &mut Conn, room: RoomKey) -> QueryResult<()> {
        let of_room = || reports::table.filter(reports::room_key.eq(room.0));
        let ids = of_room().select(reports::id);
        diesel::delete(reported_by::table.filter(reported_by::report_id.eq_any(ids)))
            .execute(conn)?;
        diesel::delete(of_room()).execute(conn).map(drop)
    }

    /// A user is gone: what was reported of them, and what they have said about others.
    pub fn forget_user(conn: &mut Conn, user: UserKey) -> QueryResult<()> {
        let of_user = || reports::table.filter(reports::user_key.eq(user.0));
        let ids = of_user().select(reports::id);
        diesel::delete(reported_by::table.filter(reported_by::report_id.eq_any(ids)))
            .execute(conn)?;
        diesel::delete(of_user()).execute(conn)?;
        let said = reported_by::table.filter(reported_by::user_key.eq(user.0));
        let open = said
            .inner_join(reports::table.on(reports::id.eq(reported_by::report_id)))
            .filter(reports::decided_at.is_null())
            .select((reports::id, reports::count, reports::reasons, reported_by::reason))
            .load::<(i64, i64, String, String)>(conn)?;
        diesel::delete(said).execute(conn)?;
        for (id, count, reasons, reason) in open {
            take_back(conn, (id, count, &reasons), ReportReason::parse(&reason))?;
        }
        Ok(())
    }

    /// One has reported it less; what nobody has reported is no report.
    fn take_back(
        conn: &mut Conn,
        (id, count, reasons): (i64, i64, &str),
        reason: Option<ReportReason>,
    ) -> QueryResult<()> {
        if count <= 1 {
            return forget(conn, &[id]);
        }
        let mut reasons = decode_reasons(reasons);
        for (known, count) in &mut reasons {
            *count -= i64::from(Some(*known) == reason);
        }
        reasons.retain(|(_, count)| *count > 0);
        diesel::update(reports::table.find(id))
            .set((reports::count.eq(count - 1), reports::reasons.eq(encode_reasons(&reasons))))
            .execute(conn)
            .map(drop)
    }
}
