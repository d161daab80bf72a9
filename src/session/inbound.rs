//! Puts the fragments of a text message together (RFC 6455 section 5.4).

use actix_http::ws::Item;
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;

use crate::protocol::Close;

/// The message that is being received in fragments, if one is.
///
/// The order of fragments is checked by the codec; here are the limit and
/// the text's encoding.
#[derive(Debug, Default)]
pub(super) struct Fragments(Option<Partial>);

#[derive(Debug, Default)]
struct Partial {
    bytes: BytesMut,
    /// How many of them are known to be text, so that no byte is looked at
    /// again with every fragment that follows.
    text: usize,
}

impl Fragments {
    /// Takes a fragment; gives the message when it was the last one.
    pub fn take(&mut self, item: Item, bytes_max: usize) -> Result<Option<ByteString>, Close> {
        match item {
            Item::FirstBinary(_) => return Err(Close::Binary),
            Item::FirstText(bytes) => {
                self.0 = Some(Partial::default());
                self.append(&bytes, bytes_max)?;
            }
            Item::Continue(bytes) => self.append(&bytes, bytes_max)?,
            Item::Last(bytes) => {
                self.append(&bytes, bytes_max)?;
                let whole = self.0.take().unwrap_or_default().bytes.freeze();
                return text(whole).map(Some);
            }
        }
        Ok(None)
    }

    /// What can be no text any more is refused before the message is whole.
    fn append(&mut self, bytes: &Bytes, bytes_max: usize) -> Result<(), Close> {
        let message = self.0.get_or_insert_default();
        if message.bytes.len() + bytes.len() > bytes_max {
            return Err(Close::TooBig);
        }
        message.bytes.extend_from_slice(bytes);
        match std::str::from_utf8(&message.bytes[message.text..]) {
            Err(error) if error.error_len().is_some() => return Err(Close::NotUtf8),
            Err(error) => message.text += error.valid_up_to(),
            Ok(text) => message.text += text.len(),
        }
        Ok(())
    }
}

fn text(bytes: Bytes) -> Result<ByteString, Close> {
    ByteString::try_from(bytes).map_err(|_| Close::NotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(bytes: &'static [u8]) -> Item {
        Item::FirstText(Bytes::from_static(bytes))
    }

    fn last(bytes: &'static [u8]) -> Item {
        Item::Last(Bytes::from_static(bytes))
    }

    #[test]
    fn fragments_become_one_message_also_within_a_character() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.take(first(b"sm\xC3"), 100), Ok(None));
        let next = Item::Continue(Bytes::from_static(b"\xB8rre"));
        assert_eq!(fragments.take(next, 100), Ok(None));
        let message = fragments.take(last(b"br\xC3\xB8d"), 100);
        assert_eq!(message, Ok(Some("smørrebrød".into())));
    }

    #[test]
    fn the_limit_holds_for_the_whole_message() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.take(first(b"12345"), 8), Ok(None));
        assert_eq!(fragments.take(last(b"6789"), 8), Err(Close::TooBig));
    }

    #[test]
    fn broken_text_fails_at_once_and_half_a_character_at_the_end() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.take(first(b"\xFF"), 100), Err(Close::NotUtf8));
        let mut fragments = Fragments::default();
        assert_eq!(fragments.take(first(b"\xC3"), 100), Ok(None));
        assert_eq!(fragments.take(last(b""), 100), Err(Close::NotUtf8));
    }

    #[test]
    fn binary_fragments_are_refused() {
        let item = Item::FirstBinary(Bytes::from_static(b"x"));
        assert_eq!(Fragments::default().take(item, 100), Err(Close::Binary));
    }
}
