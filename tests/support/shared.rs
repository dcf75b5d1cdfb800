//! Finds captures, lists and schemas beside the repository, which may not be copied into it.

use std::path::{Path, PathBuf};

use super::trial::Lacks;

/// A file or folder in `../shared`.
pub fn shared(name: &str) -> Result<PathBuf, Lacks> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    if path.exists() { Ok(path) } else { Err(Lacks(format!("needs ../shared/{name}"))) }
}
