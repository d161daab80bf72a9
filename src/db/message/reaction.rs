//! Who reacted how.

use diesel::{
    ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl,
    dsl::{count_star, exists, min},
    select,
};

use crate::{
    db::{
        WriteError,
        backend::Conn,
        schema::{reactions, users},
    },
    domain::{MessageId, Reaction, Timestamp, UserId, UserKey},
    limits::{EMOJIS_PER_MESSAGE, REACTION_USERS},
};

/// Adds a reaction; `false` if it is there already.
pub(super) fn add(
    conn: &mut Conn,
    message: MessageId,
    emoji: &str,
    user: UserKey,
    at: Timestamp,
) -> QueryResult<Result<bool, WriteError>> {
    let of_message = reactions::table.filter(reactions::message_id.eq(message.0));
    let known: bool =
        select(exists(of_message.filter(reactions::emoji.eq(emoji)))).get_result(conn)?;
    if !known {
        let emojis = of_message.select(reactions::emoji).distinct().load::<String>(conn)?;
        if emojis.len() >= EMOJIS_PER_MESSAGE {
            return Ok(Err(WriteError::TooManyEmojis));
        }
    }
    let added = diesel::insert_into(reactions::table)
        .values((
            reactions::message_id.eq(message.0),
            reactions::emoji.eq(emoji),
            reactions::user_key.eq(user.0),
            reactions::created_at.eq(at.0),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(Ok(added > 0))
}

/// Takes a reaction back; `false` if there was none.
pub(super) fn remove(
    conn: &mut Conn,
    message: MessageId,
    emoji: &str,
    user: UserKey,
) -> QueryResult<bool> {
    let removed =
        diesel::delete(reactions::table.find((message.0, emoji, user.0))).execute(conn)?;
    Ok(removed > 0)
}

/// A message's emojis, the first one given first, each with the first who
/// gave it.
pub(super) fn summary(conn: &mut Conn, message: MessageId) -> QueryResult<Vec<Reaction>> {
    let counts = reactions::table
        .filter(reactions::message_id.eq(message.0))
        .group_by(reactions::emoji)
        .select((reactions::emoji, count_star(), min(reactions::created_at)))
        .load::<(String, i64, Option<i64>)>(conn)?;
    let mut counts: Vec<_> =
        counts.into_iter().map(|(emoji, count, first)| (first, emoji, count)).collect();
    counts.sort();
    let shown = i64::try_from(REACTION_USERS).unwrap_or(i64::MAX);
    let mut summary = Vec::with_capacity(counts.len());
    for (_, emoji, count) in counts {
        let users = reactions::table
            .inner_join(users::table)
            .filter(reactions::message_id.eq(message.0))
            .filter(reactions::emoji.eq(&emoji))
            .order((reactions::created_at, users::id))
            .limit(shown)
            .select(users::id)
            .load::<String>(conn)?;
        let users = users.into_iter().map(UserId::from_stored).collect();
        summary.push(Reaction { emoji: emoji.into(), count, users });
    }
    Ok(summary)
}
