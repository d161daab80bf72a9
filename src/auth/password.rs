//! Passwords: argon2id (RFC 9106) with the parameters OWASP recommends.

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::limits::{HASHES_AT_ONCE, HASHES_WAITING};

/// Hashes and checks passwords, a few at a time: each takes 19 MiB and a
/// core, and whoever asks for thousands must not get them.
#[derive(Clone)]
pub struct Passwords {
    at_once: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

/// Too many passwords wait already, or hashing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

impl Default for Passwords {
    fn default() -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            admitted: Arc::new(Semaphore::new(HASHES_AT_ONCE + HASHES_WAITING)),
        }
    }
}

impl Passwords {
    pub(super) async fn hash(&self, password: String) -> Result<String, Busy> {
        self.run(move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
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
        self.run(move || {
            let Some(hash) = hash else {
                let _ = Argon2::default().hash_password(password.as_bytes());
                return false;
            };
            let Ok(parsed) = PasswordHash::new(&hash) else {
                log::error!("a stored password hash is broken");
                return false;
            };
            Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()
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

    #[actix_web::test]
    async fn what_cannot_be_hashed_soon_is_refused_at_once() {
        let passwords = Passwords::default();
        let all = (HASHES_AT_ONCE + HASHES_WAITING).try_into().expect("small");
        let _taken = passwords.admitted.clone().try_acquire_many_owned(all).expect("free");
        assert_eq!(passwords.hash("correct horse".to_owned()).await, Err(Busy));
    }
}
