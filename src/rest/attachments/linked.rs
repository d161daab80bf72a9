//! Links to files that need no token, for pages and CDNs: made for who may have the file,
//! good for whoever has the link.

use actix_web::{HttpRequest, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Reply, State, allowed,
    download::{File, Giving, Kept, Picture, give_content, give_thumbnail, no_thumbnail},
};
use crate::{
    attachments::{Link, Linked},
    auth::Identity,
    clock::now,
    error::ApiError,
    protocol::ErrorCode,
    rest::request::GIVEN_ID,
};
use parlor_domain::{
    AttachmentId, StoredAttachment, Timestamp, Whole,
    limits::{LINK_SECONDS, LINK_SECONDS_MAX, LINK_SECONDS_MIN},
};

type LinkSeconds = Whole<LINK_SECONDS_MIN, LINK_SECONDS_MAX>;

#[derive(Deserialize, JsonSchema)]
pub struct Wish {
    #[schemars(regex(pattern = GIVEN_ID))]
    id: String,
    /// How long it is to be good, at least; 3,600 if this is left out
    expires_in_seconds: Option<LinkSeconds>,
    /// To the thumbnail, not to the file
    #[serde(default)]
    thumbnail: bool,
    /// The file is to be saved, also if it is a picture that could be shown
    #[serde(default)]
    download: bool,
}

/// A link, and when it ends.
#[derive(Serialize, JsonSchema)]
pub struct FileLink {
    url: String,
    expires_at: String,
}

/// Nothing is stored for it, so this only reads.
pub async fn link(
    who: Identity,
    state: web::Data<State>,
    Wish { id, expires_in_seconds, thumbnail, download }: Wish,
) -> Result<Reply<FileLink>, ApiError> {
    let attachment = allowed(&state, &who, &id).await?.attachment;
    let to = match thumbnail {
        true if attachment.thumbnail_type.is_none() => return Err(no_thumbnail()),
        true => Linked::Thumbnail,
        false => Linked::Content { saved: download },
    };
    let seconds = expires_in_seconds.map_or(LINK_SECONDS, |Whole(seconds)| seconds);
    let link = Link::lasting(attachment.id, to, seconds, now());
    let expires_at = Timestamp(link.expires.saturating_mul(1000)).to_rfc3339();
    Ok(Reply::ok(FileLink { url: state.files.links.url(&link), expires_at }))
}

/// Up to the last one that RFC 3339 has a date for.
type Second = Whole<0, 253_402_300_799>;

/// A link to a file, as it was signed.
#[derive(Deserialize, JsonSchema)]
pub struct ContentLink {
    #[schemars(regex(pattern = GIVEN_ID))]
    id: String,
    #[serde(default)]
    download: bool,
    #[schemars(extend("format" = "int64"))]
    expires: Second,
    signature: String,
}

/// A link to a thumbnail, as it was signed.
#[derive(Deserialize, JsonSchema)]
pub struct ThumbnailLink {
    #[schemars(regex(pattern = GIVEN_ID))]
    id: String,
    #[schemars(extend("format" = "int64"))]
    expires: Second,
    signature: String,
}

pub async fn content(
    request: HttpRequest,
    state: web::Data<State>,
    ContentLink { id, download, expires, signature }: ContentLink,
) -> Result<Reply<File>, ApiError> {
    let to = Linked::Content { saved: download };
    let (stored, kept) = led_to(&state, (&id, to, expires), &signature).await?;
    give_content(&state, &request, &stored, Giving { kept, saved: download }).await
}

pub async fn thumbnail(
    request: HttpRequest,
    state: web::Data<State>,
    ThumbnailLink { id, expires, signature }: ThumbnailLink,
) -> Result<Reply<Picture>, ApiError> {
    let (stored, kept) = led_to(&state, (&id, Linked::Thumbnail, expires), &signature).await?;
    give_thumbnail(&state, &request, &stored, kept).await
}

/// What a link leads to, if it is one of ours and good, and how long it may be kept. Nobody
/// is asked about a link that is not.
async fn led_to(
    state: &State,
    (id, to, Whole(expires)): (&str, Linked, Second),
    signature: &str,
) -> Result<(StoredAttachment, Kept), ApiError> {
    let missing = || ApiError::not_found("attachment");
    let id = AttachmentId::parse(id).ok_or_else(missing)?;
    let link = Link { id, to, expires };
    let left = link.left(now()).filter(|_| state.files.links.is_signed(&link, signature));
    let left = left.ok_or_else(|| {
        let what = "the link has expired, or was changed: ask for a new one";
        ApiError::new(ErrorCode::Forbidden, what)
    })?;
    let stored = state.reader.attachment(id).await?.ok_or_else(missing)?;
    // What was in a room goes with it, before all of it is deleted.
    if let Some((room, _)) = stored.place {
        state.reader.room_by_key(room).await?.ok_or_else(missing)?;
    }
    Ok((stored, Kept::ByAnybody(left)))
}
