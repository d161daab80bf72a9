//! How rooms and their members are treated.

use std::time::Duration;

use clap::Args;

use super::{Switch, parse_contact, parse_duration};
use parlor_domain::{Contact, CreationRules, Retention, limits::positive};

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Rooms")]
pub struct RoomConfig {
    /// Who may add a user to a room, open a direct room with them and see their
    /// presence: anyone, shared (users who share a room with them) or backend (only
    /// the application's backend). Members of a room always see each other's
    /// presence
    #[arg(long, env = "PARLOR_CONTACT", default_value = "anyone", value_parser = parse_contact)]
    pub contact: Contact,
    /// Whether users find each other by name (`GET /users?query=`)
    #[arg(long, env = "PARLOR_DIRECTORY", default_value = "off", value_enum)]
    pub directory: Switch,
    /// Rooms that are made when they are first joined, or used by the application:
    /// `id=kind`, separated by commas, where one `*` in an id stands for one character
    /// or more and kind is public, private or announcement; the first that fits counts;
    /// such as `board:*=public,news=announcement`
    #[arg(long, env = "PARLOR_ROOM_RULES", value_parser = CreationRules::parse)]
    pub room_rules: Option<CreationRules>,
    /// How long a user without a connection is still shown as online
    #[arg(long, env = "PARLOR_PRESENCE_GRACE", default_value = "10s", value_parser = parse_duration)]
    pub presence_grace: Duration,
    /// How long an application event is kept in a user's inbox
    #[arg(long, env = "PARLOR_INBOX_TTL", default_value = "24h", value_parser = parse_duration)]
    pub inbox_ttl: Duration,
    /// How long rooms without a rule of their own keep their messages; by default,
    /// forever; such as `365d`
    #[arg(long, env = "PARLOR_RETENTION_AGE", value_parser = parse_duration)]
    pub retention_age: Option<Duration>,
    /// How many messages such a room keeps; by default, all; such as `100000`
    #[arg(long, env = "PARLOR_RETENTION_MESSAGES", value_parser = positive)]
    pub retention_messages: Option<usize>,
    /// How often expired messages and empty rooms are looked for
    #[arg(long, env = "PARLOR_RETENTION_TICK", default_value = "60s", value_parser = parse_duration)]
    pub retention_tick: Duration,
    /// How long a public or announcement room is kept after everyone has left; a
    /// private or direct room ends with its last member. Rooms created by the
    /// application are kept
    #[arg(long, env = "PARLOR_EMPTY_ROOM_TTL", default_value = "24h", value_parser = parse_duration)]
    pub empty_room_ttl: Duration,
}

impl RoomConfig {
    pub fn retention(&self) -> Retention {
        let ms = |age: Duration| i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let count = |most| i64::try_from(most).unwrap_or(i64::MAX);
        Retention {
            age_ms: self.retention_age.map(ms),
            messages: self.retention_messages.map(count),
        }
    }
}
