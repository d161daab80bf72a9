//! XMPP over WebSocket (RFC 7395): an anonymous login, and a room of XEP-0045.

use super::{Dialect, Role, content};
use crate::{Result, frame, wire::excerpt};

const OPEN: &str =
    r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="localhost" version="1.0"/>"#;
const LOGIN: &str = r#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>"#;
const BIND: &str = r#"<iq xmlns="jabber:client" type="set" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>"#;
const ROOM: &str = "lobby@rooms.localhost";
/// Of a delivered message beside its body, most of it the two addresses.
const OVERHEAD: usize = 182;

pub struct Xmpp;

impl Dialect for Xmpp {
    fn path(&self, _role: Role) -> &'static str {
        "/ws"
    }

    fn headers(&self) -> &'static str {
        "Sec-WebSocket-Protocol: xmpp\r\n"
    }

    fn greets(&self) -> bool {
        true
    }

    fn greeting(&self, _number: usize, _role: Role) -> Result<Option<String>> {
        Ok(Some(OPEN.to_string()))
    }

    /// Each step of the way in is recognised by what the server says, so that
    /// nobody has to keep where a connection is. The room's subject is last.
    fn hear(&mut self, from: usize, text: &[u8], reply: &mut Vec<u8>) -> Result<bool> {
        let text_utf8 = String::from_utf8_lossy(text);
        let has = |part| text_utf8.contains(part);
        let answer = match () {
            () if has("type='error'") || has("<failure") || has("<stream:error") => {
                return Err(excerpt(text).into());
            }
            () if has("<mechanisms") => LOGIN.to_string(),
            () if has("<success") => OPEN.to_string(),
            () if has("<stream:features") => BIND.to_string(),
            () if has("<iq") => format!(
                r#"<presence xmlns="jabber:client" to="{ROOM}/{from}"><x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="0"/></x></presence>"#
            ),
            () => return Ok(has("<subject")),
        };
        frame::push(reply, frame::TEXT, answer.as_bytes());
        Ok(false)
    }

    fn message(&self, bytes: usize) -> String {
        let content = content(bytes.saturating_sub(OVERHEAD));
        format!(
            r#"<message xmlns="jabber:client" to="{ROOM}" type="groupchat"><body>{content}</body></message>"#
        )
    }
}
