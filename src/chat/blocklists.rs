//! The lists of words and patterns that messages are checked against, ready to be looked
//! through: those of the deployment always, those of rooms when they are first needed.

use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustc_hash::FxHashMap;
use tokio::{
    sync::{Mutex as AsyncMutex, Semaphore},
    task::spawn_blocking,
};

use crate::db::{ReadError, Reader};
use parlor_domain::{
    Blocklist, Blocklists, InvalidBlocklist, Room, RoomKey,
    limits::{BLOCKLIST_BYTES_OF_ROOM, BLOCKLISTS_MADE_AT_ONCE, BLOCKLISTS_READY_BYTES},
};

/// Before lists that could not be read are read again.
const READ_PAUSE: Duration = Duration::from_secs(1);

/// What a room's lists count for at least: so the number of rooms is bounded, too.
const LEAST_BYTES: usize = 4 * 1024;

/// The lists of a server; clones share them.
#[derive(Clone)]
pub struct ReadyLists(Arc<Inner>);

struct Inner {
    /// There are some. Where there are none, a message looks at nothing else.
    has_any: AtomicBool,
    /// Some room has had one.
    of_rooms: AtomicBool,
    everywhere: RwLock<Arc<Blocklists>>,
    rooms: Mutex<ReadyRooms>,
    /// One at a time, so that what was read last is in force.
    reading: AsyncMutex<()>,
    making: Semaphore,
}

impl Default for ReadyLists {
    fn default() -> Self {
        Self(Arc::new(Inner {
            has_any: AtomicBool::new(false),
            of_rooms: AtomicBool::new(false),
            everywhere: RwLock::default(),
            rooms: Mutex::default(),
            reading: AsyncMutex::default(),
            making: Semaphore::new(BLOCKLISTS_MADE_AT_ONCE),
        }))
    }
}

impl ReadyLists {
    /// Reads those of the deployment, which are in force from then on, and whether rooms have
    /// some.
    pub async fn read(&self, reader: &Reader) -> Result<(), ReadError> {
        let _alone = self.0.reading.lock().await;
        let lists = reader.blocklists(None).await?;
        if reader.has_blocklists_of_rooms().await? {
            self.note_rooms();
        }
        let lists = {
            let _turn = self.0.making.acquire().await;
            Arc::new(made(lists).await)
        };
        let has_any = !lists.is_empty() || self.of_rooms();
        *self.0.everywhere.write().unwrap_or_else(PoisonError::into_inner) = lists;
        self.0.has_any.store(has_any, Ordering::Relaxed);
        Ok(())
    }

    /// The same until it has been done.
    pub async fn read_again(&self, reader: &Reader) {
        while self.read(reader).await.is_err() {
            tokio::time::sleep(READ_PAUSE).await;
        }
    }

    /// A room has lists.
    pub fn note_rooms(&self) {
        self.0.of_rooms.store(true, Ordering::Relaxed);
        self.0.has_any.store(true, Ordering::Relaxed);
    }

    pub fn has_any(&self) -> bool {
        self.0.has_any.load(Ordering::Relaxed)
    }

    /// Whether rooms may have some.
    pub fn of_rooms(&self) -> bool {
        self.0.of_rooms.load(Ordering::Relaxed)
    }

    /// Those of the deployment.
    pub fn everywhere(&self) -> Arc<Blocklists> {
        self.0.everywhere.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether what is said in a room is looked through.
    pub fn concern(&self, room: &Room) -> bool {
        self.has_any() && (room.rules.blocklists.is_some() || !self.everywhere().is_empty())
    }

    /// All that are in force in a room; `None`: those of the room are not ready.
    pub fn ready(&self, room: &Room) -> Option<Vec<Arc<Blocklists>>> {
        let of_room = match room.rules.blocklists {
            Some(version) => Some(self.rooms().get(room.key, version)?),
            None => None,
        };
        Some([self.everywhere()].into_iter().chain(of_room).collect())
    }

    /// The same when they have been read.
    pub async fn of(
        &self,
        reader: &Reader,
        room: &Room,
    ) -> Result<Vec<Arc<Blocklists>>, ReadError> {
        if let Some(ready) = self.ready(room) {
            return Ok(ready);
        }
        let _turn = self.0.making.acquire().await;
        // Whoever was before may have made them.
        if let Some(ready) = self.ready(room) {
            return Ok(ready);
        }
        let lists = reader.blocklists(Some(room.key)).await?;
        let made = Arc::new(made(lists).await);
        let version = room.rules.blocklists.unwrap_or(0);
        self.rooms().keep(room.key, version, made.clone());
        Ok(vec![self.everywhere(), made])
    }

    /// Makes a list ready to see that it can be, and what it takes, if it is a room's.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn check(
        &self,
        list: Blocklist,
        is_of_room: bool,
    ) -> Result<Blocklist, InvalidBlocklist> {
        let _turn = self.0.making.acquire().await;
        let (list, made) = blocking(move || {
            let made = Blocklists::new(std::slice::from_ref(&list));
            (list, made)
        })
        .await;
        match made?.bytes() > BLOCKLIST_BYTES_OF_ROOM && is_of_room {
            true => Err(InvalidBlocklist::TooLarge),
            false => Ok(list),
        }
    }

    fn rooms(&self) -> std::sync::MutexGuard<'_, ReadyRooms> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lists that were checked when they were set. One that this version of the server does
/// not take any more is left out.
async fn made(mut lists: Vec<Blocklist>) -> Blocklists {
    blocking(move || {
        if let Ok(made) = Blocklists::new(&lists) {
            return made;
        }
        lists.retain(|list| match Blocklists::new(std::slice::from_ref(list)) {
            Ok(_) => true,
            Err(invalid) => {
                log::error!("the list {} is not in force: {invalid}", list.id);
                false
            }
        });
        Blocklists::new(&lists).unwrap_or_default()
    })
    .await
}

/// On a thread where it keeps nobody waiting.
async fn blocking<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(what).await {
        Ok(made) => made,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

/// Those of rooms: the ones used last, as many as there is space for.
#[derive(Default)]
struct ReadyRooms {
    rooms: FxHashMap<RoomKey, ReadyRoom>,
    bytes: usize,
    uses: u64,
}

struct ReadyRoom {
    /// Of which change they are.
    version: i64,
    lists: Arc<Blocklists>,
    used: u64,
}

impl ReadyRoom {
    fn bytes(&self) -> usize {
        self.lists.bytes().max(LEAST_BYTES)
    }
}

impl ReadyRooms {
    fn get(&mut self, room: RoomKey, version: i64) -> Option<Arc<Blocklists>> {
        let ready = self.rooms.get_mut(&room).filter(|ready| ready.version == version)?;
        self.uses += 1;
        ready.used = self.uses;
        Some(ready.lists.clone())
    }

    fn keep(&mut self, room: RoomKey, version: i64, lists: Arc<Blocklists>) {
        self.remove(room);
        self.uses += 1;
        let ready = ReadyRoom { version, lists, used: self.uses };
        self.bytes += ready.bytes();
        self.rooms.insert(room, ready);
        while self.bytes > BLOCKLISTS_READY_BYTES {
            let oldest = self.rooms.iter().min_by_key(|(_, ready)| ready.used);
            let Some(oldest) = oldest.map(|(room, _)| *room) else { break };
            self.remove(oldest);
        }
    }

    fn remove(&mut self, room: RoomKey) {
        if let Some(gone) = self.rooms.remove(&room) {
            self.bytes -= gone.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_of_the_rooms_used_last_are_ready_within_a_bound() {
        let (mut ready, lists) = (ReadyRooms::default(), Arc::<Blocklists>::default());
        let fit = (BLOCKLISTS_READY_BYTES / LEAST_BYTES) as i64;
        for room in 0..fit {
            ready.keep(RoomKey(room), 1, lists.clone());
        }
        assert!(ready.get(RoomKey(0), 1).is_some());
        assert!(ready.get(RoomKey(0), 2).is_none(), "they were changed");
        ready.keep(RoomKey(fit), 1, lists.clone());
        assert!(ready.get(RoomKey(0), 1).is_some() && ready.get(RoomKey(1), 1).is_none());
        ready.keep(RoomKey(0), 2, lists);
        assert_eq!((ready.rooms.len() as i64, ready.bytes), (fit, BLOCKLISTS_READY_BYTES));
    }
}
