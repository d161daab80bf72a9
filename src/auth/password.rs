//! Passwords: argon2id (RFC 9106) with the parameters OWASP recommends.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use tokio::sync::Semaphore;

use parlor_domain::limits::{HASHES_AT_ONCE, HASHES_WAITING};

/// Hashes and checks passwords, a few at a time: each takes 19 MiB and a
/// core, and whoever asks for thousands must not get them.
#[derive(Clone)]
pub struct Passwords {
    at_once: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    memory: Memory,
}

/// What hashes are made in, used again: an allocator that gets and gives 19 MiB
/// at each login keeps them, once for every thread that ever made one.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<Vec<Block>>>>);

impl Memory {
    /// Lends the blocks for one hash. There are as many as there are hashes at
    /// once.
    fn lend<T>(&self, hash: impl FnOnce(&mut Vec<Block>) -> T) -> T {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut blocks = kept.unwrap_or_default();
        let done = hash(&mut blocks);
        // A stored hash may once have been made with more.
        blocks.truncate(Params::default().block_count());
        blocks.shrink_to_fit();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
        done
    }

    fn fill(
        &self,
        argon2: &Argon2<'_>,
        password: &str,
        salt: &[u8],
        out: &mut [u8],
    ) -> argon2::Result<()> {
        self.lend(|blocks| {
            let needed = argon2.params().block_count();
            if blocks.len() < needed {
                blocks.resize(needed, Block::default());
            }
            argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, blocks)
        })
    }

    /// A new hash of a password, with everything that checking it needs.
    fn hash(&self, password: &str) -> Result<PasswordHash, Box<dyn std::error::Error>> {
        let (algorithm, version, params) =
            (Algorithm::default(), Version::default(), Params::default());
        let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
        let salt = Salt::generate();
        let argon2 = Argon2::new(algorithm, version, params.clone());
        self.fill(&argon2, password, &salt, &mut out)?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(salt),
            hash: Some(Output::new(&out)?),
        })
    }

    /// Whether a password has this hash.
    fn fits(&self, password: &str, hash: &str) -> Result<bool, Box<dyn std::error::Error>> {
        let hash = PasswordHash::new(hash)?;
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
            return Err("it has no salt or no hash".into());
        };
        let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
        let argon2 = Argon2::new(algorithm, version, Params::try_from(&hash)?);
        let mut out = vec![0; expected.len()];
        self.fill(&argon2, password, salt, &mut out)?;
        // In constant time, as the type compares.
        Ok(Output::new(&out)? == *expected)
    }
}

/// Too many passwords wait already, or hashing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

impl Default for Passwords {
    fn default() -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            admitted: Arc::new(Semaphore::new(HASHES_AT_ONCE + HASHES_WAITING)),
            memory: Memory::default(),
        }
    }
}

impl Passwords {
    pub(super) async fn hash(&self, password: String) -> Result<String, Busy> {
        let memory = self.memory.clone();
        self.run(move || {
            let hash = memory.hash(&password);
            hash.map(|hash| hash.to_string()).map_err(|error| {
                log::error!("a password could not be hashed: {error}");
                Busy
            })
        })
        .await?
    }

    /// Whether a password fits a hash. Without a hash it takes as long and
    /// says no, so that the time does not tell who has an account.
    pub(super) async fn check(&self, password: String, hash: Option<String>) -> Result<bool, Busy> {
        let memory = self.memory.clone();
        self.run(move || {
            let Some(hash) = hash else {
                let _ = memory.hash(&password);
                return false;
            };
            memory.fits(&password, &hash).unwrap_or_else(|error| {
                log::error!("a stored password hash is malformed: {error}");
                false
            })
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| Busy)?;
        let turn = self.at_once.clone().acquire_owned().await.map_err(|_| Busy)?;
        actix_web::rt::task::spawn_blocking(move || {
            let done = work();
            drop((admitted, turn));
            done
        })
        .await
        .map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[actix_web::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".to_owned()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let check = |password: &str, hash: &Option<String>| {
            passwords.check(password.to_owned(), hash.clone())
        };
        let hash = Some(hash);
        assert_eq!(check("correct horse", &hash).await, Ok(true));
        assert_eq!(check("wrong horse", &hash).await, Ok(false));
        assert_eq!(check("correct horse", &None).await, Ok(false));
    }

    #[test]
    fn a_hash_is_what_others_make_of_it_also_in_memory_that_was_used() {
        let memory = Memory::default();
        for password in ["correct horse", "battery staple"] {
            let hash = memory.hash(password).expect("hashed").to_string();
            assert!(Argon2::default().verify_password(password.as_bytes(), &*hash).is_ok());
            let theirs = Argon2::default().hash_password(password.as_bytes()).expect("hashed");
            assert!(memory.fits(password, &theirs.to_string()).expect("a hash"));
            assert!(!memory.fits("wrong horse", &theirs.to_string()).expect("a hash"));
        }
        assert_eq!(memory.0.lock().expect("nobody has it").len(), 1, "one after the other");
        assert!(memory.fits("correct horse", "rubbish").is_err());
    }

    #[actix_web::test]
    async fn what_cannot_be_hashed_soon_is_refused_at_once() {
        let passwords = Passwords::default();
        let all = (HASHES_AT_ONCE + HASHES_WAITING).try_into().expect("small");
        let _taken = passwords.admitted.clone().try_acquire_many_owned(all).expect("free");
        assert_eq!(passwords.hash("correct horse".to_owned()).await, Err(Busy));
    }
}
