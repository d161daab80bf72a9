//! Compressed messages, RFC 7692, where each is compressed by itself.

use std::hash::{DefaultHasher, Hasher};

use flate2::{Decompress, FlushDecompress, Status};

use crate::{Result, frame::PAYLOAD_MAX};

/// What the client asks for, and what the server must have agreed to: without
/// "no context takeover" one state of 40 KB for each connection would be needed.
pub const OFFER: &str = "permessage-deflate; client_max_window_bits";
pub const AGREED: [&str; 3] =
    ["permessage-deflate", "server_no_context_takeover", "client_no_context_takeover"];

/// Every message ends with these; they are not sent.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
/// Messages remembered. A room's readers get the same bytes: what a thousand
/// machines would inflate once each, this one process need not do a thousand
/// times, and the server remains what is measured.
const REMEMBERED: usize = 64;

pub struct Inflate {
    state: Decompress,
    remembered: Vec<Remembered>,
}

#[derive(Clone, Default)]
struct Remembered {
    small: Vec<u8>,
    large: Vec<u8>,
}

impl Inflate {
    pub fn new() -> Self {
        Inflate {
            state: Decompress::new(false),
            remembered: vec![Remembered::default(); REMEMBERED],
        }
    }

    pub fn message(&mut self, small: &[u8]) -> Result<&[u8]> {
        let mut hasher = DefaultHasher::new();
        hasher.write(small);
        let place = (hasher.finish() % REMEMBERED as u64) as usize;
        let Remembered { small: known, large } = &mut self.remembered[place];
        if known != small {
            known.clear();
            inflate(&mut self.state, small, large)?;
            known.extend_from_slice(small);
        }
        Ok(&self.remembered[place].large)
    }
}

fn inflate(state: &mut Decompress, small: &[u8], large: &mut Vec<u8>) -> Result<()> {
    state.reset(false);
    large.clear();
    let whole = [small, &TAIL].concat();
    loop {
        let used = state.total_in() as usize;
        large.reserve(whole.len().max(1024) * 2);
        let status = state.decompress_vec(&whole[used..], large, FlushDecompress::Sync)?;
        let all_read = state.total_in() as usize == whole.len();
        if status == Status::StreamEnd || all_read && large.len() < large.capacity() {
            return Ok(());
        }
        if large.len() as u64 > PAYLOAD_MAX {
            return Err(format!("a message inflates to more than {} bytes", large.len()).into());
        }
    }
}
