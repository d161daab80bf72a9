//! All that goes over the wire, as snapshots: one that changes is a change of the
//! protocol. `INSTA_UPDATE=always cargo test --lib rest::wire` takes it over.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::describe::{asyncapi, openapi};
use crate::{
    chat::Shown,
    limiter::{Rates, per_second},
    operations::{command::Answered, disconnect::Disconnected, frames::FRAMES, publish::Published},
    protocol::{
        Close, DeviceView, DraftView, ErrorCode, ErrorView, HistoryView, MemberOutcome,
        MemberResultView, MemberView, MembersChangedView, QuietView, ReadMarkView, Refusal,
        ReportView, ReportedView, RoomEntryView, RoomPreferencesView, RoomView, SavedMessageView,
        SavedView, ScheduledView, Schemas, StoredMessageView, ThreadStateView,
        events::{self, Delta, Departure, MarkView, PresenceView, UnreadView},
        server_frame::{
            self, AppendedView, ChangedView, DeliveredView, Empty, JoinedView, ResumedInbox,
            ResumedRoom, ResumedView, RoomsView, SessionView, SubscribedView,
        },
    },
};
use parlor_domain::{
    AppEvent, ClientId, Decided, Decision, Device, DeviceId, Draft, Epoch, EventKind, Extras,
    Failed, HistoryPage, InboxEvent, Member, Mentions, Message, MessageId, MessageKind,
    Notifications, Pin, Posted, Preferences, Profile, PushService, QuietTime, Quote, REMINDER,
    Reaction, Reminder, Report, ReportId, ReportReason, Role, Room, RoomEvent, RoomId, RoomKind,
    RoomOverview, RoomRules, RoomState, Saved, Scheduled, ScheduledEnd, ScheduledId, Seq, Standing,
    Status, StreamState, Thread, ThreadState, TimeOfDay, Timestamp, User, UserId, UserKey,
    limits::Limits,
};
use parlor_websocket::Frame;

const AT: Timestamp = Timestamp(1_795_000_000_123);
const LATER: Timestamp = Timestamp(1_795_000_060_000);
const MESSAGE: i64 = 124_845_112_845_926_400;

fn user(key: i64, id: &str, name: &str) -> User {
    User { key: UserKey(key), id: UserId::from_stored(id), name: name.into(), avatar: None }
}

fn epoch() -> Epoch {
    Epoch::parse("Zk3v0cP1x2A").expect("valid")
}

fn room() -> Room {
    Room {
        id: RoomId::from_stored("board:42"),
        title: "Board".into(),
        topic: "What is next".into(),
        custom: Some(r#"{"colour":"green"}"#.into()),
        rules: RoomRules {
            frozen: true,
            slow_mode_seconds: Some(30),
            blocklists: Some(1_700_000_000_000),
        },
        created_at: AT,
        ..Room::sample(7, RoomKind::Public)
    }
}

fn profile() -> Profile {
    let avatar = Some("https://cdn.example.org/ann.png".into());
    Profile {
        user: User { avatar, ..user(1, "ann", "Ann") },
        custom: Some(r#"{"team":7}"#.into()),
        roles: vec!["editor".into()],
        created_at: AT,
        deactivated_at: Some(LATER),
    }
}

fn draft() -> Draft {
    Draft {
        room: room().id,
        thread: Some(MessageId(MESSAGE)),
        content: "I am not sure".into(),
        metadata: Some(r#"{"reply_to":"7"}"#.into()),
        updated_at: LATER,
    }
}

fn report() -> Report {
    Report {
        id: ReportId(MESSAGE + 9),
        message: Some(MessageId(MESSAGE)),
        room: Some(room().id),
        user: user(2, "ben", "Ben"),
        content: Some("buy now".into()),
        count: 3,
        reasons: vec![(ReportReason::Spam, 2), (ReportReason::Other, 1)],
        reported_at: AT,
        decided: Some(Decided {
            decision: Decision::Delete,
            by: user(1, "ann", "Ann").id,
            at: LATER,
            note: "an advertisement".into(),
        }),
    }
}

fn thread_state() -> ThreadState {
    ThreadState {
        room: room().id,
        thread: MessageId(MESSAGE),
        following: true,
        read_seq: Seq(41),
        unread: 2,
        mentions: 1,
    }
}

fn saved() -> Saved {
    Saved {
        room: room().id,
        message: MessageId(MESSAGE),
        note: Some("answer him".into()),
        saved_at: Some(AT),
        remind_at: Some(LATER),
        reminded_at: Some(LATER),
        updated_at: LATER,
    }
}

/// What is to be sent later, with all it can have.
fn scheduled() -> Scheduled {
    let failed = Failed { code: "forbidden".into(), message: "you are muted in this room".into() };
    Scheduled {
        id: ScheduledId(7),
        room: room().id,
        client_id: ClientId::from_stored("7f"),
        content: "good morning".into(),
        reply_to: Some(MessageId(MESSAGE)),
        thread: Some(MessageId(MESSAGE)),
        in_room: true,
        metadata: Some(r#"{"card":7}"#.into()),
        attachments: rich().extras.and_then(|extras| extras.attachments),
        send_at: LATER,
        created_at: AT,
        updated_at: LATER,
        failed: Some(failed),
    }
}

fn reminder() -> InboxEvent {
    let Saved { room: room_id, message: message_id, note, .. } = saved();
    let reminder = Reminder { room_id, message_id, note, remind_at: LATER };
    let data = serde_json::to_string(&reminder).expect("JSON").into();
    let event = AppEvent { kind: EventKind::from_stored(REMINDER), data, at: LATER };
    InboxEvent { inbox_seq: Seq(10), event }
}

fn preferences() -> Preferences {
    Preferences {
        notifications: Notifications::Mentions,
        notifications_until: Some(LATER),
        hidden: true,
        archived: true,
        pinned: true,
        rank: Some(-3),
    }
}

/// A room with all it can have.
fn overview() -> RoomOverview {
    let standing = Standing {
        role: Role::Moderator,
        muted_until: Some(LATER),
        blocked: true,
        peer_deleted: false,
    };
    let (read_seq, delivered_seq) = (Seq(40), Seq(41));
    RoomOverview {
        room: Arc::new(room()),
        last_seq: Seq(42),
        epoch: epoch(),
        member_count: 3,
        state: Some(RoomState {
            standing,
            read_seq,
            delivered_seq,
            unread: 2,
            mentions: 1,
            unread_from: Some(Seq(39)),
            preferences: preferences(),
        }),
        peer: Some(user(2, "ben", "Ben")),
        last_message: Some(Some(plain())),
    }
}

fn plain() -> Message {
    Message {
        id: MessageId(MESSAGE),
        room: room().id,
        sender: user(1, "ann", "Ann"),
        created_at: AT,
        ..Message::sample(41, "hi")
    }
}

/// A message with all it can have.
fn rich() -> Message {
    let ben = user(2, "ben", "Ben");
    let quote = |id, deleted| Quote {
        id: MessageId(id),
        sender: ben.clone(),
        excerpt: "yes".into(),
        created_at: AT,
        deleted,
    };
    let users = vec![ben.id.clone()];
    let extras = Extras {
        reply_to: Some(quote(MESSAGE - 1, true)),
        thread_id: Some(MessageId(MESSAGE - 2)),
        in_room: true,
        thread: Some(Thread { count: 1, last_reply: Some(quote(MESSAGE + 1, false)) }),
        metadata: Some(r#"{"card":7}"#.into()),
        mentions: Mentions { users: users.clone(), room: true },
        attachments: Some(r#"[{"attachment_id":"5","name":"a.png"}]"#.into()),
        reactions: vec![Reaction { emoji: "👍".into(), count: 1, users }],
        pinned: Some(Pin { at: LATER, by: ben.id.clone() }),
        posted: Posted { kind: Some(MessageKind::System), by: Some(ben.id.clone()), silent: true },
        stream: Some(StreamState::Interrupted),
    };
    Message {
        changed_seq: Seq(43),
        client_id: ClientId::parse("7f").ok(),
        edited_at: Some(LATER),
        extras: Some(Box::new(extras)),
        ..plain()
    }
}

fn member() -> Member {
    let (role, muted_until) = (Role::ReadOnly, Some(LATER));
    Member { user: user(2, "ben", "Ben"), role, muted_until, joined_at: AT }
}

fn resumed() -> ResumedView<'static> {
    let refusal = ErrorView {
        code: ErrorCode::NotFound,
        message: "there is no such room".into(),
        field: None,
        retry_after_ms: None,
    };
    let room = ResumedRoom::Resumed {
        replayed: 2,
        last_seq: 42,
        epoch: "Zk3v0cP1x2A",
        resync: false,
        room: None,
    };
    let refused = ResumedRoom::Refused { error: refusal };
    let inbox = ResumedInbox { replayed: 1, last_seq: 9, epoch: "Zk3v".into(), resync: true };
    ResumedView {
        rooms: [("board:42", room), ("gone", refused)].into_iter().collect(),
        inbox: Some(inbox),
    }
}

fn session(frames: &mut Vec<Frame>) {
    let (me, roles) = (user(1, "ann", "Ann"), [Arc::from("service")]);
    let rates = Rates { connection: per_second(10, 20), ..Rates::default() };
    let limits = Limits::default();
    let session =
        SessionView::new(&me, &roles, 5, Duration::from_secs(54), &limits, (&rates).into());
    let rooms = [overview()];
    let first = RoomsView::new(&rooms, false);
    frames.push(server_frame::session_ready(&session, 2, first, Seq(9), &epoch()));
    frames.push(server_frame::session_rooms(&RoomsView::new(&rooms, true)));
    frames.push(server_frame::session_resumed("c-1", &resumed()));
    let refusal = Refusal::field("room_id", "is missing");
    let limited = crate::limiter::Limited { retry_after: Duration::from_millis(1_200) };
    frames.extend([
        server_frame::auth_required(),
        server_frame::auth_failed(&ErrorView::from(limited)),
        server_frame::ack("c-1", &Empty {}),
        server_frame::error(Some("c-1"), &ErrorView::from(&refusal)),
        server_frame::pong(Some("c-1")),
        server_frame::server_goaway("shutting down", 500),
    ]);
}

fn frames() -> Vec<Frame> {
    let (room, ann, ben) = (room(), user(1, "ann", "Ann"), user(2, "ben", "Ben"));
    let id = &room.id;
    let deleted = Message { content: "".into(), deleted_at: Some(LATER), ..plain() };
    let data = r#"{"title":"new"}"#.into();
    let event = AppEvent { kind: EventKind::from_stored("application"), data, at: AT };
    let to_room = RoomEvent { seq: Seq(43), event: event.clone() };
    let to_user = InboxEvent { inbox_seq: Seq(9), event: event.clone() };
    let mark = MarkView { user_id: "ben".into(), read_seq: Some(41), delivered_seq: Some(42) };
    let unread = UnreadView {
        read_seq: 41,
        unread: 1,
        mentions: 0,
        last_seq: 42,
        epoch: "Zk3v0cP1x2A",
        unread_from: Some(42),
    };
    let offline = PresenceView::new(&ben.id, Status::Offline, Some(AT));
    let online = PresenceView::new(&ann.id, Status::Online, None);
    let metadata = Some(r#"{"parts":[]}"#);
    let delta = Delta { message: MessageId(7), offset: 120, text: "and then", metadata };
    let mut frames = vec![
        events::message_created(&plain()),
        events::message_changed(&rich(), LATER),
        events::message_changed(&deleted, LATER),
        events::message_delta(id, &delta, AT),
        events::message_stop(MessageId(7), &ben.id, AT),
        events::room_cleared(id, Seq(44), Seq(43), AT),
        events::published_to_room(id, &to_room),
        events::published_to_user(&to_user),
        events::published(None, &event),
        events::receipts(id, &[mark], AT),
        events::room_unread(id, unread, AT),
        events::room_preferences(id, preferences(), AT),
        events::room_draft(&draft(), AT),
        events::thread_state(&thread_state(), AT),
        events::message_saved(&saved(), AT),
        events::message_saved(&Saved::gone(room.id.clone(), MessageId(MESSAGE), LATER), AT),
        events::published_to_user(&reminder()),
        events::message_scheduled(&scheduled(), AT),
        events::message_scheduled(&Scheduled { failed: None, ..scheduled() }, AT),
        events::scheduled_ended(ScheduledId(7), id, ScheduledEnd::Sent(MessageId(MESSAGE)), AT),
        events::scheduled_ended(ScheduledId(7), id, ScheduledEnd::Cancelled, AT),
        events::typing(id, &ann.id, true, AT),
        events::presence(&offline, AT),
        events::room_presence(id, vec![online], AT),
        events::member_joined(id, &member()),
        events::member_updated(id, &member(), LATER),
        events::member_left(id, &ben, Departure::Banned, LATER),
        events::user_updated(&profile(), AT),
        events::room_members(id, 251, AT),
        events::room_added(&overview(), AT),
        events::room_updated(&room, AT),
        events::room_removed(id, Departure::Removed, AT),
        events::room_deleted(id, AT),
    ];
    session(&mut frames);
    frames
}

#[test]
fn every_frame_of_the_server() {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for frame in frames() {
        let frame: Value = serde_json::from_str(frame.payload()).expect("JSON");
        let kind = frame["type"].as_str().expect("a type").to_owned();
        all.entry(kind).or_default().push(frame);
    }
    let document = asyncapi();
    let described = document["operations"]["event"]["messages"].as_array().expect("a list");
    let mut described: Vec<_> = described
        .iter()
        .filter_map(|message| message["$ref"].as_str()?.rsplit('/').next())
        .collect();
    described.sort_unstable();
    assert_eq!(all.keys().collect::<Vec<_>>(), described, "each type has a sample above");
    insta::assert_json_snapshot!("frames", all);
}

/// Answers by the name of their view.
struct Answers {
    schemas: Schemas,
    all: BTreeMap<String, Value>,
}

impl Answers {
    fn add<V: Serialize + JsonSchema>(&mut self, view: &V) {
        let name = name(&self.schemas.of::<V>());
        self.all.insert(name, serde_json::to_value(view).expect("JSON"));
    }
}

fn name(schema: &Value) -> String {
    let reference = schema["$ref"].as_str().expect("an answer's view has a name");
    reference.rsplit('/').next().unwrap_or_default().to_owned()
}

#[test]
fn every_answer_of_an_operation() {
    let overview = overview();
    let (room, epoch) = (|| RoomView::from(&overview), "Zk3v0cP1x2A");
    let page = HistoryPage {
        messages: vec![plain(), rich()],
        epoch: self::epoch(),
        has_more: true,
        has_more_after: Some(false),
    };
    let mut answers = Answers { schemas: Schemas::new("/schemas"), all: BTreeMap::new() };
    answers.add(&Empty {});
    answers.add(&Answered { answer: json!({"order": 7}) });
    answers.add(&StoredMessageView {
        message_id: MESSAGE.to_string(),
        seq: 41,
        created_at: AT.to_rfc3339(),
        duplicate: false,
    });
    answers.add(&AppendedView { message_id: MESSAGE.to_string(), length: 128 });
    answers.add(&ChangedView { message_id: MESSAGE.to_string(), seq: 43 });
    answers.add(&DeliveredView { room_id: "board:42", delivered_seq: 42 });
    answers.add(&SubscribedView { room: room(), last_seq: 42, epoch, replayed: 2, resync: false });
    answers.add(&JoinedView { room: room(), last_seq: 42, epoch });
    answers.add(&resumed());
    answers.add(&ReadMarkView {
        room_id: "board:42",
        read_seq: 41,
        unread: 1,
        mentions: 0,
        last_seq: 42,
        epoch,
        unread_from: Some(42),
    });
    answers.add(&RoomPreferencesView::new(&RoomId::from_stored("board:42"), preferences()));
    answers.add(&DraftView::from(&draft()));
    answers.add(&ThreadStateView::from(&thread_state()));
    answers.add(&ReportedView { report_id: MESSAGE.to_string() });
    answers.add(&ReportView::from(&report()));
    answers.add(&DeviceView::from(&Device {
        id: DeviceId::from_stored("phone"),
        service: PushService::Web,
        registered_at: AT,
        told_at: Some(LATER),
    }));
    let [from, until] = [22 * 60, 7 * 60 + 30].map(TimeOfDay::from_stored);
    answers.add(&QuietView::from(QuietTime { from, until, utc_offset_minutes: 60 }));
    answers.add(&SavedView::from(&saved()));
    answers.add(&ScheduledView::from(&scheduled()));
    answers.add(&SavedMessageView::from(&(saved(), plain())));
    answers.add(&HistoryView::from(&page));
    answers.add(&room());
    for frame in FRAMES {
        let name = name(&(frame.gives)(&mut answers.schemas));
        assert!(answers.all.contains_key(&name), "{}: {name} has no sample above", frame.kind);
    }
    // Those that only REST has, and what a session is sent of a room.
    answers.add(&RoomEntryView::from(&overview));
    answers.add(&MemberView::from(&member()));
    let refusal = Refusal::field("user_id", "is missing");
    let results = vec![
        MemberResultView::new("ann", Ok(MemberOutcome::Added)),
        MemberResultView::new("ben", Err(ErrorView::from(&refusal))),
    ];
    answers.add(&MembersChangedView { results, member_count: 3 });
    answers.add(&Disconnected(2).view());
    let (seq, inbox_seq) = (Some(Seq(43)), Some(Seq(9)));
    answers.add(&Published { seq, inbox_seq, duplicate: true }.view());
    insta::assert_json_snapshot!("answers", answers.all);
}

/// Without what is for people.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let said = fields.iter().filter(|(name, value)| {
                !(matches!(name.as_str(), "description" | "summary" | "title" | "version")
                    && value.is_string())
            });
            said.map(|(name, value)| (name.clone(), shape(value))).collect()
        }
        Value::Array(values) => values.iter().map(shape).collect(),
        other => other.clone(),
    }
}

/// All calls by what they answer, and the shape of that: most views are made from
/// rows only where they are asked for.
#[test]
fn every_answer_of_rest() {
    let document = openapi();
    let mut calls: BTreeMap<String, String> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, call) in item.as_object().expect("calls") {
            let responses = call["responses"].as_object().expect("responses").iter();
            let answers = responses.map(|(status, response)| {
                match &response["content"]["application/json"]["schema"] {
                    Value::Null => status.clone(),
                    schema if name(schema) == "ErrorBody" => status.clone(),
                    schema => format!("{status} {}", name(schema)),
                }
            });
            calls.insert(format!("{method} {path}"), answers.collect::<Vec<_>>().join(", "));
        }
    }
    insta::assert_json_snapshot!("calls", calls);
    insta::assert_json_snapshot!("schemas", shape(&document["components"]["schemas"]));
}

#[test]
fn every_code() {
    let closes: BTreeMap<u16, Vec<&str>> =
        Close::ALL.iter().fold(BTreeMap::new(), |mut all, it| {
            all.entry(it.code()).or_insert_with(Vec::new).push(it.reason());
            all
        });
    insta::assert_json_snapshot!("codes", json!({"errors": ErrorCode::ALL, "closes": closes}));
}
