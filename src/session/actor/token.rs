//! The session's tokens: the first one, and those that renew it.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Instant,
};

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::{Deadline, Session};
use crate::{
    auth::{AuthError, Door, Identity},
    chat::{IsValid, Renewed},
    protocol::{
        Close, ErrorView,
        server_frame::{self, SessionView},
    },
    session::{
        hub::Outlet,
        phase::{Live, Phase},
    },
};

impl Session {
    pub(super) fn check_first_token(&mut self, token: String, ctx: &mut Context<Self>) {
        self.phase = Phase::CheckingToken;
        ctx.spawn(self.check(token).into_actor(self).map(|checked, session, ctx| {
            if !matches!(session.phase, Phase::CheckingToken) {
                return;
            }
            match checked {
                Ok(identity) => match session.worker.check_connect(&identity) {
                    Ok(()) => {
                        session.phase = Phase::live(identity, session.resume);
                        session.connect(ctx);
                    }
                    Err(limited) => {
                        session.link.send(&server_frame::auth_failed(&ErrorView::from(limited)));
                        session.close(Close::ConnectingTooOften, ctx);
                    }
                },
                Err(error) => session.refuse_token(&error, ctx),
            }
        }));
    }

    fn check(&self, token: String) -> impl Future<Output = Result<Identity, AuthError>> + use<> {
        let (authenticator, request_id) =
            (self.worker.authenticator.clone(), self.request_id.clone());
        let from = self.origin.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        async move { authenticator.authenticate(&token, &request_id, Door::Socket, from).await }
    }

    pub(super) fn refuse_token(&mut self, error: &AuthError, ctx: &mut Context<Self>) {
        self.link.send(&server_frame::auth_failed(&ErrorView::from(error)));
        self.close(close_for(error), ctx);
    }

    /// Asks again later whether somebody may be here.
    pub(super) fn is_valid(&self, identity: Identity) -> IsValid {
        let authenticator = self.worker.authenticator.clone();
        IsValid(Box::new(move || authenticator.check(&identity).map_err(|error| close_for(&error))))
    }

    pub(super) fn is_in_grace(&self) -> bool {
        matches!(&self.phase, Phase::Live(live) if live.in_grace)
    }

    /// The token has expired: the client is told, and has a little time to
    /// bring another one. Until then it is told what happens, and asks for
    /// nothing.
    pub(super) fn begin_grace(&mut self) {
        let Phase::Live(live) = &mut self.phase else { return };
        live.in_grace = true;
        self.link.send(&server_frame::error(None, &ErrorView::from(&AuthError::Expired)));
        self.link.flush_or_wake();
        let end = Instant::now() + self.worker.settings.token_grace;
        self.deadline = Some(Deadline::At(end, Close::TokenExpired));
    }

    /// A new token for the same user keeps the connection.
    pub(super) fn renew(&mut self, id: Option<Box<str>>, token: String, ctx: &mut Context<Self>) {
        let Phase::Live(live) = &mut self.phase else { return };
        if std::mem::replace(&mut live.renewing, true) {
            let error = ErrorView::from(&AuthError::Busy);
            return self.link.send(&server_frame::error(id.as_deref(), &error));
        }
        ctx.spawn(self.check(token).into_actor(self).map(move |checked, session, ctx| {
            session.renewed(id, checked, ctx);
            session.link.flush_or_wake();
        }));
    }

    fn renewed(
        &mut self,
        id: Option<Box<str>>,
        checked: Result<Identity, AuthError>,
        ctx: &mut Context<Self>,
    ) {
        let Phase::Live(live) = &mut self.phase else { return };
        live.renewing = false;
        let checked = checked.and_then(|identity| {
            let same = identity.user.key == live.identity.user.key;
            if same { Ok(identity) } else { Err(AuthError::OtherUser) }
        });
        match checked {
            Ok(identity) => {
                live.in_grace = false;
                live.identity = identity.clone();
                let is_valid = self.is_valid(identity.clone());
                let (sign_in, issued_at) = (identity.sign_in_id(), identity.issued_at());
                self.worker.to_chat.say(Renewed {
                    session: self.at,
                    roles: identity.roles,
                    role_context: identity.role_context,
                    token_id: identity.token_id,
                    sign_in,
                    issued_at,
                    is_valid,
                });
                if let Some(id) = &id {
                    self.link.send(&server_frame::ack(id, &self.view()));
                }
                let Phase::Live(live) = &self.phase else { return };
                if !live.owes_resume {
                    self.watch_expiry(ctx);
                }
            }
            Err(error) => {
                self.link.send(&server_frame::error(id.as_deref(), &ErrorView::from(&error)));
            }
        }
    }

    fn view(&self) -> Option<SessionView<'_>> {
        let Phase::Live(Live { identity, .. }) = &self.phase else { return None };
        let settings = &self.worker.settings;
        Some(SessionView::new(
            &identity.user,
            &identity.roles,
            self.at.id.0,
            settings.heartbeat.interval,
            &settings.limits,
            (&settings.rates).into(),
        ))
    }
}

fn close_for(error: &AuthError) -> Close {
    match error {
        AuthError::Banned | AuthError::Deactivated => Close::Disconnected,
        error if error.is_unavailable() => Close::Overloaded,
        _ => Close::Unauthorized,
    }
}
