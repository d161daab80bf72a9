//! What the application has published.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::schema::{inbox, inbox_heads};
use parlor_domain::{
    AppEvent, EventKind, InboxEvent, Position, RoomEvent, RoomKey, RoomOverview, Seq, Timestamp,
    UserKey,
};

/// Where a user's inbox stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboxHead {
    /// Where this life of it began.
    pub start: Seq,
    /// The newest event.
    pub last: Seq,
    /// The newest one that the user's clients have.
    pub acked: Seq,
}

impl InboxHead {
    /// The columns that it is made of.
    pub(super) const COLUMNS: (
        inbox_heads::start_seq,
        inbox_heads::last_seq,
        inbox_heads::acked_seq,
    ) = (inbox_heads::start_seq, inbox_heads::last_seq, inbox_heads::acked_seq);

    /// Whether a client can have come to a position in this life of the inbox,
    /// as it stands `now`; one that has nothing can. A number by itself counts
    /// from the beginning of this life; in its epoch also one that was read of
    /// what a restore has kept.
    pub fn includes(self, named: &Position, now: &RoomOverview) -> bool {
        let start = if named.epoch.is_some() { Seq::ZERO } else { self.start };
        let is_there = named.seq == Seq::ZERO || (start..=now.last_seq).contains(&named.seq);
        is_there && named.may_be_of(&now.epoch)
    }
}

/// A page of what a user was told, as one gets it who follows the inbox.
#[derive(Debug, PartialEq, Eq)]
pub struct InboxPage {
    /// Each follows the one before it, the first one what the reader has.
    pub events: Vec<InboxEvent>,
    /// Up to where that is complete.
    pub upto: Seq,
    /// The newest event there was.
    pub last: Seq,
    /// What comes next for the reader is not kept any more.
    pub is_lost: bool,
}

/// From where on somebody gets an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxSince {
    /// They have all up to there.
    Had(Seq),
    /// They want what is kept of what came after it.
    Kept(Seq),
}

impl InboxHead {
    /// Numbers have no holes but for the one before the beginning of this
    /// life, so it can be seen where something was dropped.
    ///
    /// `events` are those from the reader's own position on, that one too if
    /// it is kept, and one more than the page may have.
    fn page(self, since: InboxSince, mut events: Vec<InboxEvent>, limit: i64) -> InboxPage {
        let Self { start, last, acked: _ } = self;
        let (InboxSince::Had(mut at) | InboxSince::Kept(mut at)) = since;
        let mut is_there = at == Seq::ZERO;
        events.retain(|event| {
            is_there |= event.inbox_seq == at;
            event.inbox_seq > at && event.inbox_seq <= last
        });
        events.truncate(usize::try_from(limit).unwrap_or(0));
        if let InboxSince::Kept(_) = since {
            let next = events.as_slice().first();
            at = next.map_or(last, |next| Seq(next.inbox_seq.0 - 1)).max(at);
        }
        // What is there was followed by the beginning of this life, if by
        // nothing before it: only the oldest are dropped.
        let follows = |at: Seq, is_there: bool, next: Seq| {
            next == at.next() || (is_there && at <= start && next == start.next())
        };
        let mut whole = 0;
        for event in &events {
            if !follows(at, is_there, event.inbox_seq) {
                break;
            }
            (at, is_there, whole) = (event.inbox_seq, true, whole + 1);
        }
        let is_cut = whole < events.len();
        let is_full = i64::try_from(whole).is_ok_and(|whole| whole >= limit);
        let is_end = at >= last || (is_there && at <= start && last == start);
        events.truncate(whole);
        let is_lost = whole == 0 && !is_end;
        let upto = if !is_cut && !is_full && is_end { last.max(at) } else { at };
        InboxPage { events, upto, last, is_lost }
    }
}

impl From<(i64, i64, i64)> for InboxHead {
    fn from((start, last, acked): (i64, i64, i64)) -> Self {
        Self { start: Seq(start), last: Seq(last), acked: Seq(acked) }
    }
}

impl Reader {
    /// A page of what was published into a room, and whether there is more.
    pub async fn room_events(
        &self,
        room: RoomKey,
        after: Seq,
        limit: i64,
    ) -> Result<(Vec<RoomEvent>, bool), ReadError> {
        let events = read!(self, |conn| select::room_events_after(
            &mut conn,
            room,
            after,
            Seq(i64::MAX),
            limit + 1
        )
        .await)?;
        Ok(super::members::cut(events, limit))
    }

    /// Where a user's inbox stands; nothing is told of one without events.
    pub async fn inbox_head(&self, user: UserKey) -> Result<InboxHead, ReadError> {
        let query = inbox_heads::table.find(user.0).select(InboxHead::COLUMNS);
        let head = read!(self, |conn| query.first::<(i64, i64, i64)>(&mut conn).await.optional())?;
        Ok(head.unwrap_or_default().into())
    }

    /// A page of a user's inbox that is not too old, oldest first.
    pub async fn inbox(
        &self,
        user: UserKey,
        after: Seq,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<InboxEvent>, ReadError> {
        let query = inbox::table
            .filter(inbox::user_key.eq(user.0))
            .filter(inbox::inbox_seq.gt(after.0).and(inbox::created_at.ge(since.0)))
            .order(inbox::inbox_seq)
            .limit(limit)
            .select((inbox::inbox_seq, inbox::kind, inbox::data, inbox::created_at));
        let rows = read!(self, |conn| query.load::<(i64, String, String, i64)>(&mut conn).await)?;
        let event = |(seq, kind, data, at): (i64, String, String, i64)| InboxEvent {
            inbox_seq: Seq(seq),
            event: AppEvent {
                kind: EventKind::from_stored(kind),
                data: data.into(),
                at: Timestamp(at),
            },
        };
        Ok(rows.into_iter().map(event).collect())
    }

    /// A page of a user's inbox for one who follows it.
    pub async fn inbox_page(
        &self,
        user: UserKey,
        since: InboxSince,
        not_before: Timestamp,
        limit: i64,
    ) -> Result<InboxPage, ReadError> {
        // The head first: what comes after it is told as it comes.
        let head = self.inbox_head(user).await?;
        let (InboxSince::Had(Seq(at)) | InboxSince::Kept(Seq(at))) = since;
        let events = self.inbox(user, Seq(at.saturating_sub(1)), not_before, limit + 1).await?;
        Ok(head.page(since, events, limit))
    }

    /// How many events wait in inboxes.
    pub async fn inbox_count(&self) -> Result<i64, ReadError> {
        read!(self, |conn| inbox::table.count().get_result(&mut conn).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An inbox as it stands, and what is kept of it: what one gets, up to
    /// where, and whether what comes next is lost.
    fn page(
        (start, last): (i64, i64),
        kept: &[i64],
        since: InboxSince,
        limit: i64,
    ) -> (Vec<i64>, i64, bool) {
        let (InboxSince::Had(Seq(at)) | InboxSince::Kept(Seq(at))) = since;
        let event = |seq: &i64| InboxEvent {
            inbox_seq: Seq(*seq),
            event: AppEvent {
                kind: EventKind::from_stored("task.created".to_owned()),
                data: "{}".into(),
                at: Timestamp(0),
            },
        };
        let rows = usize::try_from(limit + 1).expect("a length");
        let read = kept.iter().filter(|seq| **seq >= at).take(rows).map(event).collect();
        let head = InboxHead { start: Seq(start), last: Seq(last), acked: Seq::ZERO };
        let page = head.page(since, read, limit);
        let seqs = page.events.iter().map(|event| event.inbox_seq.0).collect();
        (seqs, page.upto.0, page.is_lost)
    }

    fn had(at: i64) -> InboxSince {
        InboxSince::Had(Seq(at))
    }

    #[test]
    fn what_is_kept_is_served_page_by_page() {
        let kept = [3, 4, 5, 6];
        assert_eq!(page((0, 6), &kept, had(2), 3), (vec![3, 4, 5], 5, false));
        assert_eq!(page((0, 6), &kept, had(3), 3), (vec![4, 5, 6], 6, false));
        assert_eq!(page((0, 6), &kept, had(5), 3), (vec![6], 6, false));
        assert_eq!(page((0, 6), &kept, had(6), 3), (vec![], 6, false));
        assert_eq!(page((0, 6), &[], had(6), 3), (vec![], 6, false), "all of it was had");
        assert_eq!(page((0, 0), &[], had(0), 3), (vec![], 0, false), "nothing was ever told");
        // It came after the head was read, and is told as it comes.
        assert_eq!(page((0, 6), &[5, 6, 7], had(5), 3), (vec![6], 6, false));
    }

    #[test]
    fn what_was_dropped_is_lost_to_who_had_less() {
        assert!(page((0, 6), &[3, 4, 5, 6], had(1), 3).2);
        assert!(page((0, 6), &[3, 4, 5, 6], had(0), 3).2);
        assert!(page((0, 6), &[], had(5), 3).2, "nothing is kept");
        assert!(page((0, 6), &[8], had(5), 3).2, "nor is what came before the head");
        // Expired out of order, after the clock had been set back.
        assert_eq!(page((0, 6), &[3, 4, 6], had(3), 9), (vec![4], 4, false));
        assert!(page((0, 6), &[3, 4, 6], had(4), 9).2);
        assert_eq!(page((0, 6), &[3, 4], had(3), 9), (vec![4], 4, false));
        assert!(page((0, 6), &[3, 4], had(4), 9).2);
    }

    #[test]
    fn who_has_no_position_gets_what_is_kept() {
        let kept = |at| InboxSince::Kept(Seq(at));
        assert_eq!(page((0, 6), &[4, 5, 6], kept(1), 2), (vec![4, 5], 5, false));
        assert_eq!(page((0, 6), &[4, 5, 6], kept(5), 2), (vec![6], 6, false));
        assert_eq!(page((0, 6), &[], kept(1), 2), (vec![], 6, false));
        assert_eq!(page((0, 6), &[], kept(6), 2), (vec![], 6, false));
    }

    #[test]
    fn the_step_to_another_life_is_no_loss() {
        // Restored with three events, and told two since.
        let (restored, kept) = ((100, 102), [1, 2, 3, 101, 102]);
        assert_eq!(page(restored, &kept, had(2), 2), (vec![3, 101], 101, false));
        assert_eq!(page(restored, &kept, had(3), 9), (vec![101, 102], 102, false));
        assert_eq!(page(restored, &kept, had(0), 9).0, kept);
        assert_eq!(page((100, 100), &kept[..3], had(3), 9), (vec![], 100, false));
        assert_eq!(page((100, 100), &kept[..3], had(2), 9), (vec![3], 100, false));
        // Whether three was the last one cannot be known any more.
        assert!(page(restored, &kept[3..], had(3), 9).2);
        assert!(page(restored, &kept[4..], had(100), 9).2);
        // One that begins above, of a user who comes again.
        assert_eq!(page((7, 9), &[8, 9], had(0), 9), (vec![8, 9], 9, false));
        assert!(page((7, 9), &[9], had(0), 9).2);
        assert_eq!(page((7, 7), &[], had(0), 9), (vec![], 7, false));
    }
}
