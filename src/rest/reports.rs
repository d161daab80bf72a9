//! What was reported, for those who moderate, and what they decide.

use actix_web::web;
use parlor_domain::{
    Decision, Denied, DisplayText, HistoryCursor, Report, ReportId, RoomId, Scope, Timestamp,
    Whole,
    limits::{
        HISTORY_PAGE, LIST_PAGE_MAX, REASON_CHARS, REPORT_CLAIM, REPORT_CONTEXT, SECONDS_MAX,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    reply::{Done, Reply, fitting},
    request::Limit,
    tokens,
};
use crate::{
    auth::Identity,
    chat::ChatError,
    clock::now,
    db::{ClaimReport, DecideReport, ReportFilter},
    error::ApiError,
    operations::{ban::Ban, edit::Delete, member::UpdateMember},
    protocol::{ErrorCode, MessageView, ReportView, ReportedByView},
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Reports<'a> {
    reports: Vec<ReportView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    has_more: bool,
}

/// Which reports are listed.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Listing {
    room_id: Option<RoomId>,
    /// Those that have been decided, the newest first; without it those that have not been,
    /// in the order in which they came.
    #[serde(default)]
    decided: bool,
    cursor: Option<ReportId>,
    #[serde(default)]
    limit: Limit<HISTORY_PAGE, LIST_PAGE_MAX>,
}

/// Whether the asker moderates everywhere.
fn moderates_all(who: &Identity) -> bool {
    who.may(&[Scope::Moderation])
}

pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    Listing { room_id, decided, cursor, limit }: Listing,
) -> Result<Reply<Reports<'static>>, ApiError> {
    let room = match &room_id {
        Some(id) => Some(state.readable_room(&who, id).await?.key),
        None => None,
    };
    let moderator = (!moderates_all(&who)).then_some(who.user.key);
    if moderator.is_none() {
        state.audit_reading(&who, None).await?;
    }
    let filter = ReportFilter { moderator, room, decided, after: cursor };
    let (listed, more) = state.reader.reports(filter, limit.0).await?;
    let (reports, fits) = fitting(&listed, state.limits.page_bytes(), ReportView::from);
    let has_more = more || !fits;
    let last = listed.get(reports.len().wrapping_sub(1)).filter(|_| has_more);
    let cursor = last.map(|report| report.id.0.to_string());
    Ok(Reply::ok(Reports { reports, cursor, has_more }))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct OfReport {
    report_id: ReportId,
}

/// A report with what one needs to decide it.
#[derive(Serialize, JsonSchema)]
pub(super) struct WholeReport<'a> {
    #[serde(flatten)]
    report: ReportView<'a>,
    /// The first 100 of those who have reported it.
    reported_by: Vec<ReportedByView<'a>>,
    /// The message as it is now, and up to ten before and behind it.
    messages: Vec<MessageView<'a>>,
}

/// The report, if the asker may decide it: not one about themselves. To others it does not
/// exist.
async fn moderated(state: &State, who: &Identity, id: ReportId) -> Result<Report, ApiError> {
    let missing = || ApiError::not_found("report");
    let report = state.reader.report(id).await?.ok_or_else(missing)?;
    if moderates_all(who) {
        state.audit_reading(who, None).await?;
        return Ok(report);
    }
    if report.user.key == who.user.key {
        return Err(missing());
    }
    let room = report.room.as_ref().ok_or_else(missing)?;
    let room = state.reader.room(room).await?.ok_or_else(missing)?;
    let standing = state.reader.standing(room.key, who.user.key).await?;
    let moderates = standing.is_some_and(|standing| standing.moderates());
    if moderates { Ok(report) } else { Err(missing()) }
}

pub(super) async fn show(
    who: Identity,
    state: web::Data<State>,
    OfReport { report_id }: OfReport,
) -> Result<Reply<WholeReport<'static>>, ApiError> {
    let report = moderated(&state, &who, report_id).await?;
    let reported_by = state.reader.reported_by(report_id).await?;
    let message = match report.message {
        Some(id) => state.reader.message(id).await?,
        None => None,
    };
    let context = match &message {
        Some(message) => {
            let around = HistoryCursor::Around(message.seq);
            state.reader.history(message.room_key, around, 2 * REPORT_CONTEXT + 1).await?.messages
        }
        None => Vec::new(),
    };
    let (messages, _) = fitting(&context, state.limits.page_bytes(), MessageView::from);
    let reported_by = reported_by.iter().map(ReportedByView::from).collect();
    Ok(Reply::ok(WholeReport { report: ReportView::from(&report), reported_by, messages }))
}

/// What is decided about a report.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Decide {
    report_id: ReportId,
    decision: Decision,
    /// With `ban`: from the whole server, not from the room alone.
    #[serde(default)]
    everywhere: bool,
    /// With `mute` and `ban`: the message is deleted, too.
    #[serde(default)]
    delete_message: bool,
    /// With `mute` and `ban`: until when, or for how long; a ban without either is for good.
    until: Option<Timestamp>,
    seconds: Option<Whole<1, SECONDS_MAX>>,
    note: Option<DisplayText<REASON_CHARS>>,
}

impl Decide {
    /// What the report and the decision have not in common.
    fn check(&self, report: &Report) -> Result<(), ApiError> {
        let ends = self.until.is_some() || self.seconds.is_some();
        let lasts = matches!(self.decision, Decision::Mute | Decision::Ban);
        let deletes = self.delete_message || self.decision == Decision::Delete;
        let wrong = match self.decision {
            Decision::Mute if !ends => ("seconds", "or until is needed: how long it lasts"),
            _ if ends && !lasts => ("until", "is for mute and ban"),
            _ if self.delete_message && !lasts => ("delete_message", "is for mute and ban"),
            _ if self.everywhere && self.decision != Decision::Ban => ("everywhere", "is for ban"),
            _ if deletes && report.message.is_none() => ("decision", "is for a message"),
            Decision::Mute if report.room.is_none() => ("decision", "is for what is in a room"),
            Decision::Ban if report.room.is_none() && !self.everywhere => {
                ("everywhere", "is needed: the report is not about a room")
            }
            _ => return Ok(()),
        };
        let (field, what) = wrong;
        Err(ApiError::field(field, what))
    }
}

/// Takes the report on, so that nobody decides it otherwise meanwhile, does what is decided
/// by the right of who decides, and then notes that: so what is noted has been done. If that
/// is cut off in between, the report is still there after a while, and deciding it again does
/// nothing twice.
pub(super) async fn decide(
    who: Identity,
    state: web::Data<State>,
    decide: Decide,
) -> Result<Reply<Done>, ApiError> {
    let report = moderated(&state, &who, decide.report_id).await?;
    decide.check(&report)?;
    if decide.everywhere && !moderates_all(&who) {
        return Err(ChatError::from(Denied::NotAdmin).into());
    }
    // Goes on to the end also when the caller hangs up.
    tokens::to_the_end(async move {
        let (id, at) = (decide.report_id, now());
        let lapsed = at.earlier(REPORT_CLAIM);
        state.commit(ClaimReport { id, at: Some(at), lapsed }).await?;
        if let Err(refused) = carry_out(&who, &state, &decide, &report).await {
            state.commit(ClaimReport { id, at: None, lapsed }).await?;
            return Err(refused);
        }
        let note = decide.note.map_or_else(|| "".into(), |DisplayText(note)| note);
        let (by, decision) = (who.user.key, decide.decision);
        state.commit(DecideReport { id, decision, by, note, at: now() }).await?;
        Ok(Reply::done())
    })
    .await
}

async fn carry_out(
    who: &Identity,
    state: &web::Data<State>,
    decide: &Decide,
    report: &Report,
) -> Result<(), ApiError> {
    let user = report.user.id.clone();
    let (until, seconds) = (decide.until, decide.seconds);
    // First what may be refused.
    match (decide.decision, &report.room) {
        (Decision::Mute, Some(room)) => {
            let mute = UpdateMember::mute(room.clone(), user, (until, seconds));
            state.perform(who, mute).await.map(drop)
        }
        (Decision::Ban, _) if decide.everywhere => {
            let reason = decide.note.clone();
            let ban = tokens::UserBan { user_id: user, until, ban_seconds: seconds, reason };
            tokens::ban_by(who, state.clone(), ban).await.map(drop)
        }
        (Decision::Ban, Some(room)) => {
            let ban = Ban::of(room.clone(), user, (until, seconds), decide.note.clone());
            state.perform(who, ban).await
        }
        _ => Ok(()),
    }?;
    if let (true, Some(message)) =
        (decide.delete_message || decide.decision == Decision::Delete, report.message)
    {
        let deleted = state.perform(who, Delete::of(message)).await;
        // What is gone already need not be deleted.
        match deleted {
            Err(error) if error.code() == ErrorCode::NotFound => {}
            deleted => drop(deleted?),
        }
    }
    Ok(())
}
