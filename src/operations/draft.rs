//! Keep what one has begun to write.

use std::sync::Arc;

use parlor_domain::{
    Denied, Draft, MessageId, PlainText, RoomId, RoomKey, Timestamp, UserKey,
    limits::{DRAFTS_PER_USER, METADATA_BYTES},
};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    clock::now,
    db::{Concern, Conn, Effects, Happened, Write, WriteError, Written, on},
    protocol::{DraftView, Object, Refusal, Rules, events},
};

/// Keeps what the user has begun to write in a room, or in a thread there, in the place of
/// what was kept; an empty content without metadata takes it away. Nobody else learns of it.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetDraft {
    room_id: RoomId,
    thread_id: Option<MessageId>,
    /// May be empty.
    #[schemars(with = "String")]
    content: PlainText,
    metadata: Option<Object>,
}

impl Operation for SetDraft {
    type Answer = Draft;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        rules.content_size(&self.content.0)?;
        Object::check("metadata", self.metadata.as_ref(), METADATA_BYTES)
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.member()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let user = from.user.key;
        let draft = Draft {
            room: access.room.id.clone(),
            thread: self.thread_id,
            content: self.content.0,
            metadata: self.metadata.and_then(|Object(text)| text),
            updated_at: now(),
        };
        let write = Drafting { room: access.room.key, user, draft: Arc::new(draft) };
        server.write_for(reply, write, move |server, reply, draft| {
            server.tell_user(user, &events::room_draft(&draft, now()));
            server.answer(reply, Ok(draft));
        });
    }
}

impl Shown for Draft {
    type View<'a> = DraftView<'a>;

    fn view(&self) -> DraftView<'_> {
        DraftView::from(self)
    }
}

#[derive(Clone, Debug)]
struct Drafting {
    room: RoomKey,
    user: UserKey,
    draft: Arc<Draft>,
}

impl Write for Drafting {
    type Outcome = Draft;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Draft> {
        on!(conn, set, self)
    }

    fn effects(&self, draft: &Draft, effects: &mut Effects) {
        effects.happened(|| Happened::Draft {
            room: self.room.0,
            user: self.user.0,
            thread: draft.thread.map(|id| id.0),
            at: draft.updated_at.0,
        });
    }
}

#[each_backend]
mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
        dsl::{exists, max},
        select,
        upsert::excluded,
    };

    use super::{
        DRAFTS_PER_USER, Denied, Draft, Drafting, Timestamp, UserKey, WriteError, Written,
    };
    use parlor_db::{
        backend::Conn,
        schema::{drafts, members},
        write::message::thread::backend as thread,
    };

    pub(super) fn set(conn: &mut Conn, drafting: &Drafting) -> Written<Draft> {
        let Drafting { room, user, ref draft } = *drafting;
        if !select(exists(members::table.find((room.0, user.0)))).get_result::<bool>(conn)? {
            return Err(Denied::Stranger.into());
        }
        let root = match draft.thread {
            None => None,
            Some(id) => match thread::root_of(conn, id, room)? {
                Some(root) => Some(root),
                // One of a thread that is gone can be taken away.
                None if draft.is_gone() => Some(id),
                None => return Err(WriteError::NoSuchMessage.into()),
            },
        };
        let of_user = drafts::table.filter(drafts::user_key.eq(user.0));
        let newest: Option<i64> = of_user.select(max(drafts::updated_at)).first(conn)?;
        let at = draft.updated_at.0.max(newest.map_or(0, |newest| newest + 1));
        let draft = Draft { thread: root, updated_at: Timestamp(at), ..(**draft).clone() };
        let place = (user.0, room.0, root.map_or(0, |id| id.0));
        if draft.is_gone() {
            // The last one that was taken away stays, empty, so that what comes next is later.
            let gone = of_user.filter(drafts::content.eq("")).filter(drafts::metadata.is_null());
            diesel::delete(gone).execute(conn)?;
        }
        store(conn, place, &draft)?;
        forget_oldest(conn, user)?;
        Ok(draft)
    }

    fn store(
        conn: &mut Conn,
        (user, room, thread): (i64, i64, i64),
        draft: &Draft,
    ) -> QueryResult<()> {
        diesel::insert_into(drafts::table)
            .values((
                drafts::user_key.eq(user),
                drafts::room_key.eq(room),
                drafts::thread_id.eq(thread),
                drafts::content.eq(&*draft.content),
                drafts::metadata.eq(draft.metadata.as_deref()),
                drafts::updated_at.eq(draft.updated_at.0),
            ))
            .on_conflict((drafts::user_key, drafts::room_key, drafts::thread_id))
            .do_update()
            .set((
                drafts::content.eq(excluded(drafts::content)),
                drafts::metadata.eq(excluded(drafts::metadata)),
                drafts::updated_at.eq(excluded(drafts::updated_at)),
            ))
            .execute(conn)
            .map(drop)
    }

    /// One more than are kept: that may be the empty one.
    fn forget_oldest(conn: &mut Conn, user: UserKey) -> QueryResult<()> {
        let of_user = drafts::table.filter(drafts::user_key.eq(user.0));
        let beyond = of_user
            .order(drafts::updated_at.desc())
            .offset(DRAFTS_PER_USER + 1)
            .select(drafts::updated_at)
            .first::<i64>(conn)
            .optional()?;
        let Some(beyond) = beyond else { return Ok(()) };
        diesel::delete(of_user.filter(drafts::updated_at.le(beyond))).execute(conn).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::samples::{AT, Bench};

    use super::*;

    #[actix::test]
    async fn each_is_later_than_those_before_and_the_oldest_go() {
        let mut bench = Bench::new();
        let ann = bench.user("ann");
        let room = bench.room("r", &ann);
        let root = bench.plain(&room, &ann);
        let set = |bench: &Bench, thread, content: &str| {
            let draft = Draft {
                room: room.id.clone(),
                thread,
                content: content.into(),
                metadata: None,
                updated_at: AT,
            };
            let draft = Arc::new(draft);
            bench.one(Drafting { room: room.key, user: ann.key, draft })
        };
        let first = set(&bench, None, "one").expect("kept").updated_at;
        assert_eq!(first, AT);
        assert!(set(&bench, Some(root), "two").expect("kept").updated_at > first);
        assert!(set(&bench, None, "three").expect("kept").updated_at.0 > first.0 + 1);
        let reader = bench.database.reader.clone();
        let all = async || {
            let (drafts, more) =
                reader.drafts(ann.key, Timestamp(i64::MAX), 10).await.expect("read");
            assert!(!more);
            drafts.iter().map(|draft| draft.content.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(all().await, ["three", "two"]);
        let gone = set(&bench, None, "").expect("taken away");
        assert!(gone.is_gone());
        assert_eq!(all().await, ["two"]);
        assert!(set(&bench, Some(root), "two").expect("kept").updated_at > gone.updated_at);
        // One of a thread that is gone can only be taken away.
        set(&bench, Some(MessageId(7_000)), "").expect("taken away");
        assert_eq!(set(&bench, Some(MessageId(7)), "x").err(), Some(WriteError::NoSuchMessage));
        for _ in 0..DRAFTS_PER_USER {
            let thread = bench.plain(&room, &ann);
            set(&bench, Some(thread), "more").expect("kept");
        }
        assert_eq!(bench.count("drafts"), DRAFTS_PER_USER + 1);
        let oldest = reader.draft(ann.key, room.key, Some(root)).await.expect("read");
        assert_eq!(oldest, None);
    }
}
