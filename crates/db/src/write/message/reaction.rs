//! Who reacted how.
//!
//! The summary that a message carries is moved along with the rows, not made
//! anew from them: an announcement may have any number of reactions.

use std::{collections::BTreeSet, sync::Arc};

use parlor_domain::{
    Message, MessageId, Reaction, Timestamp, UserId, UserKey, canonical_emoji,
    limits::{EMOJIS_PER_MESSAGE, REACTION_USERS},
};
use parlor_macros::each_backend;

use crate::write::{WriteError, Written};

/// What a message carries of its reactions, the first emoji given first.
type Summary = Vec<Reaction>;

fn summary_of(message: &Message) -> Summary {
    message.extras.as_ref().map_or_else(Vec::new, |extras| extras.reactions.clone())
}

/// Reactions that are brought into another form at once.
const UNIFIED_AT_ONCE: i64 = 1_000;

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        rows::message_json::encode_reactions,
        schema::{messages, reactions, users},
    };

    /// Adds a reaction. Gives the new summary; `None` if it is there already.
    pub fn add(
        conn: &mut Conn,
        message: &Message,
        emoji: &Arc<str>,
        user: UserKey,
        at: Timestamp,
    ) -> Written<Option<Summary>> {
        let mut summary = summary_of(message);
        let known = summary.iter().position(|reaction| reaction.emoji == *emoji);
        if known.is_none() && summary.len() >= EMOJIS_PER_MESSAGE {
            return Err(WriteError::TooManyEmojis.into());
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
            return Ok(None);
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
        Ok(Some(summary))
    }

    /// Takes a reaction back. Gives the new summary; `None` if there was none.
    pub fn remove(
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
            let is_shown = reaction.users.contains(&id) || id.is_deleted();
            if is_shown {
                reaction.users = first_users(conn, message.id, emoji)?;
            }
        }
        summary.retain(|reaction| reaction.count > 0);
        Ok(Some(summary))
    }

    /// Some of a user's reactions: the messages and the emojis.
    pub fn some_of(conn: &mut Conn, user: UserKey, limit: i64) -> QueryResult<Vec<(i64, String)>> {
        reactions::table
            .filter(reactions::user_key.eq(user.0))
            .limit(limit)
            .select((reactions::message_id, reactions::emoji))
            .load(conn)
    }

    /// Brings what was stored before emojis had one form into that form, and takes
    /// away what cannot be seen. Doing it again changes nothing.
    pub fn unify(conn: &mut Conn) -> QueryResult<()> {
        let stored: Vec<String> =
            reactions::table.select(reactions::emoji).distinct().load(conn)?;
        for emoji in stored {
            let canonical = canonical_emoji(&emoji);
            if canonical.as_deref() == Some(&*emoji) {
                continue;
            }
            loop {
                let some = reactions::table
                    .filter(reactions::emoji.eq(&emoji))
                    .limit(UNIFIED_AT_ONCE)
                    .select((reactions::message_id, reactions::user_key, reactions::created_at))
                    .load::<(i64, i64, i64)>(conn)?;
                let mut changed = BTreeSet::new();
                for (message, user, at) in some {
                    rename(conn, (message, &emoji, user), canonical.as_deref(), at)?;
                    changed.insert(message);
                }
                if changed.is_empty() {
                    break;
                }
                for message in changed {
                    summarize(conn, message)?;
                }
            }
        }
        Ok(())
    }

    fn rename(
        conn: &mut Conn,
        (message, emoji, user): (i64, &str, i64),
        to: Option<&str>,
        at: i64,
    ) -> QueryResult<()> {
        diesel::delete(reactions::table.find((message, emoji, user))).execute(conn)?;
        let Some(to) = to else { return Ok(()) };
        diesel::insert_into(reactions::table)
            .values((
                reactions::message_id.eq(message),
                reactions::emoji.eq(to),
                reactions::user_key.eq(user),
                reactions::created_at.eq(at),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .map(drop)
    }

    /// Makes what a message carries of its reactions anew from the rows.
    pub fn summarize(conn: &mut Conn, message: i64) -> QueryResult<()> {
        let rows = reactions::table
            .inner_join(users::table)
            .filter(reactions::message_id.eq(message))
            .order((reactions::created_at, reactions::user_key))
            .select((reactions::emoji, users::id))
            .load::<(String, String)>(conn)?;
        let mut summary = Summary::new();
        for (emoji, user) in rows {
            let known = summary.iter().position(|reaction| *reaction.emoji == *emoji);
            let at = known.unwrap_or_else(|| {
                summary.push(Reaction { emoji: emoji.into(), count: 0, users: Vec::new() });
                summary.len() - 1
            });
            summary[at].count += 1;
            if summary[at].users.len() < REACTION_USERS {
                summary[at].users.push(UserId::from_stored(user));
            }
        }
        diesel::update(messages::table.find(message))
            .set(messages::reactions.eq(encode_reactions(&summary)))
            .execute(conn)
            .map(drop)
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
}
