//! What the application and its issuer call the claims of their tokens.

use clap::Args;

use super::ConfigError;
use crate::auth::{ClaimNames, Names};

#[derive(Args, Debug)]
pub struct ClaimArgs {
    /// Claim with the user's id, in tokens of the application and the issuer;
    /// several, separated by commas: the first that a token has counts. With `a.b`
    /// it is `b` within `a`, unless a claim has the whole name
    #[arg(long, env = "PARLOR_CLAIM_USER", value_delimiter = ',', default_value = "sub")]
    pub claim_user: Vec<String>,
    /// Claim with the display name, in the same way
    #[arg(long, env = "PARLOR_CLAIM_NAME", value_delimiter = ',', default_value = "name")]
    pub claim_name: Vec<String>,
    /// Claim with the roles: a list, or a text with blanks or commas between them
    #[arg(long, env = "PARLOR_CLAIM_ROLES", value_delimiter = ',', default_value = "roles")]
    pub claim_roles: Vec<String>,
    /// Claim with the role context
    #[arg(
        long,
        env = "PARLOR_CLAIM_ROLE_CONTEXT",
        value_delimiter = ',',
        default_value = "role_context_id"
    )]
    pub claim_role_context: Vec<String>,
}

impl ClaimArgs {
    pub fn names(&self) -> Result<ClaimNames, ConfigError> {
        let names = |option, texts: &[String]| {
            let none = || ConfigError::value(option, "it must name a claim, such as sub");
            Names::parse(texts).ok_or_else(none)
        };
        Ok(ClaimNames {
            user: names("claim-user", &self.claim_user)?,
            name: names("claim-name", &self.claim_name)?,
            roles: names("claim-roles", &self.claim_roles)?,
            role_context: names("claim-role-context", &self.claim_role_context)?,
        })
    }
}
