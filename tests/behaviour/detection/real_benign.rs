//! Real captures without mining: nothing above `contact`, every contact with its reason, and no
//! file that takes long or ends without a word.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use minewatch::intel::Intel;
use serde_json::Value;

use crate::support::files::files;
use crate::support::program::replay;
use crate::support::shared::shared;
use crate::support::trial::{Checked, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        benign_captures_give_contacts_at_most_and_each_in_time,
        what_a_benign_alert_says_is_a_string_for_people,
    ]
}

/// The longest that one file may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is wrong with the analysis of one file.
fn complaints(path: &Path, intel: &Intel) -> Vec<String> {
    let started = Instant::now();
    let replayed = replay(path, &["--format", "native"]);
    let took = started.elapsed();
    let mut wrong = Vec::new();
    if took > PATIENCE {
        wrong.push(format!("took {took:?}"));
    }
    match replayed.code {
        0 => {}
        3 if !replayed.told.trim().is_empty() => {}
        3 => wrong.push("incomplete without a word".to_owned()),
        code => wrong.push(format!("exit code {code}: {}", replayed.told)),
    }
    for alert in replayed.alerts() {
        if alert["verdict"] != "contact" {
            wrong.push(format!("{}: {}", alert["verdict"], alert["summary"]));
            continue;
        }
        for evidence in alert["evidence"].as_array().into_iter().flatten() {
            let indicator = evidence["indicator"].as_str().unwrap_or_default();
            if !intel.explain(indicator).is_ok_and(|entries| !entries.is_empty()) {
                wrong.push(format!("{evidence} names no indicator of the rules"));
            }
        }
    }
    wrong.iter().map(|what| format!("{}: {what}", path.display())).collect()
}

fn benign_captures_give_contacts_at_most_and_each_in_time() -> Checked {
    let files: Vec<PathBuf> = files(&shared("captures/benign")?);
    let intel = Intel::builtin();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = complaints(path, &intel);
                    wrong.lock().expect("not poisoned").extend(found);
                }
            });
        }
    });
    let mut wrong: Vec<String> = wrong.into_inner().expect("not poisoned");
    wrong.sort();
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

fn what_a_benign_alert_says_is_a_string_for_people() -> Checked {
    let replayed = replay(&shared("captures/benign")?, &["--format", "native"]);
    for alert in replayed.alerts() {
        let Value::String(summary) = &alert["summary"] else { panic!("{alert}") };
        assert!(!summary.chars().any(char::is_control), "{summary:?}");
    }
    Ok(())
}
