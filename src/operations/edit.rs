//! Edit and delete a message.

use std::sync::Arc;

use parlor_domain::{
    Blocklists, Change, Message, MessageId, NewContent, PlainText, ReportId, Scope, User, UserKey,
    limits::METADATA_BYTES, mentioned_in,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Anywhere, Asked, ChatError, ChatServer, Operation, Requester,
    change::Changed,
    screen::{Passed, look_through},
};
use crate::{
    callbacks::{BeforeSend, Draft, DraftKind, Rewriting},
    chat::{Decision, Line, ReadyLists},
    clock::now,
    db::Reader,
    protocol::{Object, Refusal, Rules, UserView, null_or},
};

/// Changes what is named and leaves the rest; only the message's author may. Metadata alone
/// can change without the message being one that was edited.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Edit {
    message_id: MessageId,
    content: Option<PlainText>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "null_or")]
    #[schemars(with = "Option<Object>")]
    metadata: Option<Option<Object>>,
    /// The application was asked.
    #[serde(skip)]
    is_decided: bool,
    /// It was looked through for what is in lists; whether something of it is reported.
    #[serde(skip)]
    screened: Option<bool>,
}

impl Operation for Edit {
    type Answer = Changed;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Messages];

    fn place(&self) {}

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        if let Some(PlainText(content)) = &self.content {
            rules.shown_content(content)?;
        }
        let metadata = self.metadata.as_ref().and_then(Option::as_ref);
        Object::check("metadata", metadata, METADATA_BYTES)?;
        match self.content.is_none() && self.metadata.is_none() {
            true => Err(Refusal::field("content", "or metadata is required")),
            false => Ok(()),
        }
    }

    /// Whose message it is, and in which room, the transaction finds out.
    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let is_screened = self.content.is_none() || self.screened.is_some();
        if !is_screened && !asked.from.is_service && server.settings.lists.has_any() {
            return self.screen(asked, server);
        }
        match server.asks_before_send(&asked.from) {
            Some(before_send) if !self.is_decided => self.ask_first(before_send, asked, server),
            _ => self.store(asked, server),
        }
    }
}

impl Edit {
    /// The same of another message.
    pub fn of(self, message_id: MessageId) -> Self {
        Self { message_id, ..self }
    }

    fn store(self, asked: Asked<Self>, server: &mut ChatServer) {
        let flagged = (self.screened == Some(true)).then(|| ReportId(server.ids.next(now()).0));
        let (message, new) = (self.message_id, self.new_content(flagged));
        server.change(asked.from, message, Change::Edit(new), asked.reply);
    }

    fn new_content(self, flagged: Option<ReportId>) -> NewContent {
        let with_mentioned = |PlainText(content)| {
            let mentioned = mentioned_in(&content);
            (content, mentioned)
        };
        let metadata = self.metadata.map(|object| object.and_then(|Object(text)| text));
        NewContent { content: self.content.map(with_mentioned), metadata, flagged }
    }

    /// In which room it is, is read only where that matters.
    fn screen(self, asked: Asked<Self>, server: &mut ChatServer) {
        let lists = server.settings.lists.clone();
        if !lists.of_rooms() {
            return match self.looked_through(&[lists.everywhere()]) {
                Ok(passed) => passed.run(asked, server),
                Err(refused) => server.answer(asked.reply, Err(refused)),
            };
        }
        let Asked { from, place: _, reply } = asked;
        let line = Line::Message(from.user.key, self.message_id);
        let (reader, user) = (server.reader.clone(), from.user.key);
        server.ask_first((from, reply), (line, None), self, move |edit| async move {
            match edit.lists(&lists, &reader, user).await {
                Ok(lists) => edit.looked_through(&lists).into(),
                Err(error) => Decision::Answer(Err(error)),
            }
        });
    }

    /// The lists that hold where the message is. Of one that is not the user's the
    /// transaction refuses any change.
    async fn lists(
        &self,
        lists: &ReadyLists,
        reader: &Reader,
        user: UserKey,
    ) -> Result<Vec<Arc<Blocklists>>, ChatError> {
        let message = self.message(reader).await?;
        if message.sender.key != user {
            return Ok(Vec::new());
        }
        let room = reader.room_by_key(message.room_key).await?;
        let room = room.ok_or(ChatError::NotFound("message"))?;
        Ok(lists.of(reader, &room).await?)
    }

    fn looked_through(self, lists: &[Arc<Blocklists>]) -> Result<Self, ChatError> {
        let text = self.content.as_ref().map_or("", |PlainText(content)| content);
        let Passed { masked, flagged } = look_through(text, lists)?;
        let content = masked.map(PlainText).or(self.content);
        Ok(Self { content, screened: Some(flagged), ..self })
    }

    /// Or what is refused in a message could be brought in by an edit.
    fn ask_first(self, before_send: BeforeSend, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: _, reply } = asked;
        let line = Line::Message(from.user.key, self.message_id);
        let (user, reader, rules) = (from.user.clone(), server.reader.clone(), server.rules());
        server.ask_first((from, reply), (line, None), self, move |edit| async move {
            let message = match edit.message(&reader).await {
                Ok(message) => message,
                Err(error) => return Decision::Answer(Err(error)),
            };
            let decided = Self { is_decided: true, ..edit.clone() };
            let is_own = message.sender.key == user.key && message.deleted_at.is_none();
            if !is_own || !edit.changes(&message) {
                // The transaction refuses it, or finds nothing to change.
                return Decision::Do(decided);
            }
            let rewrite = move |edit: Self, rewriting| edit.rewritten(rewriting, &rules);
            let draft = edit.draft(&message, &user);
            Decision::from(before_send.ask(&user, &draft, decided, rewrite).await)
        });
    }

    /// One that is not there now is not left to the transaction, which might find it.
    async fn message(&self, reader: &Reader) -> Result<Message, ChatError> {
        reader.message(self.message_id).await?.ok_or(ChatError::NotFound("message"))
    }

    fn metadata_text(&self) -> Option<&str> {
        let Object(text) = self.metadata.as_ref()?.as_ref()?;
        text.as_deref()
    }

    fn changes(&self, message: &Message) -> bool {
        let known = message.extras.as_ref().and_then(|extras| extras.metadata.as_deref());
        let says_new = |PlainText(new): &PlainText| *new != message.content;
        self.content.as_ref().is_some_and(says_new)
            || self.metadata.is_some() && self.metadata_text() != known
    }

    /// The message as it would be.
    fn draft<'a>(&'a self, message: &'a Message, user: &'a User) -> Draft<'a> {
        Draft {
            kind: DraftKind::Edit,
            room_id: message.room.as_str(),
            user: UserView::from(user),
            message_id: Some(message.id.0.to_string()),
            client_id: None,
            content: self.content.as_ref().map_or(&message.content, |PlainText(new)| new),
            metadata: self.metadata_text().and_then(|text| serde_json::from_str(text).ok()),
            attachments: Vec::new(),
            reply_to: None,
            thread_id: None,
        }
    }

    fn rewritten(self, rewriting: Rewriting, rules: &Rules) -> Result<Self, Refusal> {
        let Rewriting { content, metadata } = rewriting;
        let metadata = metadata.map(Some).or(self.metadata);
        let mut rewritten = Self { content: content.or(self.content), metadata, ..self };
        rewritten.check(rules)?;
        Ok(rewritten)
    }
}

/// Deletes a message; its author and moderators may.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Delete {
    message_id: MessageId,
}

impl Delete {
    pub fn of(message_id: MessageId) -> Self {
        Self { message_id }
    }
}

impl Operation for Delete {
    type Answer = Changed;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Messages, Scope::Moderation];

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.change(asked.from, self.message_id, Change::Delete, asked.reply);
    }
}
