//! Negotiation of permessage-deflate (RFC 7692 section 7.1, RFC 6455 section
//! 9.1).

use super::deflate::WINDOW_BITS;

const NAME: &str = "permessage-deflate";

/// What was agreed to for the messages of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compression {
    /// Base-2 logarithm of the window the client can inflate with.
    pub window_bits: u8,
    /// Shorter messages are not worth it: bytes of payload.
    pub min_bytes: usize,
}

/// Takes the first offer that can be met. `None` if there is none: messages
/// then go uncompressed. The other value is the answer's header.
///
/// Both sides keep nothing from one message to the next: a broadcast can then
/// be the same bytes for all, and a connection costs no memory. A client may
/// not refuse either (sections 7.1.1.1 and 7.1.1.2). What a client offers for
/// its own window needs no answer, for ours inflates the largest.
pub fn negotiate<'a>(
    headers: impl Iterator<Item = &'a str>,
    min_bytes: usize,
) -> Option<(Compression, String)> {
    let offers = headers.flat_map(|header| split_quoted(header, ','));
    let Offer { server_window_bits } = offers.filter_map(Offer::read).next()?;
    let mut answer = format!("{NAME}; server_no_context_takeover; client_no_context_takeover");
    if let Some(bits) = server_window_bits {
        answer.push_str(&format!("; server_max_window_bits={bits}"));
    }
    let window_bits = server_window_bits.unwrap_or(*WINDOW_BITS.end());
    Some((Compression { window_bits, min_bytes }, answer))
}

/// One offer that can be met.
#[derive(Debug, Default, PartialEq, Eq)]
struct Offer {
    server_window_bits: Option<u8>,
}

impl Offer {
    /// `None` for another extension, and for an offer that is wrong or cannot
    /// be met (section 7.1: it is declined).
    fn read(text: &str) -> Option<Self> {
        let mut parts = split_quoted(text, ';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case(NAME) {
            return None;
        }
        let mut offer = Self::default();
        let mut seen = [false; 4];
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(unquoted(value.trim()))),
                None => (part, None),
            };
            let which = match (name, value) {
                ("server_no_context_takeover", None) => 0,
                ("client_no_context_takeover", None) => 1,
                ("server_max_window_bits", Some(value)) => {
                    let bits = window_bits(value).filter(|bits| WINDOW_BITS.contains(bits))?;
                    offer.server_window_bits = Some(bits);
                    2
                }
                ("client_max_window_bits", value) => {
                    if let Some(value) = value {
                        window_bits(value)?;
                    }
                    3
                }
                _ => return None,
            };
            if std::mem::replace(&mut seen[which], true) {
                return None;
            }
        }
        Some(offer)
    }
}

/// Section 7.1.2: 8 to 15, without leading zeros.
fn window_bits(text: &str) -> Option<u8> {
    let bits = text.parse().ok().filter(|bits| (8..=15).contains(bits))?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain.then_some(bits)
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// Splits at a separator that is not inside a quoted string.
fn split_quoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |char| {
        quoted ^= char == '"';
        char == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed(headers: &[&str]) -> Option<(u8, String)> {
        let (compression, answer) = negotiate(headers.iter().copied(), 7)?;
        assert_eq!(compression.min_bytes, 7);
        Some((compression.window_bits, answer))
    }

    const ANSWER: &str =
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    #[test]
    fn what_clients_offer_is_taken() {
        for offer in [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "Permessage-Deflate;client_max_window_bits = 8",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            "x-webkit-deflate-frame, permessage-deflate; client_max_window_bits=\"15\"",
        ] {
            assert_eq!(agreed(&[offer]), Some((15, ANSWER.to_owned())), "{offer}");
        }
        let (bits, answer) =
            agreed(&["permessage-deflate; server_max_window_bits=10"]).expect("ok");
        assert_eq!((bits, answer), (10, format!("{ANSWER}; server_max_window_bits=10")));
    }

    #[test]
    fn the_first_offer_that_can_be_met_is_taken() {
        let first = "permessage-deflate; server_max_window_bits=8";
        let (bits, _) = agreed(&["other", first, "permessage-deflate; server_max_window_bits=9"])
            .expect("the last one is good");
        assert_eq!(bits, 9);
        assert_eq!(agreed(&["foo; bar=\",permessage-deflate\""]), None);
    }

    #[test]
    fn an_offer_that_is_wrong_is_declined() {
        for parameters in [
            "unknown",
            "server_no_context_takeover=1",
            "client_no_context_takeover; client_no_context_takeover",
            "server_max_window_bits",
            "server_max_window_bits=8",
            "server_max_window_bits=16",
            "server_max_window_bits=010",
            "server_max_window_bits=+9",
            "client_max_window_bits=7",
            "client_max_window_bits=abc",
            "client_max_window_bits; client_max_window_bits=9",
            "",
        ] {
            let offer = format!("permessage-deflate; {parameters}");
            assert_eq!(agreed(&[&offer]), None, "{offer}");
        }
        assert_eq!(agreed(&[]), None);
        assert_eq!(agreed(&["", "deflate-stream"]), None);
    }
}
