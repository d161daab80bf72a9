//! Publish an event into a room.

use parlor_domain::{AppEvent, PublicationKey, RoomEvent, RoomId, RoomKey, Scope, Seq};
use parlor_macros::each_backend;

use super::{
    Access, Asked, ChatError, ChatServer, Operation, Published, Requester, event, fits,
    key::{named, placed},
    once::{Audience, Telling},
    publishes,
};
use crate::{
    db::{Concern, Conn, Effects, Write, WriteError, Written, on},
    protocol::{Refusal, Rules, events},
};

publishes! {
    /// For all who are in a room; it takes a place in the room's timeline.
    PublishToRoom, {
        room_id: RoomId,
        /// Sent to connected users only; not stored.
        #[serde(default)]
        ephemeral: bool,
    }
}

impl Operation for PublishToRoom {
    type Answer = Published;
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Events];
    const OPENS: bool = true;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        fits(self.data.as_ref())
    }

    fn allowed(&self, from: &Requester, access: &Access) -> Result<(), ChatError> {
        access.service(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let (event, room) = (event(self.kind, self.data), access.room);
        let key = placed(self.key, &from.user, &format!("room {}", room.key.0));
        if self.ephemeral {
            let frame = events::published(Some(&room.id), &event);
            return server.tell_once(Telling { to: Audience::Room(room.key), frame }, key, reply);
        }
        let write = Publishing { room: room.key, key, event: event.clone() };
        server.write_for(reply, write, move |server, reply, published| {
            let PublishedToRoom { seq, duplicate } = published;
            if !duplicate {
                let frame = events::published_to_room(&room.id, &RoomEvent { seq, event });
                server.tell_event(room.key, seq, frame);
            }
            server.answer(reply, Ok(Published { seq: Some(seq), inbox_seq: None, duplicate }));
        });
    }
}

#[derive(Clone, Debug)]
struct Publishing {
    room: RoomKey,
    /// Keys are of one kind of place each, so that one is not mistaken for
    /// another's: the place has been put into it.
    key: Option<PublicationKey>,
    event: AppEvent,
}

/// Where an event went.
#[derive(Clone, Copy, Debug)]
struct PublishedToRoom {
    seq: Seq,
    duplicate: bool,
}

impl Write for Publishing {
    type Outcome = PublishedToRoom;

    fn concerns(&self) -> Vec<Concern> {
        [Concern::Room(self.room)].into_iter().chain(named(self.key.as_ref())).collect()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<PublishedToRoom> {
        on!(conn, publish, self)
    }

    fn effects(&self, published: &PublishedToRoom, effects: &mut Effects) {
        if !published.duplicate {
            effects.position(self.room, published.seq);
        }
    }
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, RunQueryDsl};

    use super::{PublishedToRoom, Publishing, WriteError, Written};
    use crate::operations::publish::key::backend as key;
    use parlor_db::{backend::Conn, schema::room_events, write::timeline::backend as timeline};

    pub(super) fn publish(conn: &mut Conn, publish: &Publishing) -> Written<PublishedToRoom> {
        let Publishing { room, key, event } = publish;
        if let Some(seq) = key::published(conn, key.as_ref())? {
            return Ok(PublishedToRoom { seq, duplicate: true });
        }
        let seq = timeline::advance_head(conn, *room, 1)?.ok_or(WriteError::NoSuchRoom)?;
        diesel::insert_into(room_events::table)
            .values((
                room_events::room_key.eq(room.0),
                room_events::seq.eq(seq.0),
                room_events::kind.eq(event.kind.as_str()),
                room_events::data.eq(&*event.data),
                room_events::created_at.eq(event.at.0),
            ))
            .execute(conn)?;
        key::remember(conn, key.as_ref(), seq, event.at)?;
        Ok(PublishedToRoom { seq, duplicate: false })
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::{
        ClearRoom, DeleteRoom,
        samples::{AT, Bench},
    };
    use parlor_domain::EventKind;

    use super::*;

    #[test]
    fn what_was_published_goes_with_what_was_said() {
        let bench = Bench::new();
        let ann = bench.user("ann");
        let (room, other) = (bench.room("r", &ann), bench.room("other", &ann));
        for room in [&room, &other, &room, &room] {
            let kind = EventKind::from_stored("task.updated");
            let event = AppEvent { kind, data: "{}".into(), at: AT };
            bench.one(Publishing { room: room.key, key: None, event }).expect("published");
        }
        bench.one(ClearRoom { room: room.key, upto: Some(Seq(1)) }).expect("trimmed");
        bench.purge_all(&room);
        assert_eq!(bench.count("room_events"), 3);
        bench.one(DeleteRoom { room: room.key }).expect("deleted");
        bench.purge_all(&room);
        assert_eq!(bench.count("room_events"), 1);
        assert_eq!(bench.count("rooms"), 1);
    }
}
