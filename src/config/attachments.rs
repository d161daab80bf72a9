//! Where attachments are stored, and which are allowed.

use std::sync::Arc;

use clap::Args;

use super::{ConfigError, StoreConfig, set};
use crate::attachments::{self, AllowedTypes};

#[derive(Args, Debug)]
#[command(next_help_heading = "Attachments")]
pub struct AttachmentArgs {
    /// Where attachments are stored: by default in the data directory, or in S3,
    /// such as `s3://bucket/prefix`
    #[arg(long, env = "PARLOR_ATTACHMENTS_URL")]
    pub attachments_url: Option<String>,
    /// Endpoint of an S3-compatible store other than Amazon's, such as
    /// `http://127.0.0.1:9000`
    #[arg(long, env = "PARLOR_S3_ENDPOINT")]
    pub s3_endpoint: Option<String>,
    /// Region of the S3 store
    #[arg(long, env = "PARLOR_S3_REGION", default_value = "us-east-1")]
    pub s3_region: String,
    /// Access key of the S3 store; without it and its secret the credentials are those
    /// of the machine: its role at Amazon, in EC2, ECS or EKS
    #[arg(long, env = "PARLOR_S3_ACCESS_KEY_ID", hide_env_values = true)]
    pub s3_access_key_id: Option<String>,
    /// Secret key of the S3 store
    #[arg(long, env = "PARLOR_S3_SECRET_ACCESS_KEY", hide_env_values = true)]
    pub s3_secret_access_key: Option<String>,
    /// Allowed file types, detected from the content
    #[arg(
        long,
        env = "PARLOR_ATTACHMENT_TYPES",
        value_delimiter = ',',
        default_value = "image/*,audio/*,video/*,text/plain,application/pdf,application/zip,application/gzip,application/msword,application/vnd.ms-*,application/vnd.openxmlformats-officedocument.*,application/vnd.oasis.opendocument.*"
    )]
    pub attachment_types: Vec<String>,
    /// What links to files begin with: the address of a CDN that fetches them here, or
    /// of this server as others reach it, such as `https://cdn.example.org`; without
    /// it they are paths
    #[arg(long, env = "PARLOR_CDN_URL")]
    pub cdn_url: Option<String>,
}

#[derive(Debug)]
pub struct AttachmentConfig {
    pub store: attachments::StoreConfig,
    pub allowed: AllowedTypes,
    /// What links begin with; nothing: they are paths.
    pub links_base: Arc<str>,
    /// Where pages have files from besides this server, as a content security policy
    /// names it.
    pub files_origin: Option<String>,
}

impl AttachmentConfig {
    pub fn new(args: AttachmentArgs, data: &StoreConfig) -> Result<Self, ConfigError> {
        let allowed = AllowedTypes::new(&args.attachment_types);
        let (links_base, files_origin) = match set(args.cdn_url) {
            Some(url) => {
                let (base, origin) = cdn(&url).ok_or_else(|| {
                    let why = "it must be an http or https URL without a query, such as \
                               https://cdn.example.org";
                    ConfigError::value("cdn-url", why)
                })?;
                (base, Some(origin))
            }
            None => (Arc::default(), None),
        };
        let endpoint = set(args.s3_endpoint);
        if endpoint.as_deref().is_some_and(|endpoint| !is_web(endpoint)) {
            let why = "it must be an http or https URL, such as http://127.0.0.1:9000";
            return Err(ConfigError::value("s3-endpoint", why));
        }
        let Some(url) = set(args.attachments_url) else {
            let store = attachments::StoreConfig::Local(data.data_dir.join("attachments"));
            return Ok(Self { store, allowed, links_base, files_origin });
        };
        let wrong = |why| ConfigError::value("attachments-url", why);
        let shape = "it must look like s3://bucket/prefix; leave it out to keep files in the data \
                     directory";
        // First what is wrong with it, then what else it needs.
        if !url.starts_with("s3://") {
            return Err(wrong(shape));
        }
        let keys = match (set(args.s3_access_key_id), set(args.s3_secret_access_key)) {
            (Some(id), Some(secret)) => Some((id, secret)),
            (None, None) => None,
            (Some(_), None) => {
                let why = "it requires PARLOR_S3_SECRET_ACCESS_KEY";
                return Err(ConfigError::value("s3-access-key-id", why));
            }
            (None, Some(_)) => {
                let why = "it requires PARLOR_S3_ACCESS_KEY_ID";
                return Err(ConfigError::value("s3-secret-access-key", why));
            }
        };
        let store = attachments::StoreConfig::s3(&url, endpoint, args.s3_region, keys)
            .ok_or_else(|| wrong(shape))?;
        Ok(Self { store, allowed, links_base, files_origin })
    }
}

/// What links begin with, and its origin. Nothing in it needs to be secret, so it may have no
/// password; what it has behind its path would end up in the middle of a link.
fn cdn(url: &str) -> Option<(Arc<str>, String)> {
    let read = reqwest::Url::parse(url).ok()?;
    let is_plain = read.query().is_none()
        && read.fragment().is_none()
        && read.username().is_empty()
        && read.password().is_none();
    let fits = is_web(url) && is_plain;
    fits.then(|| (read.as_str().trim_end_matches('/').into(), read.origin().ascii_serialization()))
}

fn is_web(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_the_address_of_a_cdn_and_pages_know_its_origin() {
        for (url, base, origin) in [
            ("https://cdn.example.org", "https://cdn.example.org", "https://cdn.example.org"),
            ("https://CDN.example.org/", "https://cdn.example.org", "https://cdn.example.org"),
            ("http://10.0.0.1:81/a/b/", "http://10.0.0.1:81/a/b", "http://10.0.0.1:81"),
        ] {
            assert_eq!(cdn(url), Some((base.into(), origin.to_owned())), "{url}");
        }
        for url in [
            "cdn.example.org",
            "ftp://cdn.example.org",
            "https://cdn.example.org/?a=b",
            "https://cdn.example.org/#a",
            "https://a:b@cdn.example.org",
            "data:text/html,a",
            "/files",
        ] {
            assert_eq!(cdn(url), None, "{url}");
        }
    }
}
