//! Events of other programs, from a stream in Redis.
//!
//! Each entry is taken by one node of the consumer group, published, and then
//! acknowledged: at least once, and because its id is the key of the
//! publication, published once. An entry that cannot be published is moved to a
//! dead-letter stream, with the reason.

use std::time::Duration;

use redis::{
    RedisResult, Value,
    streams::{StreamAutoClaimReply, StreamId, StreamReadReply},
};
use tokio::time::{Instant, sleep};

use super::{
    door::{Answered, Door},
    event::ServiceEvent,
    redis_connection::{RedisConnection, RedisUrl, cause, pause},
};
use parlor_domain::limits::{
    SERVICE_BATCH, SERVICE_DEAD, SERVICE_IDLE, SERVICE_PAUSE, SERVICE_WAIT,
};

/// All nodes together are one consumer of the stream.
const GROUP: &str = "parlor";

/// The state of the task.
pub struct Services {
    url: RedisUrl,
    stream: String,
    /// The consumer's name: this node's incarnation.
    me: String,
    door: Door,
    /// When what others left behind is looked for next.
    look: Instant,
}

impl Services {
    pub fn new(url: RedisUrl, stream: String, me: &str, door: Door) -> Self {
        let (me, look) = (me.to_owned(), Instant::now());
        Self { url, stream, me, door, look }
    }

    /// Runs for as long as the server does.
    pub async fn run(mut self) {
        let mut tries = 0;
        loop {
            let ended = self.serve(&mut tries).await;
            if let Err(error) = ended
                && tries == 0
            {
                log::warn!("cannot read the service stream: {}", cause(&error));
            }
            sleep(pause(tries)).await;
            tries += 1;
        }
    }

    async fn serve(&mut self, tries: &mut u32) -> RedisResult<()> {
        let (mut connection, _pushes) = RedisConnection::connect(&self.url).await?;
        self.make_group(&mut connection).await?;
        *tries = 0;
        loop {
            // What this node has taken before and could not finish comes first.
            while self.take(&mut connection, "0").await? == Taken::Left {
                sleep(SERVICE_PAUSE).await;
            }
            if Instant::now() >= self.look {
                self.take_over(&mut connection).await?;
                self.look = Instant::now() + SERVICE_IDLE;
            }
            while Instant::now() < self.look
                && self.take(&mut connection, ">").await? == Taken::Done
            {}
        }
    }

    async fn make_group(&self, connection: &mut RedisConnection) -> RedisResult<()> {
        let mut commands = redis::pipe();
        commands.cmd("XGROUP").arg("CREATE").arg(&self.stream).arg(GROUP).arg("0").arg("MKSTREAM");
        match connection.run::<Value>(&commands).await {
            // Within a pipeline its code is part of the text.
            Err(error) if !error.to_string().contains("BUSYGROUP") => Err(error),
            // It is there already.
            _ => Ok(()),
        }
    }

    /// Takes some entries, and publishes them.
    async fn take(&self, connection: &mut RedisConnection, from: &str) -> RedisResult<Taken> {
        let mut commands = redis::pipe();
        let read = commands.cmd("XREADGROUP").arg("GROUP").arg(GROUP).arg(&self.me);
        read.arg("COUNT").arg(SERVICE_BATCH).arg("BLOCK").arg(millis(SERVICE_WAIT));
        read.arg("STREAMS").arg(&self.stream).arg(from);
        let replies = connection.run::<Option<StreamReadReply>>(&commands).await?;
        let keys = replies.into_iter().flatten().flat_map(|reply| reply.keys);
        let entries: Vec<StreamId> = keys.flat_map(|key| key.ids).collect();
        if entries.is_empty() {
            return Ok(Taken::Nothing);
        }
        self.publish(connection, entries).await
    }

    /// Takes what nodes that are gone have not finished.
    async fn take_over(&self, connection: &mut RedisConnection) -> RedisResult<()> {
        let mut from = "0-0".to_owned();
        loop {
            let mut commands = redis::pipe();
            let claim = commands.cmd("XAUTOCLAIM").arg(&self.stream).arg(GROUP).arg(&self.me);
            claim.arg(millis(SERVICE_IDLE)).arg(&from).arg("COUNT").arg(SERVICE_BATCH);
            let reply = connection.run::<StreamAutoClaimReply>(&commands).await?.pop();
            let Some(reply) = reply else { return Ok(()) };
            let _ = self.publish(connection, reply.claimed).await?;
            if reply.next_stream_id == "0-0" {
                return Ok(());
            }
            from = reply.next_stream_id;
        }
    }

    /// Publishes in the order of the stream. What the server cannot take now
    /// is left, and taken again.
    async fn publish(
        &self,
        connection: &mut RedisConnection,
        entries: Vec<StreamId>,
    ) -> RedisResult<Taken> {
        let (mut commands, mut taken) = (redis::pipe(), Taken::Done);
        // As many as one batch.
        let mut asked = Vec::with_capacity(entries.len());
        for entry in entries {
            let field = |name: &str| entry.get::<String>(name);
            let answer = match ServiceEvent::read(Some(&entry.id), field, &self.door.rules()) {
                Ok(event) => {
                    if event.looks_back() {
                        taken = self.settle(std::mem::take(&mut asked), &mut commands, taken).await;
                        if taken == Taken::Left {
                            break;
                        }
                    }
                    Ok(event.ask(&self.door).await)
                }
                Err(why) => Err(why),
            };
            asked.push((entry, answer));
        }
        taken = self.settle(asked, &mut commands, taken).await;
        if !commands.is_empty() {
            connection.run::<Value>(&commands).await?;
        }
        Ok(taken)
    }

    /// Notes what has become of entries.
    async fn settle(
        &self,
        asked: Vec<(StreamId, Result<Answered, String>)>,
        commands: &mut redis::Pipeline,
        mut taken: Taken,
    ) -> Taken {
        for (entry, answer) in asked {
            let refused = match answer {
                Err(why) => Some(why),
                Ok(answer) => match answer.await {
                    Ok(()) => None,
                    Err(error) if error.is_fault() => Some(error.to_string()),
                    Err(_) => {
                        taken = Taken::Left;
                        continue;
                    }
                },
            };
            if let Some(why) = refused {
                self.move_to_dead(commands, &entry, &why);
            }
            commands.cmd("XACK").arg(&self.stream).arg(GROUP).arg(&entry.id);
        }
        taken
    }

    fn move_to_dead(&self, commands: &mut redis::Pipeline, entry: &StreamId, why: &str) {
        log::warn!("entry {} of the service stream cannot be published: {why}", entry.id);
        let add = commands.cmd("XADD").arg(format!("{}:dead", self.stream));
        add.arg("MAXLEN").arg("~").arg(SERVICE_DEAD).arg("*");
        add.arg("entry").arg(&entry.id).arg("reason").arg(why);
        for (name, value) in &entry.map {
            if let Ok(text) = redis::from_redis_value_ref::<String>(value) {
                add.arg(name).arg(text);
            }
        }
    }
}

/// What became of entries that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Nothing,
    /// All of them are finished.
    Done,
    /// The server could not take some of them now.
    Left,
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
