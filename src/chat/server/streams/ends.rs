//! How messages end that are being written, and who is asked to stop.

use tokio::sync::oneshot;

use super::ChatServer;
use crate::{
    chat::{ChatError, Item, Requester, StreamPart},
    clock::now,
    db::{ChangedMessage, EndStream, StreamEnd, WriteError},
    protocol::events,
};
use parlor_domain::{MessageId, RoomKey, Seq, StreamState, UserId, UserKey, shows_something};

impl ChatServer {
    /// Ends one by its author, or the application in their name.
    pub fn finish_stream(
        &mut self,
        message: MessageId,
        from: &Requester,
        end: StreamEnd,
        then: impl FnOnce(&mut Self, Result<&ChangedMessage, ChatError>) + 'static,
    ) {
        let so_far = self.streams.ending(message, Some(from.user.key));
        let StreamEnd { state, content, metadata } = end;
        let is_here = so_far.is_some();
        let (said, described) = so_far.unzip();
        let content = content.or(said);
        let shows = content.as_deref().is_none_or(shows_something);
        if state == StreamState::Finished && !shows {
            self.not_ended(message, is_here);
            let what = "the message has no visible characters; fail it instead";
            return then(self, Err(ChatError::Invalid(what)));
        }
        let end = StreamEnd { state, content, metadata: metadata.or(described) };
        let by = Some((from.user.key, from.is_admin));
        self.end_stream(message, by, is_here, end, then);
    }

    pub(super) fn not_ended(&mut self, message: MessageId, is_here: bool) {
        if is_here {
            self.streams.not_ended(message);
            self.tell_streams_later();
        }
    }

    /// Ends one that does not go on.
    pub fn interrupt(&mut self, message: MessageId) {
        let Some((content, metadata)) = self.streams.ending(message, None) else { return };
        let (content, metadata) = (Some(content), Some(metadata));
        let end = StreamEnd { state: StreamState::Interrupted, content, metadata };
        self.end_stream(message, None, true, end, |_, _| {});
    }

    /// The server goes away: who writes cannot go on elsewhere.
    pub(in crate::chat::server) fn interrupt_all(&mut self) {
        let all: Vec<MessageId> = self.streams.open().map(|(message, _)| message).collect();
        all.into_iter().for_each(|message| self.interrupt(message));
    }

    /// `is_here`: it is written over this node, and nothing is added to it meanwhile.
    fn end_stream(
        &mut self,
        message: MessageId,
        by: Option<(UserKey, bool)>,
        is_here: bool,
        end: StreamEnd,
        then: impl FnOnce(&mut Self, Result<&ChangedMessage, ChatError>) + 'static,
    ) {
        let write = EndStream { message, by, unheard_since: None, end, at: now() };
        self.write(write, move |server, outcome| match outcome {
            Ok(Some(ended)) => {
                // First the answer, then the event.
                then(server, Ok(&ended));
                match ended.moved {
                    true => server.tell_changed(&ended),
                    false => server.stream_ended(message),
                }
            }
            Ok(None) => {
                if is_here {
                    server.stream_ended(message);
                }
                then(server, Err(WriteError::NotStreaming.into()));
            }
            Err(refusal) => {
                server.not_ended(message, is_here);
                // Who may not write any more is not waited for; others may try again.
                if is_here && matches!(refusal, ChatError::Forbidden(_) | ChatError::NotFound(_)) {
                    server.interrupt(message);
                }
                then(server, Err(refusal));
            }
        });
    }

    /// It is over in another way: deleted with its room, or ended by another node.
    pub(super) fn stream_ended(&mut self, message: MessageId) {
        if let Some(stream) = self.streams.ended(message) {
            self.tell_stream_ended(message, stream.room.key, Seq::ZERO);
        }
    }

    /// The same where it is known in which room, whoever has written it.
    pub(in crate::chat::server) fn stream_ended_in(
        &mut self,
        message: MessageId,
        room: RoomKey,
        seq: Seq,
    ) {
        self.streams.ended(message);
        // What is still on its way says nothing new.
        self.other_streams.ended(message);
        self.tell_stream_ended(message, room, seq);
    }

    /// What is cleared is not written any further.
    pub(in crate::chat::server) fn end_cleared_streams(&mut self, room: RoomKey, upto: Seq) {
        if !self.streams.is_empty() {
            let ended = self.streams.up_to(room, upto);
            ended.into_iter().for_each(|message| self.stream_ended(message));
        }
    }

    fn tell_stream_ended(&mut self, message: MessageId, room: RoomKey, seq: Seq) {
        self.tell_room(room, &Item::StreamEnded { room, message });
        let (text, metadata) = ("".into(), None);
        let (offset, stored, has_ended) = (0, 0, true);
        let part = StreamPart { message, room, seq, offset, text, metadata, stored, has_ended };
        self.nodes.tell_streams([part]);
    }

    /// Those who write it are told; they decide what to do.
    pub fn ask_to_stop(&mut self, message: MessageId, writers: &[UserKey], by: &UserId) {
        let frame = events::message_stop(message, by, now());
        writers.iter().for_each(|writer| self.tell_user(*writer, &frame));
        self.streams.stop(message);
    }

    /// Who is told besides the writer's connections.
    pub fn on_stop(&mut self, message: MessageId, by: UserKey, stopped: oneshot::Sender<()>) {
        self.streams.watch(message, by, stopped);
    }
}
