//! Send a message.

use std::sync::Arc;

use parlor_domain::{
    AttachmentId, Blocklists, ClientId, Denied, Message, MessageId, MessageKind, NewExtras,
    PlainText, Posted, ReportId, Room, RoomId, RoomKey, RoomKind, RoomRules, Scheduled,
    ScheduledEnd, ScheduledId, Scope, StoredMessage, Timestamp, User, UserId, UserKey,
    limits::{ATTACHMENTS_PER_MESSAGE, METADATA_BYTES},
    mentioned_in,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Access, Asked, ChatError, ChatServer, Operation, Requester, Shown,
    begin::begin,
    screen::{Passed, look_through},
};
use crate::{
    callbacks::{BeforeSend, Draft, DraftKind, Rewriting},
    chat::{Decision, Line, ReplyTo},
    clock::now,
    db::{NewMessage, Reader, RichMessage, Sent, WriteError},
    metrics::metrics,
    protocol::{Object, Refusal, Rules, StoredMessageView, UserView, events},
};

/// Sent again with the same `client_id` it is not stored again, and gets the first
/// answer again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Send {
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
    /// Only the application: in whose name it is sent.
    sender_id: Option<UserId>,
    /// Only the application: a notice that nobody says.
    kind: Option<MessageKind>,
    /// Only the application: it is not unread to anybody, and calls nobody whom it
    /// mentions. A notice is silent unless this is false.
    silent: Option<bool>,
    /// Only the application: when it was said elsewhere.
    created_at: Option<Timestamp>,
    /// The application was asked.
    #[serde(skip)]
    is_decided: bool,
    /// It was looked through for what is in lists; whether something of it is reported.
    #[serde(skip)]
    screened: Option<bool>,
    /// Its text comes later.
    #[serde(skip)]
    is_streaming: bool,
    /// What was scheduled, as of its latest change.
    #[serde(skip)]
    scheduled: Option<(ScheduledId, Timestamp)>,
}

impl Operation for Send {
    type Answer = StoredMessage;
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Messages];
    const OPENS: bool = true;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        self.check_posted(rules)?;
        check_in_room(self.in_room, self.thread_id)?;
        check_said((self.content.as_ref(), self.metadata.as_ref()), &self.attachments, rules)
    }

    fn allowed(&self, from: &Requester, access: &Access) -> Result<(), ChatError> {
        if !self.is_posted() {
            return access.may_write(now());
        }
        if !from.is_admin {
            access.service(from)?;
        }
        match self.is_from_itself() {
            true => Access { is_admin: true, ..access.clone() }.may_write(now()),
            false => Ok(()),
        }
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        if self.is_posted() {
            return self.post(asked, server);
        }
        if self.screened.is_none() && server.screens(&asked.from, &asked.place.room) {
            return self.screen(asked, server);
        }
        match server.asks_before_send(&asked.from) {
            Some(before_send) if !self.is_decided => self.ask_first(before_send, asked, server),
            _ => {
                let Asked { from, place: access, reply } = asked;
                let (by_admin, rules) = (access.as_admin(), access.rules());
                // Those have been looked through.
                let rules = RoomRules { blocklists: None, ..rules };
                let sender = Sender { user: from.user, by_admin, rules, posted_by: None };
                self.store(sender, access.room, reply, server);
            }
        }
    }
}

/// What is in no thread is in its room anyway.
pub(super) fn check_in_room(in_room: bool, thread: Option<MessageId>) -> Result<(), Refusal> {
    match in_room && thread.is_none() {
        true => Err(Refusal::field("in_room", "is for a reply in a thread")),
        false => Ok(()),
    }
}

/// What is checked of the content and metadata of a message, and its files.
///
/// # Errors
/// The field that is wrong.
pub(super) fn check_said(
    (content, metadata): (Option<&PlainText>, Option<&Object>),
    files: &[AttachmentId],
    rules: &Rules,
) -> Result<(), Refusal> {
    let is_twice = |(at, id): (usize, &AttachmentId)| files[..at].contains(id);
    if files.len() > ATTACHMENTS_PER_MESSAGE || files.iter().enumerate().any(is_twice) {
        let what = format!("must be a list of at most {ATTACHMENTS_PER_MESSAGE} attachment ids");
        return Err(Refusal::field("attachments", &what));
    }
    match (content, files.is_empty()) {
        (Some(PlainText(content)), true) => rules.shown_content(content)?,
        // A file may speak for itself.
        (Some(PlainText(content)), false) => rules.content(content)?,
        (None, true) => return Err(Refusal::field("content", "is missing")),
        (None, false) => {}
    }
    Object::check("metadata", metadata, METADATA_BYTES)
}

/// In whose name a message is stored, and by what right.
struct Sender {
    user: User,
    by_admin: bool,
    rules: RoomRules,
    /// Who sends it, if that is another one.
    posted_by: Option<User>,
}

impl Sender {
    /// By the right of the application, which is everybody's who may write.
    fn posting(user: User, posted_by: Option<User>) -> Self {
        Self { user, by_admin: true, rules: RoomRules::default(), posted_by }
    }
}

impl Send {
    /// What was scheduled, now that it is time.
    pub fn scheduled(scheduled: Scheduled, attachments: Vec<AttachmentId>) -> Self {
        let Scheduled { id, room, client_id, content, updated_at, metadata, .. } = scheduled;
        let answers = (scheduled.reply_to, scheduled.thread, scheduled.in_room);
        let metadata = metadata.map(|metadata| Object(Some(metadata)));
        Self {
            content: Some(PlainText(content)).filter(|PlainText(content)| !content.is_empty()),
            attachments,
            is_streaming: false,
            scheduled: Some((id, updated_at)),
            ..Self::streaming(room, Some(client_id), answers, metadata, None)
        }
    }

    /// One whose text comes later.
    pub fn streaming(
        room_id: RoomId,
        client_id: Option<ClientId>,
        (reply_to, thread_id, in_room): (Option<MessageId>, Option<MessageId>, bool),
        metadata: Option<Object>,
        sender_id: Option<UserId>,
    ) -> Self {
        Self {
            room_id,
            content: None,
            client_id,
            idempotency_key: None,
            reply_to,
            thread_id,
            in_room,
            metadata,
            attachments: Vec::new(),
            sender_id,
            kind: None,
            silent: None,
            created_at: None,
            is_decided: false,
            screened: None,
            is_streaming: true,
            scheduled: None,
        }
    }

    fn name(&self) -> Option<&ClientId> {
        self.client_id.as_ref().or(self.idempotency_key.as_ref())
    }

    /// Whether only the application may say it like this.
    fn is_posted(&self) -> bool {
        self.sender_id.is_some()
            || self.kind.is_some()
            || self.silent.is_some()
            || self.created_at.is_some()
    }

    /// Whether the application's user says it, and neither another one nor nobody.
    fn is_from_itself(&self) -> bool {
        self.sender_id.is_none() && self.kind.is_none()
    }

    fn check_posted(&self, rules: &Rules) -> Result<(), Refusal> {
        if self.kind.is_some() && self.sender_id.is_some() {
            return Err(Refusal::field("sender_id", "is for what somebody says, which no kind is"));
        }
        match self.created_at {
            Some(at) if at > rules.now => {
                Err(Refusal::field("created_at", "must not be in the future"))
            }
            Some(at) if at.0 < 0 => Err(Refusal::field("created_at", "must be after 1970")),
            _ => Ok(()),
        }
    }

    /// What the application posts is not asked about. Only the two speak in a room of
    /// two, and may not if one has blocked the other; a notice is nobody's.
    fn post(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: Access { room, .. }, reply } = asked;
        let is_direct = room.kind == RoomKind::Direct;
        let Some(id) = self.sender_id.clone() else {
            let by_admin = !(is_direct && self.is_from_itself());
            let sender = Sender { by_admin, ..Sender::posting(from.user, None) };
            return self.store(sender, room, reply, server);
        };
        server.with_named_user(&from.clone(), id, reply, move |server, user, reply, _| {
            let sender = Sender::posting(user, Some(from.user));
            if !is_direct {
                return self.store(sender, room, reply, server);
            }
            let (reader, of) = (server.reader.clone(), sender.user.key);
            let standing = async move { (reader.standing(room.key, of).await, room) };
            server.when(standing, move |(standing, room), server| {
                let may = standing.map_err(ChatError::from).and_then(|standing| {
                    let standing = standing.ok_or(Denied::Stranger)?;
                    Ok(standing.may_write(room.kind, room.rules, now())?)
                });
                match may {
                    Ok(()) => self.store(Sender { by_admin: false, ..sender }, room, reply, server),
                    Err(refused) => server.answer(reply, Err(refused)),
                }
            });
        });
    }

    /// Where its lists are not ready, or one before it waits for them, it waits in its line.
    fn screen(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place, reply } = asked;
        let (lists, room) = (server.settings.lists.clone(), place.room.clone());
        let line = Line::Room(from.user.key, room.id.clone());
        // What the application is asked about has the same line behind this.
        let waits = server.asks_before_send(&from).is_none() && server.has_waiting(&line);
        let (reader, user) = (server.reader.clone(), from.user.key);
        if let Some(lists) = lists.ready(&room).filter(|_| !waits) {
            return match self.look_through(&lists) {
                Ok(passed) => self.passed(passed).run(Asked { from, place, reply }, server),
                Err(refused) => {
                    server.answer_when(reply, self.or_sent_before(refused, reader, room, user));
                }
            };
        }
        server.ask_first((from, reply), (line, None), self, move |send| async move {
            let lists = match lists.of(&reader, &room).await {
                Ok(lists) => lists,
                Err(error) => return Decision::Answer(Err(error.into())),
            };
            match send.look_through(&lists) {
                Ok(passed) => Decision::Do(send.passed(passed)),
                Err(refused) => {
                    Decision::Answer(send.or_sent_before(refused, reader, room, user).await)
                }
            }
        });
    }

    fn look_through(&self, lists: &[Arc<Blocklists>]) -> Result<Passed, ChatError> {
        look_through(self.content.as_ref().map_or("", |PlainText(content)| content), lists)
    }

    fn passed(self, Passed { masked, flagged }: Passed) -> Self {
        let content = masked.map(PlainText).or(self.content);
        Self { content, screened: Some(flagged), ..self }
    }

    /// What was stored before a list was set is found to be.
    async fn or_sent_before(
        self,
        refused: ChatError,
        reader: Reader,
        room: Arc<Room>,
        sender: UserKey,
    ) -> Result<StoredMessage, ChatError> {
        self.sent_before(&reader, room.key, sender).await?.ok_or(refused)
    }

    fn ask_first(self, before_send: BeforeSend, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: Access { room, .. }, reply } = asked;
        let line = Line::Room(from.user.key, room.id.clone());
        let (client_id, user) = (self.name().cloned(), from.user.clone());
        let (reader, rules) = (server.reader.clone(), server.rules());
        server.ask_first((from, reply), (line, client_id), self, move |send| async move {
            match send.sent_before(&reader, room.key, user.key).await {
                Ok(None) => {}
                Ok(Some(stored)) => return Decision::Answer(Ok(stored)),
                Err(error) => return Decision::Answer(Err(error)),
            }
            let decided = Self { is_decided: true, ..send.clone() };
            let rewrite = move |send: Self, rewriting| send.rewritten(rewriting, &rules);
            Decision::from(before_send.ask(&user, &send.draft(&user), decided, rewrite).await)
        });
    }

    /// What is stored already is not asked about again. Nor is it left to the
    /// transaction to find: if it were deleted meanwhile, it would be stored as new.
    async fn sent_before(
        &self,
        reader: &Reader,
        room: RoomKey,
        sender: UserKey,
    ) -> Result<Option<StoredMessage>, ChatError> {
        let Some(client_id) = self.name() else { return Ok(None) };
        match reader.sent(sender, client_id).await? {
            Some((there, _)) if there != room => Err(WriteError::ClientIdElsewhere.into()),
            sent => Ok(sent.map(|(_, stored)| stored)),
        }
    }

    fn draft<'a>(&'a self, user: &'a User) -> Draft<'a> {
        let metadata = self.metadata.as_ref().and_then(|Object(metadata)| metadata.as_deref());
        Draft {
            kind: DraftKind::Send,
            room_id: self.room_id.as_str(),
            user: UserView::from(user),
            message_id: None,
            client_id: self.name().map(ClientId::as_str),
            content: self.content.as_ref().map_or("", |PlainText(content)| &**content),
            metadata: metadata.and_then(|metadata| serde_json::from_str(metadata).ok()),
            attachments: self.attachments.iter().map(|id| id.0.to_string()).collect(),
            reply_to: self.reply_to.map(|id| id.0.to_string()),
            thread_id: self.thread_id.map(|id| id.0.to_string()),
        }
    }

    fn rewritten(self, rewriting: Rewriting, rules: &Rules) -> Result<Self, Refusal> {
        let Rewriting { content, metadata } = rewriting;
        let (content, metadata) = (content.or(self.content), metadata.or(self.metadata));
        let mut rewritten = Self { content, metadata, ..self };
        rewritten.check(rules)?;
        Ok(rewritten)
    }

    fn store(
        self,
        Sender { user: sender, by_admin, rules, posted_by }: Sender,
        room: Arc<Room>,
        reply: ReplyTo<StoredMessage>,
        server: &mut ChatServer,
    ) {
        let content = self.content.map_or_else(|| "".into(), |PlainText(content)| content);
        let scheduled = self.scheduled;
        let (by, is_streaming) = (posted_by.as_ref().map(|by| by.key), self.is_streaming);
        let extras = NewExtras {
            attachments: self.attachments,
            reply_to: self.reply_to,
            thread: self.thread_id,
            in_room: self.in_room,
            metadata: self.metadata.and_then(|Object(metadata)| metadata),
            mentioned: mentioned_in(&content),
            posted: Posted {
                kind: self.kind,
                by: posted_by.map(|by| by.id),
                silent: self.silent.unwrap_or(self.kind.is_some()),
            },
            is_streaming,
            scheduled: self.scheduled,
            flagged: (self.screened == Some(true)).then(|| ReportId(server.ids.next(now()).0)),
        };
        let message = NewMessage {
            id: server.ids.next(now()),
            room: room.key,
            sender: sender.key,
            by_admin,
            rules,
            client_id: self.client_id.or(self.idempotency_key),
            content,
            created_at: self.created_at.unwrap_or_else(now),
            extras: extras.boxed(),
        };
        let (client_id, content) = (message.client_id.clone(), message.content.clone());
        if is_streaming {
            return begin(message, (room, sender, by), reply, server);
        }
        server.write_for(reply, message, move |server, reply, sent| {
            let Sent { stored, rich } = sent;
            // First the ack, then the event, so that a sender knows its message
            // by the time it sees it.
            server.answer(reply, Ok(stored));
            if stored.duplicate {
                metrics().duplicates.inc();
                return;
            }
            metrics().messages.inc();
            if let Some((scheduled, _)) = scheduled {
                let ended = ScheduledEnd::Sent(stored.id);
                server.tell_ended((scheduled, &room.id), sender.key, ended);
            }
            server.stop_typing(&room, &sender);
            let Some(rich) = rich else {
                let message = as_sent(&room, sender, client_id, content, stored);
                return server.tell_event(room.key, stored.seq, events::message_created(&message));
            };
            let RichMessage { message, root, followed, .. } = *rich;
            server.tell_event(room.key, stored.seq, events::message_created(&message));
            server.tell_root(root.as_ref());
            server.tell_followed(&message, &followed);
        });
    }
}

/// A message without anything that only the transaction knows: nothing is read
/// for it.
fn as_sent(
    room: &Room,
    sender: User,
    client_id: Option<ClientId>,
    content: Arc<str>,
    stored: StoredMessage,
) -> Message {
    Message {
        id: stored.id,
        room_key: room.key,
        room: room.id.clone(),
        seq: stored.seq,
        changed_seq: stored.seq,
        sender,
        client_id,
        content,
        created_at: stored.created_at,
        edited_at: None,
        deleted_at: None,
        extras: None,
    }
}

impl Shown for StoredMessage {
    type View<'a> = StoredMessageView;

    const STATUSES: &'static [u16] = &[201, 200];

    fn view(&self) -> StoredMessageView {
        let Self { id, seq, created_at, duplicate } = *self;
        StoredMessageView {
            message_id: id.0.to_string(),
            seq: seq.0,
            created_at: created_at.to_rfc3339(),
            duplicate,
        }
    }

    fn status(&self) -> u16 {
        if self.duplicate { 200 } else { 201 }
    }
}
