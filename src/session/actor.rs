//! The session actor: what a client says, and when it has said nothing.

mod token;

use std::{
    net::IpAddr,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use actix::{Actor, ActorContext, AsyncContext, Context, StreamHandler};
use actix_web_actors::ws::{CloseReason, Message};

use super::{
    heartbeat::{Beat, Heartbeat},
    hub::Outlet,
    link::Link,
    phase::{Live, Phase},
    worker::{Entered, Worker},
};
use crate::{
    auth::{AuthError, Identity},
    chat::{Connect, Disconnect, Origin, Requester, SessionRef, Via},
    clock::now,
    limiter::{ConnectionLimit, Limited},
    metrics::{Limit, metrics},
    operations::frames::{self, APPEND, RESUME},
    places::Place,
    protocol::{Auth, ClientFrame, Close, ErrorView, Input, Refusal, server_frame},
};
use parlor_domain::RoomId;
use parlor_process::span::{self, Span};
use parlor_websocket::{Frame, Opcode, Violation};

/// What ends a session at a certain time.
enum Deadline {
    At(Instant, Close),
    /// The token's, by the clock on the wall.
    Expiry,
}

/// One connection.
///
/// Invariant: the ChatServer hears `Connect` once when the session becomes
/// somebody's, and `Disconnect` once when it ends after that.
pub(super) struct Session {
    at: SessionRef,
    link: Rc<Link>,
    worker: Rc<Worker>,
    phase: Phase,
    announced: bool,
    resume: bool,
    join: Option<RoomId>,
    origin: Origin,
    /// Under which the upgrade is in the log.
    request_id: Arc<str>,
    /// Among those of its address without a token.
    guest: Option<Place<IpAddr>>,
    limit: ConnectionLimit,
    heartbeat: Heartbeat,
    deadline: Option<Deadline>,
    /// When the timer rings that counts.
    alarm_at: Option<Instant>,
    _entered: Entered,
}

/// What the upgrade request said.
pub(super) struct Start {
    pub identity: Option<Identity>,
    pub guest: Option<Place<IpAddr>>,
    pub resume: bool,
    pub join: Option<RoomId>,
    pub origin: Origin,
    pub request_id: Arc<str>,
}

impl Session {
    pub fn new(worker: Rc<Worker>, link: Rc<Link>, entered: Entered, start: Start) -> Self {
        let Start { identity, guest, resume, join, origin, request_id } = start;
        let phase = match identity {
            Some(identity) => Phase::live(identity, resume),
            None => Phase::AwaitingToken,
        };
        Self {
            at: SessionRef { id: link.queue().id, worker: worker.id },
            limit: ConnectionLimit::new(&worker.settings.rates),
            heartbeat: Heartbeat::new(worker.settings.heartbeat, Instant::now()),
            link,
            worker,
            phase,
            announced: false,
            resume,
            join,
            origin,
            request_id,
            guest,
            deadline: None,
            alarm_at: None,
            _entered: entered,
        }
    }

    fn close(&mut self, close: Close, ctx: &mut Context<Self>) {
        self.link.close(close);
        self.phase = Phase::Closed;
        ctx.stop();
    }

    /// Beside the line of the upgrade, which has the same `request_id`.
    fn log_end(&self) {
        // RFC 6455 section 7.4.1: without a close frame.
        let code = self.link.closing().map_or(1006, Close::code);
        let lasted_ms = now().0.saturating_sub(self.origin.connected_at.0);
        log::info!(
            target: "parlor::access",
            request_id = &*self.request_id,
            code = code,
            lasted_ms = lasted_ms;
            "closed"
        );
    }

    fn send_error(&self, id: Option<&str>, error: &ErrorView<'_>) {
        metrics().error(error.code.as_str());
        self.link.send(&server_frame::error(id, error));
        self.link.error_sent();
    }

    /// Whether the connection and its user may ask once more now.
    fn check_rate(&self, live: &Live, is_append: bool) -> Result<(), Limited> {
        if !is_append {
            self.limit.check().inspect_err(|_| metrics().limited(Limit::Connection))?;
        }
        if live.identity.is_backend() {
            return Ok(());
        }
        let (limiters, user) = (&self.worker.settings.limiters, live.identity.user.key);
        let checked = if is_append { limiters.append(user) } else { limiters.user(user) };
        checked.inspect_err(|_| metrics().limited(Limit::User))
    }

    /// Announces the session; `session.ready` or a close is the answer.
    fn connect(&mut self, ctx: &mut Context<Self>) {
        let Phase::Live(live) = &self.phase else { return };
        let Identity { user, roles, role_context, token_id, .. } = live.identity.clone();
        let (sign_in, issued_at) = (live.identity.sign_in_id(), live.identity.issued_at());
        let is_valid = self.is_valid(live.identity.clone());
        let join = self.join.take();
        self.announced = true;
        self.guest = None;
        self.worker.to_chat.say(Connect {
            session: self.at,
            user,
            roles,
            role_context,
            token_id,
            sign_in,
            issued_at,
            resume: self.resume,
            join,
            origin: self.origin.clone(),
            is_valid,
        });
        if self.resume {
            self.set_deadline(self.worker.settings.auth_timeout, Close::ResumeTimeout, ctx);
        } else {
            self.watch_expiry(ctx);
        }
    }

    /// At most one deadline runs at a time: for the token, then for the
    /// resume, then for the token's expiry.
    fn set_deadline(&mut self, after: Duration, close: Close, ctx: &mut Context<Self>) {
        self.deadline = Some(Deadline::At(Instant::now() + after, close));
        self.set_alarm(ctx);
    }

    fn watch_expiry(&mut self, ctx: &mut Context<Self>) {
        self.deadline = Some(Deadline::Expiry);
        self.set_alarm(ctx);
    }

    /// The deadline that runs: how long it is until then, and what happens.
    fn deadline(&self, now: Instant) -> Option<(Duration, Close)> {
        match (&self.deadline, &self.phase) {
            (Some(Deadline::At(at, close)), _) => Some((at.saturating_duration_since(now), *close)),
            (Some(Deadline::Expiry), Phase::Live(live)) => {
                Some((until(live.identity.expires_at.0), Close::TokenExpired))
            }
            _ => None,
        }
    }

    /// One timer serves the heartbeat and the deadline: a timer is a quarter
    /// of what an idle session's actor needs. An earlier one that is no longer
    /// wanted is not cancelled, it rings in vain.
    fn set_alarm(&mut self, ctx: &mut Context<Self>) {
        let now = Instant::now();
        let beat = self.heartbeat.next(now);
        let after = self.deadline(now).map_or(beat, |(left, _)| left.min(beat));
        let at = now + after;
        if self.alarm_at.is_none_or(|set| at < set) {
            self.alarm_at = Some(at);
            ctx.run_later(after, move |session, ctx| session.alarm(at, ctx));
        }
    }

    fn alarm(&mut self, at: Instant, ctx: &mut Context<Self>) {
        if self.alarm_at != Some(at) || matches!(self.phase, Phase::Closed) {
            return;
        }
        self.alarm_at = None;
        let now = Instant::now();
        match self.deadline(now) {
            Some((left, Close::TokenExpired)) if left.is_zero() && !self.is_in_grace() => {
                self.begin_grace();
            }
            // Who is still being told of its rooms cannot say what it has of
            // them. How long that may take says the write timeout.
            Some((left, Close::ResumeTimeout)) if left.is_zero() && self.link.is_listing() => {
                let end = now + self.worker.settings.auth_timeout;
                self.deadline = Some(Deadline::At(end, Close::ResumeTimeout));
            }
            Some((left, close)) if left.is_zero() => return self.close(close, ctx),
            _ => {}
        }
        let (stalled, probed) = (self.link.stalled_for(now), self.link.probed_for(now));
        match self.heartbeat.beat(now, stalled, probed) {
            Beat::Wait => self.link.shrink(),
            Beat::Ping => {
                self.link.send(&Frame::control(Opcode::Ping, b""));
                self.link.flush_or_wake();
            }
            Beat::Silent => return self.close(Close::HeartbeatTimeout, ctx),
            Beat::Stalled => return self.close(Close::SlowReader, ctx),
        }
        self.set_alarm(ctx);
    }

    fn text(&mut self, text: &str, ctx: &mut Context<Self>) {
        let frame = ClientFrame::parse(text);
        match &mut self.phase {
            Phase::Closed => {}
            Phase::CheckingToken => {
                let id = frame.map_or_else(|(id, _)| id, |frame| frame.id);
                let error = ErrorView::from(&AuthError::Busy);
                self.link.send(&server_frame::error(id.as_deref(), &error));
            }
            Phase::AwaitingToken => match frame {
                Ok(ClientFrame { kind, data, .. }) if kind == AUTH => {
                    match Input::of(data).read::<Auth>() {
                        Ok(Auth { token }) => self.check_first_token(token, ctx),
                        Err(_) => self.refuse_token(&AuthError::Missing, ctx),
                    }
                }
                Ok(_) | Err(_) => self.refuse_token(&AuthError::Missing, ctx),
            },
            Phase::Live(_) => self.live_frame(frame, ctx),
        }
    }

    fn live_frame(
        &mut self,
        frame: Result<ClientFrame, (Option<Box<str>>, Refusal)>,
        ctx: &mut Context<Self>,
    ) {
        let Phase::Live(live) = &self.phase else { return };
        let is_append = frame.as_ref().is_ok_and(|frame| frame.kind == APPEND);
        let limited = self.check_rate(live, is_append).err();
        match (limited, frame) {
            (Some(limited), frame) => {
                let id = frame.map_or_else(|(id, _)| id, |frame| frame.id);
                self.send_error(id.as_deref(), &ErrorView::from(limited));
            }
            (None, Ok(frame)) => self.run(frame, ctx),
            (None, Err((id, refusal))) => {
                self.send_error(id.as_deref(), &ErrorView::from(&refusal));
            }
        }
    }

    fn run(&mut self, frame: ClientFrame, ctx: &mut Context<Self>) {
        let ClientFrame { id, kind, data } = frame;
        let input = Input::of(data);
        match kind.as_str() {
            PING => return self.link.send(&server_frame::pong(id.as_deref())),
            AUTH => match input.read::<Auth>() {
                Ok(Auth { token }) => return self.renew(id, token, ctx),
                Err(refusal) => return self.send_error(id.as_deref(), &(&refusal).into()),
            },
            _ => {}
        }
        let Phase::Live(live) = &self.phase else { return };
        if live.in_grace {
            return self.send_error(id.as_deref(), &ErrorView::from(&AuthError::Expired));
        }
        let rules = self.worker.rules();
        let span = Span::of_request(|| frames::span_name(&kind), || None);
        let _within = span::enter(span.as_ref());
        if let Some(span) = &span {
            span.set("parlor.request_id", self.request_id.to_string());
        }
        let read = match kind.as_str() {
            RESUME => frames::resume(input, &rules).map(|(read, more)| {
                self.has_said_what_it_has(more, ctx);
                read
            }),
            kind => frames::find(kind, input, &rules),
        };
        let Phase::Live(live) = &self.phase else { return };
        match read {
            Ok(read) => {
                self.link.request_began();
                self.worker.to_chat.say(read(requester(live), self.at, id));
            }
            Err(refusal) => {
                let error = ErrorView::from(&refusal);
                if let Some(span) = span {
                    span.set("error.type", error.code.as_str());
                }
                self.send_error(id.as_deref(), &error);
            }
        }
    }

    /// Unless it says that it will say more.
    fn has_said_what_it_has(&mut self, more: bool, ctx: &mut Context<Self>) {
        let Phase::Live(live) = &mut self.phase else { return };
        if live.owes_resume && more {
            let time = self.worker.settings.auth_timeout;
            self.set_deadline(time, Close::ResumeTimeout, ctx);
        } else if std::mem::take(&mut live.owes_resume) {
            self.watch_expiry(ctx);
        }
    }
}

fn requester(live: &Live) -> Requester {
    // Administrators act over REST, where what they do is recorded.
    let identity = &live.identity;
    let via = Via { sign_in: identity.sign_in, token_id: identity.token_id.clone() };
    Requester { via, ..Requester::plain(identity.user.clone()) }
}

/// What the session itself answers.
const PING: &str = "ping";
const AUTH: &str = "auth";

/// The time until a moment in milliseconds since 1970.
fn until(at_ms: i64) -> Duration {
    let left = at_ms.saturating_sub(now().0);
    Duration::from_millis(u64::try_from(left).unwrap_or(0))
}

impl Actor for Session {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        metrics().connections.inc();
        self.worker.hub.with(|hub| hub.attach(self.link.clone()));
        match self.phase {
            Phase::Live(_) => self.connect(ctx),
            _ => {
                self.link.send(&server_frame::auth_required());
                self.set_deadline(self.worker.settings.auth_timeout, Close::Unauthorized, ctx);
            }
        }
        self.set_alarm(ctx);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.log_end();
        self.worker.hub.with(|hub| hub.detach(self.at.id));
        if self.announced {
            self.worker.to_chat.say_at_once(Disconnect { session: self.at });
        }
    }
}

impl StreamHandler<Result<Message, Violation>> for Session {
    fn handle(&mut self, message: Result<Message, Violation>, ctx: &mut Self::Context) {
        if matches!(self.phase, Phase::Closed) || !self.link.is_open() {
            return;
        }
        self.heartbeat.received(Instant::now());
        self.link.received();
        match message {
            Ok(Message::Text(text)) => {
                metrics().frames_in.inc();
                metrics().bytes_in.inc_by(text.len() as u64);
                self.text(&text, ctx);
            }
            Ok(Message::Ping(payload)) => {
                self.link.send(&Frame::control(Opcode::Pong, &payload));
            }
            // The decoder gives whole messages and no binary ones.
            Ok(Message::Pong(_) | Message::Nop | Message::Binary(_) | Message::Continuation(_)) => {
            }
            Ok(Message::Close(reason)) => {
                self.link.close_with(Close::Normal, &close_echo(reason));
                self.phase = Phase::Closed;
                ctx.stop();
            }
            Err(violation) => self.close(close_for(violation), ctx),
        }
    }
}

/// A close frame is answered with the same code (RFC 6455 section 5.5.1).
fn close_echo(reason: Option<CloseReason>) -> Frame {
    let code = reason.map(|reason| u16::from(reason.code).to_be_bytes());
    Frame::control(Opcode::Close, code.as_ref().map_or(&[], |code| &code[..]))
}

fn close_for(violation: Violation) -> Close {
    match violation {
        Violation::Protocol => Close::Protocol,
        Violation::Binary => Close::Binary,
        Violation::Payload => Close::NotUtf8,
        Violation::TooBig => Close::TooBig,
    }
}
