//! The tables of error codes and close codes: docs/PROTOCOL.md, "Errors".

use parlor_websocket::{Frame, Opcode};

/// A stable error code, the same on the socket and in REST bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    InvalidMessage,
    Unauthorized,
    TokenExpired,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Timeout,
    Conflict,
    TooLarge,
    RateLimited,
    Refused,
    ContentBlocked,
    PushOff,
    ProcessingError,
    Unavailable,
}

impl ErrorCode {
    pub const ALL: [Self; 15] = [
        Self::InvalidMessage,
        Self::Unauthorized,
        Self::TokenExpired,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Timeout,
        Self::Conflict,
        Self::TooLarge,
        Self::RateLimited,
        Self::Refused,
        Self::ContentBlocked,
        Self::PushOff,
        Self::ProcessingError,
        Self::Unavailable,
    ];

    /// As it is in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidMessage => "invalid_message",
            Self::Unauthorized => "unauthorized",
            Self::TokenExpired => "token_expired",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Timeout => "timeout",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Refused => "refused",
            Self::ContentBlocked => "content_blocked",
            Self::PushOff => "push_off",
            Self::ProcessingError => "processing_error",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Why the server ends a connection.
///
/// 1001, 1011 to 1013 and 4000 to 4499 tell a client to come back and resume;
/// 1002, 1003, 1007, 1009 and 4500 to 4999 tell it to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    Normal,
    GoingAway,
    Protocol,
    Binary,
    NotUtf8,
    TooBig,
    Internal,
    Overloaded,
    TokenExpired,
    HeartbeatTimeout,
    ResumeTimeout,
    SlowReader,
    TooManyErrors,
    ConnectingTooOften,
    Unauthorized,
    Disconnected,
    TooManyConnections,
}

/// Bytes of a close frame's reason at most (RFC 6455 section 5.5).
const REASON_BYTES: usize = 123;

impl Close {
    pub const ALL: [Self; 17] = [
        Self::Normal,
        Self::GoingAway,
        Self::Protocol,
        Self::Binary,
        Self::NotUtf8,
        Self::TooBig,
        Self::Internal,
        Self::Overloaded,
        Self::TokenExpired,
        Self::HeartbeatTimeout,
        Self::ResumeTimeout,
        Self::SlowReader,
        Self::TooManyErrors,
        Self::ConnectingTooOften,
        Self::Unauthorized,
        Self::Disconnected,
        Self::TooManyConnections,
    ];

    /// The close frame with code and reason (RFC 6455 section 5.5.1).
    pub fn frame(self) -> Frame {
        self.frame_saying(self.reason())
    }

    /// The same with another reason, of which as much is said as fits.
    pub fn frame_saying(self, reason: &str) -> Frame {
        let mut payload = self.code().to_be_bytes().to_vec();
        let end = reason.len().min(REASON_BYTES);
        let end = (0..=end).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or(0);
        payload.extend_from_slice(&reason.as_bytes()[..end]);
        Frame::control(Opcode::Close, &payload)
    }

    /// The number in the close frame (RFC 6455 section 7.4; 4000 and up are
    /// Parlor's own).
    pub fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::Protocol => 1002,
            Self::Binary => 1003,
            Self::NotUtf8 => 1007,
            Self::TooBig => 1009,
            Self::Internal => 1011,
            Self::Overloaded => 1013,
            Self::TokenExpired => 4401,
            Self::HeartbeatTimeout | Self::ResumeTimeout => 4408,
            Self::TooManyConnections => 4409,
            Self::SlowReader => 4413,
            Self::TooManyErrors | Self::ConnectingTooOften => 4429,
            Self::Unauthorized => 4501,
            Self::Disconnected => 4503,
        }
    }

    /// The reason in the close frame, for a person; below 123 bytes.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Normal => "bye",
            Self::GoingAway => "server going away",
            Self::Protocol => "broken framing",
            Self::Binary => "only text frames are understood",
            Self::NotUtf8 => "text is not UTF-8",
            Self::TooBig => "message too big",
            Self::Internal => "error on our side",
            Self::Overloaded => "overloaded, come back later",
            Self::TokenExpired => "token expired",
            Self::HeartbeatTimeout => "nothing heard in time",
            Self::ResumeTimeout => "no session.resume in time",
            Self::SlowReader => "reading too slowly",
            Self::TooManyErrors => "too many errors",
            Self::ConnectingTooOften => "connecting too often, come back later",
            Self::Unauthorized => "unauthorized",
            Self::Disconnected => "disconnected by an administrator",
            Self::TooManyConnections => "too many connections of this user, come back later",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame_len(frame: &[u8]) -> usize {
        usize::from(frame[1])
    }

    #[test]
    fn a_close_frame_carries_code_and_reason() {
        let frame = Close::SlowReader.frame().bytes(None);
        assert_eq!(frame[0], 0x88);
        assert_eq!(usize::from(frame[1]), frame.len() - 2);
        assert_eq!(frame[2..4], 4413u16.to_be_bytes());
        assert_eq!(&frame[4..], b"reading too slowly");
        let long = Close::Disconnected.frame_saying(&"ä".repeat(100)).bytes(None);
        assert_eq!(frame_len(&long), 2 + 122, "cut between two characters");
    }
}
