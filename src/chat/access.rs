//! Who may do what in a room.

use std::future::Future;

use super::{ChatError, ChatServer, Requester};
use crate::{
    db::Reader,
    domain::{Role, Room, RoomId, RoomKind, UserKey},
};

/// How a requester stands to a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub room: Room,
    pub role: Option<Role>,
    pub is_admin: bool,
}

impl Access {
    /// To a stranger a private room does not exist.
    fn visible(self) -> Result<Self, ChatError> {
        if self.role.is_none() && !self.is_admin && self.room.kind == RoomKind::Private {
            return Err(ChatError::NotFound("room"));
        }
        Ok(self)
    }

    pub fn member(self) -> Result<Self, ChatError> {
        let access = self.visible()?;
        match access.role {
            Some(_) => Ok(access),
            None => Err(ChatError::Forbidden("only members of the room may do this")),
        }
    }

    pub fn member_or_admin(self) -> Result<Self, ChatError> {
        if self.is_admin { Ok(self) } else { self.member() }
    }

    pub fn owner(self) -> Result<Self, ChatError> {
        let access = self.visible()?;
        match access.role {
            Some(Role::Owner) => Ok(access),
            _ if access.is_admin => Ok(access),
            _ => Err(ChatError::Forbidden("only the owner of the room may do this")),
        }
    }

    /// Members may stay, others come in where it is public.
    pub fn may_join(self) -> Result<Self, ChatError> {
        self.visible()
    }
}

impl ChatServer {
    /// The answer from memory: for a user who is connected and a room that
    /// someone is connected to, so for every send over a socket.
    pub(super) fn access_in_memory(&self, room: &RoomId, from: &Requester) -> Option<Access> {
        let room = &self.rooms.by_id(room)?.room;
        let role = self.sessions.role(from.user.key, room.key)?;
        Some(Access { room: room.clone(), role, is_admin: from.is_admin })
    }

    /// The answer from the database, for those who are not connected.
    pub(super) fn access_in_database(
        &self,
        room: RoomId,
        from: &Requester,
    ) -> impl Future<Output = Result<Access, ChatError>> + use<> {
        read_access(self.reader.clone(), room, from.user.key, from.is_admin)
    }
}

async fn read_access(
    reader: Reader,
    room: RoomId,
    user: UserKey,
    is_admin: bool,
) -> Result<Access, ChatError> {
    let room = reader.room(&room).await?.ok_or(ChatError::NotFound("room"))?;
    let role = reader.role(room.key, user).await?;
    Ok(Access { room, role, is_admin })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RoomKey, Timestamp};

    fn access(kind: RoomKind, role: Option<Role>, is_admin: bool) -> Access {
        let room = Room {
            key: RoomKey(1),
            id: RoomId::from_stored("r"),
            kind,
            title: "".into(),
            created_at: Timestamp(0),
        };
        Access { room, role, is_admin }
    }

    #[test]
    fn a_private_room_does_not_exist_for_strangers() {
        let stranger = access(RoomKind::Private, None, false);
        for refused in [
            stranger.clone().member(),
            stranger.clone().owner(),
            stranger.clone().may_join(),
            stranger.member_or_admin(),
        ] {
            assert_eq!(refused, Err(ChatError::NotFound("room")));
        }
    }

    #[test]
    fn a_public_room_is_open_to_join_and_closed_to_all_else() {
        let stranger = access(RoomKind::Public, None, false);
        assert!(stranger.clone().may_join().is_ok());
        assert!(matches!(stranger.clone().member(), Err(ChatError::Forbidden(_))));
        assert!(matches!(stranger.owner(), Err(ChatError::Forbidden(_))));
    }

    #[test]
    fn a_member_is_no_owner_and_an_admin_may_do_what_an_owner_may() {
        let member = access(RoomKind::Private, Some(Role::Member), false);
        assert!(member.clone().member().is_ok());
        assert!(matches!(member.owner(), Err(ChatError::Forbidden(_))));
        let admin = access(RoomKind::Private, None, true);
        assert!(admin.clone().owner().is_ok());
        assert!(admin.clone().member_or_admin().is_ok());
        assert!(admin.member().is_err(), "an admin who is no member does not speak there");
    }
}
