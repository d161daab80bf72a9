//! Who somebody is: tokens, accounts, and what an upgrade request may do.

mod accounts;
mod error;
mod identity;
mod origin;
mod password;
mod secret;
mod socket_request;
mod token;
mod write;

pub use accounts::{AccountError, Accounts, Tokens};
pub use error::AuthError;
pub use identity::{ADMIN, Authenticator, Identity};
pub use origin::{OriginPolicy, parse_origin};
pub use password::Passwords;
pub use secret::{Secret, SecretError};
pub use socket_request::{SocketRequest, bearer_token};
pub use token::{Claims, TokenError, TokenKeys, is_display_name};
