//! The server that is measured, and what it stands on.

pub mod database;

use std::{
    env, io,
    path::{Path, PathBuf},
    process::Command,
};

/// The directory of the checkout.
pub fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in a checkout")
}

/// Builds the server as a bench is built; gives its executable.
///
/// # Errors
/// Cargo cannot be run, or does not build it.
pub fn built() -> io::Result<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "where cargo is, is in the environment")]
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--quiet", "--locked", "--profile", "bench", "--bin", "parlor"];
    let built = Command::new(cargo).current_dir(checkout()).args(arguments).status()?;
    if !built.success() {
        return Err(io::Error::other("the server was not built"));
    }
    Ok(target().join("release/parlor"))
}

/// The `target` directory in which this was built: in `release/deps`.
pub fn target() -> PathBuf {
    let bench = env::current_exe().unwrap_or_default();
    bench.ancestors().nth(3).unwrap_or(checkout()).to_owned()
}
