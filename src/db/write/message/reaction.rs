//! Who reacted how.
//!
//! The summary that a message carries is moved along with the rows, not made
//! anew from them: an announcement may have any number of reactions.

use std::sync::Arc;

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::Conn;
use crate::{
    db::{
        WriteError,
        schema::{reactions, users},
    },
    domain::{Message, MessageId, Reaction, Timestamp, UserId, UserKey},
    limits::{EMOJIS_PER_MESSAGE, REACTION_USERS},
};

/// What a message carries of its reactions, the first emoji given first.
type Summary = Vec<Reaction>;

fn summary_of(message: &Message) -> Summary {
    message.extras.as_ref().map_or_else(Vec::new, |extras| extras.reactions.clone())
}

/// Adds a reaction. Gives the new summary; `None` if it is there already.
pub(super) fn add(
    conn: &mut Conn,
    message: &Message,
    emoji: &Arc<str>,
    user: UserKey,
    at: Timestamp,
) -> QueryResult<Result<Option<Summary>, WriteError>> {
    let mut summary = summary_of(message);
    let known = summary.iter().position(|reaction| reaction.emoji == *emoji);
    if known.is_none() && summary.len() >= EMOJIS_PER_MESSAGE {
        return Ok(Err(WriteError::TooManyEmojis));
    }
    let added = diesel::insert_into(reactions::table)
        .values((
            reactions::message_id.eq(message.id.0),
            reactions::emoji.eq(&**emoji),
            reactions::user_key.eq(user.0),
            reactions::created_at.eq(at.0),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    if added == 0 {
        return Ok(Ok(None));
    }
    let at = known.unwrap_or_else(|| {
        summary.push(Reaction { emoji: emoji.clone(), count: 0, users: Vec::new() });
        summary.len() - 1
    });
    let reaction = &mut summary[at];
    reaction.count += 1;
    if reaction.users.len() < REACTION_USERS {
        reaction.users.push(id_of(conn, user)?);
    }
    Ok(Ok(Some(summary)))
}

/// Takes a reaction back. Gives the new summary; `None` if there was none.
pub(super) fn remove(
    conn: &mut Conn,
    message: &Message,
    emoji: &str,
    user: UserKey,
) -> QueryResult<Option<Summary>> {
    let row = reactions::table.find((message.id.0, emoji, user.0));
    if diesel::delete(row).execute(conn)? == 0 {
        return Ok(None);
    }
    let id = id_of(conn, user)?;
    let mut summary = summary_of(message);
    if let Some(reaction) = summary.iter_mut().find(|reaction| *reaction.emoji == *emoji) {
        reaction.count -= 1;
        // An erased user is in it under the name that they had.
        let is_shown = reaction.users.contains(&id) || UserId::parse(id.as_str()).is_err();
        if is_shown {
            reaction.users = first_users(conn, message.id, emoji)?;
        }
    }
    summary.retain(|reaction| reaction.count > 0);
    Ok(Some(summary))
}

/// Some of a user's reactions: the messages and the emojis.
pub(super) fn some_of(
    conn: &mut Conn,
    user: UserKey,
    limit: i64,
) -> QueryResult<Vec<(i64, String)>> {
    reactions::table
        .filter(reactions::user_key.eq(user.0))
        .limit(limit)
        .select((reactions::message_id, reactions::emoji))
        .load(conn)
}

fn id_of(conn: &mut Conn, user: UserKey) -> QueryResult<UserId> {
    let id = users::table.find(user.0).select(users::id);
    id.first::<String>(conn).map(UserId::from_stored)
}

/// The first who reacted so.
fn first_users(conn: &mut Conn, message: MessageId, emoji: &str) -> QueryResult<Vec<UserId>> {
    let shown = i64::try_from(REACTION_USERS).unwrap_or(i64::MAX);
    let users = reactions::table
        .inner_join(users::table)
        .filter(reactions::message_id.eq(message.0))
        .filter(reactions::emoji.eq(emoji))
        .order((reactions::created_at, reactions::user_key))
        .limit(shown)
        .select(users::id)
        .load::<String>(conn)?;
    Ok(users.into_iter().map(UserId::from_stored).collect())
}
