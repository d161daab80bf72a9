//! Messages that are being written: each reader is told what they do not have.
//!
//! Most have been told all pieces before, and get the same frame. Who came in the middle,
//! or read too slowly for one, gets all that is missing in a frame of their own. So there
//! is no gap, and nothing of it has to be kept in a queue.

use rustc_hash::FxHashMap;

use super::{Hub, Outlet, list};
use crate::{
    chat::{SessionId, StreamNews},
    protocol::events,
};
use parlor_domain::{MessageId, RoomKey, Timestamp, limits::EPHEMERAL_SHARE};
use parlor_websocket::Frame;

/// What a reader was told of a message.
#[derive(Clone, Copy, Debug)]
struct Told {
    step: u32,
    chars: usize,
}

/// Without those who were told nothing of it yet.
type Readers = FxHashMap<SessionId, Told>;

/// What the sessions of a thread were told of messages that are being written. Bounded by
/// how many there are in a room, and by its subscribers.
#[derive(Default)]
pub(super) struct Streams {
    rooms: FxHashMap<RoomKey, FxHashMap<MessageId, Readers>>,
}

impl Streams {
    pub fn left(&mut self, room: RoomKey, session: SessionId) {
        for readers in self.rooms.get_mut(&room).into_iter().flat_map(FxHashMap::values_mut) {
            readers.remove(&session);
        }
    }

    pub fn gone(&mut self, room: RoomKey) {
        self.rooms.remove(&room);
    }

    pub fn ended(&mut self, room: RoomKey, message: MessageId) {
        let Some(streams) = self.rooms.get_mut(&room) else { return };
        streams.remove(&message);
        if streams.is_empty() {
            self.rooms.remove(&room);
        }
    }
}

/// What a reader is told.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Nothing,
    /// What everyone is.
    Same,
    /// What stands behind so many characters.
    Behind(usize),
}

fn next(told: Option<&Told>, news: &StreamNews) -> Next {
    match told {
        Some(told) if told.step == news.step => Next::Nothing,
        Some(told) if news.is_fresh && told.step == news.step.wrapping_sub(1) => Next::Same,
        Some(told) => Next::Behind(told.chars.min(news.chars)),
        None if news.is_fresh && news.step == 1 => Next::Same,
        // Also where nothing was said yet: so they know of it that came in between.
        None => Next::Behind(0),
    }
}

impl<O: Outlet> Hub<O> {
    /// `frame`: what is new, if something is.
    pub(super) fn stream(&mut self, news: &StreamNews, frame: Option<&Frame>, at: Timestamp) {
        let Some(subscribers) = self.rooms.get(&news.room) else { return };
        let streams = self.streams.rooms.entry(news.room).or_default();
        let readers = streams.entry(news.message).or_default();
        // Those who come together are told the same.
        let mut made: Option<(usize, Frame)> = None;
        for (session, subscriber) in subscribers {
            if !subscriber.gate.is_live() || subscriber.gate.at() < news.seq {
                continue;
            }
            let frame = match (next(readers.get(session), news), frame) {
                (Next::Nothing, _) => continue,
                (Next::Same, Some(frame)) => frame,
                (Next::Same, None) => continue,
                // Nothing is made for who would not take it.
                (Next::Behind(chars), _) if !has_room(&*subscriber.link, news, chars) => continue,
                (Next::Behind(chars), _) => {
                    let (_, frame) = match made.take() {
                        Some(same) if same.0 == chars => made.insert(same),
                        _ => made.insert((chars, behind(news, chars, at))),
                    };
                    &*frame
                }
            };
            if subscriber.link.queue().has_room_for::<EPHEMERAL_SHARE>(1, frame.size()) {
                subscriber.link.send(frame);
                list(&mut self.listed, &subscriber.link);
                readers.insert(*session, Told { step: news.step, chars: news.chars });
                self.effects.deliveries += 1;
            }
        }
    }
}

fn has_room(link: &impl Outlet, news: &StreamNews, chars: usize) -> bool {
    let metadata = news.metadata.as_ref().map_or(0, |metadata| metadata.len());
    let bytes = news.behind(chars).len() + metadata;
    link.queue().has_room_for::<EPHEMERAL_SHARE>(1, bytes)
}

fn behind(news: &StreamNews, chars: usize, at: Timestamp) -> Frame {
    let piece = events::Delta {
        message: news.message,
        offset: chars,
        text: news.behind(chars),
        metadata: Some(news.described()),
    };
    events::message_delta(&news.room_id, &piece, at).for_many()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlor_domain::{RoomId, Seq};

    fn news(step: u32, is_fresh: bool) -> StreamNews {
        StreamNews {
            message: MessageId(1),
            room: RoomKey(1),
            room_id: RoomId::from_stored("r"),
            seq: Seq(1),
            step,
            is_fresh,
            is_described_anew: false,
            text: "aä€".into(),
            chars: 3,
            offset: 2,
            from: 3,
            metadata: None,
        }
    }

    #[test]
    fn who_was_told_the_last_piece_gets_this_one_and_others_all_that_is_missing() {
        let at_first = Told { step: 1, chars: 2 };
        let next = |told: Option<Told>, news| next(told.as_ref(), &news);
        assert_eq!(next(None, news(1, true)), Next::Same, "nobody had anything before the first");
        assert_eq!(next(Some(at_first), news(2, true)), Next::Same);
        assert_eq!(next(None, news(2, true)), Next::Behind(0));
        assert_eq!(next(Some(at_first), news(3, true)), Next::Behind(2));
        assert_eq!(next(Some(at_first), news(1, false)), Next::Nothing, "nothing is new");
        assert_eq!(next(None, news(1, false)), Next::Behind(0), "who came in between");
        assert_eq!(next(None, news(0, false)), Next::Behind(0), "the same, before the first");
    }

    #[test]
    fn pieces_begin_between_characters() {
        assert_eq!(news(1, true).fresh(), "€");
        assert_eq!((news(1, true).behind(1), news(1, true).behind(3)), ("ä€", ""));
    }
}
