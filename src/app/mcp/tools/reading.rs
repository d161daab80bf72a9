//! Tools that read.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        asking::{part, with_query},
        speaker::{Speaker, refused},
        told::{Message, Person, Room, with_some},
    },
    Does, Outcome,
};
use parlor_domain::limits::{ASSISTANT_PAGE, ASSISTANT_PAGE_MAX};

/// How many of a page, as a query has it.
fn page(limit: Option<u32>) -> Option<String> {
    Some(limit.unwrap_or(ASSISTANT_PAGE).clamp(1, ASSISTANT_PAGE_MAX).to_string())
}

/// A page of REST, in which a list has this name.
#[derive(Deserialize)]
struct Page<T> {
    #[serde(
        alias = "rooms",
        alias = "messages",
        alias = "replies",
        alias = "results",
        alias = "members",
        alias = "users"
    )]
    list: Vec<T>,
    root: Option<Message>,
    cursor: Option<String>,
    #[serde(default)]
    has_more: bool,
    has_more_after: Option<bool>,
}

/// List the rooms that you are a member of, with what is unread.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListRooms {
    /// Words of the title, topic or id of the rooms that are wanted.
    query: Option<String>,
    /// From the answer before, to go on.
    cursor: Option<String>,
    /// How many, at most 50; 20 if not given.
    limit: Option<u32>,
}

impl Does for ListRooms {
    const NAME: &'static str = "list_rooms";
    const ABOUT: &'static str = "List the rooms that you are a member of, each with its id, how \
        much of it is unread, and its last message.";

    async fn run(self, of: &Speaker) -> Outcome {
        let query = [("query", self.query), ("cursor", self.cursor), ("limit", page(self.limit))];
        let url = with_query(of.server.url(&["rooms"]), &query);
        let page: Page<Room> = of.server.get(url).await.map_err(|failed| refused(&failed))?;
        let rooms: Vec<_> = page.list.iter().map(|room| room.told(&of.server)).collect();
        Ok(with_some(vec![("rooms", json!(rooms)), ("cursor", json!(page.cursor))]))
    }
}

/// Read the messages of a room, oldest first; without a place, the newest ones.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadMessages {
    /// The room.
    room_id: String,
    /// Only what is older than this seq.
    before_seq: Option<i64>,
    /// Only what is newer than this seq.
    after_seq: Option<i64>,
    /// What is on both sides of this seq.
    around_seq: Option<i64>,
    /// How many, at most 50; 20 if not given.
    limit: Option<u32>,
}

impl Does for ReadMessages {
    const NAME: &'static str = "read_messages";
    const ABOUT: &'static str = "Read messages of a room, oldest first; without a place, the \
        newest. Name at most one of before_seq, after_seq and around_seq.";

    async fn run(self, of: &Speaker) -> Outcome {
        let seq = |seq: Option<i64>| seq.map(|seq| seq.to_string());
        let query = [
            ("before", seq(self.before_seq)),
            ("after", seq(self.after_seq)),
            ("around", seq(self.around_seq)),
            ("limit", page(self.limit)),
        ];
        let url = with_query(of.server.url(&["rooms", part(&self.room_id)?, "messages"]), &query);
        let page: Page<Message> = of.server.get(url).await.map_err(|failed| refused(&failed))?;
        let (older, newer) = match (self.after_seq, page.has_more_after) {
            (Some(_), _) => (None, Some(page.has_more)),
            (None, newer) => (Some(page.has_more), newer),
        };
        Ok(with_some(vec![
            ("messages", messages(of, &page.list)),
            ("has_older", json!(older)),
            ("has_newer", json!(newer)),
        ]))
    }
}

pub(super) fn messages(of: &Speaker, list: &[Message]) -> Value {
    list.iter().map(|message| message.told(&of.server)).collect()
}

/// Read one message with all of its text.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadMessage {
    /// The message.
    message_id: String,
}

impl Does for ReadMessage {
    const NAME: &'static str = "read_message";
    const ABOUT: &'static str = "Read one message with all of its text, which lists cut.";

    async fn run(self, of: &Speaker) -> Outcome {
        let url = of.server.url(&["messages", part(&self.message_id)?]);
        let message: Message = of.server.get(url).await.map_err(|failed| refused(&failed))?;
        Ok(message.told_whole(&of.server))
    }
}

/// Read a thread: the message that began it, and the replies, oldest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadThread {
    /// The message that began the thread, or any of its replies.
    message_id: String,
    /// Only replies that are newer than this seq.
    after_seq: Option<i64>,
    /// How many, at most 50; 20 if not given.
    limit: Option<u32>,
}

impl Does for ReadThread {
    const NAME: &'static str = "read_thread";
    const ABOUT: &'static str = "Read a thread: the message that began it, and the replies, \
        oldest first.";

    async fn run(self, of: &Speaker) -> Outcome {
        let thread = self.of_root(of, &self.message_id).await?;
        // Of a reply, it is the thread that it is in.
        let root = thread.root.as_ref().and_then(|root| root.thread_id.clone());
        let page = match root {
            Some(root) => self.of_root(of, &root).await?,
            None => thread,
        };
        Ok(with_some(vec![
            ("began_with", json!(page.root.map(|root| root.told(&of.server)))),
            ("replies", messages(of, &page.list)),
            ("has_newer", json!(page.has_more)),
        ]))
    }
}

impl ReadThread {
    async fn of_root(&self, of: &Speaker, root: &str) -> Result<Page<Message>, String> {
        let after = self.after_seq.map(|seq| seq.to_string());
        let query = [("after", after), ("limit", page(self.limit))];
        let url = with_query(of.server.url(&["messages", part(root)?, "thread"]), &query);
        of.server.get(url).await.map_err(|failed| refused(&failed))
    }
}

/// Find messages by their words, in all rooms that you may read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchMessages {
    /// Words; "two words" for a phrase, -word for what is not to be there.
    query: String,
    /// Only in this room.
    room_id: Option<String>,
    /// Only what this user has said, by their id.
    from_user_id: Option<String>,
    /// From the answer before, to go on.
    cursor: Option<String>,
    /// How many, at most 50; 20 if not given.
    limit: Option<u32>,
}

#[derive(Deserialize)]
struct Hit {
    message: Message,
}

impl Does for SearchMessages {
    const NAME: &'static str = "search_messages";
    const ABOUT: &'static str = "Find messages by their words, in all rooms that you may read, \
        the best first. Read what is around one with read_messages and around_seq.";

    async fn run(self, of: &Speaker) -> Outcome {
        let query = [
            ("q", Some(self.query)),
            ("room_id", self.room_id),
            ("sender", self.from_user_id),
            ("cursor", self.cursor),
            ("limit", page(self.limit)),
        ];
        let url = with_query(of.server.url(&["search"]), &query);
        let page: Page<Hit> = of.server.get(url).await.map_err(|failed| refused(&failed))?;
        let found: Vec<_> = page.list.iter().map(|hit| hit.message.told(&of.server)).collect();
        Ok(with_some(vec![("messages", json!(found)), ("cursor", json!(page.cursor))]))
    }
}

/// List the rooms in which something is unread.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListUnread {
    /// From the answer before, to go on.
    cursor: Option<String>,
}

/// What of a room is unread.
#[derive(Deserialize)]
pub(super) struct Unread {
    pub room_id: String,
    unread: i64,
    mentions: i64,
    read_seq: i64,
    pub last_seq: i64,
}

impl Unread {
    pub fn told(&self) -> Value {
        let Self { room_id, unread, mentions, read_seq, last_seq: _ } = self;
        json!({"room_id": room_id, "unread": unread, "mentions_of_you": mentions,
            "read_up_to_seq": read_seq})
    }
}

/// The rooms in which something is unread, and where the next ones are.
pub(super) async fn unread(
    of: &Speaker,
    cursor: Option<String>,
) -> Result<(Vec<Unread>, Option<String>), String> {
    let query = [("cursor", cursor), ("limit", page(Some(ASSISTANT_PAGE_MAX)))];
    let url = with_query(of.server.url(&["unread"]), &query);
    let page: Page<Unread> = of.server.get(url).await.map_err(|failed| refused(&failed))?;
    Ok((page.list, page.cursor))
}

impl Does for ListUnread {
    const NAME: &'static str = "list_unread";
    const ABOUT: &'static str = "List the rooms in which something is unread to you. Read it with \
        read_messages and after_seq.";

    async fn run(self, of: &Speaker) -> Outcome {
        let (rooms, cursor) = unread(of, self.cursor).await?;
        let rooms: Vec<_> = rooms.iter().map(Unread::told).collect();
        Ok(with_some(vec![("rooms", json!(rooms)), ("cursor", json!(cursor))]))
    }
}

/// List who is in a room.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListMembers {
    /// The room.
    room_id: String,
    /// Only those whose ids come after this one, to go on.
    after_user_id: Option<String>,
    /// How many, at most 50; 20 if not given.
    limit: Option<u32>,
}

#[derive(Deserialize)]
struct Member {
    user: Person,
    role: String,
}

impl Does for ListMembers {
    const NAME: &'static str = "list_members";
    const ABOUT: &'static str = "List who is in a room, with their ids, names and roles.";

    async fn run(self, of: &Speaker) -> Outcome {
        let query = [("after", self.after_user_id), ("limit", page(self.limit))];
        let url = with_query(of.server.url(&["rooms", part(&self.room_id)?, "members"]), &query);
        let page: Page<Member> = of.server.get(url).await.map_err(|failed| refused(&failed))?;
        let told = |member: &Member| {
            let mut told = member.user.told();
            told["role"] = json!(member.role);
            told
        };
        let members: Vec<_> = page.list.iter().map(told).collect();
        Ok(json!({"members": members, "has_more": page.has_more}))
    }
}

/// Find people by the words of their names.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FindPeople {
    /// Words of the name, or their beginnings.
    query: String,
    /// How many, at most 50; 20 if not given.
    limit: Option<u32>,
}

impl Does for FindPeople {
    const NAME: &'static str = "find_people";
    const ABOUT: &'static str = "Find people by the words of their names, where the server lets \
        you; list_members has those of a room.";

    async fn run(self, of: &Speaker) -> Outcome {
        let query = [("query", Some(self.query)), ("limit", page(self.limit))];
        let url = with_query(of.server.url(&["users"]), &query);
        let page: Page<Person> = of.server.get(url).await.map_err(|failed| refused(&failed))?;
        let people: Vec<_> = page.list.iter().map(Person::told).collect();
        Ok(json!({"people": people, "has_more": page.has_more}))
    }
}
