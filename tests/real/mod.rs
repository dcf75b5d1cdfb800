//! Captures beside the repository (`../shared/captures`), for tests that use them when they are
//! there. They are not ours to copy.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A folder of captures; `None`, with a word about it, where it is missing.
pub fn captures(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

/// All files below a folder, by name.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => found.push(path),
            }
        }
    }
    found.sort();
    found
}

/// What a replay gave.
pub struct Replayed {
    pub code: i32,
    pub lines: Vec<u8>,
    pub told: String,
}

impl Replayed {
    pub fn alerts(&self) -> Vec<Value> {
        let lines = self.lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).expect("a line of JSON")).collect()
    }
}

/// Runs `minewatch replay` on a path.
pub fn replay(path: &Path, options: &[&str]) -> Replayed {
    let output = Command::new(env!("CARGO_BIN_EXE_minewatch"))
        .args(["replay", "--summary", "none"])
        .args(options)
        .arg(path)
        .output()
        .expect("the program starts");
    Replayed {
        code: output.status.code().unwrap_or(-1),
        lines: output.stdout,
        told: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
