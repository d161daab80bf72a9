//! The files of messages that the server does not have yet: uploaded to it, each as it is
//! read, before the lines that name them.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use futures_util::stream;
use reqwest::{Method, Url};
use serde::Deserialize;

use super::{
    super::{
        super::Failure,
        sources::{LeftOut, NotHere, Source, Sources, name_of},
    },
    parts::interrupted,
};
use crate::remote::{Refused, Sent, Server};
use parlor_domain::{
    AttachmentId, Whole, archive,
    limits::{ERROR_BYTES, FILE_UPLOAD_TIMEOUT},
};

#[derive(Deserialize)]
struct Uploaded {
    attachment_id: AttachmentId,
}

/// Uploads a file, unless it cannot be read or the server takes none such.
pub(super) async fn upload(
    server: &Server,
    sources: &Sources,
    of: &archive::Attachment,
) -> Result<Result<AttachmentId, LeftOut>, Failure> {
    let place = server.url(&["attachments"]);
    let mut url = place.clone();
    url.query_pairs_mut().append_pair("name", name_of(of));
    if let Some(Whole(ms)) = of.duration_ms {
        url.query_pairs_mut().append_pair("duration_ms", &ms.to_string());
    }
    if let Some(waveform) = &of.waveform {
        url.query_pairs_mut().append_pair("waveform", &waveform.to_text());
    }
    let outcome = server.answer(|| sent(server, url.clone(), sources, of)).await;
    outcome.map_err(|failed| interrupted(&place, &failed))
}

async fn sent(
    server: &Server,
    url: Url,
    sources: &Sources,
    of: &archive::Attachment,
) -> Sent<Result<AttachmentId, LeftOut>> {
    let opened = async {
        let mut source = sources.open(of).await?.here(sources).await?;
        let head = source.head(1).await?;
        Ok::<_, NotHere>((head, source))
    };
    let (head, source) = match opened.await {
        Ok(opened) => opened,
        Err(NotHere::LeftOut(left_out)) => return Sent::Answered(Err(left_out)),
        Err(NotHere::NoPlace(error)) => {
            let message = format!("{} takes no file: {error}", std::env::temp_dir().display());
            return Sent::Refused(Refused { message, ..Refused::default() });
        }
    };
    let unread = Arc::new(OnceLock::new());
    let request = server.request(Method::POST, url).timeout(FILE_UPLOAD_TIMEOUT);
    let request = request.body(body(head, source, unread.clone()));
    let outcome = server.read_json::<Uploaded>(request, ERROR_BYTES).await;
    // It is not the server then that ended it.
    if let Some(left_out) = unread.get() {
        return Sent::Answered(Err(LeftOut::clone(left_out)));
    }
    match outcome {
        Sent::Answered(Uploaded { attachment_id }) => Sent::Answered(Ok(attachment_id)),
        Sent::Again(why, after) => Sent::Again(why, after),
        Sent::Refused(refused) => {
            // Of a proxy's refusal nothing is known, and the file would be left out for good.
            let code = match (refused.code.as_deref(), refused.field.as_deref()) {
                (Some("too_large"), _) => "too_large",
                (Some("invalid_message"), Some("file")) => "file_type",
                _ => return Sent::Refused(refused),
            };
            let why = format!("was refused by the server: file {}", refused.message);
            Sent::Answered(Err(LeftOut::new(code, why)))
        }
    }
}

/// A file as it is read; why it cannot be any more is told besides.
fn body(head: Vec<u8>, source: Source, unread: Arc<OnceLock<LeftOut>>) -> reqwest::Body {
    let pieces = stream::unfold((Bytes::from(head), source), move |(ready, mut source)| {
        let unread = unread.clone();
        async move {
            if !ready.is_empty() {
                return Some((Ok(ready), (Bytes::new(), source)));
            }
            match source.next().await {
                Ok(piece) if piece.is_empty() => None,
                Ok(piece) => Some((Ok(piece), (Bytes::new(), source))),
                Err(left_out) => {
                    let error = io::Error::other(left_out.why.clone());
                    let _ = unread.set(left_out);
                    Some((Err(error), (Bytes::new(), source)))
                }
            }
        }
    });
    reqwest::Body::wrap_stream(pieces)
}
