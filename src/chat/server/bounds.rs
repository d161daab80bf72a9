//! What bounds the rooms that users make and are put into.

use super::ChatServer;
use crate::{chat::Requester, db::Maker};
use parlor_domain::{
    RoomBounds,
    limits::{Limits, PLACED_SHARE},
};

impl ChatServer {
    /// Who answers for the rooms that somebody makes: nobody for the
    /// application's, which speaks for many and ends them itself.
    pub fn maker(&self, from: &Requester) -> Option<Maker> {
        let is_application = from.is_admin || from.is_service;
        let maker = Maker { user: from.user.key, rooms_max: self.settings.limits.rooms_made() };
        (!is_application).then_some(maker)
    }

    pub fn room_bounds(&self) -> RoomBounds {
        let Limits { rooms_per_user, placed_rooms_per_user, .. } = *self.settings.limits;
        let number = |rooms: usize| i64::try_from(rooms).unwrap_or(i64::MAX);
        RoomBounds {
            own: number(rooms_per_user),
            placed: number(placed_rooms_per_user),
            placed_by_one: number(placed_rooms_per_user.div_ceil(PLACED_SHARE)),
            contact: self.settings.contact,
        }
    }
}
