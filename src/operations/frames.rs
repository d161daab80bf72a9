//! The table of the socket: which frame asks for which operation.

use serde_json::Value;

use super::{
    IDEMPOTENCY_KEY, Operation, Requester, Shown,
    blocklist::{DeleteRoomBlocklist, SetRoomBlocklist},
    command::{self, Command},
    delivered::MarkDelivered,
    device::{RegisterDevice, RemoveDevice},
    draft::SetDraft,
    edit::{Delete, Edit},
    freeze::{Freeze, Unfreeze},
    history::History,
    join::Join,
    leave::Leave,
    mark::MarkRead,
    mark_unread::MarkUnread,
    pin::{Pin, Unpin},
    preferences::SetPreferences,
    present::{AckInbox, SetPresence, Typing},
    quiet::{EndQuiet, SetQuiet},
    reaction::{React, Unreact},
    report::{ReportMessage, ReportUser},
    saved::{Save, Unsave},
    scheduled::{CancelScheduled, ChangeScheduled, Schedule, SendScheduled},
    send::Send,
    slow_mode::SetSlowMode,
    stream::{Append, Fail, Finish, Start, Stop},
    subscribe::{Resume, Subscribe, Unsubscribe},
    thread::{Follow, MarkThreadRead, Unfollow},
};
use crate::{
    chat::{ReplyTo, Request, RequestId, SessionRef},
    protocol::{Input, Refusal, Rules, Schemas},
};

/// A type of frames that ask for an operation.
pub struct Frame {
    pub kind: &'static str,
    read: fn(Input, &Rules) -> Result<Read, Refusal>,
    /// The schema of its `data`.
    pub takes: fn(&mut Schemas) -> Value,
    /// The schema of the `data` of its ack.
    pub gives: fn(&mut Schemas) -> Value,
}

/// A request that has been read, and waits to be told who asks.
pub type Read = Box<dyn FnOnce(Requester, SessionRef, Option<RequestId>) -> Request>;

/// What a session that comes back says first; it concerns the session itself,
/// too.
pub const RESUME: &str = "session.resume";

/// What a writer says many times a second; it has a rate of its own.
pub const APPEND: &str = "message.append";

/// What is sent most comes first: it is found by going through them.
pub const FRAMES: &[Frame] = &[
    frame::<Send>("message.send"),
    frame::<Append>(APPEND),
    frame::<Subscribe>("room.subscribe"),
    frame::<Unsubscribe>("room.unsubscribe"),
    frame::<Resume>(RESUME),
    frame::<Join>("room.join"),
    frame::<Leave>("room.leave"),
    frame::<Edit>("message.edit"),
    frame::<Delete>("message.delete"),
    frame::<Start>("message.start"),
    frame::<Finish>("message.finish"),
    frame::<Fail>("message.fail"),
    frame::<Stop>("message.stop"),
    frame::<React>("reaction.add"),
    frame::<Unreact>("reaction.remove"),
    frame::<MarkRead>("message.read"),
    frame::<MarkDelivered>("message.delivered"),
    frame::<MarkUnread>("message.unread"),
    frame::<History>("history"),
    frame::<Typing>("typing"),
    frame::<SetPresence>("presence.set"),
    frame::<AckInbox>("inbox.ack"),
    frame::<Pin>("message.pin"),
    frame::<Unpin>("message.unpin"),
    frame::<Freeze>("room.freeze"),
    frame::<Unfreeze>("room.unfreeze"),
    frame::<SetSlowMode>("room.slow_mode"),
    frame::<SetRoomBlocklist>("blocklist.set"),
    frame::<DeleteRoomBlocklist>("blocklist.delete"),
    frame::<SetPreferences>("room.preferences"),
    frame::<SetDraft>("draft.set"),
    frame::<ReportMessage>("message.report"),
    frame::<ReportUser>("user.report"),
    frame::<RegisterDevice>("device.register"),
    frame::<RemoveDevice>("device.remove"),
    frame::<SetQuiet>("push.quiet"),
    frame::<EndQuiet>("push.loud"),
    frame::<Follow>("thread.follow"),
    frame::<Unfollow>("thread.unfollow"),
    frame::<MarkThreadRead>("thread.read"),
    frame::<Save>("message.save"),
    frame::<Unsave>("message.unsave"),
    frame::<Schedule>("message.schedule"),
    frame::<ChangeScheduled>("scheduled.change"),
    frame::<CancelScheduled>("scheduled.cancel"),
    frame::<SendScheduled>("scheduled.send"),
    frame::<Command>("app.*"),
];

const fn frame<O: Operation>(kind: &'static str) -> Frame {
    Frame { kind, read: read::<O>, takes: takes::<O>, gives: gives::<O> }
}

fn read<O: Operation>(input: Input, rules: &Rules) -> Result<Read, Refusal> {
    let mut operation: O = input.read()?;
    operation.check(rules)?;
    Ok(asked(operation))
}

fn asked<O: Operation>(operation: O) -> Read {
    Box::new(move |from, session, id| {
        Request::new(from, operation, ReplyTo::Session { session, id })
    })
}

/// Without what is a header over REST.
fn takes<O: Operation>(schemas: &mut Schemas) -> Value {
    let mut schema = schemas.inline::<O>();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove(IDEMPOTENCY_KEY);
    }
    schema
}

fn gives<O: Operation>(schemas: &mut Schemas) -> Value {
    schemas.of::<<O::Answer as Shown>::View<'static>>()
}

/// Reads what a session that comes back has, and whether it will say more.
///
/// # Errors
/// The field that is wrong.
pub fn resume(input: Input, rules: &Rules) -> Result<(Read, bool), Refusal> {
    let mut resume: Resume = input.read()?;
    resume.check(rules)?;
    let more = resume.more;
    Ok((asked(resume), more))
}

/// What the requests of a type are called in traces: names that the application makes up,
/// or nobody knows, are not told apart.
pub fn span_name(kind: &str) -> &'static str {
    match FRAMES.iter().find(|frame| frame.kind == kind) {
        Some(frame) => frame.kind,
        None if kind.starts_with(command::PREFIX) => "app.*",
        None => "frame",
    }
}

/// Reads the data of a frame.
///
/// # Errors
/// The field that is wrong: of the data, or the type.
pub fn find(kind: &str, input: Input, rules: &Rules) -> Result<Read, Refusal> {
    match FRAMES.iter().find(|frame| frame.kind == kind) {
        Some(frame) => (frame.read)(input, rules),
        None if kind.starts_with(command::PREFIX) => Command::read(kind, input).map(asked),
        None => Err(Refusal::field("type", "is not known")),
    }
}
