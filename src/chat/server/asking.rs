//! What is done only when the application has been asked.

use super::{
    ChatServer,
    answer::{ReplyTo, Shown, Then},
    operation::{Operation, Request},
};
use crate::{
    callbacks::{BeforeSend, Verdict},
    chat::{
        ChatError, Requester,
        state::questions::{Line, QuestionId},
    },
    clock::now,
    protocol::Rules,
};
use parlor_domain::ClientId;
use parlor_process::span;

/// What came of asking about an operation.
pub enum Decision<O: Operation> {
    /// It is done so, if it is still allowed.
    Do(O),
    Answer(Result<O::Answer, ChatError>),
}

impl<T> From<Verdict<T>> for Result<T, ChatError> {
    fn from(verdict: Verdict<T>) -> Self {
        match verdict {
            Verdict::Done(what) => Ok(what),
            Verdict::Refused(reason) => Err(ChatError::Refused(reason)),
            Verdict::Undecided => Err(ChatError::unavailable()),
            Verdict::Unanswered => Err(ChatError::Unanswered),
        }
    }
}

impl<O: Operation> From<Result<O, ChatError>> for Decision<O> {
    fn from(decided: Result<O, ChatError>) -> Self {
        decided.map_or_else(|refusal| Self::Answer(Err(refusal)), Self::Do)
    }
}

impl<O: Operation> From<Verdict<O>> for Decision<O> {
    fn from(verdict: Verdict<O>) -> Self {
        Result::<O, ChatError>::from(verdict).into()
    }
}

/// What is to be done when it is its turn.
pub(super) type Decided = Box<dyn FnOnce(&mut ChatServer) + Send>;

impl ChatServer {
    /// Whom to ask before something of a user is stored. What the application says
    /// itself, it is not asked about.
    pub fn asks_before_send(&self, from: &Requester) -> Option<BeforeSend> {
        let before_send = self.settings.callbacks.before_send.as_ref()?;
        (!from.is_service).then(|| before_send.clone())
    }

    /// What is checked of what the application has rewritten, as of a client's.
    pub fn rules(&self) -> Rules {
        let content_bytes = self.settings.limits.content_bytes;
        Rules { content_bytes, rooms: 0, now: now() }
    }

    /// Whether something before it in its line is not settled.
    pub fn has_waiting(&self, line: &Line) -> bool {
        self.questions.has_any(line)
    }

    /// Has an operation done when `ask` has decided about it, and all before it in
    /// its line has been. One that repeats another by its `client_id` is answered
    /// as that one.
    pub fn ask_first<O: Operation, F>(
        &mut self,
        (from, reply): (Requester, ReplyTo<O::Answer>),
        (line, client_id): (Line, Option<ClientId>),
        operation: O,
        ask: impl FnOnce(O) -> F,
    ) where
        F: Future<Output = Decision<O>> + 'static,
    {
        if !self.questions.has_place(&line) {
            return self.answer(reply, Err(ChatError::unavailable()));
        }
        if let Some(client_id) = client_id.as_ref().filter(|id| self.questions.has(&line, id)) {
            let repeat = Request::new(from, operation, reply);
            return self.questions.join(&line, client_id, repeat);
        }
        let id = self.questions.ask(line.clone(), client_id);
        self.when(ask(operation), move |decision, server| {
            let settling = line.clone();
            let then = move |server: &mut Self, result: Result<O::Answer, ChatError>| {
                let outcome = result.as_ref().map(drop).map_err(Clone::clone);
                server.answer(reply, result);
                server.settle_question(&settling, id, &outcome);
            };
            let decided: Decided = Box::new(span::carried(move |server: &mut Self| {
                let reply = ReplyTo::Then(Then::new(then));
                match decision {
                    // How its user stands to the room may have changed meanwhile.
                    Decision::Do(operation) => server.begin(Request::new(from, operation, reply)),
                    Decision::Answer(answer) => server.answer(reply, answer),
                }
            }));
            for next in server.questions.decided(&line, id, decided) {
                next(server);
            }
        });
    }

    /// Answers when it is known how. The server does not stop before.
    pub fn answer_when<A: Shown>(
        &mut self,
        reply: ReplyTo<A>,
        answer: impl Future<Output = Result<A, ChatError>> + 'static,
    ) {
        self.finishing += 1;
        self.when(answer, move |answer, server| {
            server.answer(reply, answer);
            server.finishing -= 1;
        });
    }

    /// Repeats of what is stored now are found to be; others are refused with it.
    fn settle_question(&mut self, line: &Line, id: QuestionId, outcome: &Result<(), ChatError>) {
        for Request { from, what } in self.questions.settled(line, id) {
            match outcome {
                Ok(()) => self.begin(Request { from, what }),
                Err(refusal) => what.refuse(refusal.clone(), self),
            }
        }
    }
}
