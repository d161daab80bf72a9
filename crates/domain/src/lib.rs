//! What the product is about: ids, users, rooms, members, messages, marks.
//!
//! Pure data and rules. Nothing here knows the wire, the database, an actor,
//! the clock or the environment, so every rule is tested with plain values.

#![forbid(unsafe_code)]

pub mod archive;
mod attachment;
mod audit;
mod bar;
mod blocklist;
mod contact;
mod creation;
mod draft;
mod emoji;
mod epoch;
mod event;
mod extras;
mod id;
pub mod limits;
mod mention;
mod message;
mod name;
mod origin;
mod preferences;
mod presence;
mod push;
mod quiet;
mod quota;
mod report;
mod room;
mod saved;
mod scheduled;
mod scope;
mod script;
mod standing;
mod thread;
mod time;
mod user;
mod waveform;
mod wire;

pub use attachment::{Attachment, AttachmentId, AttachmentView, MediaMs, StoredAttachment};
pub use audit::AuditEntry;
pub use bar::Bar;
pub use blocklist::{
    Blocklist, BlocklistAction, BlocklistSummary, Blocklists, InvalidBlocklist, InvalidPattern,
    Screened, screen,
};
pub use contact::{Adder, Contact, RoomBounds};
pub use creation::CreationRules;
pub use draft::Draft;
pub use emoji::canonical_emoji;
pub use epoch::{Bounds, Epoch, Life, Position};
pub use event::{AppEvent, EventKind, InboxEvent, InvalidKind, PublicationKey, RoomEvent};
pub use extras::{
    Extras, Mentions, MessageKind, NewExtras, Pin, Posted, QUOTE_CHARS, Quote, Reaction,
    StreamState, Thread, excerpt,
};
pub use id::{
    BlocklistId, ClientId, DeviceId, ID_CHARS_MAX, InvalidId, MessageId, MessageIds, RoomId,
    RoomKey, Seq, SignIn, UserId, UserKey,
};
pub use mention::{Mentioned, mentioned_in};
pub use message::{
    Change, HistoryCursor, HistoryPage, Message, NewContent, ReadTarget, StoredMessage,
};
pub use name::{NotShown, display_name, display_text, shows_something, visible};
pub use origin::{Adopted, UserOrigin};
pub use preferences::{Notifications, Preferences, PreferencesChange};
pub use presence::Status;
pub use push::{Device, DeviceAddress, PushAlert, PushNote, PushService};
pub use quiet::{QuietTime, TimeOfDay};
pub use quota::{FileQuota, FileUsage, QuotaReached};
pub use report::{
    Decided, Decision, OwnReport, Report, ReportId, ReportReason, ReportedBy, with_reason,
};
pub use room::{
    Ban, Member, MemberChange, Receipt, Retention, Role, Room, RoomChange, RoomKind, RoomOverview,
    RoomState,
};
pub use saved::{REMINDER, Reminder, Saved};
pub use scheduled::{Failed, Scheduled, ScheduledEnd, ScheduledId};
pub use scope::{ADMIN, SERVICE, Scope, Scopes, gives_rights};
pub use script::{is_accent, is_unspaced};
pub use standing::{Denied, RoomRules, RulesChange, Standing};
pub use thread::{FollowedThread, ThreadState};
pub use time::Timestamp;
pub use user::{Profile, ProfileChange, User, is_newer_name};
pub use waveform::Waveform;
pub use wire::{AvatarUrl, DisplayText, Emoji, FromText, PlainText, UserRole, WaveformText, Whole};
