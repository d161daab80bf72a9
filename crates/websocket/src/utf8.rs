//! UTF-8 validation of text that arrives in pieces.

/// How much of a growing text is known to be UTF-8, so that no byte is looked
/// at again with every piece that follows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checked(usize);

/// The bytes are no text, whatever follows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotUtf8;

impl Checked {
    /// Looks at what is new in `bytes`: a character may still be cut short.
    pub fn advance(&mut self, bytes: &[u8]) -> Result<(), NotUtf8> {
        match std::str::from_utf8(&bytes[self.0..]) {
            Ok(_) => self.0 = bytes.len(),
            Err(error) if error.error_len().is_some() => return Err(NotUtf8),
            Err(error) => self.0 += error.valid_up_to(),
        }
        Ok(())
    }

    /// Whether all of `bytes`, the whole message, is text.
    pub fn is_whole(self, bytes: &[u8]) -> bool {
        self.0 == bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_may_come_in_pieces_but_not_be_cut_short() {
        let text = "smørrebrød 🍞".as_bytes();
        let mut checked = Checked::default();
        for end in 0..=text.len() {
            assert_eq!(checked.advance(&text[..end]), Ok(()), "{end}");
            let cut = std::str::from_utf8(&text[..end]).is_err();
            assert_eq!(checked.is_whole(&text[..end]), !cut, "{end}");
        }
    }

    #[test]
    fn it_fails_at_the_first_byte_that_cannot_be() {
        for (good, bad) in [
            (&b"ab"[..], &b"ab\xFF"[..]),
            (b"\xF4", b"\xF4\x90"),
            (b"\xED", b"\xED\xA0"),
            (b"\xC3", b"\xC3("),
        ] {
            let mut checked = Checked::default();
            assert_eq!(checked.advance(good), Ok(()));
            assert_eq!(checked.advance(bad), Err(NotUtf8), "{bad:x?}");
        }
    }
}
