//! Extractors: who asks, and what else a call takes of a request than its fields.

use std::{
    collections::BTreeSet,
    future::{Future, Ready, ready},
    marker::PhantomData,
    net::IpAddr,
    pin::Pin,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{Method, header},
    web,
};

use super::{Search, State, fallback::is_reading, reading::reading};
use crate::{
    auth::{AuthError, Client, Door, Identity, bearer_token},
    chat::{ChatError, Operation as _},
    error::ApiError,
    limiter::{Limited, Limiters},
    metrics::{Limit, metrics},
    operations::import::ImportLines,
    protocol::ErrorCode,
    request_id::RequestName,
};
use parlor_domain::{Denied, Scope};

/// What a call takes of a request besides its fields.
pub trait Takes: FromRequest {
    /// Adds what its description says of that.
    fn add_to(taken: &mut Taken);
}

#[derive(Default)]
pub struct Taken {
    pub token: bool,
    /// The body is a file.
    pub file: bool,
    /// The statuses of refusals that come of it.
    pub refusals: BTreeSet<u16>,
}

macro_rules! takes {
    ($($type:ty: |$taken:ident| $add:expr;)*) => {$(
        impl Takes for $type {
            fn add_to($taken: &mut Taken) {
                $add
            }
        }
    )*};
}

takes! {
    (): |_taken| {};
    HttpRequest: |_taken| {};
    Client: |_taken| {};
    Identity: |taken| {
        taken.token = true;
        // Who is banned, or may not do it; something of ours is wrong.
        taken.refusals.extend([401, 403, 500]);
    };
    WithAccounts: |taken| taken.refusals.extend([404, 500]);
    RateLimitedByAddress: |taken| WithAccounts::add_to(taken);
    Refreshing: |taken| WithAccounts::add_to(taken);
    Search: |taken| taken.refusals.extend([404]);
    web::Payload: |taken| taken.file = true;
}

impl<A: Takes + 'static, B: Takes + 'static> Takes for (A, B) {
    fn add_to(taken: &mut Taken) {
        A::add_to(taken);
        B::add_to(taken);
    }
}

impl FromRequest for Identity {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let state = request.app_data::<web::Data<State>>().cloned();
        let (method, pattern) = (request.method().clone(), request.match_pattern());
        let path = request.path().to_owned();
        let client = request.extensions().get::<Client>().copied();
        let request = request.clone();
        Box::pin(async move {
            let state = state.ok_or(AuthError::Unavailable)?;
            let token = token(&state, &request)?.ok_or(AuthError::Missing)?;
            let mut identity = identify(&state, &request, &token).await?;
            let place = pattern.as_deref().unwrap_or(&path);
            let action = format!("{method} {place}");
            if is_reading(&method) {
                if identity.is_admin || !identity.scopes.is_empty() {
                    identity.reading = Some(reading(&request, action, client).into());
                }
            } else if is_audited(&identity, &method, place) {
                state.audit(&identity, action, path, client).await?;
            }
            Ok(identity)
        })
    }
}

/// Who a token says they are, if they do not ask too often.
async fn identify(state: &State, request: &HttpRequest, token: &str) -> Result<Identity, ApiError> {
    let client = request.extensions().get::<Client>().copied();
    let name = request.extensions().get::<RequestName>().cloned();
    let name = name.map_or_else(String::new, |RequestName(name)| name);
    let from = client.ok_or(AuthError::Unavailable)?.address;
    let identity = state.authenticator.authenticate(token, &name, Door::Rest, from).await?;
    // Whose answer it will be that waits for its reader.
    request.extensions_mut().insert(identity.user.key);
    if !identity.is_backend() {
        let checked = state.limiters.user(identity.user.key);
        checked.inspect_err(|_| metrics().limited(Limit::User))?;
    }
    Ok(identity)
}

/// Who asks, with the token of `Authorization`: for what asks for more in their place, which
/// is what administrators do that is written down.
pub struct Bearer {
    pub identity: Identity,
    pub token: String,
}

impl FromRequest for Bearer {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = request.app_data::<web::Data<State>>().cloned();
            let state = state.ok_or(AuthError::Unavailable)?;
            let token = bearer(&request).ok_or(AuthError::Missing)?.to_owned();
            let identity = identify(&state, &request, &token).await?;
            Ok(Self { identity, token })
        })
    }
}

/// Whether it is written down before it is done: what administrators do, and programs of
/// the application's in their place. Messages and events of those say themselves who sent
/// them, and are too many.
fn is_audited(who: &Identity, method: &Method, place: &str) -> bool {
    let tells = ["/messages", "/messages/stream", "/events", "/broadcast"]
        .iter()
        .any(|end| place.ends_with(end));
    let is_told = tells && method == Method::POST;
    who.is_admin || !who.scopes.is_empty() && !is_told
}

/// The token of `Authorization`, or of the cookie where that may carry one.
fn token(state: &State, request: &HttpRequest) -> Result<Option<String>, AuthError> {
    match (bearer(request), &state.cookie) {
        (None, Some(cookie)) => cookie.token(request.headers(), !is_reading(request.method())),
        (bearer, _) => Ok(bearer.map(str::to_owned)),
    }
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(header::AUTHORIZATION);
    header.and_then(|value| value.to_str().ok()).and_then(bearer_token)
}

/// Only where accounts are built in.
pub struct WithAccounts;

/// A request that may be made only so often from one address: what takes a hash,
/// and what could be guessed. Only where accounts are built in.
pub struct RateLimitedByAddress;

/// A refresh: nobody guesses a token of 256 bits, and all of an office renew
/// theirs from one address, so it is not counted with what is [`RateLimitedByAddress`].
pub struct Refreshing;

impl FromRequest for WithAccounts {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(with_accounts(request).map(|_| Self))
    }
}

impl FromRequest for RateLimitedByAddress {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(check(request, Limiters::login, Limit::Login).map(|()| Self))
    }
}

impl FromRequest for Refreshing {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(check(request, Limiters::refresh, Limit::Refresh).map(|()| Self))
    }
}

fn state(request: &HttpRequest) -> Result<&web::Data<State>, ApiError> {
    request.app_data().ok_or_else(ApiError::unavailable)
}

fn with_accounts(request: &HttpRequest) -> Result<&web::Data<State>, ApiError> {
    let what = "built-in accounts are off on this server: sign in through the application";
    let off = || ApiError::new(ErrorCode::NotFound, what);
    state(request).and_then(|state| state.has_accounts.then_some(state).ok_or_else(off))
}

/// Whether the address that asks may, by one of its limits.
fn check(
    request: &HttpRequest,
    limit: impl Fn(&Limiters, IpAddr) -> Result<(), Limited>,
    limited: Limit,
) -> Result<(), ApiError> {
    let state = with_accounts(request)?;
    let client = request.extensions().get::<Client>().copied();
    let checked = client.map_or(Ok(()), |client| limit(&state.limiters, client.address));
    Ok(checked.inspect_err(|_| metrics().limited(limited))?)
}

/// Only where it is switched on.
impl FromRequest for Search {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let off = || ApiError::new(ErrorCode::NotFound, "search is switched off");
        ready(state(request).and_then(|state| state.search.clone().ok_or_else(off)))
    }
}

/// Who asks: an administrator, or a program of the application's that may do this.
pub struct By<S>(Identity, PhantomData<S>);

impl<S> By<S> {
    pub fn identity(self) -> Identity {
        self.0
    }
}

/// What such a program looks after.
pub trait Granted {
    fn to(identity: &Identity) -> bool;
}

macro_rules! administrators {
    ($($(#[$doc:meta])* $name:ident = $scope:ident($scopes:expr);)*) => {$(
        pub struct $scope;

        impl Granted for $scope {
            fn to(identity: &Identity) -> bool {
                identity.may(&$scopes)
            }
        }

        $(#[$doc])*
        pub type $name = By<$scope>;
    )*};
}

administrators! {
    /// Administrators only.
    Admin = Everything([]);
    RoomsAdmin = Rooms([Scope::Rooms]);
    UsersAdmin = Users([Scope::Users]);
    ModerationAdmin = Moderation([Scope::Moderation]);
}

/// All that an import does.
pub struct Importing;

impl Granted for Importing {
    fn to(identity: &Identity) -> bool {
        ImportLines::SCOPES.iter().all(|scope| identity.may(&[*scope]))
    }
}

/// Who may import. Known before the body, which may be large, is read.
pub type Importer = By<Importing>;

impl<S: Granted> FromRequest for By<S> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let identity = Identity::from_request(request, payload);
        let state = request.app_data::<web::Data<State>>().cloned();
        let place = request.match_pattern().unwrap_or_default();
        let is_of_people = !["/stats", "/audit", "/export"].iter().any(|end| place.ends_with(end));
        Box::pin(async move {
            let identity = identity.await?;
            if !S::to(&identity) {
                return Err(ChatError::from(Denied::NotAdmin).into());
            }
            // Numbers are nobody's, the log says what it says, and each export is written down.
            if let (Some(state), true) = (state, is_of_people) {
                state.audit_reading(&identity, None).await?;
            }
            Ok(Self(identity, PhantomData))
        })
    }
}

impl<S: Granted> Takes for By<S> {
    fn add_to(taken: &mut Taken) {
        Identity::add_to(taken);
    }
}
