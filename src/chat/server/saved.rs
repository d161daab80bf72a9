//! What users have saved: told to their own connections, and what they are reminded of.

use tokio::sync::oneshot;

use super::ChatServer;
use crate::{
    clock::now,
    db::{Remind, Reminded},
    protocol::events,
};
use parlor_domain::{MessageId, Saved, UserKey};

impl ChatServer {
    /// Reminds a user of a message, if it is time. `done` hears of it when that is settled,
    /// and nothing if it could not be.
    pub fn remind(&mut self, user: UserKey, message: MessageId, done: oneshot::Sender<()>) {
        let keep = i64::try_from(self.settings.limits.inbox_events).unwrap_or(i64::MAX);
        let write = Remind { user, message, at: now(), keep };
        self.write(write, move |server, reminded| {
            let Ok(reminded) = reminded else { return };
            match reminded {
                Reminded::Told { room: _, event, start } => {
                    server.tell_inbox(user, &event, start);
                }
                Reminded::TakenAway(saved) => {
                    server.tell_user(user, &events::message_saved(&saved, now()));
                }
                Reminded::Forgotten | Reminded::NotDue => {}
            }
            // Who asked may have stopped with the server.
            let _ = done.send(());
        });
    }

    /// The user's clients here show what they save elsewhere; `gone` is told if it is not
    /// saved any more. Which of two is newer, each says itself.
    pub(super) fn has_saved(&mut self, user: UserKey, gone: Saved) {
        if !self.sessions.users.contains_key(&user) {
            return;
        }
        let reader = self.reader.clone();
        let reading = async move {
            let saved = reader.saved_of(user, gone.message).await;
            saved.map(|saved| saved.unwrap_or(gone))
        };
        self.when(reading, move |read, server| {
            let Ok(saved) = read else { return };
            server.tell_user(user, &events::message_saved(&saved, now()));
        });
    }
}
