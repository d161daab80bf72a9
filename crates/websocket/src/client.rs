//! The other side: what a client says, and how it reads a server. For those who try a
//! server out; nothing here is on the way of a message.

use bytes::{Buf, Bytes, BytesMut};

use super::{
    CONTROL_PAYLOAD_MAX, Opcode, Violation,
    header::{FIN, MASKED, extended_length, payload_length},
};

const RSV: u8 = 0x70;

/// A short frame of a client, whole and masked (RFC 6455 section 5.3). A payload beyond
/// what fits into the shortest header is cut.
pub fn client_frame(opcode: Opcode, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let payload = &payload[..payload.len().min(CONTROL_PAYLOAD_MAX)];
    let mut frame = vec![FIN | opcode.bits(), MASKED | payload.len() as u8];
    frame.extend_from_slice(&mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Takes the next frame of a server out of `input`; `None`: more of it has to come.
///
/// # Errors
/// What comes from no WebSocket server that agreed to no extension, in pieces, or has more
/// than `payload_max` bytes.
pub fn server_frame(
    input: &mut BytesMut,
    payload_max: usize,
) -> Result<Option<(Opcode, Bytes)>, Violation> {
    let [first, second, ..] = input[..] else { return Ok(None) };
    let opcode = Opcode::from_bits(first & 0x0F).ok_or(Violation::Protocol)?;
    let is_sound = first & FIN != 0 && first & RSV == 0 && second & MASKED == 0;
    if !is_sound || opcode == Opcode::Continuation {
        return Err(Violation::Protocol);
    }
    let extended = extended_length(second);
    let Some(bytes) = input.get(2..2 + extended) else { return Ok(None) };
    let length = usize::try_from(payload_length(second, bytes)?)
        .ok()
        .filter(|length| *length <= payload_max);
    let length = length.ok_or(Violation::TooBig)?;
    let header = 2 + extended;
    if input.len() < header + length {
        return Ok(None);
    }
    input.advance(header);
    Ok(Some((opcode, input.split_to(length).freeze())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decoder, Frame, Message};

    #[test]
    fn the_server_understands_what_a_client_says() {
        let mut input = BytesMut::from(&client_frame(Opcode::Ping, b"is it", [1, 2, 3, 4])[..]);
        input.extend_from_slice(&client_frame(Opcode::Text, "ä".as_bytes(), [9, 0, 9, 0]));
        let mut decoder = Decoder::new(100, false);
        assert!(
            matches!(decoder.next(&mut input), Ok(Some(Message::Ping(payload))) if payload == "is it")
        );
        assert!(matches!(decoder.next(&mut input), Ok(Some(Message::Text(text))) if text == "ä"));
    }

    #[test]
    fn a_client_reads_what_the_server_says_in_pieces_of_any_size() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536] {
            let text = "x".repeat(length);
            let frame = Frame::text(|out| out.extend_from_slice(text.as_bytes())).bytes(None);
            let mut input = BytesMut::new();
            let mut read = None;
            for piece in frame.chunks(30_000) {
                assert_eq!(read, None);
                input.extend_from_slice(piece);
                read = server_frame(&mut input, 65_536).expect("sound");
            }
            assert_eq!(read, Some((Opcode::Text, Bytes::from(text))), "{length}");
            assert!(input.is_empty());
        }
    }

    #[test]
    fn what_no_server_says_is_refused() {
        for (bytes, why) in [
            (&b"HT"[..], Violation::Protocol),
            (&[0x81, 0x81], Violation::Protocol),
            (&[0x01, 0x01], Violation::Protocol),
            (&[0x80, 0x01], Violation::Protocol),
            (&[0xC1, 0x01], Violation::Protocol),
            (&[0x81, 11], Violation::TooBig),
            (&[0x81, 127, 127, 255, 255, 255, 255, 255, 255, 255], Violation::TooBig),
            (&[0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255], Violation::Protocol),
            (&[0x81, 126, 0, 125], Violation::Protocol),
        ] {
            assert_eq!(server_frame(&mut BytesMut::from(bytes), 10), Err(why), "{bytes:?}");
        }
    }
}
