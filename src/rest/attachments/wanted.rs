//! What a request wants of a file: conditions and ranges (RFC 9110 sections 13 and 14, with
//! actix-web's types for the headers).

use actix_web::{
    HttpRequest,
    http::header::{self, EntityTag, Header, IfMatch, IfNoneMatch, IfRange, Range},
};

/// What a request wants of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Whole,
    /// The first byte and the last.
    Part(u64, u64),
    Nothing(Refused),
}

/// Why nothing is sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The asker has it.
    NotModified,
    /// The asker wants another version, and there is none.
    Changed,
    /// There is no such part.
    NoSuchPart,
}

/// The conditions in their order (RFC 9110 section 13.2.2).
pub(super) fn refused(request: &HttpRequest, tag: &EntityTag) -> Option<Refused> {
    // A header that is not there is read as a list with nothing in it.
    if request.headers().contains_key(header::IF_MATCH)
        && let Ok(IfMatch::Items(tags)) = IfMatch::parse(request)
        && !tags.iter().any(|known| known.strong_eq(tag))
    {
        return Some(Refused::Changed);
    }
    let is_known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    };
    is_known.then_some(Refused::NotModified)
}

/// One part is sent; several, unless they are next to each other, are as if
/// the whole had been asked for, which section 14.2 leaves to us.
pub(super) fn wanted(request: &HttpRequest, tag: &EntityTag, size: u64) -> Wanted {
    if let Some(refused) = refused(request, tag) {
        return Wanted::Nothing(refused);
    }
    // A file has no date by which it could be told from another.
    let is_other = match IfRange::parse(request) {
        Ok(IfRange::EntityTag(known)) => !known.strong_eq(tag),
        Ok(IfRange::Date(_)) => true,
        Err(_) => request.headers().contains_key(header::IF_RANGE),
    };
    let Ok(Range::Bytes(ranges)) = Range::parse(request) else { return Wanted::Whole };
    if is_other {
        return Wanted::Whole;
    }
    let mut parts: Vec<(u64, u64)> =
        ranges.iter().filter_map(|range| range.to_satisfiable_range(size)).collect();
    parts.sort_unstable();
    let mut parts = parts.into_iter();
    let Some(mut part) = parts.next() else { return Wanted::Nothing(Refused::NoSuchPart) };
    for (first, last) in parts {
        if first > part.1.saturating_add(1) {
            return Wanted::Whole;
        }
        part.1 = part.1.max(last);
    }
    Wanted::Part(part.0, part.1)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn of(headers: &[(&str, &str)]) -> Wanted {
        let request = headers.iter().fold(TestRequest::get(), |request, (name, value)| {
            request.insert_header((*name, *value))
        });
        wanted(&request.to_http_request(), &EntityTag::new_strong("tag".to_owned()), 100)
    }

    #[test]
    fn one_range_is_understood_and_what_is_not_there_is_told() {
        for (text, part) in [
            ("bytes=0-9", Wanted::Part(0, 9)),
            ("bytes=90-200", Wanted::Part(90, 99)),
            ("bytes=50-", Wanted::Part(50, 99)),
            ("bytes=-10", Wanted::Part(90, 99)),
            ("bytes=-200", Wanted::Part(0, 99)),
            ("bytes=100-", Wanted::Nothing(Refused::NoSuchPart)),
            ("bytes=-0", Wanted::Nothing(Refused::NoSuchPart)),
            ("bytes=200-300,400-", Wanted::Nothing(Refused::NoSuchPart)),
            ("bytes=9-0", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=5-6,0-4,200-", Wanted::Part(0, 6)),
            ("lines=1-2", Wanted::Whole),
        ] {
            assert_eq!(of(&[("range", text)]), part, "{text}");
        }
    }

    #[test]
    fn conditions_come_before_ranges_and_in_their_order() {
        let range = ("range", "bytes=0-1");
        let known = Wanted::Nothing(Refused::NotModified);
        for tags in ["\"tag\"", "W/\"tag\"", "\"x\", \"tag\"", "*"] {
            assert_eq!(of(&[("if-none-match", tags), range]), known, "{tags}");
        }
        assert_eq!(of(&[("if-none-match", "\"x\""), range]), Wanted::Part(0, 1));
        for tags in ["\"x\"", "W/\"tag\""] {
            let changed = of(&[("if-match", tags), ("if-none-match", "*")]);
            assert_eq!(changed, Wanted::Nothing(Refused::Changed), "{tags}");
            assert_eq!(of(&[("if-range", tags), range]), Wanted::Whole, "{tags}");
        }
        for tags in ["\"x\", \"tag\"", "*"] {
            assert_eq!(of(&[("if-match", tags)]), Wanted::Whole, "{tags}");
        }
        assert_eq!(of(&[("if-range", "\"tag\""), range]), Wanted::Part(0, 1));
        for other in ["Sat, 29 Oct 2025 19:43:31 GMT", "nonsense"] {
            assert_eq!(of(&[("if-range", other), range]), Wanted::Whole, "{other}");
        }
    }
}
