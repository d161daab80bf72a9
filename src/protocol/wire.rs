//! The server's side of RFC 6455 framing: unmasked, unfragmented frames.

use bytes::Bytes;

use super::Close;

const FIN: u8 = 0x80;
const OPCODE_TEXT: u8 = 0x1;
const OPCODE_CLOSE: u8 = 0x8;

/// The longest header of an unmasked frame (RFC 6455 section 5.2).
const HEADER_MAX: usize = 10;

/// A control frame's payload (RFC 6455 section 5.5).
const CONTROL_PAYLOAD_MAX: usize = 125;

/// Encodes one text frame; `write` appends the payload.
///
/// The header is put in front of the payload in the same allocation, so that
/// a broadcast is one piece of shared memory for all who get it.
pub fn text_frame(write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut buffer = Vec::with_capacity(512);
    buffer.resize(HEADER_MAX, 0);
    write(&mut buffer);
    let payload = buffer.len() - HEADER_MAX;
    let mut header = [0; HEADER_MAX];
    let used = put_header(&mut header, OPCODE_TEXT, payload);
    let start = HEADER_MAX - used;
    buffer[start..HEADER_MAX].copy_from_slice(&header[..used]);
    buffer.shrink_to_fit();
    Bytes::from(buffer).slice(start..)
}

/// Writes the header of a frame and says how many bytes it takes.
fn put_header(header: &mut [u8; HEADER_MAX], opcode: u8, payload: usize) -> usize {
    header[0] = FIN | opcode;
    match payload {
        0..=125 => {
            header[1] = payload as u8;
            2
        }
        126..=0xFFFF => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(payload as u16).to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..10].copy_from_slice(&(payload as u64).to_be_bytes());
            10
        }
    }
}

/// Encodes a control frame. A payload beyond what RFC 6455 allows is cut.
pub fn control_frame(opcode: u8, payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(CONTROL_PAYLOAD_MAX)];
    let mut frame = Vec::with_capacity(2 + payload.len());
    frame.push(FIN | opcode);
    frame.push(payload.len() as u8);
    frame.extend_from_slice(payload);
    frame.into()
}

/// Encodes a close frame with its code and reason.
pub fn close_frame(close: Close) -> Bytes {
    let mut payload = close.code().to_be_bytes().to_vec();
    payload.extend_from_slice(close.reason().as_bytes());
    control_frame(OPCODE_CLOSE, &payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_frame_has_the_shortest_header() {
        for (payload, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 255, 255]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = text_frame(|buffer| buffer.resize(buffer.len() + payload, b'x'));
            assert_eq!(frame[..header.len()], header);
            assert_eq!(frame.len(), header.len() + payload);
        }
    }

    #[test]
    fn a_close_frame_carries_code_and_reason() {
        let frame = close_frame(Close::SlowReader);
        assert_eq!(frame[0], 0x88);
        assert_eq!(usize::from(frame[1]), frame.len() - 2);
        assert_eq!(frame[2..4], 4413u16.to_be_bytes());
        assert_eq!(&frame[4..], b"reading too slowly");
    }
}
