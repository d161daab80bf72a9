//! What people read of the parameters of a call.

/// What is said of a parameter of this name, where its type says nothing.
pub fn description(name: &str) -> &'static str {
    match name {
        "after" => "What comes after this: the last one of the page before",
        "all" => "All rooms there are, not those of the user: for the application's backend",
        "around" => "A position, in the middle of the page",
        "before" => "What comes before this: the first one of the page before",
        "client_id" => "The sender's own name of the message: sent again it is not stored again",
        "context" => "The `role_context_id` of tokens",
        "custom" => "Only what has these fields in its custom data: a JSON object",
        "cursor" => "Where to go on: what the page before said",
        "emoji" => "An emoji, or a short text in its place",
        "from" => "Not before this time",
        "id" => "The id that the server has given",
        "If-None-Match" => "The `ETag` of what is there already: 304 if it has not changed",
        "kind" => "Only of this kind",
        "limit" => "At most so many entries",
        "message" => "The id of a message",
        "name" => "The name of the file",
        "q" => "Words, `\"phrases\"`, `prefixes*` and `-words` that must not be there",
        "query" => "What is looked for: words of names, or the beginning of an id",
        "Range" => "The part that is wanted, as in `bytes=0-1023`",
        "reply_to" => "The message that it answers",
        "room" => "The id of a room",
        "room_id" => "In this room only",
        "sender" => "Only what this user wrote",
        "sender_id" => "Only the application: in whose name it is sent",
        "sort" => "The best first, or the newest",
        "thread_id" => "The message whose thread it is in",
        "to" => "Not after this time",
        "user" => "The id of a user",
        _ => "",
    }
}
