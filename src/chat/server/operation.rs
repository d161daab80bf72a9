//! What can be asked of the ChatServer: each is an [`Operation`].

use std::fmt;

use parlor_domain::{RoomId, Scope, UserKey};
use parlor_process::span::{self, Span};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{
    ChatServer,
    answer::{ReplyTo, Shown},
};
use crate::{
    chat::{Access, ChatError, Requester, SessionId, state::waiting::Waits},
    protocol::{Refusal, Rules},
};

/// One thing that can be asked for: a struct with the fields of the request,
/// which socket and REST read alike, and which both descriptions show.
pub trait Operation: DeserializeOwned + JsonSchema + fmt::Debug + Send + 'static {
    /// What the one who asked gets.
    type Answer: Shown;

    /// Where it is done: in a room, whose rules decide (`Access`), or
    /// [`Anywhere`].
    type Place: Place;

    /// It says what a session has of its rooms, and so waits until the session
    /// has been told of all of them.
    const RESUMES: bool = false;

    /// Which programs of the application's may do it as an administrator may.
    const SCOPES: &'static [Scope] = &[];

    /// A room that is not there is made for it, where a rule says so.
    const OPENS: bool = false;

    fn place(&self) -> <Self::Place as Place>::Named<'_>;

    /// Whether the application is asked about one who is no member of the room, where
    /// it wants to be.
    fn asks(&self, _: &Requester) -> bool {
        false
    }

    /// What no type of a field can say.
    ///
    /// # Errors
    /// The field that is wrong.
    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        Ok(())
    }

    /// Whether it may be done. What depends on another member's role, or on
    /// whose message it is, the transaction decides.
    ///
    /// # Errors
    /// Why not.
    fn allowed(&self, from: &Requester, place: &Self::Place) -> Result<(), ChatError>;

    /// Does it. Nobody is told anything before the commit.
    fn run(self, asked: Asked<Self>, server: &mut ChatServer);
}

/// Who asks for an operation, where, and for which answer.
pub struct Asked<O: Operation> {
    pub from: Requester,
    pub place: O::Place,
    pub reply: ReplyTo<O::Answer>,
}

/// Where an operation is done.
pub trait Place: Sized {
    /// How a request names it.
    type Named<'a>;

    fn room<O: Operation<Place = Self>>(operation: &O) -> Option<&RoomId>;

    fn of(access: Option<Access>) -> Option<Self>;
}

impl Place for Access {
    type Named<'a> = &'a RoomId;

    fn room<O: Operation<Place = Self>>(operation: &O) -> Option<&RoomId> {
        Some(operation.place())
    }

    fn of(access: Option<Access>) -> Option<Self> {
        access
    }
}

/// In no room, or in one that is found on the way.
#[derive(Clone, Copy, Debug)]
pub struct Anywhere;

impl Place for Anywhere {
    type Named<'a> = ();

    fn room<O: Operation<Place = Self>>(_: &O) -> Option<&RoomId> {
        None
    }

    fn of(_: Option<Access>) -> Option<Self> {
        Some(Self)
    }
}

/// Asks the ChatServer for something.
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct Request {
    pub from: Requester,
    pub(super) what: Box<dyn AnyOperation>,
}

impl Request {
    pub fn new<O: Operation>(from: Requester, operation: O, reply: ReplyTo<O::Answer>) -> Self {
        Self { from, what: Box::new(Pending { operation, reply, span: span::current() }) }
    }
}

impl Waits for Request {
    fn user(&self) -> UserKey {
        self.from.user.key
    }

    fn session(&self) -> Option<SessionId> {
        self.what.session()
    }

    fn room(&self) -> Option<&RoomId> {
        self.what.room()
    }

    fn resumes(&self) -> bool {
        self.what.resumes()
    }
}

/// An [`Operation`] with where its answer goes, whichever it is.
pub trait AnyOperation: fmt::Debug + Send {
    /// The room whose rules decide, if one's do.
    fn room(&self) -> Option<&RoomId>;

    fn session(&self) -> Option<SessionId>;

    fn resumes(&self) -> bool;

    fn opens(&self) -> bool;

    fn asks(&self, from: &Requester) -> bool;

    fn allowed(&self, from: &Requester, access: Access) -> Result<(), ChatError>;

    /// For which it is done.
    fn span(&self) -> Option<&Span>;

    fn run(self: Box<Self>, from: Requester, access: Option<Access>, server: &mut ChatServer);

    fn refuse(self: Box<Self>, refusal: ChatError, server: &mut ChatServer);
}

struct Pending<O: Operation> {
    operation: O,
    reply: ReplyTo<O::Answer>,
    span: Option<Span>,
}

impl<O: Operation> fmt::Debug for Pending<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.operation.fmt(f)
    }
}

impl<O: Operation> AnyOperation for Pending<O> {
    fn room(&self) -> Option<&RoomId> {
        O::Place::room(&self.operation)
    }

    fn session(&self) -> Option<SessionId> {
        self.reply.session()
    }

    fn resumes(&self) -> bool {
        O::RESUMES
    }

    fn opens(&self) -> bool {
        O::OPENS
    }

    fn asks(&self, from: &Requester) -> bool {
        self.operation.asks(from)
    }

    fn allowed(&self, from: &Requester, access: Access) -> Result<(), ChatError> {
        let place = O::Place::of(Some(access)).ok_or(ChatError::Internal)?;
        self.operation.allowed(from, &place)
    }

    fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    fn run(self: Box<Self>, from: Requester, access: Option<Access>, server: &mut ChatServer) {
        let Self { operation, reply, span } = *self;
        let _within = span::enter(span.as_ref());
        let allowed = match O::Place::of(access) {
            Some(place) => operation.allowed(&from, &place).map(|()| place),
            None => Err(ChatError::Internal),
        };
        match allowed {
            Ok(place) => operation.run(Asked { from, place, reply }, server),
            Err(refusal) => server.answer(reply, Err(refusal)),
        }
    }

    fn refuse(self: Box<Self>, refusal: ChatError, server: &mut ChatServer) {
        let _within = span::enter(self.span.as_ref());
        server.answer(self.reply, Err(refusal));
    }
}
