//! Reactions of an import.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::{
    MessageId, RoomKey, Seq, Timestamp, UserKey, archive, limits::EMOJIS_PER_MESSAGE,
};
use parlor_macros::each_backend;

use super::{
    Imported, LeftOut,
    known::{Known, KnownMessage, KnownMessages, KnownRoom},
};

/// A reaction to a message that is there.
struct Given<'a> {
    line: u64,
    room: &'a KnownRoom,
    message: KnownMessage,
    user: UserKey,
    emoji: &'a str,
    at: Timestamp,
}

fn given<'a>(
    lines: &[(u64, &'a archive::Reaction)],
    (known, messages): (&'a Known, &KnownMessages),
    now: Timestamp,
    done: &mut Imported,
) -> Vec<Given<'a>> {
    let mut all = Vec::with_capacity(lines.len());
    for (line, reaction) in lines {
        let archive::Reaction { room_id, message_id, user_id, emoji, created_at } = reaction;
        let found = known.rooms.get(room_id).ok_or(("room_id", LeftOut::UnknownRoom));
        let found = found.and_then(|room| {
            let message = messages.get(&(room.key, message_id.clone()));
            let message = message.ok_or(("message_id", LeftOut::UnknownMessage))?;
            let user = known.users.get(user_id).ok_or(("user_id", LeftOut::UnknownUser))?;
            match message.is_deleted {
                true => Err(("message_id", LeftOut::Deleted)),
                false => Ok((room, *message, *user)),
            }
        });
        match found {
            Ok((room, message, user)) => {
                let at = created_at.unwrap_or(now);
                all.push(Given { line: *line, room, message, user, emoji: &emoji.0, at });
            }
            Err((field, why)) => done.leave_out(*line, "reaction", field, why),
        }
    }
    all
}

#[each_backend]
pub(super) mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{messages, reactions},
        write::{message::backend::summarize_reactions, timeline::backend as timeline},
    };

    pub(in crate::write::import) fn import(
        conn: &mut Conn,
        lines: &[(u64, &archive::Reaction)],
        known: (&Known, &KnownMessages),
        now: Timestamp,
        done: &mut Imported,
    ) -> QueryResult<()> {
        let all = given(lines, known, now, done);
        let mut emojis = emojis_of(conn, &all)?;
        let mut changed: BTreeMap<MessageId, (RoomKey, Seq, Seq)> = BTreeMap::new();
        for Given { line, room, message, user, emoji, at } in all {
            let known = emojis.entry(message.id.0).or_default();
            if !known.contains(emoji) && known.len() >= EMOJIS_PER_MESSAGE {
                done.leave_out(line, "reaction", "emoji", LeftOut::TooManyEmojis);
                continue;
            }
            known.insert(emoji.to_owned());
            let added = diesel::insert_into(reactions::table)
                .values((
                    reactions::message_id.eq(message.id.0),
                    reactions::emoji.eq(emoji),
                    reactions::user_key.eq(user.0),
                    reactions::created_at.eq(at.0),
                ))
                .on_conflict_do_nothing()
                .execute(conn)?;
            done.count("reaction", added, 1 - added.min(1));
            if added > 0 {
                changed.insert(message.id, (room.key, room.head, message.changed_seq));
            }
        }
        for (message, (room, head, changed)) in changed {
            summarize_reactions(conn, message.0)?;
            // Who has seen it learns of it.
            if changed <= head
                && let Some(seq) = timeline::advance_head(conn, room, 1)?
            {
                let row = diesel::update(messages::table.find(message.0));
                row.set(messages::changed_seq.eq(seq.0)).execute(conn)?;
            }
        }
        Ok(())
    }

    fn emojis_of(
        conn: &mut Conn,
        all: &[Given<'_>],
    ) -> QueryResult<BTreeMap<i64, BTreeSet<String>>> {
        let ids: BTreeSet<i64> = all.iter().map(|given| given.message.id.0).collect();
        let rows = reactions::table
            .filter(reactions::message_id.eq_any(ids))
            .select((reactions::message_id, reactions::emoji))
            .distinct()
            .load::<(i64, String)>(conn)?;
        let mut emojis: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
        for (message, emoji) in rows {
            emojis.entry(message).or_default().insert(emoji);
        }
        Ok(emojis)
    }
}
