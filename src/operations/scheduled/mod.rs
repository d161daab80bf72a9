//! Have a message sent later.

pub(super) mod change;

use std::sync::Arc;

use parlor_domain::{
    AttachmentId, ClientId, Denied, MessageId, PlainText, RoomId, RoomKey, RoomRules, Scheduled,
    ScheduledId, Timestamp, UserKey, Whole,
    limits::{
        ATTACHMENTS_PER_MESSAGE, SCHEDULED_PER_USER, SCHEDULED_SECONDS_MAX, SCHEDULED_SECONDS_MIN,
    },
};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown, send};
use crate::{
    clock::now,
    db::{Concern, Conn, Effects, Happened, Write, WriteError, Written, on},
    protocol::{Object, Refusal, Rules, ScheduledView, events},
};

pub use change::{CancelScheduled, ChangeScheduled, SendScheduled};

/// In how many seconds a message is sent.
pub(super) type SendIn = Whole<SCHEDULED_SECONDS_MIN, SCHEDULED_SECONDS_MAX>;

/// Has a message sent later, by its author's rights of that time. Scheduled again with the
/// same `client_id` it is not sent twice, and gets the first answer again.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Schedule {
    room_id: RoomId,
    /// May be left out where there are attachments.
    content: Option<PlainText>,
    client_id: Option<ClientId>,
    /// Over REST this stands for a `client_id`.
    #[serde(rename = "Idempotency-Key")]
    idempotency_key: Option<ClientId>,
    reply_to: Option<MessageId>,
    thread_id: Option<MessageId>,
    /// A reply in a thread is also in the room, and unread there.
    #[serde(default)]
    in_room: bool,
    metadata: Option<Object>,
    #[serde(default)]
    #[schemars(length(max = ATTACHMENTS_PER_MESSAGE))]
    attachments: Vec<AttachmentId>,
    send_at: Option<Timestamp>,
    send_in_seconds: Option<SendIn>,
}

/// When a message is to be sent, if a request says so.
///
/// # Errors
/// The field that is wrong.
fn sending_time(
    rules: &Rules,
    send_at: Option<Timestamp>,
    seconds: Option<SendIn>,
) -> Result<Option<Timestamp>, Refusal> {
    let at = rules.end("send_at", send_at, ("send_in_seconds", seconds))?;
    let Some(at) = at else { return Ok(None) };
    let ahead = (at.0 - rules.now.0).div_euclid(1_000);
    match (SCHEDULED_SECONDS_MIN..=SCHEDULED_SECONDS_MAX).contains(&ahead) {
        true => Ok(Some(at)),
        false => {
            let days = SCHEDULED_SECONDS_MAX / 86_400;
            let what = format!("must be {SCHEDULED_SECONDS_MIN} seconds to {days} days ahead");
            Err(Refusal::field("send_at", &what))
        }
    }
}

impl Operation for Schedule {
    type Answer = Scheduling;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        let said = (self.content.as_ref(), self.metadata.as_ref());
        send::check_said(said, &self.attachments, rules)?;
        send::check_in_room(self.in_room, self.thread_id)?;
        self.send_at = sending_time(rules, self.send_at, self.send_in_seconds.take())?;
        match self.send_at {
            Some(_) => Ok(()),
            None => Err(Refusal::field("send_at", "is missing")),
        }
    }

    /// What will not be otherwise by itself: a room may be thawed by then, a mute be over.
    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.member()?;
        let standing = access.standing.ok_or(Denied::Stranger)?;
        let then = self.send_at.unwrap_or_else(now);
        Ok(standing.may_write(access.room.kind, RoomRules::default(), then)?)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let (user, at) = (from.user.key, now());
        let id = ScheduledId(server.ids.next(at).0);
        // The author's own, and no other one's.
        let own = || ClientId::from_stored(format!("scheduled-{}", id.0));
        let scheduled = Scheduled {
            id,
            room: access.room.id.clone(),
            client_id: self.client_id.or(self.idempotency_key).unwrap_or_else(own),
            content: self.content.map_or_else(|| "".into(), |PlainText(content)| content),
            reply_to: self.reply_to,
            thread: self.thread_id,
            in_room: self.in_room,
            metadata: self.metadata.and_then(|Object(metadata)| metadata),
            attachments: None,
            send_at: self.send_at.unwrap_or(at),
            created_at: at,
            updated_at: at,
            failed: None,
        };
        let (room, attachments) = (access.room.key, self.attachments);
        let write = NewScheduled { room, user, scheduled: Arc::new(scheduled), attachments };
        server.write_for(reply, write, move |server, reply, scheduling| {
            if scheduling.is_new {
                let frame = events::message_scheduled(&scheduling.scheduled, now());
                server.tell_user(user, &frame);
            }
            server.answer(reply, Ok(scheduling));
        });
    }
}

/// What was scheduled, now or before.
#[derive(Clone, Debug)]
pub struct Scheduling {
    pub scheduled: Scheduled,
    pub is_new: bool,
}

impl Shown for Scheduling {
    type View<'a> = ScheduledView<'a>;

    const STATUSES: &'static [u16] = &[201, 200];

    fn view(&self) -> ScheduledView<'_> {
        ScheduledView::from(&self.scheduled)
    }

    fn status(&self) -> u16 {
        if self.is_new { 201 } else { 200 }
    }
}

impl Shown for Scheduled {
    type View<'a> = ScheduledView<'a>;

    fn view(&self) -> ScheduledView<'_> {
        ScheduledView::from(self)
    }
}

#[derive(Clone, Debug)]
pub(super) struct NewScheduled {
    pub room: RoomKey,
    pub user: UserKey,
    pub scheduled: Arc<Scheduled>,
    pub attachments: Vec<AttachmentId>,
}

impl Write for NewScheduled {
    type Outcome = Scheduling;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Scheduling> {
        on!(conn, schedule, self)
    }

    fn effects(&self, scheduling: &Scheduling, effects: &mut Effects) {
        if scheduling.is_new {
            effects.happened(|| Happened::scheduled(self.user, &scheduling.scheduled, None));
        }
    }
}

#[each_backend]
mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::exists,
        select,
    };

    use super::{
        Denied, MessageId, NewScheduled, RoomKey, SCHEDULED_PER_USER, Scheduled, ScheduledId,
        Scheduling, UserKey, WriteError, Written,
    };
    use parlor_db::{
        backend::Conn,
        rows::message_json::encode_attachments,
        schema::{messages, scheduled},
        write::{
            attachment::backend as attachment, member::backend as member,
            message::thread::backend as thread, scheduled::backend as shared,
        },
    };

    pub(super) fn schedule(conn: &mut Conn, new: &NewScheduled) -> Written<Scheduling> {
        let NewScheduled { room, user, scheduled, attachments } = new;
        if member::standing(conn, *room, *user)?.is_none() {
            return Err(Denied::Stranger.into());
        }
        if let Some(known) = known(conn, *user, scheduled)? {
            let scheduled = shared::find(conn, *user, known)?;
            return match scheduled.room == new.scheduled.room {
                true => Ok(Scheduling { scheduled, is_new: false }),
                false => Err(WriteError::ClientIdElsewhere.into()),
            };
        }
        // It would be sent as a repeat of that, and so not at all.
        let sent = messages::table
            .filter(messages::sender_key.eq(user.0))
            .filter(messages::client_id.eq(scheduled.client_id.as_str()));
        if select(exists(sent)).get_result(conn)? {
            return Err(WriteError::ClientIdSent.into());
        }
        let of_user = scheduled::table.filter(scheduled::user_key.eq(user.0));
        if of_user.count().get_result::<i64>(conn)? >= SCHEDULED_PER_USER {
            return Err(WriteError::TooManyScheduled.into());
        }
        root_of(conn, scheduled.reply_to, *room)?;
        let root = root_of(conn, scheduled.thread, *room)?;
        let files = match &attachments[..] {
            [] => Vec::new(),
            ids => attachment::claim(conn, ids, *user, *room, scheduled.id.as_message(), None)?
                .ok_or(WriteError::NoSuchAttachment)?,
        };
        let attachments = encode_attachments(&files).map(Into::into);
        let scheduled = Scheduled { thread: root, attachments, ..(**scheduled).clone() };
        store(conn, (*user, *room), &scheduled)?;
        Ok(Scheduling { scheduled, is_new: true })
    }

    /// What the user has scheduled by the same `client_id`.
    fn known(
        conn: &mut Conn,
        user: UserKey,
        scheduled: &Scheduled,
    ) -> QueryResult<Option<ScheduledId>> {
        let known = scheduled::table
            .filter(scheduled::user_key.eq(user.0))
            .filter(scheduled::client_id.eq(scheduled.client_id.as_str()));
        Ok(known.select(scheduled::id).first::<i64>(conn).optional()?.map(ScheduledId))
    }

    /// The root of the thread of a message that is answered, which has to be there.
    fn root_of(
        conn: &mut Conn,
        named: Option<MessageId>,
        room: RoomKey,
    ) -> Written<Option<MessageId>> {
        let Some(named) = named else { return Ok(None) };
        let root = thread::root_of(conn, named, room)?;
        root.map(Some).ok_or_else(|| WriteError::NoSuchMessage.into())
    }

    fn store(
        conn: &mut Conn,
        (user, room): (UserKey, RoomKey),
        scheduled: &Scheduled,
    ) -> QueryResult<()> {
        let Scheduled {
            id,
            room: _,
            client_id,
            content,
            reply_to,
            thread,
            in_room,
            metadata,
            attachments,
            send_at,
            created_at,
            updated_at,
            failed: _,
        } = scheduled;
        diesel::insert_into(scheduled::table)
            .values((
                scheduled::id.eq(id.0),
                scheduled::user_key.eq(user.0),
                scheduled::room_key.eq(room.0),
                scheduled::client_id.eq(client_id.as_str()),
                scheduled::content.eq(&**content),
                scheduled::reply_to.eq(reply_to.map(|id| id.0)),
                scheduled::thread_id.eq(thread.map(|id| id.0)),
                scheduled::in_room.eq(*in_room),
                scheduled::metadata.eq(metadata.as_deref()),
                scheduled::attachments.eq(attachments.as_deref()),
                scheduled::send_at.eq(send_at.0),
                scheduled::try_at.eq(Some(send_at.0)),
                scheduled::created_at.eq(created_at.0),
                scheduled::updated_at.eq(updated_at.0),
            ))
            .execute(conn)
            .map(drop)
    }
}
