//! The bytes of a connection: what they say does not depend on the pieces in
//! which they come, and nothing is longer than allowed.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use parlor_websocket::{Decoder, Message, Violation};

const MESSAGE_MAX: usize = 1_000;

/// What a stream says, read in pieces of `size` bytes, and how it ends.
fn decode(stream: &[u8], inflates: bool, size: usize) -> (Vec<Message>, Option<Violation>) {
    let mut decoder = Decoder::new(MESSAGE_MAX, inflates);
    let mut messages = Vec::new();
    for piece in stream.chunks(size.max(1)) {
        let mut input = BytesMut::from(piece);
        loop {
            match decoder.next(&mut input) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(violation) => return (messages, Some(violation)),
            }
        }
        assert!(input.is_empty(), "what is not whole is kept in the decoder");
    }
    (messages, None)
}

// The first byte says whether compression was agreed to, the second one how
// long the pieces are.
fuzz_target!(|data: &[u8]| {
    let [flags, size, stream @ ..] = data else { return };
    let inflates = flags & 1 == 1;
    let whole = decode(stream, inflates, stream.len());
    assert_eq!(decode(stream, inflates, 1), whole);
    assert_eq!(decode(stream, inflates, usize::from(*size)), whole);
    for message in whole.0 {
        match message {
            Message::Text(text) => assert!(text.len() <= MESSAGE_MAX),
            Message::Ping(payload) | Message::Pong(payload) => assert!(payload.len() <= 125),
            Message::Close(code) => assert!(code.is_none_or(|code| (1000..5000).contains(&code))),
        }
    }
});
