//! What a file is, by its bytes.

use std::sync::Arc;

/// Bytes of a file's beginning that are looked at.
pub const HEAD_BYTES: usize = 8 * 1024;

/// The type of a file with this beginning. What is not known is
/// `application/octet-stream`; text that a browser might run is that, too.
pub fn detect(head: &[u8]) -> &'static str {
    const UNKNOWN: &str = "application/octet-stream";
    match infer::get(head).map(|kind| kind.mime_type()) {
        Some("text/html" | "text/xml" | "text/x-shellscript") => UNKNOWN,
        Some(kind) => kind,
        None if is_text(head) => "text/plain",
        None => UNKNOWN,
    }
}

/// UTF-8 without control characters, that is no markup. The last character
/// may be cut.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}');
    !text.is_empty()
        && !text.contains(is_control)
        && !text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
}

/// The types that may be uploaded, such as `image/*`.
#[derive(Clone, Debug)]
pub struct AllowedTypes(Arc<[String]>);

impl AllowedTypes {
    pub fn new(patterns: &[String]) -> Self {
        let patterns = patterns.iter().map(|one| one.trim().to_ascii_lowercase());
        Self(patterns.filter(|one| !one.is_empty()).collect())
    }

    pub fn allow(&self, kind: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => kind.starts_with(start),
            None => kind == pattern,
        })
    }
}

/// Whether a browser may show it in a page of ours: it can do nothing there.
pub fn is_safe_image(kind: &str) -> bool {
    matches!(kind, "image/png" | "image/jpeg" | "image/gif" | "image/webp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_comes_from_the_bytes() {
        for (head, kind) in [
            (&b"\x89PNG\r\n\x1a\n0000"[..], "image/png"),
            (b"%PDF-1.7", "application/pdf"),
            (b"PK\x03\x04zip", "application/zip"),
            ("Grüße,\n\tAnn".as_bytes(), "text/plain"),
            ("cut in an ä".as_bytes().split_last().expect("not empty").1, "text/plain"),
            (b"<html><script>alert(1)</script>", "application/octet-stream"),
            (b"  <svg xmlns='http://www.w3.org/2000/svg'>", "application/octet-stream"),
            (b"<?xml version='1.0'?>", "application/octet-stream"),
            (b"\xef\xbb\xbf<!doctype html>", "application/octet-stream"),
            (b"#!/bin/sh\n", "application/octet-stream"),
            (b"a\0b", "application/octet-stream"),
            (b"\xff\xfe\xfd", "application/octet-stream"),
            (b"", "application/octet-stream"),
        ] {
            assert_eq!(detect(head), kind, "{:?}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn types_are_allowed_by_name_or_by_kind() {
        let allowed = AllowedTypes::new(&["image/*".to_owned(), " Application/PDF ".to_owned()]);
        assert!(allowed.allow("image/png") && allowed.allow("application/pdf"));
        assert!(!allowed.allow("application/zip") && !allowed.allow("imagex/png"));
        assert!(AllowedTypes::new(&["*".to_owned()]).allow("x/y"));
    }
}
