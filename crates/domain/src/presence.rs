/// Whether a user can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Online,
    /// Connected, and not there.
    Away,
    Offline,
}

impl Status {
    pub const ALL: [Self; 3] = [Self::Online, Self::Away, Self::Offline];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Offline => "offline",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// What a client may say of itself.
    pub fn parse_own(text: &str) -> Option<Self> {
        [Self::Online, Self::Away].into_iter().find(|status| status.as_str() == text)
    }
}
