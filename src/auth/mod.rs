//! Authentication: tokens, accounts, and which origins may connect.

mod accounts;
mod api_key;
mod authenticator;
mod claim_names;
mod claims;
mod cookie;
mod crypto;
mod error;
mod identity;
mod issuer;
mod origin;
mod password;
mod proxy;
mod refusal;
mod revocation;
mod secret;
mod service;
mod token;

pub use accounts::{AccountError, Accounts, Tokens};
pub use api_key::{ApiKeys, new_key, service_user};
pub use authenticator::{Authenticator, Credentials, Renamed};
pub use claim_names::{ClaimNames, Names};
pub use claims::Claims;
pub use cookie::TokenCookie;
pub use error::{AuthError, BadToken};
pub use identity::{Identity, Reading};
pub use issuer::{Issuer, IssuerConfig, KeySource};
pub use origin::{OriginPolicy, parse_origin};
pub use password::Passwords;
pub use proxy::{Client, FORWARDED, TrustedProxies, peer_address};
pub use refusal::Door;
pub use revocation::Revocations;
pub use secret::{Secret, SecretError};
pub use service::{AuthService, AuthServiceConfig, ClientCredentials, Form, service_url};
pub use token::{NotSigned, TokenKeys, bearer_token};
