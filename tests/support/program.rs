//! Runs the program.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The result of a replay.
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
