//! What tells devices.

use actix::Addr;
use tokio::sync::watch;

use super::Failure;
use crate::{
    config::Config,
    db::{KeepPushKey, Reader, Writer, submit},
    push::{PushConfig, PushLooker, PushSender, Services, ShownLooker, TellConfig, VapidKeys},
};

/// The services of a deployment. The key by which browsers know it is made at its first start,
/// and is the same on all nodes.
pub(super) async fn services(
    config: &PushConfig,
    reader: &Reader,
    writer: &Addr<Writer>,
) -> Result<Services, Failure> {
    if config.web.is_none() {
        return Ok(Services::new(config.clone(), None));
    }
    let kept = reader.push_key().await.map_err(Failure::environment)?;
    let key = match kept {
        Some(key) => key,
        None => {
            let new = KeepPushKey { key: VapidKeys::generate() };
            submit(writer, new).await.map_err(Failure::environment)?
        }
    };
    let keys = VapidKeys::read(&key).map_err(Failure::environment)?;
    Ok(Services::new(config.clone(), Some(keys)))
}

/// Looks for what devices are to be told, and tells them, if there is a service.
pub(super) fn start(
    config: &Config,
    services: &Services,
    reader: &Reader,
    writer: &Addr<Writer>,
    leads: &watch::Receiver<bool>,
) {
    if !config.push.has_any() {
        return;
    }
    let TellConfig { after, texts } = config.telling.clone();
    let looker = PushLooker::new(after, reader.clone(), writer.clone());
    actix_web::rt::spawn(looker.run(leads.clone()));
    let shown = ShownLooker::new(reader.clone(), writer.clone());
    actix_web::rt::spawn(shown.run(leads.clone()));
    let sender = PushSender::new(services.clone(), texts, reader.clone(), writer.clone());
    actix_web::rt::spawn(sender.run(leads.clone()));
}
