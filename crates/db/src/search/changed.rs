//! What was said or changed in a room.

use parlor_domain::StreamState;
use parlor_macros::each_backend;

use super::document::Document;

/// A message to be indexed, or to be taken out.
pub(super) struct Changed {
    pub id: i64,
    pub seq: i64,
    pub changed_seq: i64,
    pub sender: i64,
    pub created_at: i64,
    /// `None`: there is nothing to find any more.
    pub said: Option<Said>,
}

/// What a message says. Its words take several times as much memory as it
/// does, so they are made one message at a time.
pub(super) struct Said {
    pub content: String,
    pub attachments: Option<String>,
}

impl Changed {
    /// What is searched of it; empty if there is nothing to find.
    pub fn document(&self) -> Document {
        match &self.said {
            Some(Said { content, attachments }) => Document::new(content, attachments.as_deref()),
            None => Document::default(),
        }
    }
}

type Row = (i64, i64, i64, i64, i64, String, Option<String>, Option<i64>, Option<String>);

const STREAMING: &str = StreamState::Streaming.as_str();

impl From<Row> for Changed {
    fn from(row: Row) -> Self {
        let (id, seq, changed_seq, sender, created_at, content, attachments, deleted_at, stream) =
            row;
        // One that is being written is found when it has been.
        let is_said = deleted_at.is_none() && stream.as_deref() != Some(STREAMING);
        let said = is_said.then_some(Said { content, attachments });
        Self { id, seq, changed_seq, sender, created_at, said }
    }
}

#[each_backend]
pub(super) mod backend {
    use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::{Changed, Row};
    use crate::{backend::Conn, schema::messages};
    use parlor_domain::limits::SEARCH_BATCH;

    /// Of positions behind `after` up to `upto`, by the position of the change;
    /// as many as one step takes, and whether there are more. What is not above
    /// the `floor` cannot be seen any more.
    pub(in crate::search) fn changed(
        conn: &mut Conn,
        room: i64,
        (after, upto): (i64, i64),
        floor: i64,
    ) -> QueryResult<(Vec<Changed>, bool)> {
        let of_room = || messages::table.filter(messages::room_key.eq(room));
        let columns = (
            messages::id,
            messages::seq,
            messages::changed_seq,
            messages::sender_key,
            messages::created_at,
            messages::content,
            messages::attachments,
            messages::deleted_at,
            messages::stream,
        );
        let mut rows = of_room()
            .filter(messages::seq.gt(after.max(floor)).and(messages::seq.le(upto)))
            .filter(messages::changed_seq.eq(messages::seq))
            .order(messages::seq)
            .limit(SEARCH_BATCH + 1)
            .select(columns)
            .load::<Row>(conn)?;
        let later = of_room()
            .filter(messages::changed_seq.gt(after).and(messages::changed_seq.le(upto)))
            .filter(messages::changed_seq.gt(messages::seq))
            .filter(messages::seq.gt(floor))
            .order(messages::changed_seq)
            .limit(SEARCH_BATCH + 1)
            .select(columns)
            .load::<Row>(conn)?;
        rows.extend(later);
        rows.sort_by_key(|row| row.2);
        let step = usize::try_from(SEARCH_BATCH).unwrap_or(0);
        let more = rows.len() > step;
        rows.truncate(step);
        Ok((rows.into_iter().map(Changed::from).collect(), more))
    }
}
