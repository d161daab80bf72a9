//! What others have to know of a batch.

use std::collections::BTreeMap;

use parlor_domain::{Member, MessageId, ReportId, RoomId, RoomKey, Seq, UserId, UserKey};

use crate::{Happened, Left, life::Place};
use parlor_process::span::Span;

/// What a batch leaves for the other nodes and for webhooks, and how far it
/// took the database. Only what somebody wants is collected.
#[derive(Debug, Default)]
pub struct Effects {
    has_nodes: bool,
    has_webhooks: bool,
    happened: Vec<Happened>,
    heads: BTreeMap<i64, i64>,
    pub(super) webhooks: Vec<WebhookEvent>,
    newest: Option<Place>,
    /// Of the span for which the present write is done.
    traceparent: Option<String>,
}

impl Effects {
    pub fn new(has_nodes: bool, has_webhooks: bool) -> Self {
        Self { has_nodes, has_webhooks, ..Self::default() }
    }

    /// What follows is of a write that is done for this span.
    pub(super) fn of(&mut self, span: Option<&Span>) {
        if self.has_webhooks {
            self.traceparent = span.map(Span::traceparent);
        }
    }

    /// A write took a position in a timeline.
    pub fn position(&mut self, timeline: RoomKey, seq: Seq) {
        self.newest = Some((timeline, seq));
        if self.has_nodes {
            let head = self.heads.entry(timeline.0).or_default();
            *head = seq.0.max(*head);
        }
    }

    /// A timeline begins here.
    pub fn begins(&mut self, timeline: RoomKey, seq: Seq) {
        self.newest = Some((timeline, seq));
    }

    /// Something for the other nodes.
    pub fn happened(&mut self, what: impl FnOnce() -> Happened) {
        if self.has_nodes {
            self.happened.push(what());
        }
    }

    /// A user of a room stands in it in another way.
    pub fn standing(&mut self, room: RoomKey, user: UserKey) {
        self.happened(|| Happened::Standing { room: room.0, user: user.0 });
    }

    /// A member has another role, or is muted, or is no more.
    pub fn member(&mut self, room: RoomKey, member: &Member) {
        let user = member.user.key;
        self.standing(room, user);
        self.webhook(|| WebhookEvent::of_member("member.updated", room, user));
    }

    /// Something for webhooks.
    pub fn webhook(&mut self, event: impl FnOnce() -> WebhookEvent) {
        if self.has_webhooks {
            let traceparent = self.traceparent.clone();
            self.webhooks.push(WebhookEvent { traceparent, ..event() });
        }
    }

    /// The last position that was given, if any was: a database that has it has
    /// all that was committed before.
    pub(crate) fn newest(&self) -> Option<Place> {
        self.newest
    }

    /// For the other nodes: the newest head of each timeline last and once.
    pub fn into_happened(self) -> Vec<Happened> {
        let mut all = self.happened;
        all.extend(self.heads.into_iter().map(|(room, seq)| Happened::Head { room, seq }));
        all
    }
}

/// Something that webhooks tell. What it is about is read when it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEvent {
    pub kind: &'static str,
    pub room: Option<RoomKey>,
    /// The id of a room that is gone.
    pub gone: Option<RoomId>,
    pub message: Option<MessageId>,
    pub user: Option<Whose>,
    pub seq: Option<Seq>,
    /// Why somebody left.
    pub reason: Option<Left>,
    pub report: Option<ReportId>,
    /// Of which span it is told.
    pub traceparent: Option<String>,
}

/// A user, by what is at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Looked up; of one who is gone nothing is told.
    Key(UserKey),
    Id(UserId),
}

impl WebhookEvent {
    pub fn new(kind: &'static str) -> Self {
        let (room, gone, message, user) = (None, None, None, None);
        let (seq, reason, report, traceparent) = (None, None, None, None);
        Self { kind, room, gone, message, user, seq, reason, report, traceparent }
    }

    pub fn of_message(kind: &'static str, room: RoomKey, message: MessageId, seq: Seq) -> Self {
        let (room, message, seq) = (Some(room), Some(message), Some(seq));
        Self { room, message, seq, ..Self::new(kind) }
    }

    pub fn of_member(kind: &'static str, room: RoomKey, user: UserKey) -> Self {
        Self { room: Some(room), ..Self::of_user(kind, user) }
    }

    pub fn of_user(kind: &'static str, user: UserKey) -> Self {
        Self { user: Some(Whose::Key(user)), ..Self::new(kind) }
    }

    pub fn left(room: RoomKey, user: UserKey, reason: Left) -> Self {
        Self { reason: Some(reason), ..Self::of_member("member.left", room, user) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_place_is_the_last_that_was_given() {
        let mut effects = Effects::new(false, false);
        effects.position(RoomKey(1), Seq(5));
        effects.position(RoomKey(2), Seq(7));
        effects.standing(RoomKey(9), UserKey(1));
        assert_eq!(effects.newest(), Some((RoomKey(2), Seq(7))));
        assert_eq!(effects.into_happened(), [], "nobody wants it");
    }

    #[test]
    fn the_newest_head_of_each_timeline_comes_last_and_once() {
        let mut effects = Effects::new(true, false);
        for (room, seq) in [(2, 7), (1, 5), (2, 8)] {
            effects.position(RoomKey(room), Seq(seq));
        }
        effects.standing(RoomKey(9), UserKey(1));
        let head = |room, seq| Happened::Head { room, seq };
        let expected = [Happened::Standing { room: 9, user: 1 }, head(1, 5), head(2, 8)];
        assert_eq!(effects.into_happened(), expected);
    }
}
