//! Assistants over HTTP (the protocol's "streamable HTTP"): each request is answered by
//! itself, with JSON, so that any node may answer it.

use std::{
    io::Error,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use indexmap::IndexMap;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use sha2::{Digest, Sha256};

use super::{Assistant, EFFORT, Me, Speaker, speaker::Memory};
use crate::remote::{Caller, Server, Within};
use parlor_domain::limits::ASSISTANT_MEMORIES;

/// All that speak over this server.
#[derive(Clone)]
pub struct Assistants {
    within: Within,
    /// By the hash of the token; who was there last is the last.
    memories: Arc<Mutex<IndexMap<[u8; 32], Arc<Memory>>>>,
}

/// Whom an assistant speaks for.
pub struct Speaking {
    pub me: Me,
    pub token: String,
    pub caller: Caller,
    pub read_only: bool,
}

impl Assistants {
    pub fn new(within: Within) -> Self {
        Self { within, memories: Arc::default() }
    }

    /// Answers one request of the protocol.
    pub async fn answer(
        &self,
        speaking: Speaking,
        request: Request<Full<Bytes>>,
    ) -> Response<Bytes> {
        let Speaking { me, token, caller, read_only } = speaking;
        let memory = self.memory(&token);
        let within = self.within.clone();
        let assistant = move || {
            let server = Server::within(within.clone(), caller.clone(), token.clone(), EFFORT);
            let speaker = Speaker::going_on(server, me.clone(), memory.clone());
            Ok::<_, Error>(Assistant::new(speaker, read_only))
        };
        // Whom it is from its token says, which no browser sends by itself: so neither the
        // host nor the origin of a request says any more.
        let config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .with_legacy_session_mode(false)
            .with_json_response(true);
        let sessions = Arc::new(NeverSessionManager::default());
        let service = StreamableHttpService::new(assistant, sessions, config);
        let (head, body) = service.handle(request).await.into_parts();
        let Ok(body) = body.collect().await;
        Response::from_parts(head, body.to_bytes())
    }

    fn memory(&self, token: &str) -> Arc<Memory> {
        let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Sha256::digest(token).into();
        let memory = memories.shift_remove(&key).unwrap_or_default();
        if memories.len() >= ASSISTANT_MEMORIES {
            memories.shift_remove_index(0);
        }
        memories.insert(key, memory.clone());
        memory
    }
}
