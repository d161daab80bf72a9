//! By whom devices are told.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;

use super::{ConfigError, Switch, parse_duration, set};
use crate::{
    outbound::bare_url,
    push::{ApnsConfig, Endpoints, FcmConfig, PushConfig, WebPushConfig},
};
use parlor_domain::limits::PUSH_TIMEOUT_MAX;

#[derive(Args, Debug)]
#[command(next_help_heading = "Push")]
pub struct PushArgs {
    /// Where the operators of browsers' push services reach you, a `mailto:` or `https:`
    /// URL: turns Web Push on; such as `mailto:chat@example.org`
    #[arg(long, env = "PARLOR_PUSH_CONTACT")]
    pub push_contact: Option<String>,
    /// Whether browsers may name push services in private networks, and over http: for tests,
    /// and for a service of your own
    #[arg(long, env = "PARLOR_PUSH_PRIVATE_ENDPOINTS", value_enum, default_value_t = Switch::Off)]
    pub push_private_endpoints: Switch,
    /// File with the key of a service account of Firebase (JSON): turns FCM on; such as
    /// `./firebase.json`
    #[arg(long, env = "PARLOR_FCM_KEY_FILE")]
    pub fcm_key_file: Option<PathBuf>,
    /// Where FCM is
    #[arg(long, env = "PARLOR_FCM_URL", default_value = "https://fcm.googleapis.com")]
    pub fcm_url: String,
    /// File with a key for the Apple Push Notification service (.p8): turns APNs on, with the
    /// next three; such as `./AuthKey_ABC123DEFG.p8`
    #[arg(long, env = "PARLOR_APNS_KEY_FILE")]
    pub apns_key_file: Option<PathBuf>,
    /// The id of that key, such as `ABC123DEFG`
    #[arg(long, env = "PARLOR_APNS_KEY_ID")]
    pub apns_key_id: Option<String>,
    /// The id of the team that it belongs to, such as `DEF123GHIJ`
    #[arg(long, env = "PARLOR_APNS_TEAM_ID")]
    pub apns_team_id: Option<String>,
    /// The bundle id of the application, such as `org.example.chat`
    #[arg(long, env = "PARLOR_APNS_TOPIC")]
    pub apns_topic: Option<String>,
    /// Where APNs is; `https://api.sandbox.push.apple.com` for what Xcode has installed
    #[arg(long, env = "PARLOR_APNS_URL", default_value = "https://api.push.apple.com")]
    pub apns_url: String,
    /// Time limit for a push service's answer, at most 60s
    #[arg(long, env = "PARLOR_PUSH_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub push_timeout: Duration,
}

impl PushArgs {
    /// Files are read here, so that a wrong one is told at the start.
    pub fn check(self) -> Result<PushConfig, ConfigError> {
        if self.push_timeout > PUSH_TIMEOUT_MAX {
            let why = format!("it must be at most {}s", PUSH_TIMEOUT_MAX.as_secs());
            return Err(ConfigError::value("push-timeout", why));
        }
        let timeout = self.push_timeout;
        Ok(PushConfig { web: self.web()?, fcm: self.fcm()?, apns: self.apns()?, timeout })
    }

    fn web(&self) -> Result<Option<WebPushConfig>, ConfigError> {
        let may_be_private = self.push_private_endpoints == Switch::On;
        let Some(contact) = set(self.push_contact.clone()) else { return Ok(None) };
        let url = reqwest::Url::parse(&contact).ok();
        let is_contact = url.is_some_and(|url| match url.scheme() {
            "mailto" => url.path().contains('@'),
            scheme => scheme == "https" && url.has_host(),
        });
        if !is_contact {
            let why = "it must be a mailto: or https: URL, such as mailto:chat@example.org";
            return Err(ConfigError::value("push-contact", why));
        }
        let endpoints = if may_be_private { Endpoints::Any } else { Endpoints::Public };
        Ok(Some(WebPushConfig { contact: contact.into(), endpoints }))
    }

    fn fcm(&self) -> Result<Option<FcmConfig>, ConfigError> {
        let Some(file) = given(self.fcm_key_file.as_deref()) else { return Ok(None) };
        if bare_url(&self.fcm_url).is_none() {
            return Err(ConfigError::value("fcm-url", "it must be an http or https URL"));
        }
        let config = FcmConfig::new(&self.fcm_url, &read("fcm-key-file", file)?);
        let refused = |why| ConfigError::environment("fcm-key-file", why);
        config.map(Some).map_err(|why| refused(format!("{}: {why}", file.display())))
    }

    fn apns(&self) -> Result<Option<ApnsConfig>, ConfigError> {
        let file = given(self.apns_key_file.as_deref());
        let ids = [
            ("apns-key-id", set(self.apns_key_id.clone())),
            ("apns-team-id", set(self.apns_team_id.clone())),
            ("apns-topic", set(self.apns_topic.clone())),
        ];
        let Some(file) = file else {
            return match ids.iter().find(|(_, id)| id.is_some()) {
                Some((option, _)) => {
                    Err(ConfigError::value(option, "it requires PARLOR_APNS_KEY_FILE"))
                }
                None => Ok(None),
            };
        };
        let [key_id, team_id, topic] = ids.map(|(option, id)| {
            let id =
                id.ok_or_else(|| ConfigError::value(option, "PARLOR_APNS_KEY_FILE requires it"))?;
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            match id.bytes().all(is_part) {
                true => Ok(id),
                false => Err(ConfigError::value(option, "it may only have A-Z a-z 0-9 . - _")),
            }
        });
        let (key_id, team_id, topic) = (key_id?, team_id?, topic?);
        let is_https = bare_url(&self.apns_url).is_some_and(|url| url.scheme() == "https");
        if !is_https {
            let why = "it must be an https URL: APNs speaks HTTP/2 over TLS";
            return Err(ConfigError::value("apns-url", why));
        }
        let pem = read("apns-key-file", file)?;
        let config = ApnsConfig::new(&self.apns_url, &topic, &pem, (&key_id, &team_id));
        let refused = |why| ConfigError::environment("apns-key-file", why);
        config.map(Some).map_err(|why| refused(format!("{}: {why}", file.display())))
    }
}

/// A variable that is set to nothing counts as not set.
fn given(file: Option<&Path>) -> Option<&Path> {
    file.filter(|file| !file.as_os_str().is_empty())
}

fn read(option: &str, file: &Path) -> Result<Vec<u8>, ConfigError> {
    fs::read(file).map_err(|error| {
        ConfigError::environment(option, format!("{} cannot be read: {error}", file.display()))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn args() -> PushArgs {
        PushArgs {
            push_contact: None,
            push_private_endpoints: Switch::Off,
            fcm_key_file: None,
            fcm_url: "https://fcm.googleapis.com".to_owned(),
            apns_key_file: None,
            apns_key_id: None,
            apns_team_id: None,
            apns_topic: None,
            apns_url: "https://api.push.apple.com".to_owned(),
            push_timeout: Duration::from_secs(10),
        }
    }

    fn refused(args: PushArgs) -> String {
        args.check().expect_err("it is refused").to_string()
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    /// All that APNs needs, with a key in a file.
    fn apns(home: &Path) -> PushArgs {
        let key = include_str!("../../tests/it/support/keys/ec.pem");
        let file = home.join("key.p8");
        fs::write(&file, key).expect("written");
        PushArgs {
            apns_key_file: Some(file),
            apns_key_id: text("ABC123DEFG"),
            apns_team_id: text("DEF123GHIJ"),
            apns_topic: text("org.example.chat"),
            ..args()
        }
    }

    #[test]
    fn nothing_is_on_by_default() {
        let config = args().check().expect("it is taken");
        assert!(!config.has_any());
        let empty = PushArgs {
            push_contact: text(""),
            fcm_key_file: Some(PathBuf::new()),
            apns_key_file: Some(PathBuf::new()),
            apns_key_id: text(""),
            ..args()
        };
        assert!(!empty.check().expect("it is taken").has_any());
    }

    #[test]
    fn a_contact_is_a_url_that_reaches_somebody() {
        for good in ["mailto:chat@example.org", "https://example.org/contact"] {
            let args = PushArgs { push_contact: text(good), ..args() };
            assert!(args.check().expect(good).web.is_some());
        }
        for bad in ["chat@example.org", "mailto:chat", "http://example.org", "https://"] {
            let line = refused(PushArgs { push_contact: text(bad), ..args() });
            assert!(line.starts_with("--push-contact (PARLOR_PUSH_CONTACT)"), "{line}");
        }
    }

    #[test]
    fn a_key_of_apple_needs_its_ids() {
        let home = tempfile::tempdir().expect("a directory");
        assert!(apns(home.path()).check().expect("it is taken").apns.is_some());
        let line = refused(PushArgs { apns_team_id: None, ..apns(home.path()) });
        assert!(line.starts_with("--apns-team-id") && line.contains("KEY_FILE"), "{line}");
        let line = refused(PushArgs { apns_key_file: None, ..apns(home.path()) });
        assert!(line.starts_with("--apns-key-id") && line.contains("KEY_FILE"), "{line}");
        let line = refused(PushArgs { apns_topic: text("a b"), ..apns(home.path()) });
        assert!(line.starts_with("--apns-topic"), "{line}");
        let http = "http://api.push.apple.com".to_owned();
        let line = refused(PushArgs { apns_url: http, ..apns(home.path()) });
        assert!(line.starts_with("--apns-url") && line.contains("HTTP/2"), "{line}");
    }

    #[test]
    fn files_that_are_no_keys_are_told_by_their_names_and_without_what_is_in_them() {
        let home = tempfile::tempdir().expect("a directory");
        let file = home.path().join("secret.txt");
        fs::write(&file, "very secret").expect("written");
        let line = refused(PushArgs { apns_key_file: Some(file.clone()), ..apns(home.path()) });
        assert!(line.contains("secret.txt: it holds no private key"), "{line}");
        let line = refused(PushArgs { fcm_key_file: Some(file), ..args() });
        assert!(line.contains("no service account") && !line.contains("very"), "{line}");
        let missing = home.path().join("missing");
        let line = refused(PushArgs { fcm_key_file: Some(missing), ..args() });
        assert!(line.contains("missing cannot be read"), "{line}");
    }

    #[test]
    fn the_time_limit_has_a_bound() {
        let line = refused(PushArgs { push_timeout: Duration::from_secs(61), ..args() });
        assert!(line.starts_with("--push-timeout"), "{line}");
    }
}
