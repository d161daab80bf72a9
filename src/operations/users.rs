//! Users as the application describes them, also before they have ever come.

use parlor_domain::{
    AvatarUrl, Denied, DisplayText, Profile, ProfileChange, Scope, UserId, UserRole, gives_rights,
    limits::{NAME_CHARS, USER_CUSTOM_BYTES, USER_ROLES, USERS_PER_REQUEST, USERS_PER_WRITE},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::ReplyTo,
    clock::now,
    db::{PutUser, PutUsers},
    protocol::{Object, ProfileView, Refusal, Rules, null_or},
};

/// What is said of a user.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct UserFields {
    pub user_id: UserId,
    /// Null: the id is shown.
    #[serde(default, deserialize_with = "null_or")]
    #[schemars(with = "Option<DisplayText<NAME_CHARS>>")]
    name: Option<Option<DisplayText<NAME_CHARS>>>,
    #[serde(default, deserialize_with = "null_or")]
    #[schemars(with = "Option<AvatarUrl>")]
    avatar_url: Option<Option<AvatarUrl>>,
    #[serde(default, deserialize_with = "null_or")]
    #[schemars(with = "Option<Object>")]
    custom: Option<Option<Object>>,
    /// Besides those of the user's tokens.
    #[schemars(length(max = USER_ROLES))]
    roles: Option<Vec<UserRole>>,
}

impl UserFields {
    fn check(&self) -> Result<(), Refusal> {
        if self.user_id.is_reserved() {
            return Err(Refusal::field("user_id", "is reserved"));
        }
        if self.roles.as_ref().is_some_and(|roles| roles.len() > USER_ROLES) {
            let what = format!("must be a list of at most {USER_ROLES} roles");
            return Err(Refusal::field("roles", &what));
        }
        Object::check("custom", self.custom.iter().flatten().next(), USER_CUSTOM_BYTES)
    }

    /// Only who has all rights gives them to others.
    fn allowed(&self, from: &Requester) -> Result<(), ChatError> {
        let gives = self.roles.iter().flatten().any(|UserRole(role)| gives_rights(role));
        match from.is_admin {
            true if !gives || from.grants => Ok(()),
            _ => Err(Denied::NotAdmin.into()),
        }
    }

    fn change(self, from: &Requester) -> ProfileChange {
        let Self { user_id: id, name, avatar_url, custom, roles } = self;
        // One of which nothing can be seen is none.
        let shown = |name: Option<DisplayText<NAME_CHARS>>| {
            let name = name.map(|DisplayText(name)| name).filter(|name| !name.is_empty());
            name.unwrap_or_else(|| id.as_str().into())
        };
        ProfileChange {
            name: name.map(shown),
            avatar: avatar_url.map(|avatar| avatar.map(|AvatarUrl(url)| url)),
            custom: custom.map(|custom| custom.and_then(|Object(custom)| custom)),
            roles: roles.map(|roles| roles.into_iter().map(|UserRole(role)| role).collect()),
            keeps_rights: !from.grants,
            id,
        }
    }

    /// What is not said is not so.
    fn whole(self, from: &Requester) -> ProfileChange {
        let id = self.user_id.as_str().into();
        let said = self.change(from);
        ProfileChange {
            name: Some(said.name.unwrap_or(id)),
            avatar: Some(said.avatar.flatten()),
            custom: Some(said.custom.flatten()),
            roles: Some(said.roles.unwrap_or_default()),
            ..said
        }
    }
}

/// Makes a user, or describes one anew: what is left out is none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct DescribeUser(pub UserFields);

impl Operation for DescribeUser {
    type Answer = Described;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Users];

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.0.check()
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        self.0.allowed(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.describe(self.0.whole(&asked.from), true, asked.reply);
    }
}

/// Changes what is said of a user; null takes it away.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct UpdateUser(pub UserFields);

impl Operation for UpdateUser {
    type Answer = Described;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Users];

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.0.check()
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        self.0.allowed(from)
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.describe(self.0.change(&asked.from), false, asked.reply);
    }
}

/// Makes users, or changes those that are there: what is left out stays as it is. Done
/// again it does nothing.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpsertUsers {
    #[schemars(length(min = 1, max = USERS_PER_REQUEST))]
    pub users: Vec<UserFields>,
}

impl Operation for UpsertUsers {
    type Answer = Upserted;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Users];

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        if !(1..=USERS_PER_REQUEST).contains(&self.users.len()) {
            let what = format!("must be a list of 1 to {USERS_PER_REQUEST} users");
            return Err(Refusal::field("users", &what));
        }
        let within = |refusal: Refusal| {
            let field = refusal.field.as_deref().map(|field| format!("users.{field}"));
            let message = format!("users.{}", refusal.message);
            Refusal { field: field.map(Into::into), message, ..refusal }
        };
        self.users.iter().try_for_each(|user| user.check().map_err(within))
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        self.users.iter().try_for_each(|user| user.allowed(from))
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let changes = self.users.into_iter().map(|user| user.change(&asked.from)).rev().collect();
        server.upsert(changes, Upserted::default(), asked.reply);
    }
}

impl ChatServer {
    fn describe(&mut self, change: ProfileChange, creates: bool, reply: ReplyTo<Described>) {
        let put = PutUsers { changes: vec![change], creates, at: now() };
        self.write_for(reply, put, |server, reply, mut put| match put.pop() {
            Some(put) => {
                server.tell_if_changed(&put);
                let PutUser { profile, is_new, .. } = put;
                server.answer(reply, Ok(Described { profile: Box::new(profile), is_new }));
            }
            None => server.answer(reply, Err(ChatError::Internal)),
        });
    }

    /// Some users at a time, the last ones of `left` first; what others have to write
    /// goes in between.
    fn upsert(&mut self, mut left: Vec<ProfileChange>, done: Upserted, reply: ReplyTo<Upserted>) {
        let some = left.split_off(left.len().saturating_sub(USERS_PER_WRITE));
        if some.is_empty() {
            return self.answer(reply, Ok(done));
        }
        let put = PutUsers { changes: some.into_iter().rev().collect(), creates: true, at: now() };
        self.write_for(reply, put, move |server, reply, put| {
            let mut done = done;
            for one in &put {
                server.tell_if_changed(one);
                done.add(one);
            }
            server.upsert(left, done, reply);
        });
    }

    fn tell_if_changed(&mut self, put: &PutUser) {
        if put.is_changed && !put.is_new {
            self.user_changed(put.profile.user.key);
        }
    }
}

/// The user as they are then.
#[derive(Debug)]
pub struct Described {
    profile: Box<Profile>,
    is_new: bool,
}

impl Shown for Described {
    type View<'a> = ProfileView<'a>;

    const STATUSES: &'static [u16] = &[200, 201];

    fn view(&self) -> ProfileView<'_> {
        ProfileView::whole(&self.profile)
    }

    fn status(&self) -> u16 {
        if self.is_new { 201 } else { 200 }
    }
}

/// How many users were made, changed, and as they are said to be already.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct Upserted {
    created: usize,
    updated: usize,
    unchanged: usize,
}

impl Upserted {
    fn add(&mut self, put: &PutUser) {
        *match (put.is_new, put.is_changed) {
            (true, _) => &mut self.created,
            (false, true) => &mut self.updated,
            (false, false) => &mut self.unchanged,
        } += 1;
    }
}

impl Shown for Upserted {
    type View<'a> = Self;

    fn view(&self) -> Self {
        *self
    }
}
