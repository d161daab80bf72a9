//! What a Redis is, for who looks whether it will do.

use super::redis_connection::{RedisConnection, RedisUrl, cause};

/// What it says of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Examined {
    pub version: String,
    /// Whether what was written survives a restart (`appendonly`).
    pub keeps: bool,
}

/// # Errors
/// It cannot be reached; why.
pub async fn examine(url: &RedisUrl) -> Result<Examined, String> {
    let connected = RedisConnection::connect(url).await;
    let (mut connection, _pushes) = connected.map_err(|error| cause(&error))?;
    let mut info = redis::pipe();
    info.cmd("INFO").arg("everything");
    let told = connection.run::<String>(&info).await.map_err(|error| cause(&error))?;
    Ok(read(&told.concat()))
}

fn read(info: &str) -> Examined {
    let of = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    };
    Examined { version: of("redis_version"), keeps: of("aof_enabled") == "1" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_and_the_log_are_read() {
        let info = "# Server\r\nredis_version:7.2.4\r\n# Persistence\r\naof_enabled:1\r\n";
        assert_eq!(read(info), Examined { version: "7.2.4".to_owned(), keeps: true });
        assert_eq!(read(""), Examined { version: String::new(), keeps: false });
    }
}
