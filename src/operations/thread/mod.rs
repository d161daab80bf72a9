//! Threads that one follows: follow one, leave off, say what one has read of it.

mod follow;
mod read;

pub use follow::{Follow, Unfollow};
use parlor_domain::{MessageId, RoomKey, ThreadState, UserKey};
pub use read::MarkThreadRead;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    db::{Effects, Happened},
    protocol::ThreadStateView,
};

impl Shown for ThreadState {
    type View<'a> = ThreadStateView<'a>;

    fn view(&self) -> ThreadStateView<'_> {
        ThreadStateView::from(self)
    }
}

/// A thread of which a user has something otherwise now.
#[derive(Clone, Copy, Debug)]
struct Touched {
    room: RoomKey,
    thread: MessageId,
    changed: bool,
}

impl Touched {
    /// The user's connections to other nodes hear of it.
    fn effects(self, user: UserKey, effects: &mut Effects) {
        if self.changed {
            effects.happened(|| Happened::Thread {
                room: self.room.0,
                user: user.0,
                thread: self.thread.0,
            });
        }
    }
}
