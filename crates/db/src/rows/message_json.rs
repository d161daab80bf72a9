//! Lists that are kept as JSON in a column of the message they belong to.

use serde::{Deserialize, Serialize};

use parlor_domain::{Attachment, AttachmentId, AttachmentView, Mentions, Reaction, UserId};

#[derive(Serialize, Deserialize)]
struct MentionsColumn {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    users: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    room: bool,
}

#[derive(Serialize, Deserialize)]
struct ReactionColumn {
    emoji: String,
    count: i64,
    users: Vec<String>,
}

pub fn encode_attachments(attachments: &[Attachment]) -> Option<String> {
    let views: Vec<AttachmentView<'_>> = attachments.iter().map(AttachmentView::from).collect();
    (!views.is_empty()).then(|| encode(&views))
}

#[derive(Deserialize)]
struct NameColumn {
    name: String,
}

/// What the files of a message are called.
pub(crate) fn attachment_names(column: &str) -> Vec<String> {
    let names = decode::<Vec<NameColumn>>(column).unwrap_or_default();
    names.into_iter().map(|NameColumn { name }| name).collect()
}

#[derive(Deserialize)]
struct IdColumn {
    attachment_id: String,
}

/// The files of a message, in their order.
pub(crate) fn attachment_ids(column: &str) -> Vec<AttachmentId> {
    let ids = decode::<Vec<IdColumn>>(column).unwrap_or_default().into_iter();
    ids.filter_map(|IdColumn { attachment_id }| AttachmentId::parse(&attachment_id)).collect()
}

fn texts(users: &[UserId]) -> Vec<String> {
    users.iter().map(|user| user.as_str().to_owned()).collect()
}

fn ids(users: Vec<String>) -> Vec<UserId> {
    users.into_iter().map(UserId::from_stored).collect()
}

pub(crate) fn encode_mentions(mentions: &Mentions) -> Option<String> {
    let Mentions { users, room } = mentions;
    let column = MentionsColumn { users: texts(users), room: *room };
    (!mentions.is_empty()).then(|| encode(&column))
}

pub(crate) fn decode_mentions(column: &str) -> Mentions {
    decode::<MentionsColumn>(column)
        .map(|MentionsColumn { users, room }| Mentions { users: ids(users), room })
        .unwrap_or_default()
}

pub(crate) fn encode_reactions(reactions: &[Reaction]) -> Option<String> {
    let column = |Reaction { emoji, count, users }: &Reaction| ReactionColumn {
        emoji: emoji.to_string(),
        count: *count,
        users: texts(users),
    };
    let columns: Vec<ReactionColumn> = reactions.iter().map(column).collect();
    (!columns.is_empty()).then(|| encode(&columns))
}

pub(crate) fn decode_reactions(column: &str) -> Vec<Reaction> {
    let reaction = |ReactionColumn { emoji, count, users }| Reaction {
        emoji: String::into(emoji),
        count,
        users: ids(users),
    };
    decode::<Vec<ReactionColumn>>(column).unwrap_or_default().into_iter().map(reaction).collect()
}

fn encode(column: &impl Serialize) -> String {
    serde_json::to_string(column).expect("texts and numbers are JSON")
}

fn decode<T: for<'a> Deserialize<'a>>(column: &str) -> Option<T> {
    serde_json::from_str(column)
        .inspect_err(|error| log::error!("a column of a message is broken: {error}"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out() {
        let mentions = Mentions { users: vec![UserId::from_stored("ann")], room: true };
        let column = encode_mentions(&mentions).expect("not empty");
        assert_eq!(decode_mentions(&column), mentions);
        assert_eq!(encode_mentions(&Mentions::default()), None);
        let users = vec![UserId::from_stored("ann")];
        let reactions = vec![Reaction { emoji: "👍".into(), count: 3, users }];
        let column = encode_reactions(&reactions).expect("not empty");
        assert_eq!(decode_reactions(&column), reactions);
        assert_eq!(encode_reactions(&[]), None);
    }
}
