//! Messages that are being written: what was said of each so far, what of it the readers
//! were told, and what is stored. Pure: it is told the time, and says what is to be done.

mod others;
mod text;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

pub use others::{Others, Taken};
pub use text::Text;

use crate::chat::{SessionId, StreamNews};
use parlor_domain::{
    MessageId, Room, RoomKey, Seq, UserKey,
    limits::{
        STREAM_ABSENCE, STREAM_HEARD, STREAM_SILENCE, STREAM_STORED, STREAMS, STREAMS_PER_ROOM,
        STREAMS_PER_USER,
    },
};

/// A message that is written over this node.
pub struct Stream {
    pub room: Arc<Room>,
    pub writer: UserKey,
    /// Who goes on: the writer, or the application's user in the writer's name.
    pub by: UserKey,
    /// Its end is the end of the stream, unless the writer comes back.
    session: Option<SessionId>,
    /// Where it was stored; `None` until then.
    seq: Option<Seq>,
    text: Text,
    /// What is stored is older than what was said.
    is_unstored: bool,
    stored: usize,
    stored_at: Instant,
    heard: Instant,
    absent_since: Option<Instant>,
    /// Its end is being stored: nothing is added any more.
    is_ending: bool,
    /// Its writer needs no standing in the room.
    pub is_free: bool,
    /// As of when its writer is known to be allowed to write.
    pub allowed_at: u64,
    /// Told when somebody asks the writer to stop, or when it has ended.
    stopped: Option<oneshot::Sender<()>>,
}

impl Stream {
    fn is_open(&self) -> bool {
        self.seq.is_some() && !self.is_ending
    }

    fn is_open_to(&self, by: UserKey) -> bool {
        self.is_open() && self.by == by
    }
}

/// Why something cannot be said.
#[derive(Debug, PartialEq, Eq)]
pub enum Unsaid {
    /// It has ended, or is written over another node, or by somebody else.
    NotHere,
    /// It goes on where the text does not reach; with how long it is.
    Gap(usize),
    TooLong,
}

/// More of a text, by its writer.
pub struct Append<'a> {
    pub text: &'a str,
    /// Characters before it; `None`: all that there are.
    pub offset: Option<usize>,
    pub metadata: Option<Option<Arc<str>>>,
    /// Over which connection, if it is one.
    pub session: Option<SessionId>,
}

/// What is to be stored.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Due {
    pub said: Vec<(MessageId, Arc<str>, Option<Arc<str>>)>,
    pub heard: Vec<MessageId>,
}

/// The messages that are written over this node.
#[derive(Default)]
pub struct Streams {
    all: FxHashMap<MessageId, Stream>,
    /// Those of which the readers are to be told more.
    fresh: Vec<MessageId>,
}

impl Streams {
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.all.len() >= STREAMS
    }

    /// Whether a user may write one more at a time in a room. One who is free writes for
    /// the application, as many as there are rooms.
    pub fn has_place(&self, room: RoomKey, writer: UserKey, is_free: bool) -> bool {
        let of_writer = |stream: &&Stream| stream.writer == writer && !stream.is_free;
        let of_writer = self.all.values().filter(of_writer).count();
        let of_room = self.all.values().filter(|stream| stream.room.key == room).count();
        (is_free || of_writer < STREAMS_PER_USER) && of_room < STREAMS_PER_ROOM
    }

    /// One that is about to be stored; it takes its place already.
    pub fn prepare(
        &mut self,
        message: MessageId,
        (room, writer, by): (Arc<Room>, UserKey, UserKey),
        (metadata, is_free): (Option<Arc<str>>, bool),
        allowed_at: u64,
        now: Instant,
    ) {
        let stream = Stream {
            room,
            writer,
            by,
            session: None,
            seq: None,
            text: Text::new(metadata),
            is_unstored: false,
            stored: 0,
            stored_at: now,
            heard: now,
            absent_since: None,
            is_ending: false,
            is_free,
            allowed_at,
            stopped: None,
        };
        self.all.insert(message, stream);
    }

    /// It is stored, and may be written over this connection. A request that writes it
    /// says that it is there ([`Self::watch`]).
    pub fn begin(
        &mut self,
        message: MessageId,
        seq: Seq,
        session: Option<SessionId>,
        now: Instant,
    ) {
        if let Some(stream) = self.all.get_mut(&message) {
            stream.seq = Some(seq);
            stream.session = session;
            stream.absent_since = session.is_none().then_some(now);
        }
    }

    /// Says more; gives how many characters there are now.
    pub fn append(
        &mut self,
        message: MessageId,
        by: UserKey,
        Append { text, offset, metadata, session }: Append<'_>,
        bytes_max: usize,
        now: Instant,
    ) -> Result<usize, Unsaid> {
        let stream = self.all.get_mut(&message).filter(|stream| stream.is_open_to(by));
        let stream = stream.ok_or(Unsaid::NotHere)?;
        stream.heard = now;
        stream.absent_since = None;
        stream.session = session;
        let is_more = stream.text.append(text, offset, bytes_max)?;
        let is_other = metadata.is_some_and(|metadata| stream.text.describe(metadata));
        if is_more || is_other {
            stream.is_unstored = true;
            if stream.text.is_told() {
                stream.text.is_to_be_told();
                self.fresh.push(message);
            }
        }
        Ok(stream.text.chars())
    }

    /// Takes what the readers have not been told, of each one piece.
    pub fn take_news(&mut self) -> Vec<StreamNews> {
        let fresh = std::mem::take(&mut self.fresh);
        fresh.into_iter().filter_map(|message| self.news_of(message, true)).collect()
    }

    /// How each of them stands, for readers who have missed something.
    pub fn standing(&mut self) -> Vec<(StreamNews, usize)> {
        let all: Vec<MessageId> = self.all.keys().copied().collect();
        let news = |message| Some((self.news_of(message, false)?, self.all.get(&message)?.stored));
        all.into_iter().filter_map(news).collect()
    }

    fn news_of(&mut self, message: MessageId, takes: bool) -> Option<StreamNews> {
        let stream = self.all.get_mut(&message).filter(|stream| stream.is_open())?;
        let seq = stream.seq?;
        Some(stream.text.news(message, (stream.room.key, &stream.room.id), seq, takes))
    }

    /// Takes what is to be stored now, by room.
    pub fn take_due(&mut self, now: Instant) -> FxHashMap<RoomKey, Due> {
        let mut all = FxHashMap::<RoomKey, Due>::default();
        for (message, stream) in &mut self.all {
            let since = now.saturating_duration_since(stream.stored_at);
            let is_due = since >= STREAM_HEARD || stream.is_unstored && since >= STREAM_STORED;
            if !is_due || !stream.is_open() {
                continue;
            }
            let due = all.entry(stream.room.key).or_default();
            due.heard.push(*message);
            if std::mem::take(&mut stream.is_unstored) {
                let (text, metadata) = stream.text.whole();
                due.said.push((*message, text, metadata));
            }
            stream.stored_at = now;
        }
        all
    }

    /// It could not be stored, and is tried again.
    pub fn unstored(&mut self, due: &Due) {
        for (message, ..) in &due.said {
            if let Some(stream) = self.all.get_mut(message) {
                stream.is_unstored = true;
            }
        }
    }

    /// So much of it is stored.
    pub fn stored(&mut self, message: MessageId, text: &str) {
        if let Some(stream) = self.all.get_mut(&message) {
            stream.stored = text.chars().count();
        }
    }

    /// Those that are to end by themselves: of whose writers nothing was heard.
    pub fn overdue(&self, now: Instant) -> Vec<MessageId> {
        let since = |at: Instant| now.saturating_duration_since(at);
        let is_overdue = |stream: &Stream| {
            let is_absent = stream.absent_since.is_some_and(|at| since(at) >= STREAM_ABSENCE);
            let is_cut = stream.stopped.as_ref().is_some_and(oneshot::Sender::is_closed);
            stream.is_open() && (is_absent || is_cut || since(stream.heard) >= STREAM_SILENCE)
        };
        let overdue = self.all.iter().filter(|(_, stream)| is_overdue(stream));
        overdue.map(|(message, _)| *message).collect()
    }

    /// The connection over which some were written has ended: their writers may come back.
    pub fn session_ended(&mut self, session: SessionId, now: Instant) {
        for stream in self.all.values_mut().filter(|stream| stream.session == Some(session)) {
            stream.absent_since.get_or_insert(now);
        }
    }

    /// Those that can still be written.
    pub fn open(&mut self) -> impl Iterator<Item = (MessageId, &mut Stream)> {
        let open = self.all.iter_mut().filter(|(_, stream)| stream.is_open());
        open.map(|(message, stream)| (*message, stream))
    }

    /// Its end is about to be stored; gives what was said of it. `None`: it is not here,
    /// or somebody else's.
    pub fn ending(
        &mut self,
        message: MessageId,
        by: Option<UserKey>,
    ) -> Option<(Arc<str>, Option<Arc<str>>)> {
        let stream = self.all.get_mut(&message)?;
        if !by.map_or(stream.is_open(), |by| stream.is_open_to(by)) {
            return None;
        }
        stream.is_ending = true;
        Some(stream.text.whole())
    }

    /// Its end could not be stored: it goes on.
    pub fn not_ended(&mut self, message: MessageId) {
        if let Some(stream) = self.all.get_mut(&message) {
            stream.is_ending = false;
            if !stream.text.is_told() {
                self.fresh.push(message);
            }
        }
    }

    /// Those of a room that were stored up to a position.
    pub fn up_to(&self, room: RoomKey, upto: Seq) -> Vec<MessageId> {
        let is_meant =
            |stream: &Stream| stream.room.key == room && stream.seq.is_some_and(|seq| seq <= upto);
        let all = self.all.iter().filter(|(_, stream)| is_meant(stream));
        all.map(|(message, _)| *message).collect()
    }

    /// Whether its writer may write was not found out.
    pub fn doubt(&mut self, message: MessageId) {
        if let Some(stream) = self.all.get_mut(&message) {
            stream.allowed_at = 0;
        }
    }

    /// It is over.
    pub fn ended(&mut self, message: MessageId) -> Option<Stream> {
        let ended = self.all.remove(&message);
        if self.all.is_empty() {
            *self = Self::default();
        }
        ended
    }

    /// Who is to be told, besides the writer's connections, when it is to stop.
    pub fn watch(&mut self, message: MessageId, by: UserKey, stopped: oneshot::Sender<()>) {
        if let Some(stream) = self.all.get_mut(&message).filter(|stream| stream.is_open_to(by)) {
            stream.stopped = Some(stopped);
            stream.absent_since = None;
        }
    }

    /// Somebody asks for its end: a request that writes it is told.
    pub fn stop(&mut self, message: MessageId) {
        let stream = self.all.get_mut(&message);
        if let Some(stopped) = stream.and_then(|stream| stream.stopped.take()) {
            // Who no longer waits needs no word.
            let _ = stopped.send(());
        }
    }
}

/// How long it is until the next look at what is to be stored or has ended.
pub const BEAT: Duration = STREAM_STORED;

#[cfg(test)]
mod tests;
