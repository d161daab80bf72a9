//! The messages that nodes publish to each other: one per channel and batch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    chat::{Ephemeral, FromNode, StreamPart, ToNodes},
    db::{Happened, Recorded},
    limiter::Spender,
};
use parlor_domain::{MessageId, RoomKey, Seq, UserKey, limits::EPHEMERAL_CHANNELS};
use parlor_websocket::Frame;

/// What is published on one channel at once.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Message {
    /// The incarnation that says it; it does not listen to itself.
    #[serde(rename = "n")]
    pub from: String,
    /// The life of the database that it is in. Nodes of earlier versions say
    /// nothing of it.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    life: Option<String>,
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    events: Vec<EventPart>,
    #[serde(rename = "h", default, skip_serializing_if = "Vec::is_empty")]
    happened: Vec<HappenedPart>,
    #[serde(rename = "x", default, skip_serializing_if = "Vec::is_empty")]
    ephemeral: Vec<EphemeralPart>,
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    streams: Vec<WrittenPart>,
    #[serde(rename = "l", default, skip_serializing_if = "Vec::is_empty")]
    spent: Vec<(Spender, u32)>,
}

/// An event with the frame that readers get, as it is.
#[derive(Debug, Serialize, Deserialize)]
struct EventPart {
    #[serde(rename = "r")]
    room: i64,
    #[serde(rename = "s")]
    seq: i64,
    #[serde(rename = "f")]
    frame: Box<RawValue>,
}

/// An item of the feed, with its place there.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct HappenedPart {
    #[serde(rename = "i")]
    row: i64,
    #[serde(rename = "k")]
    item: u32,
    #[serde(rename = "h")]
    what: Happened,
}

#[derive(Debug, Serialize, Deserialize)]
struct EphemeralPart {
    /// If it arrives on several channels, it is delivered once.
    #[serde(rename = "d")]
    id: u64,
    #[serde(rename = "r")]
    rooms: Vec<i64>,
    #[serde(rename = "u")]
    user: i64,
    #[serde(rename = "b", default, skip_serializing_if = "Vec::is_empty")]
    blocked: Vec<i64>,
    #[serde(rename = "f")]
    frame: Box<RawValue>,
}

/// More of a message that is being written, or how it stands.
#[derive(Debug, Serialize, Deserialize)]
struct WrittenPart {
    #[serde(rename = "m")]
    message: i64,
    #[serde(rename = "r")]
    room: i64,
    #[serde(rename = "s")]
    seq: i64,
    #[serde(rename = "o", default)]
    offset: usize,
    #[serde(rename = "t", default, skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    #[serde(rename = "k", default)]
    stored: usize,
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    has_ended: bool,
}

impl From<&StreamPart> for WrittenPart {
    fn from(part: &StreamPart) -> Self {
        let StreamPart { message, room, seq, offset, text, metadata, stored, has_ended } = part;
        Self {
            message: message.0,
            room: room.0,
            seq: seq.0,
            offset: *offset,
            text: text.to_string(),
            metadata: metadata.as_deref().map(str::to_owned),
            stored: *stored,
            has_ended: *has_ended,
        }
    }
}

impl From<WrittenPart> for StreamPart {
    fn from(part: WrittenPart) -> Self {
        let WrittenPart { message, room, seq, offset, text, metadata, stored, has_ended } = part;
        Self {
            message: MessageId(message),
            room: RoomKey(room),
            seq: Seq(seq),
            offset,
            text: text.into(),
            metadata: metadata.map(Into::into),
            stored,
            has_ended,
        }
    }
}

/// What a message says, piece by piece.
#[derive(Debug, PartialEq)]
pub(super) enum Received {
    Node(FromNode),
    Happened { row: i64, item: u32, what: Happened },
    Ephemeral { id: u64, what: Ephemeral },
    Spent(Vec<(Spender, u32)>),
}

/// Where something is published.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Channel {
    Room(i64),
    User(i64),
    /// Every node hears it.
    All,
}

impl Channel {
    pub fn name(&self, prefix: &str) -> String {
        match self {
            Self::Room(room) => format!("{prefix}:r:{room}"),
            Self::User(user) => format!("{prefix}:u:{user}"),
            Self::All => format!("{prefix}:all"),
        }
    }

    pub fn parse(name: &str, prefix: &str) -> Option<Self> {
        let rest = name.strip_prefix(prefix)?.strip_prefix(':')?;
        match rest.split_once(':') {
            Some(("r", room)) => Some(Self::Room(room.parse().ok()?)),
            Some(("u", user)) => Some(Self::User(user.parse().ok()?)),
            _ => (rest == "all").then_some(Self::All),
        }
    }

    /// An inbox goes to who listens to its user.
    fn of_timeline(room: RoomKey) -> Self {
        room.inbox_owner().map_or(Self::Room(room.0), |user| Self::User(user.0))
    }
}

fn raw(frame: &Frame) -> Option<Box<RawValue>> {
    RawValue::from_string(frame.payload().to_owned()).ok()
}

/// What a node in a life of the database has to say, by channel.
pub(super) fn messages(from: &str, life: &str, said: &ToNodes) -> BTreeMap<Channel, Message> {
    let mut all = BTreeMap::<Channel, Message>::new();
    let mut on = |channel: Channel, put: &mut dyn FnMut(&mut Message)| {
        put(all.entry(channel).or_insert_with(|| {
            let life = Some(life.to_owned());
            Message { from: from.to_owned(), life, ..Message::default() }
        }));
    };
    for Recorded { id, happened } in &said.recorded {
        for (item, what) in (0..).zip(happened) {
            let part = || HappenedPart { row: *id, item, what: what.clone() };
            let places =
                [what.room().map(Channel::of_timeline), what.user().map(|u| Channel::User(u.0))];
            let mut placed = false;
            for channel in places.into_iter().flatten() {
                placed = true;
                on(channel, &mut |message| message.happened.push(part()));
            }
            if !placed {
                on(Channel::All, &mut |message| message.happened.push(part()));
            }
        }
    }
    for (room, seq, frame) in &said.events {
        on(Channel::of_timeline(*room), &mut |message| {
            if let Some(frame) = raw(frame) {
                message.events.push(EventPart { room: room.0, seq: seq.0, frame });
            }
        });
    }
    for Ephemeral { rooms, user, blocked, frame } in &said.ephemeral {
        let id = rand::random();
        let channels = match rooms.len() > EPHEMERAL_CHANNELS {
            true => vec![Channel::All],
            false => rooms.iter().map(|room| Channel::Room(room.0)).collect(),
        };
        for channel in channels {
            on(channel, &mut |message| {
                if let Some(frame) = raw(frame) {
                    let rooms = rooms.iter().map(|room| room.0).collect();
                    let blocked = blocked.iter().map(|user| user.0).collect();
                    let user = user.0;
                    message.ephemeral.push(EphemeralPart { id, rooms, user, blocked, frame });
                }
            });
        }
    }
    for part in &said.streams {
        on(Channel::Room(part.room.0), &mut |message| message.streams.push(part.into()));
    }
    if !said.spent.is_empty() {
        on(Channel::All, &mut |message| message.spent = said.spent.clone());
    }
    all
}

impl Message {
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts, numbers and JSON are JSON")
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Whether its positions say nothing here: where the database was restored, or a
    /// standby has taken over, one node begins its new life before another.
    pub fn is_of_another_life(&self, life: &str) -> bool {
        self.life.as_deref().is_some_and(|own| own != life)
    }

    /// Its pieces. What is committed comes in the order of the commits: who
    /// leaves a room is gone before what was said later.
    pub fn pieces(self) -> Vec<Received> {
        let frame =
            |raw: &RawValue| Frame::text(|payload| payload.extend_from_slice(raw.get().as_bytes()));
        let happened = self
            .happened
            .into_iter()
            .map(|HappenedPart { row, item, what }| Received::Happened { row, item, what });
        let events = self.events.into_iter().map(|EventPart { room, seq, frame: text }| {
            let (room, seq) = (RoomKey(room), Seq(seq));
            Received::Node(FromNode::Event { room, seq, frame: frame(&text) })
        });
        let ephemeral = self.ephemeral.into_iter().map(|part| {
            let EphemeralPart { id, rooms, user, blocked, frame: text } = part;
            let rooms = rooms.into_iter().map(RoomKey).collect();
            let blocked = blocked.into_iter().map(UserKey).collect();
            let (user, frame) = (UserKey(user), frame(&text));
            let what = Ephemeral { rooms, user, blocked, frame };
            Received::Ephemeral { id, what }
        });
        // A head before its event would only be looked for in the database.
        let (heads, changes): (Vec<_>, Vec<_>) = happened.partition(|received| {
            matches!(received, Received::Happened { what: Happened::Head { .. }, .. })
        });
        let spent = (!self.spent.is_empty()).then(|| Received::Spent(self.spent));
        let streams = self.streams.into_iter().map(StreamPart::from);
        let streams = streams.map(|part| Received::Node(FromNode::Stream(part)));
        let stored = changes.into_iter().chain(events).chain(heads);
        stored.chain(ephemeral).chain(streams).chain(spent).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> Frame {
        Frame::text(|payload| payload.extend_from_slice(text.as_bytes()))
    }

    #[test]
    fn what_is_said_arrives_on_the_channels_of_those_whom_it_concerns() {
        let joined = Happened::Joined { room: 3, user: 5, members: Some(2) };
        let inbox = Happened::Head { room: -5, seq: 9 };
        let said = ToNodes {
            recorded: vec![Recorded {
                id: 70,
                happened: vec![joined.clone(), inbox, Happened::Keys],
            }],
            events: vec![(RoomKey(3), Seq(8), frame(r#"{"a":1}"#))],
            ..ToNodes::default()
        };
        let all = messages("me", "one", &said);
        let channels: Vec<&Channel> = all.keys().collect();
        assert_eq!(channels, [&Channel::Room(3), &Channel::User(5), &Channel::All]);
        let bytes = all[&Channel::Room(3)].encode();
        let message = Message::decode(&bytes).expect("as it was encoded");
        assert_eq!(message.from, "me");
        assert!(message.is_of_another_life("other") && !message.is_of_another_life("one"));
        let earlier = Message::decode(br#"{"n":"me"}"#).expect("of an earlier version");
        assert!(!earlier.is_of_another_life("one"));
        let event = FromNode::Event { room: RoomKey(3), seq: Seq(8), frame: frame(r#"{"a":1}"#) };
        let happened = Received::Happened { row: 70, item: 0, what: joined };
        assert_eq!(message.pieces(), [happened, Received::Node(event)]);
    }

    #[test]
    fn who_is_in_very_many_rooms_is_told_of_once() {
        let sent_in = |rooms: usize| {
            let rooms = (1..=rooms as i64).map(RoomKey).collect();
            let ephemeral = vec![Ephemeral {
                rooms,
                user: UserKey(5),
                blocked: std::sync::Arc::default(),
                frame: frame("{}"),
            }];
            let all = messages("me", "one", &ToNodes { ephemeral, ..ToNodes::default() });
            let bytes: usize = all.values().map(|message| message.encode().len()).sum();
            (all.len(), bytes)
        };
        assert_eq!(sent_in(EPHEMERAL_CHANNELS).0, EPHEMERAL_CHANNELS);
        let (channels, bytes) = sent_in(10_000);
        assert_eq!(channels, 1);
        assert!(bytes < 100_000, "{bytes}");
    }

    #[test]
    fn channels_are_known_by_their_names() {
        for channel in [Channel::Room(7), Channel::User(8), Channel::All] {
            assert_eq!(Channel::parse(&channel.name("p"), "p"), Some(channel));
        }
        for other in ["p:x:1", "q:r:1", "p:r:x", "p", "p:r"] {
            assert_eq!(Channel::parse(other, "p"), None);
        }
    }
}
