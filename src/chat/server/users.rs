//! Users who are called or look otherwise, and those whom the application names before
//! they have come.

use super::{
    ChatServer,
    answer::{ReplyTo, Shown},
};
use crate::{
    chat::{ChatError, Item, Requester},
    clock::now,
    db::{PutUser, PutUsers, ReadError},
    protocol::events,
};
use parlor_domain::{
    Profile, ProfileChange, RoomKey, User, UserId, UserKey, limits::USERS_PER_WRITE,
};
use parlor_process::span;
use rustc_hash::FxHashMap;

/// What has to be known to tell who sees a user.
struct Seen {
    profile: Profile,
    rooms: Vec<RoomKey>,
    /// Whom they have blocked.
    blocked: std::sync::Arc<[UserKey]>,
}

impl ChatServer {
    /// Looks a user up, unless it is the requester; says which.
    pub fn with_user<A: Shown>(
        &mut self,
        from: &Requester,
        id: UserId,
        reply: ReplyTo<A>,
        then: impl FnOnce(&mut Self, User, ReplyTo<A>, bool) + Send + 'static,
    ) {
        self.look_up(from, (id, false), reply, then);
    }

    /// The same for one to whom something is given: whom the application names is made
    /// if they have never come, and finds it when they do.
    pub fn with_named_user<A: Shown>(
        &mut self,
        from: &Requester,
        id: UserId,
        reply: ReplyTo<A>,
        then: impl FnOnce(&mut Self, User, ReplyTo<A>, bool) + Send + 'static,
    ) {
        let is_made = (from.is_service || from.is_admin) && !id.is_reserved();
        self.look_up(from, (id, is_made), reply, then);
    }

    fn look_up<A: Shown>(
        &mut self,
        from: &Requester,
        (id, is_made): (UserId, bool),
        reply: ReplyTo<A>,
        then: impl FnOnce(&mut Self, User, ReplyTo<A>, bool) + Send + 'static,
    ) {
        if id == from.user.id {
            return then(self, from.user.clone(), reply, true);
        }
        self.find_users(vec![id], is_made, reply, move |server, found, reply| {
            match found.into_values().next() {
                Some(user) => then(server, user, reply, false),
                None => server.answer(reply, Err(ChatError::NotFound("user"))),
            }
        });
    }

    /// Many users to whom something is given; those who are not known, and are not made,
    /// are left out.
    pub fn with_named_users<A: Shown>(
        &mut self,
        from: &Requester,
        ids: Vec<UserId>,
        reply: ReplyTo<A>,
        then: impl FnOnce(&mut Self, FxHashMap<UserId, User>, ReplyTo<A>) + Send + 'static,
    ) {
        self.find_users(ids, from.is_service || from.is_admin, reply, then);
    }

    fn find_users<A: Shown>(
        &mut self,
        ids: Vec<UserId>,
        is_made: bool,
        reply: ReplyTo<A>,
        then: impl FnOnce(&mut Self, FxHashMap<UserId, User>, ReplyTo<A>) + Send + 'static,
    ) {
        let reader = self.reader.clone();
        let reading = async move { (reader.users_named(&ids).await, ids) };
        self.when(reading, move |(users, ids), server| match users {
            Ok(users) => {
                let found: FxHashMap<UserId, User> =
                    users.into_iter().map(|user| (user.id.clone(), user)).collect();
                let is_missing =
                    |id: &UserId| is_made && !found.contains_key(id) && !id.is_reserved();
                let missing = ids.into_iter().filter(is_missing).map(ProfileChange::none);
                server.make_users(missing.collect(), found, reply, then);
            }
            Err(error) => server.answer(reply, Err(error.into())),
        });
    }

    /// Some at a time, as many are described ([`USERS_PER_WRITE`]).
    fn make_users<A: Shown>(
        &mut self,
        mut missing: Vec<ProfileChange>,
        mut found: FxHashMap<UserId, User>,
        reply: ReplyTo<A>,
        then: impl FnOnce(&mut Self, FxHashMap<UserId, User>, ReplyTo<A>) + Send + 'static,
    ) {
        let changes = missing.split_off(missing.len().saturating_sub(USERS_PER_WRITE));
        if changes.is_empty() {
            return then(self, found, reply);
        }
        let put = PutUsers { changes, creates: true, at: now() };
        self.write_for(reply, put, move |server, reply, put| {
            found.extend(
                put.into_iter()
                    .map(|PutUser { profile, .. }| (profile.user.id.clone(), profile.user)),
            );
            server.make_users(missing, found, reply, then);
        });
    }

    /// Somebody is called or looks otherwise, here or on another node. Several changes
    /// that come at once are told as one; the last is told last. A thousand users may
    /// change at once, on every node: one is read at a time.
    pub fn user_changed(&mut self, user: UserKey) {
        self.changed_users.insert(user);
        if !std::mem::replace(&mut self.reads_changed_users, true) {
            self.read_changed_users();
        }
    }

    fn read_changed_users(&mut self) {
        let _apart = span::apart();
        let Some(user) = self.changed_users.iter().next().copied() else {
            self.reads_changed_users = false;
            return;
        };
        // Before it is read: a change that comes meanwhile is read once more.
        self.changed_users.remove(&user);
        let reader = self.reader.clone();
        let reading = async move {
            let Some(profile) = reader.profile(user).await? else { return Ok(None) };
            let rooms = reader.rooms_of(user).await?;
            let blocked = reader.blocked_keys(user).await?;
            Ok::<_, ReadError>(Some(Seen { profile, rooms, blocked }))
        };
        self.when(reading, move |seen, server| {
            // Who is not told sees it with what is read next.
            if let Ok(Some(seen)) = seen {
                server.tell_changed_user(seen);
            }
            server.read_changed_users();
        });
    }

    /// Those who share a small room with them, and themselves. In a big one nobody is
    /// told what concerns one member.
    fn tell_changed_user(&mut self, Seen { profile, rooms, blocked }: Seen) {
        let key = profile.user.key;
        self.sessions.user_changed(&profile.user);
        let frame = events::user_updated(&profile, now());
        self.tell_user(key, &frame);
        let small: Vec<RoomKey> = rooms.into_iter().filter(|room| !self.is_big(*room)).collect();
        let entries: Vec<_> = small.iter().filter_map(|room| self.rooms.get(*room)).collect();
        if entries.is_empty() {
            return;
        }
        let except = self.sessions.unseeing(key, &blocked);
        let item = Item::Presence { rooms: small.into(), frame: frame.for_many(), except };
        self.fanout.tell_rooms(&entries, &item);
    }
}
