//! What changes of messages have in common.

use parlor_domain::{Change, MessageId, Seq};

use super::{ChatServer, Requester, Shown};
use crate::{chat::ReplyTo, clock::now, db::ChangeMessage, protocol::server_frame::ChangedView};

/// The position of a change, or of the latest one if there was nothing to
/// change.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    pub message: MessageId,
    pub seq: Seq,
}

impl Shown for Changed {
    type View<'a> = ChangedView;

    fn view(&self) -> ChangedView {
        ChangedView { message_id: self.message.0.to_string(), seq: self.seq.0 }
    }
}

impl ChatServer {
    /// First the answer, then the event, so that who changes a message knows of
    /// it by the time they see it.
    pub(super) fn change(
        &mut self,
        from: Requester,
        message: MessageId,
        change: Change,
        reply: ReplyTo<Changed>,
    ) {
        let (actor, is_admin) = (from.user.key, from.is_admin);
        let write = ChangeMessage { message, actor, is_admin, change, at: now() };
        self.write_for(reply, write, |server, reply, changed| {
            let (message, seq) = (changed.message.id, changed.message.changed_seq);
            server.answer(reply, Ok(Changed { message, seq }));
            if changed.moved {
                server.tell_changed(&changed);
            }
        });
    }
}
