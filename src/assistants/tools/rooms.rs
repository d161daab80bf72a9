//! Tools that find rooms and people.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        asking::{part, with_query},
        speaker::{Speaker, refused},
        told::{Person, Room, with_some},
    },
    Does, Outcome,
    reading::{Page, page},
    threads::unread_threads,
};
use parlor_domain::limits::ASSISTANT_PAGE_MAX;

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

/// List the rooms and threads in which something is unread.
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
    const ABOUT: &'static str = "List the rooms, and the threads that you follow, in which \
        something is unread to you. Read it with read_messages or read_thread and after_seq.";

    async fn run(self, of: &Speaker) -> Outcome {
        // They are told once, with the first rooms.
        let threads = match self.cursor {
            None => unread_threads(of).await?.iter().map(|thread| thread.told(of)).collect(),
            Some(_) => Vec::new(),
        };
        let (rooms, cursor) = unread(of, self.cursor).await?;
        let rooms: Vec<_> = rooms.iter().map(Unread::told).collect();
        let threads = (!threads.is_empty()).then_some(threads);
        Ok(with_some(vec![
            ("rooms", json!(rooms)),
            ("threads", json!(threads)),
            ("cursor", json!(cursor)),
        ]))
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
