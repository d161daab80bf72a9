//! Rooms that are made by rule, when they are first used.

use parlor_domain::{Adder, Room, RoomBounds, RoomId, RoomKind, Seq, Standing, Timestamp, UserKey};
use parlor_macros::each_backend;

use super::{
    Concern, Conn, Effects, WebhookEvent, Write, WriteError, Written, on,
    room::{Maker, NewRoom},
};

/// Finds or makes a room, which nobody has to own. It has no members then.
#[derive(Clone, Debug)]
pub struct OpenByRule {
    pub id: RoomId,
    pub kind: RoomKind,
    /// Who uses it first.
    pub user: UserKey,
    /// Who is to answer for it; nobody, where the application does.
    pub made_by: Option<Maker>,
    pub created_at: Timestamp,
    pub bounds: RoomBounds,
}

/// The room, and how the user stands in it: another one may have made it just
/// before.
#[derive(Clone, Debug)]
pub struct OpenedByRule {
    pub room: Room,
    pub standing: Option<Standing>,
    /// Where its timeline begins, if it was made.
    pub made_at: Option<Seq>,
}

impl Write for OpenByRule {
    type Outcome = OpenedByRule;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::name("room", self.id.as_str()), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<OpenedByRule> {
        on!(conn, open, self)
    }

    fn effects(&self, opened: &OpenedByRule, effects: &mut Effects) {
        let Some(seq) = opened.made_at else { return };
        let room = opened.room.key;
        effects.begins(room, seq);
        effects.webhook(|| match self.made_by {
            Some(maker) => WebhookEvent::of_member("room.created", room, maker.user),
            None => WebhookEvent { room: Some(room), ..WebhookEvent::new("room.created") },
        });
    }
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        rows::room::{RoomRow, columns},
        schema::rooms,
        write::{
            contact::backend as contact, member::backend as member, room::backend as room,
            timeline::backend as timeline, user::backend as user,
        },
    };

    pub(super) fn open(conn: &mut Conn, opening: &OpenByRule) -> Written<OpenedByRule> {
        let OpenByRule { id, kind, user, made_by, created_at, bounds } = opening;
        let known = rooms::table.filter(rooms::id.eq(id.as_str())).select(columns());
        if let Some(row) = known.first::<RoomRow>(conn).optional()? {
            let room = Room::from(row);
            let standing = member::standing(conn, room.key, *user)?;
            return Ok(OpenedByRule { room, standing, made_at: None });
        }
        if made_by.is_some() {
            if user::find(conn, *user)?.is_none() {
                return Err(WriteError::NoSuchUser.into());
            }
            // Who could not come in has no use for it.
            contact::has_place(conn, Adder::Oneself, *user, bounds)?;
            if room::made_enough(conn, *made_by)? {
                return Err(WriteError::TooManyRooms.into());
            }
        }
        let new = NewRoom {
            id: id.clone(),
            kind: *kind,
            title: "".into(),
            topic: "".into(),
            custom: None,
            owner: *user,
            made_by: *made_by,
            created_at: *created_at,
            bounds: *bounds,
        };
        let key = room::insert(conn, &new, None)?.ok_or(WriteError::IdTaken)?;
        diesel::update(rooms::table.find(key.0)).set(rooms::ownerless.eq(true)).execute(conn)?;
        let room = timeline::find(conn, key)?.ok_or(WriteError::NoSuchRoom)?;
        Ok(OpenedByRule { room, standing: None, made_at: timeline::head(conn, key)? })
    }
}
