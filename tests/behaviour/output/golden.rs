//! Golden captures: a replay gives exactly the alerts that are committed beside them, whatever the
//! number of threads. `make golden` writes captures and alerts anew.

use std::fs;
use std::path::{Path, PathBuf};

use minewatch_generator::matrix;

use crate::support::files::files;
use crate::support::program::replay;
use crate::support::trial::{Checked, Lacks, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        a_replay_gives_the_committed_alerts_byte_for_byte_with_any_number_of_threads,
        the_sentence_that_the_readme_quotes_is_the_one_of_the_sample,
        the_committed_captures_are_what_the_generator_writes,
    ]
}

/// Set, it makes the tests write what they would compare.
const REGENERATE: &str = "MINEWATCH_WRITE_GOLDEN";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps")
}

fn captures() -> Vec<PathBuf> {
    let mut files = files(&folder());
    files.retain(|path| path.extension().is_some_and(|extension| extension == "pcap"));
    files
}

fn a_replay_gives_the_committed_alerts_byte_for_byte_with_any_number_of_threads() {
    let write = std::env::var_os(REGENERATE).is_some();
    if write {
        matrix::write(&folder(), &matrix::golden()).expect("written");
    }
    let captures = captures();
    assert!(captures.len() > matrix::golden().len(), "the golden set and the stories");
    for path in captures {
        let replay = |threads| replay(&path, &["--format", "native", "--threads", threads]).lines;
        let one = replay("1");
        let beside = path.with_extension("expected.jsonl");
        if write {
            fs::write(&beside, &one).expect("written");
        }
        let name = path.display();
        let expected = fs::read(&beside).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(one == expected, "{name}: other alerts than expected; see `make golden`");
        for threads in ["2", "4"] {
            assert!(replay(threads) == one, "{name}: {threads} threads give other alerts");
        }
    }
}

fn the_sentence_that_the_readme_quotes_is_the_one_of_the_sample() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("README.md")).expect("a page");
    let alerts = fs::read_to_string(root.join("pcaps/server-49.expected.jsonl")).expect("alerts");
    let last = alerts.lines().last().expect("the closing record");
    let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
    let summary = last["summary"].as_str().expect("a sentence");
    assert!(page.replace('\n', " ").contains(summary), "{summary}");
}

fn the_committed_captures_are_what_the_generator_writes() -> Checked {
    if std::env::var_os(REGENERATE).is_some() {
        return Err(Lacks("they are being written".to_owned()));
    }
    for (name, order) in matrix::golden() {
        let capture = minewatch_generator::capture::record(&order, &name).expect("recorded");
        let mut bytes = Vec::new();
        let written =
            minewatch_generator::pcap::write(&mut bytes, capture.link_type, &capture.frames);
        written.expect("written");
        let committed = fs::read(folder().join(&name).with_extension("pcap")).expect("committed");
        assert!(bytes == committed, "{name}: see `make golden`");
    }
    Ok(())
}
