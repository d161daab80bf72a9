//! What users have scheduled: told to their own connections, and what became of it.

use tokio::sync::oneshot;

use super::ChatServer;
use crate::{
    clock::now,
    db::{SettleScheduled, Settled},
    protocol::events,
};
use parlor_domain::{RoomId, ScheduledEnd, ScheduledId, UserKey};

impl ChatServer {
    /// What came of trying to send a message that was due. `done` hears of it when that is
    /// settled, and nothing if it could not be.
    pub fn settle_scheduled(&mut self, write: SettleScheduled, done: oneshot::Sender<()>) {
        let (user, settled) = (write.user, write.settled.clone());
        self.write(write, move |server, outcome| {
            let Ok(found) = outcome else { return };
            if let Some(scheduled) = found {
                match settled {
                    Settled::Sent(message) => {
                        let ended = ScheduledEnd::Sent(message);
                        server.tell_ended((scheduled.id, &scheduled.room), user, ended);
                    }
                    Settled::Refused(_) => {
                        server.tell_user(user, &events::message_scheduled(&scheduled, now()));
                    }
                    Settled::Later(_) => {}
                }
            }
            // Who asked may have stopped with the server.
            let _ = done.send(());
        });
    }

    /// A user's connections are told what became of what they had scheduled.
    pub fn tell_ended(
        &mut self,
        (id, room): (ScheduledId, &RoomId),
        user: UserKey,
        ended: ScheduledEnd,
    ) {
        self.tell_user(user, &events::scheduled_ended(id, room, ended, now()));
    }

    /// The user's clients here show what they schedule elsewhere. Which of two is newer,
    /// each says itself; none is newer than its end.
    pub(super) fn has_scheduled(
        &mut self,
        (id, room): (ScheduledId, &RoomId),
        user: UserKey,
        ended: Option<ScheduledEnd>,
    ) {
        if !self.sessions.users.contains_key(&user) {
            return;
        }
        if let Some(ended) = ended {
            return self.tell_ended((id, room), user, ended);
        }
        let reader = self.reader.clone();
        let reading = async move { reader.scheduled_one(user, id).await };
        self.when(reading, move |read, server| {
            // What has ended meanwhile is told by itself.
            let Ok(Some(scheduled)) = read else { return };
            server.tell_user(user, &events::message_scheduled(&scheduled, now()));
        });
    }
}
