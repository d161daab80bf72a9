//! Who somebody is: tokens, accounts, and which origins may connect.

mod accounts;
mod error;
mod identity;
mod origin;
mod password;
mod proxy;
mod secret;
mod token;
mod write;

pub use accounts::{AccountError, Accounts, Tokens};
pub use error::AuthError;
pub use identity::{ADMIN, Authenticator, Identity, SERVICE};
pub use origin::{OriginPolicy, parse_origin};
pub use password::Passwords;
pub use proxy::TrustedProxies;
pub use secret::{Secret, SecretError};
pub use token::{Claims, TokenError, TokenKeys, bearer_token, is_display_name};
