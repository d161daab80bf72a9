//! The user that an assistant speaks for, at the server.

use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::{
    super::remote::{Failed, Server},
    news::News,
};

/// The user that an assistant speaks for.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Me {
    pub id: String,
    pub name: String,
}

pub(super) struct Speaker {
    pub server: Arc<Server>,
    pub me: Me,
    news: OnceLock<News>,
}

impl Speaker {
    /// Finds out who it is.
    pub async fn of(server: Server) -> Result<Self, Failed> {
        let server = Arc::new(server);
        let me = server.get(server.url(&["me"])).await?;
        Ok(Self { server, me, news: OnceLock::new() })
    }

    /// What is new; nobody listens for it before the first who wants to know.
    pub fn news(&self) -> &News {
        self.news.get_or_init(|| News::of(self.server.clone()))
    }
}

/// What continues a refusal that a model can do something about.
pub(super) fn refused(failed: &Failed) -> String {
    match failed {
        Failed::Away(why) => format!(
            "unavailable: the server could not be reached ({why}). Nothing is lost: call again in \
             a while"
        ),
        Failed::Refused(refused) => {
            format!("{}: {}", refused.code.as_deref().unwrap_or("refused"), refused.message)
        }
    }
}
