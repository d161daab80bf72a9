//! Who is online on any node, in Redis.
//!
//! Each online user has a hash: a field for each incarnation of a node with
//! their status there, and `shown`, the status that results from all of them.
//! Each incarnation has a set of its users, so that when its lease ends another
//! node can remove them.

use redis::{Cmd, Pipeline};

use crate::{
    chat::{Ephemeral, NodePresence},
    clock,
    protocol::events::{self, PresenceView},
};
use parlor_domain::{Status, UserKey};

/// Writes how a user is on one incarnation, and gives what is shown now, or
/// nothing if it is what was shown before. In one step, so that two nodes
/// that change it at once never both see the state in between.
const SCRIPT: &str = "
if ARGV[2] == 'offline' then redis.call('HDEL', KEYS[1], ARGV[1])
else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
local fields = redis.call('HGETALL', KEYS[1])
local shown, now = 'offline', 'offline'
for i = 1, #fields, 2 do
  if fields[i] == 'shown' then shown = fields[i + 1]
  elseif fields[i + 1] == 'online' then now = 'online'
  elseif now == 'offline' then now = fields[i + 1] end
end
if now == 'offline' then redis.call('DEL', KEYS[1])
else redis.call('HSET', KEYS[1], 'shown', now) end
if now == shown then return '' end
return now";

/// The keys of one deployment.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
    /// This node's incarnation.
    me: String,
}

impl Keys {
    pub fn new(prefix: &str, me: &str) -> Self {
        Self { prefix: prefix.to_owned(), me: me.to_owned() }
    }

    fn user(&self, user: UserKey) -> String {
        format!("{}:p:{}", self.prefix, user.0)
    }

    fn users_of(&self, incarnation: &str) -> String {
        format!("{}:n:{incarnation}", self.prefix)
    }

    /// How a user is on this node. The last answer is that of the script.
    pub fn set(&self, user: UserKey, status: Status) -> [Cmd; 2] {
        self.set_on(&self.me, user, status)
    }

    fn set_on(&self, incarnation: &str, user: UserKey, status: Status) -> [Cmd; 2] {
        let member = if status == Status::Offline { "SREM" } else { "SADD" };
        let mut list = redis::cmd(member);
        list.arg(self.users_of(incarnation)).arg(user.0);
        let mut script = redis::cmd("EVAL");
        script.arg(SCRIPT).arg(1).arg(self.user(user)).arg(incarnation).arg(status.as_str());
        [list, script]
    }

    /// The users of an incarnation, some of them.
    pub fn some_users_of(&self, incarnation: &str, most: usize) -> Cmd {
        let mut command = redis::cmd("SRANDMEMBER");
        command.arg(self.users_of(incarnation)).arg(most);
        command
    }

    /// A user of an incarnation that has gone is offline there.
    pub fn take_offline(&self, incarnation: &str, user: UserKey) -> [Cmd; 2] {
        let [list, script] = self.set_on(incarnation, user, Status::Offline);
        // Off the list when nothing is left to do: whoever does this may end
        // in between.
        [script, list]
    }

    pub fn shown(&self, users: &[(UserKey, Status)]) -> Pipeline {
        let mut commands = redis::pipe();
        for (user, _) in users {
            commands.cmd("HGET").arg(self.user(*user)).arg("shown");
        }
        commands
    }
}

/// What is shown of users, where one knows what this node says of them.
pub(super) fn merged(
    known: &[(UserKey, Status)],
    shown: &[Option<String>],
) -> Vec<(UserKey, Status)> {
    let one = |((user, status), shown): (&(UserKey, Status), &Option<String>)| {
        let shown = shown.as_deref().and_then(Status::parse).unwrap_or(Status::Offline);
        let status = match (status, shown) {
            (Status::Online, _) | (_, Status::Online) => Status::Online,
            (Status::Away, _) | (_, Status::Away) => Status::Away,
            (Status::Offline, Status::Offline) => Status::Offline,
        };
        (*user, status)
    };
    known.iter().zip(shown).map(one).collect()
}

/// What users who share a room with the user are sent.
pub(super) fn ephemeral(presence: &NodePresence) -> Ephemeral {
    let NodePresence { user, rooms, status, last_seen, blocked } = presence;
    let last_seen = last_seen.filter(|_| *status == Status::Offline);
    let frame = events::presence(&PresenceView::new(&user.id, *status, last_seen), clock::now());
    Ephemeral { rooms: rooms.clone(), user: user.key, blocked: blocked.clone(), frame }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_is_there_anywhere_is_there() {
        let known = [
            (UserKey(1), Status::Offline),
            (UserKey(2), Status::Away),
            (UserKey(3), Status::Online),
        ];
        let shown = [Some("online".to_owned()), Some("online".to_owned()), None];
        let merged = merged(&known, &shown);
        assert!(merged.iter().all(|(_, status)| *status == Status::Online), "{merged:?}");
    }
}
