//! Set and delete lists of words and patterns, of the deployment and of rooms.

use std::sync::Arc;

use parlor_domain::{
    AuditEntry, Blocklist, BlocklistAction, BlocklistId, Denied, DisplayText, InvalidBlocklist,
    PlainText, Room, RoomId, Scope,
    limits::{
        BLOCKED_PATTERN_CHARS, BLOCKED_PATTERNS, BLOCKED_PATTERNS_PER_ROOM, BLOCKED_WORD_CHARS,
        BLOCKED_WORDS, BLOCKED_WORDS_PER_ROOM,
    },
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester};
use crate::{
    chat::ReplyTo,
    clock::now,
    db::ChangeBlocklist,
    protocol::{Refusal, Rules},
};

type Word = DisplayText<BLOCKED_WORD_CHARS>;

/// Sets a list of the deployment as a whole. It holds in every room from then on.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetBlocklist {
    list_id: BlocklistId,
    action: BlocklistAction,
    /// Found as whole words, whatever their case and accents.
    #[serde(default)]
    #[schemars(length(max = BLOCKED_WORDS))]
    words: Vec<Word>,
    /// Regular expressions, looked for anywhere in what is folded like the words.
    #[serde(default)]
    #[schemars(length(max = BLOCKED_PATTERNS), inner(length(max = BLOCKED_PATTERN_CHARS)))]
    patterns: Vec<PlainText>,
}

/// Sets a list of a room as a whole; moderators may.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetRoomBlocklist {
    room_id: RoomId,
    list_id: BlocklistId,
    action: BlocklistAction,
    /// Found as whole words, whatever their case and accents.
    #[serde(default)]
    #[schemars(length(max = BLOCKED_WORDS_PER_ROOM))]
    words: Vec<Word>,
    /// Regular expressions, looked for anywhere in what is folded like the words.
    #[serde(default)]
    #[schemars(length(max = BLOCKED_PATTERNS_PER_ROOM), inner(length(max = BLOCKED_PATTERN_CHARS)))]
    patterns: Vec<PlainText>,
}

/// Deletes a list of the deployment.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteBlocklist {
    list_id: BlocklistId,
}

/// Deletes a list of a room; moderators may.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteRoomBlocklist {
    room_id: RoomId,
    list_id: BlocklistId,
}

fn check(words: (&[Word], usize), patterns: (&[PlainText], usize)) -> Result<(), Refusal> {
    let too_many = |field: &'static str, most: usize| {
        Refusal::field(field, &format!("must be a list of at most {most}"))
    };
    if words.0.len() > words.1 {
        return Err(too_many("words", words.1));
    }
    if patterns.0.len() > patterns.1 {
        return Err(too_many("patterns", patterns.1));
    }
    let is_long = |PlainText(text): &PlainText| text.chars().count() > BLOCKED_PATTERN_CHARS;
    match patterns.0.iter().any(is_long) {
        true => {
            let what = format!("must each have at most {BLOCKED_PATTERN_CHARS} characters");
            Err(Refusal::field("patterns", &what))
        }
        false => Ok(()),
    }
}

fn list_of(
    id: BlocklistId,
    action: BlocklistAction,
    words: Vec<Word>,
    patterns: Vec<PlainText>,
) -> Blocklist {
    Blocklist {
        id,
        action,
        words: words.into_iter().map(|DisplayText(word)| word.to_string()).collect(),
        patterns: patterns.into_iter().map(|PlainText(pattern)| pattern.to_string()).collect(),
        updated_at: now(),
    }
}

/// Administrators, and services that moderate.
fn everywhere(from: &Requester) -> Result<(), ChatError> {
    if from.is_admin { Ok(()) } else { Err(Denied::NotAdmin.into()) }
}

impl Operation for SetBlocklist {
    type Answer = ();
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Moderation];

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        check((&self.words[..], BLOCKED_WORDS), (&self.patterns[..], BLOCKED_PATTERNS))
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        everywhere(from)
    }

    fn run(self, Asked { from, reply, .. }: Asked<Self>, server: &mut ChatServer) {
        let Self { list_id, action, words, patterns } = self;
        let list = list_of(list_id.clone(), action, words, patterns);
        server.change_blocklist((from, reply), None, (list_id, Some(list)));
    }
}

impl Operation for SetRoomBlocklist {
    type Answer = ();
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms, Scope::Moderation];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        check(
            (&self.words[..], BLOCKED_WORDS_PER_ROOM),
            (&self.patterns[..], BLOCKED_PATTERNS_PER_ROOM),
        )
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.moderator()
    }

    fn run(self, Asked { from, place, reply }: Asked<Self>, server: &mut ChatServer) {
        let Self { room_id: _, list_id, action, words, patterns } = self;
        let list = list_of(list_id.clone(), action, words, patterns);
        server.change_blocklist((from, reply), Some(place.room), (list_id, Some(list)));
    }
}

impl Operation for DeleteBlocklist {
    type Answer = ();
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Moderation];

    fn place(&self) {}

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        everywhere(from)
    }

    fn run(self, Asked { from, reply, .. }: Asked<Self>, server: &mut ChatServer) {
        server.change_blocklist((from, reply), None, (self.list_id, None));
    }
}

impl Operation for DeleteRoomBlocklist {
    type Answer = ();
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms, Scope::Moderation];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.moderator()
    }

    fn run(self, Asked { from, place, reply }: Asked<Self>, server: &mut ChatServer) {
        server.change_blocklist((from, reply), Some(place.room), (self.list_id, None));
    }
}

impl ChatServer {
    /// Sets a list, or deletes it. It is in force here when that is answered.
    fn change_blocklist(
        &mut self,
        (from, reply): (Requester, ReplyTo<()>),
        room: Option<Arc<Room>>,
        (id, list): (BlocklistId, Option<Blocklist>),
    ) {
        let (lists, is_of_room) = (self.settings.lists.clone(), room.is_some());
        let checking = async move {
            match list {
                Some(list) => lists.check(list, is_of_room).await.map(Some),
                None => Ok(None),
            }
        };
        self.when(checking, move |checked, server| {
            let list = match checked {
                Ok(list) => list,
                Err(invalid) => return server.answer(reply, Err(invalid.into())),
            };
            let audit = entry(&from, room.as_deref(), &id, list.as_ref());
            let room = room.map(|room| room.key);
            let write = ChangeBlocklist { room, id, list, at: now(), audit };
            server.write_for(reply, write, |server, reply, room| {
                if let Some(room) = room {
                    server.tell_updated(room);
                    return server.answer(reply, Ok(()));
                }
                let (lists, reader) = (server.settings.lists.clone(), server.reader.clone());
                server.answer_when(reply, async move {
                    lists.read_again(&reader).await;
                    Ok(())
                });
            });
        });
    }
}

/// What is written down of a change that a member makes; administrators' calls are already.
fn entry(
    from: &Requester,
    room: Option<&Room>,
    id: &BlocklistId,
    list: Option<&Blocklist>,
) -> Option<AuditEntry> {
    let room = room.filter(|_| !from.is_admin)?;
    let (action, detail) = match list {
        Some(Blocklist { action, words, patterns, .. }) => {
            let detail =
                json!({"action": action, "words": words.len(), "patterns": patterns.len()});
            ("blocklist.set", detail)
        }
        None => ("blocklist.delete", json!({})),
    };
    Some(AuditEntry {
        at: now(),
        actor: from.user.id.as_str().into(),
        action: action.into(),
        target: format!("/rooms/{}/blocklists/{id}", room.id).into(),
        detail: detail.to_string().into(),
    })
}

impl From<InvalidBlocklist> for ChatError {
    fn from(invalid: InvalidBlocklist) -> Self {
        let field = match invalid {
            InvalidBlocklist::Word(_) => "words",
            InvalidBlocklist::Pattern(..) | InvalidBlocklist::TooLarge => "patterns",
        };
        Self::Wrong { field, what: format!("{field} {invalid}") }
    }
}
