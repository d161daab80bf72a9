//! Report a message or a user to those who moderate.

use std::sync::Arc;

use parlor_domain::{
    DisplayText, MessageId, ReportId, ReportReason, UserId, UserKey, limits::REPORT_NOTE_CHARS,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::ReplyTo,
    clock::now,
    db::{OpenReport, Reported},
    protocol::{Refusal, ReportedView, Rules},
};

/// Reports a message to those who moderate its room, and to the application. Whoever has
/// written it does not learn of it. Who reports it again gets the first answer again.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ReportMessage {
    message_id: MessageId,
    reason: ReportReason,
    note: Option<DisplayText<REPORT_NOTE_CHARS>>,
}

/// Reports a user, with whom one shares a room, to the application.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ReportUser {
    user_id: UserId,
    reason: ReportReason,
    note: Option<DisplayText<REPORT_NOTE_CHARS>>,
}

/// What only the server reports for is no reason of anybody else.
fn check(reason: ReportReason) -> Result<(), Refusal> {
    match reason {
        ReportReason::Blocklist => {
            Err(Refusal::field("reason", "must be one for which people report"))
        }
        _ => Ok(()),
    }
}

impl Operation for ReportMessage {
    type Answer = ReportId;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        check(self.reason)
    }

    /// Whose message it is, and in which room, the transaction finds out.
    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, Asked { from, reply, .. }: Asked<Self>, server: &mut ChatServer) {
        let Self { message_id, reason, note } = self;
        server.report(reply, from.user.key, Reported::Message(message_id), (reason, note));
    }
}

impl Operation for ReportUser {
    type Answer = ReportId;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        check(self.reason)
    }

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, Asked { from, reply, .. }: Asked<Self>, server: &mut ChatServer) {
        let (by, Self { user_id, reason, note }) = (from.user.key, self);
        server.with_user(&from, user_id, reply, move |server, user, reply, _| {
            server.report(reply, by, Reported::User(user.key), (reason, note));
        });
    }
}

impl ChatServer {
    fn report(
        &mut self,
        reply: ReplyTo<ReportId>,
        by: UserKey,
        what: Reported,
        (reason, note): (ReportReason, Option<DisplayText<REPORT_NOTE_CHARS>>),
    ) {
        let note: Arc<str> = note.map_or_else(|| "".into(), |DisplayText(note)| note);
        let id = ReportId(self.ids.next(now()).0);
        let write = OpenReport { id, what, by, reason, note, at: now() };
        self.write_for(reply, write, |server, reply, report| {
            server.answer(reply, Ok(report.id));
        });
    }
}

impl Shown for ReportId {
    type View<'a> = ReportedView;

    const STATUSES: &'static [u16] = &[201];

    fn view(&self) -> ReportedView {
        ReportedView { report_id: self.0.to_string() }
    }

    fn status(&self) -> u16 {
        201
    }
}
