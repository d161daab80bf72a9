//! Threads that one follows: follow one, leave off, say what one has read of it.

mod follow;
mod read;

pub use follow::{Follow, Unfollow};
use parlor_domain::{MessageId, RoomKey, ThreadState, UserKey};
pub use read::MarkThreadRead;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::ReplyTo,
    db::{Effects, Followed, Happened},
    protocol::ThreadStateView,
};

impl Shown for ThreadState {
    type View<'a> = ThreadStateView<'a>;

    fn view(&self) -> ThreadStateView<'_> {
        ThreadStateView::from(self)
    }
}

/// A thread, and what a user has otherwise of it.
#[derive(Clone, Copy, Debug)]
struct Touched {
    room: RoomKey,
    thread: MessageId,
    /// `None`: nothing.
    change: Option<Followed>,
}

impl Touched {
    /// The user's connections to other nodes hear of it.
    fn effects(self, effects: &mut Effects) {
        if let Some(Followed { user, .. }) = self.change {
            effects.happened(|| Happened::Thread {
                room: self.room.0,
                user: user.0,
                thread: self.thread.0,
            });
        }
    }
}

impl ChatServer {
    fn tell_touched(&mut self, reply: ReplyTo<ThreadState>, user: UserKey, touched: Touched) {
        let Touched { room, thread, change } = touched;
        self.tell_thread(reply, user, (room, thread), change.is_some());
        if let Some(whose) = change.and_then(|change| change.grows) {
            self.trim_follows(user, whose);
        }
    }
}
