//! Who may change a message. What depends on whose it is, only the transaction knows.
#![deny(clippy::wildcard_enum_match_arm)]

use parlor_domain::{
    Change, Denied, Extras, Message, Posted, Room, RoomKind, RoomRules, Standing, Timestamp,
    UserKey,
};
use parlor_macros::each_backend;

use crate::write::{WriteError, Written};

/// Who changes a message, as the rules see them.
struct Actor {
    kind: RoomKind,
    rules: RoomRules,
    standing: Option<Standing>,
    is_admin: bool,
    is_author: bool,
    /// It was the application that posted the message, by this user.
    has_posted: bool,
}

fn allowed(actor: &Actor, change: &Change, now: Timestamp) -> Result<(), Denied> {
    let Actor { kind, rules, standing, is_admin, is_author, has_posted } = *actor;
    let moderates = is_admin || standing.is_some_and(|standing| standing.moderates());
    // An administrator may what an owner may; a room of two has none.
    let owns = is_admin && kind != RoomKind::Direct;
    let member = || standing.ok_or(Denied::Stranger);
    match change {
        // By the right by which it was posted.
        Change::Delete | Change::Edit(_) if has_posted => Ok(()),
        Change::Delete if is_author || moderates => Ok(()),
        Change::Delete => Err(Denied::NotAuthor),
        Change::Edit(_) if !is_author => Err(Denied::NotAuthor),
        Change::Edit(_) | Change::React { .. } | Change::Unreact { .. } if owns => Ok(()),
        Change::Edit(_) => member()?.may_write(kind, rules, now),
        Change::React { .. } => member()?.may_react(rules, now),
        // One's own can be taken back always.
        Change::Unreact { .. } => member().map(drop),
        Change::Pin | Change::Unpin if is_admin => Ok(()),
        Change::Pin | Change::Unpin => member()?.may_pin(kind, rules, now),
    }
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, dsl::exists, select as sql_select,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::users,
        write::{member::backend as member, timeline::backend as timeline},
    };

    /// Refuses a change that is not allowed. To a stranger the message does not exist.
    pub fn check(
        conn: &mut Conn,
        message: &Message,
        (actor, is_admin): (UserKey, bool),
        change: &Change,
        at: Timestamp,
    ) -> Written<()> {
        let Room { kind, rules, .. } =
            timeline::find(conn, message.room_key)?.ok_or(WriteError::NoSuchMessage)?;
        let standing = member::standing(conn, message.room_key, actor)?;
        let is_author = message.sender.key == actor;
        let has_posted = has_posted(conn, message, actor)?;
        if standing.is_none() && !is_admin && !has_posted {
            return Err(WriteError::NoSuchMessage.into());
        }
        let actor = Actor { kind, rules, standing, is_admin, is_author, has_posted };
        Ok(allowed(&actor, change, at)?)
    }

    /// In its sender's name, or as themselves.
    fn has_posted(conn: &mut Conn, message: &Message, actor: UserKey) -> QueryResult<bool> {
        let Some(Extras { posted, .. }) = message.extras.as_deref() else { return Ok(false) };
        let Some(by) = &posted.by else {
            return Ok(*posted != Posted::default() && message.sender.key == actor);
        };
        let own = users::table.find(actor.0).filter(users::id.eq(by.as_str()));
        sql_select(exists(own)).get_result(conn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlor_domain::{NewContent, Role};

    const NOW: Timestamp = Timestamp(0);

    fn actor(role: Option<Role>, is_author: bool) -> Actor {
        Actor {
            kind: RoomKind::Private,
            rules: RoomRules::default(),
            standing: role.map(Standing::new),
            is_admin: false,
            is_author,
            has_posted: false,
        }
    }

    #[test]
    fn authors_edit_and_delete_and_moderators_delete() {
        let edit = Change::Edit(NewContent::default());
        let author = actor(Some(Role::Member), true);
        assert_eq!(allowed(&author, &edit, NOW), Ok(()));
        assert_eq!(allowed(&author, &Change::Delete, NOW), Ok(()));
        let other = actor(Some(Role::Member), false);
        assert_eq!(allowed(&other, &edit, NOW), Err(Denied::NotAuthor));
        assert_eq!(allowed(&other, &Change::Delete, NOW), Err(Denied::NotAuthor));
        let moderator = actor(Some(Role::Moderator), false);
        assert_eq!(allowed(&moderator, &edit, NOW), Err(Denied::NotAuthor));
        assert_eq!(allowed(&moderator, &Change::Delete, NOW), Ok(()));
    }

    #[test]
    fn an_author_who_may_not_write_any_more_may_still_delete() {
        let reader = actor(Some(Role::ReadOnly), true);
        let edit = Change::Edit(NewContent::default());
        assert_eq!(allowed(&reader, &edit, NOW), Err(Denied::ReadOnly));
        assert_eq!(allowed(&reader, &Change::Delete, NOW), Ok(()));
        assert_eq!(
            allowed(&reader, &Change::React { emoji: "x".into() }, NOW),
            Err(Denied::ReadOnly)
        );
        assert_eq!(allowed(&reader, &Change::Unreact { emoji: "x".into() }, NOW), Ok(()));
    }
}
