//! Many members at once: add and remove some, or say exactly who they are.

use parlor_domain::{Adder, Role, RoomId, Scope, User, UserId, UserKey, limits::MEMBERS_AT_ONCE};
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::ReplyTo,
    clock::now,
    db::{self, ChangedMembers, RefusedMember},
    protocol::{ErrorView, MemberOutcome, MemberResultView, MembersChangedView, Refusal, Rules},
};

/// Somebody who is to be a member.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct NamedMember {
    user_id: UserId,
    /// Owners name others than `member`.
    role: Option<Role>,
}

/// Adds members and removes others; those who are there already stay as they are.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ChangeMembers {
    room_id: RoomId,
    #[serde(default)]
    #[schemars(length(max = MEMBERS_AT_ONCE))]
    add: Vec<NamedMember>,
    #[serde(default)]
    #[schemars(length(max = MEMBERS_AT_ONCE))]
    remove: Vec<UserId>,
}

impl Operation for ChangeMembers {
    type Answer = MembersChanged;
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms];

    const OPENS: bool = true;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        let ids = || self.add.iter().map(|member| &member.user_id).chain(&self.remove);
        if ids().next().is_none() {
            return Err(Refusal::field("add", "or remove is required"));
        }
        each_once("add", "and remove", ids())
    }

    fn allowed(&self, from: &Requester, access: &Access) -> Result<(), ChatError> {
        may_change(from, access)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Self { room_id: _, add, remove } = self;
        Change { wanted: add, gone: remove, exactly: false }.run(asked, server);
    }
}

/// Says exactly who the members are: others are removed, those who are there get the
/// roles that are named.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetMembers {
    room_id: RoomId,
    #[schemars(length(max = MEMBERS_AT_ONCE))]
    members: Vec<NamedMember>,
}

impl Operation for SetMembers {
    type Answer = MembersChanged;
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms];

    const OPENS: bool = true;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        each_once("members", "", self.members.iter().map(|member| &member.user_id))
    }

    fn allowed(&self, from: &Requester, access: &Access) -> Result<(), ChatError> {
        may_change(from, access)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        Change { wanted: self.members, gone: Vec::new(), exactly: true }.run(asked, server);
    }
}

fn each_once<'a>(
    field: &'static str,
    others: &str,
    ids: impl Iterator<Item = &'a UserId>,
) -> Result<(), Refusal> {
    let (mut seen, mut count) = (FxHashSet::default(), 0);
    for id in ids {
        count += 1;
        if !seen.insert(id) {
            let what = format!("{others} must name each user once");
            return Err(Refusal::field(field, what.trim_start()));
        }
    }
    match count {
        0..=MEMBERS_AT_ONCE => Ok(()),
        _ => {
            let what = format!("{others} must name at most {MEMBERS_AT_ONCE} users");
            Err(Refusal::field(field, what.trim_start()))
        }
    }
}

/// The application does what the room's owner may.
fn may_change(from: &Requester, access: &Access) -> Result<(), ChatError> {
    if from.is_service { Ok(()) } else { access.moderator() }
}

/// What is to become of the members.
struct Change {
    wanted: Vec<NamedMember>,
    gone: Vec<UserId>,
    exactly: bool,
}

impl Change {
    fn run<O: Operation<Answer = MembersChanged, Place = Access>>(
        self,
        asked: Asked<O>,
        server: &mut ChatServer,
    ) {
        let Asked { from, place: access, reply } = asked;
        let named = self.wanted.iter().map(|member| &member.user_id).chain(&self.gone);
        let named: Vec<UserId> = named.cloned().collect();
        server.with_named_users(
            &from.clone(),
            named.clone(),
            reply,
            move |server, users, reply| {
                server.change_named(&from, &access, (self, named), users, reply);
            },
        );
    }
}

impl ChatServer {
    fn change_named(
        &mut self,
        from: &Requester,
        access: &Access,
        (change, named): (Change, Vec<UserId>),
        users: FxHashMap<UserId, User>,
        reply: ReplyTo<MembersChanged>,
    ) {
        let is_application = from.is_service || from.is_admin;
        let key = |id: &UserId| users.get(id).map(|user| user.key);
        let wanted = change.wanted.iter().filter_map(|member| {
            Some(db::WantedMember { user: key(&member.user_id)?, role: member.role })
        });
        let write = db::ChangeMembers {
            room: access.room.key,
            adder: match is_application {
                true => Adder::Backend,
                false => Adder::Other(from.user.key),
            },
            at: now(),
            bounds: self.room_bounds(),
            wanted: wanted.collect(),
            gone: change.gone.iter().filter_map(key).collect(),
            exactly: change.exactly,
        };
        let room = access.room.id.clone();
        self.change_members(from.user.key, room, write, move |server, changed| {
            let answer = changed.map(|changed| MembersChanged::new(named, &users, changed));
            server.answer(reply, answer);
        });
    }
}

/// What came of each.
#[derive(Debug)]
pub struct MembersChanged {
    results: Vec<(UserId, Result<MemberOutcome, ChatError>)>,
    member_count: i64,
}

impl MembersChanged {
    /// Those who were named, as they were, and then those who had to go.
    fn new(named: Vec<UserId>, users: &FxHashMap<UserId, User>, changed: ChangedMembers) -> Self {
        let ChangedMembers { added, updated, removed, refused, member_count, .. } = changed;
        let mut results: FxHashMap<UserKey, Result<MemberOutcome, ChatError>> =
            FxHashMap::default();
        results.extend(added.iter().map(|member| (member.user.key, Ok(MemberOutcome::Added))));
        results.extend(updated.iter().map(|member| (member.user.key, Ok(MemberOutcome::Changed))));
        results.extend(removed.iter().map(|user| (user.key, Ok(MemberOutcome::Removed))));
        let ids = refused.iter().filter_map(|refused| Some((refused.user, refused.id.clone()?)));
        let mut others: Vec<(UserKey, UserId)> = ids.collect();
        others.extend(removed.into_iter().map(|user| (user.key, user.id)));
        for RefusedMember { user, why, .. } in refused {
            results.insert(user, Err(why.into()));
        }
        let mut of_named = |id: UserId| {
            let result = match users.get(&id) {
                None => Err(ChatError::NotFound("user")),
                Some(user) => results.remove(&user.key).unwrap_or(Ok(MemberOutcome::Already)),
            };
            (id, result)
        };
        let mut all: Vec<_> = named.into_iter().map(&mut of_named).collect();
        others.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
        all.extend(others.into_iter().filter_map(|(key, id)| Some((id, results.remove(&key)?))));
        Self { results: all, member_count }
    }
}

impl Shown for MembersChanged {
    type View<'a> = MembersChangedView<'a>;

    fn view(&self) -> MembersChangedView<'_> {
        let results = self.results.iter().map(|(id, result)| {
            let result = result.as_ref().copied().map_err(ErrorView::from);
            MemberResultView::new(id.as_str(), result)
        });
        MembersChangedView { results: results.collect(), member_count: self.member_count }
    }
}
