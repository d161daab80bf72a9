//! Detects the type of a file from its bytes.

use std::sync::Arc;

/// Bytes of a file's beginning that are looked at.
pub const HEAD_BYTES: usize = 8 * 1024;

const UNKNOWN: &str = "application/octet-stream";

/// The type of a file with this beginning. What is not known is
/// `application/octet-stream`; text that a browser or a shell might run is
/// that, too, unless the name says that it is to be read: then it is text,
/// and as such the safest of all types. A name makes nothing else of a file.
pub fn detect(head: &[u8], name: &str) -> &'static str {
    if let Some(kind) = picture_of_brand(head) {
        return kind;
    }
    match infer::get(head).map(|kind| kind.mime_type()) {
        // The container of the old Office. What is in it, its head does not say.
        Some("application/msword") => "application/x-ole-storage",
        // The types that these are registered under (RFC 7845 section 9, RFC 4337): what plays
        // them goes by that.
        Some("audio/opus") => "audio/ogg",
        Some("audio/m4a") => "audio/mp4",
        Some("text/html" | "text/xml" | "text/x-shellscript") => match text_type(head) {
            Some((kind, _)) if is_read(name) => kind,
            _ => UNKNOWN,
        },
        Some(kind) => kind,
        None => match text_type(head) {
            Some((_, true)) if !is_read(name) => UNKNOWN,
            Some((kind, _)) => kind,
            None => UNKNOWN,
        },
    }
}

/// Pictures in the container that films are in, too (ISO/IEC 23008-12, annex
/// B): what they are is one of the brands they name, first the main one.
fn picture_of_brand(head: &[u8]) -> Option<&'static str> {
    let length = u32::from_be_bytes(head.get(..4)?.try_into().ok()?);
    if head.get(4..8)? != b"ftyp" {
        return None;
    }
    let end = usize::try_from(length).ok()?.min(head.len());
    let main = head.get(8..12)?;
    // Behind it a version, then all that the file goes by.
    let others = head.get(16..end).unwrap_or_default();
    let kind = |brand: &[u8]| match brand {
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" => {
            Some("image/heic")
        }
        b"avif" | b"avis" => Some("image/avif"),
        _ => None,
    };
    let is_general = matches!(main, b"mif1" | b"msf1" | b"mif2");
    match kind(main) {
        None if is_general => others.chunks_exact(4).find_map(kind).or(Some("image/heif")),
        kind => kind,
    }
}

/// The type of a text by its encoding, and whether it begins like markup.
/// `None`: it is no text, for it has what no text has.
///
/// What is neither UTF-8 nor UTF-16 is in one of the many encodings of one or
/// two bytes a character; in which one nothing says.
fn text_type(head: &[u8]) -> Option<(&'static str, bool)> {
    let (kind, text) = if let Some(rest) = head.strip_prefix(b"\xff\xfe") {
        ("text/plain; charset=utf-16le", utf16(rest, u16::from_le_bytes)?)
    } else if let Some(rest) = head.strip_prefix(b"\xfe\xff") {
        ("text/plain; charset=utf-16be", utf16(rest, u16::from_be_bytes)?)
    } else if let Some(text) = utf8(head) {
        ("text/plain", text.to_owned())
    } else if head.iter().all(|byte| is_of_text(char::from(*byte))) {
        ("text/plain; charset=unknown-8bit", head.iter().map(|byte| char::from(*byte)).collect())
    } else {
        return None;
    };
    let text = text.trim_start_matches('\u{feff}');
    let is_text = !text.is_empty() && text.chars().all(is_of_text);
    is_text.then(|| (kind, text.trim_start().starts_with('<') || text.starts_with("#!")))
}

/// The last character may be cut.
fn utf8(head: &[u8]) -> Option<&str> {
    match std::str::from_utf8(head) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    }
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Option<String> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut units: Vec<u16> = units.collect();
    // As above.
    if units.last().is_some_and(|last| (0xd800..0xdc00).contains(last)) {
        units.pop();
    }
    String::from_utf16(&units).ok()
}

/// The control characters that file(1) finds in texts too: bell, backspace,
/// tab, ends of lines and pages, and the escapes of a terminal's colours;
/// and those of the one-byte encodings above ASCII.
fn is_of_text(c: char) -> bool {
    !matches!(c, '\0'..='\u{6}' | '\u{e}'..='\u{1a}' | '\u{1c}'..='\u{1f}' | '\u{7f}')
}

/// Whether a file of this name is opened to be read, and never run.
fn is_read(name: &str) -> bool {
    const READ: [&str; 14] = [
        "txt", "text", "md", "markdown", "rst", "adoc", "org", "log", "csv", "tsv", "srt", "vtt",
        "diff", "patch",
    ];
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    READ.iter().any(|read| extension.eq_ignore_ascii_case(read))
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
        // Without the charset of a text.
        let kind = kind.split(';').next().unwrap_or(kind);
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
            (b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead", "audio/ogg"),
            (b"\0\0\0\x14ftypM4A \0\0\0\0", "audio/mp4"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
            (b"\xff\xfe\xfd", "application/octet-stream"),
            (b"", "application/octet-stream"),
        ] {
            assert_eq!(detect(head, "file"), kind, "{:?}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn a_text_may_have_another_encoding_and_the_colours_of_a_terminal() {
        let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| {
            "\u{feff}"
                .encode_utf16()
                .chain(text.encode_utf16())
                .flat_map(bytes)
                .collect::<Vec<u8>>()
        };
        let le = utf16("Größe\tPreis 🙂", u16::to_le_bytes);
        assert_eq!(detect(&le, "unicode.txt"), "text/plain; charset=utf-16le");
        assert_eq!(detect(&le[..le.len() - 2], "cut.txt"), "text/plain; charset=utf-16le");
        let be = utf16("Größe", u16::to_be_bytes);
        assert_eq!(detect(&be, "unicode.txt"), "text/plain; charset=utf-16be");
        let eight_bit = "text/plain; charset=unknown-8bit";
        assert_eq!(detect(b"Gr\xf6\xdfe;Preis\r\n", "excel.csv"), eight_bit);
        assert_eq!(detect(b"\x93smart\x94", "a.txt"), eight_bit);
        assert_eq!(detect(b"\x1b[32mok\x1b[0m test\x07\x08\n", "build.log"), "text/plain");
        for binary in [
            &b"\x80\x00\x01"[..],
            b"caf\xe9\x02",
            b"\xff\xfea\x00\x00\x00",
            b"\xff\xfe\x00\xd8x\x00",
        ] {
            assert_eq!(detect(binary, "a.txt"), UNKNOWN, "{binary:?}");
        }
    }

    #[test]
    fn markup_is_text_where_it_is_read_and_is_never_more() {
        let logo = b"<p align=center>logo</p>\n# Title\n";
        let script = b"#!/bin/sh\nrm -r x\n";
        let page = utf16_page();
        for head in [&logo[..], script, b"<svg onload=x>", b"<?xml version='1.0'?>"] {
            for name in ["README.md", "a.b.TXT", "build.log"] {
                assert_eq!(detect(head, name), "text/plain", "{name}");
            }
            for name in ["file", "md", "page.html", "a.svg", "a.md.html", "run.sh", ""] {
                assert_eq!(detect(head, name), UNKNOWN, "{name}");
            }
        }
        assert_eq!(detect(&page, "a.html"), UNKNOWN);
        assert_eq!(detect(b"<b>\xe4", "a.html"), UNKNOWN);
        // A name makes no text of what is none.
        assert_eq!(detect(b"\x89PNG\r\n\x1a\n0000", "a.md"), "image/png");
        assert_eq!(detect(b"a\0b", "a.md"), UNKNOWN);
    }

    fn utf16_page() -> Vec<u8> {
        "\u{feff}<html>".encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn pictures_of_phones_are_known_by_their_brands() {
        let file = |brands: &str| {
            let length = u32::try_from(8 + brands.len()).expect("small").to_be_bytes();
            [&length[..], b"ftyp", brands.as_bytes(), b"\0\0\0\x08mdat"].concat()
        };
        for (brands, kind) in [
            ("heic\0\0\0\0mif1heic", "image/heic"),
            ("heix\0\0\0\0", "image/heic"),
            ("hevc\0\0\0\0msf1hevc", "image/heic"),
            ("mif1\0\0\0\0mif1heic", "image/heic"),
            ("mif1\0\0\0\0mif1miaf", "image/heif"),
            ("msf1\0\0\0\0heis", "image/heic"),
            ("avif\0\0\0\0mif1miaf", "image/avif"),
            ("mif1\0\0\0\0avif", "image/avif"),
            ("isom\0\0\0\0isomavc1", "video/mp4"),
        ] {
            assert_eq!(detect(&file(brands), "IMG_0001"), kind, "{brands:?}");
        }
        let allowed = AllowedTypes::new(&["image/*".to_owned(), "text/plain".to_owned()]);
        assert!(allowed.allow("image/heic"));
        assert!(allowed.allow("text/plain; charset=utf-16le") && !is_safe_image("image/heic"));
    }

    #[test]
    fn types_are_allowed_by_name_or_by_kind() {
        let allowed = AllowedTypes::new(&["image/*".to_owned(), " Application/PDF ".to_owned()]);
        assert!(allowed.allow("image/png") && allowed.allow("application/pdf"));
        assert!(!allowed.allow("application/zip") && !allowed.allow("imagex/png"));
        assert!(AllowedTypes::new(&["*".to_owned()]).allow("x/y"));
    }
}
