//! The table of the socket: which frame asks for which operation.

use serde_json::Value;

use super::{
    Operation, Requester, Shown,
    edit::{Delete, Edit},
    join::Join,
    leave::Leave,
    mark::{MarkDelivered, MarkRead},
    pin::{Pin, Unpin},
    present::{AckInbox, SetPresence, Typing},
    reaction::{React, Unreact},
};
use crate::{
    chat::{ReplyTo, Request, RequestId, SessionRef},
    protocol::{Input, Refusal, Rules, describe::Schemas},
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

pub const FRAMES: &[Frame] = &[
    frame::<Join>("room.join"),
    frame::<Leave>("room.leave"),
    frame::<Edit>("message.edit"),
    frame::<Delete>("message.delete"),
    frame::<React>("reaction.add"),
    frame::<Unreact>("reaction.remove"),
    frame::<MarkRead>("message.read"),
    frame::<MarkDelivered>("message.delivered"),
    frame::<Typing>("typing"),
    frame::<SetPresence>("presence.set"),
    frame::<AckInbox>("inbox.ack"),
    frame::<Pin>("message.pin"),
    frame::<Unpin>("message.unpin"),
];

const fn frame<O: Operation>(kind: &'static str) -> Frame {
    Frame { kind, read: read::<O>, takes: takes::<O>, gives: gives::<O> }
}

fn read<O: Operation>(input: Input, rules: &Rules) -> Result<Read, Refusal> {
    let mut operation: O = input.read()?;
    operation.check(rules)?;
    Ok(Box::new(move |from, session, id| {
        Request::operation(from, operation, ReplyTo::Session { session, id })
    }))
}

fn takes<O: Operation>(schemas: &mut Schemas) -> Value {
    schemas.of::<O>()
}

fn gives<O: Operation>(schemas: &mut Schemas) -> Value {
    schemas.of::<<O::Answer as Shown>::View<'static>>()
}

/// Reads the data of a frame.
///
/// # Errors
/// The field that is wrong: of the data, or the type.
pub fn find(kind: &str, input: Input, rules: &Rules) -> Result<Read, Refusal> {
    match FRAMES.iter().find(|frame| frame.kind == kind) {
        Some(frame) => (frame.read)(input, rules),
        None => Err(Refusal::field("type", "is not known")),
    }
}
