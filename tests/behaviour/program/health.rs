//! What the sensor could not see is told, with exit code 3 where it hides the traffic.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

use crate::support::json_lines::{eve_validators, faults, validator};
use crate::support::trial::{Checked, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        an_unknown_tag_is_named_and_a_described_one_is_read,
        half_a_mirror_is_told_before_what_was_found,
        payload_cut_by_the_snap_length_is_told,
        a_login_that_the_snap_length_cut_is_an_attempt,
        a_filter_that_leaves_nothing_is_told,
        a_whole_capture_is_in_no_condition,
        a_condition_is_a_record_in_every_format_where_asked_for,
        a_record_about_the_sensor_is_valid_for_the_schemas_of_eve,
    ]
}

/// A frame of a capture: its record header and its bytes.
type Frame = (Vec<u8>, Vec<u8>);

/// Bytes of the addresses of a frame.
const ADDRESSES: usize = 12;

/// The frames of the sample of a mining server, and its file header.
fn sample() -> (Vec<u8>, Vec<Frame>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps/server-49.pcap");
    let bytes = std::fs::read(path).expect("a sample");
    let (header, mut rest) = bytes.split_at(24);
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let (record, after) = rest.split_at(16);
        let length = u32::from_le_bytes(record[8..12].try_into().expect("four bytes"));
        let (frame, after) = after.split_at(length as usize);
        frames.push((record.to_vec(), frame.to_vec()));
        rest = after;
    }
    (header.to_vec(), frames)
}

/// Writes the sample after a change to each frame; `None` leaves the frame out. Returns the folder,
/// which the file lives as long as, and the file.
fn changed(change: impl Fn(Vec<u8>) -> Option<Vec<u8>>) -> (tempfile::TempDir, PathBuf) {
    let (mut file, frames) = sample();
    for (mut record, frame) in frames {
        if let Some(frame) = change(frame) {
            record[8..12].copy_from_slice(&(frame.len() as u32).to_le_bytes());
            file.extend(record);
            file.extend(frame);
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("changed.pcap");
    std::fs::write(&path, file).expect("a file");
    (folder, path)
}

/// Replays a capture: exit code, verdicts of the last records, and standard error.
fn replay(path: &Path, options: &[&str]) -> (i32, Vec<String>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minewatch"));
    let output = command.args(["replay", "--format", "native"]).args(options).arg(path).output();
    let output = output.expect("it runs");
    let records = String::from_utf8(output.stdout).expect("UTF-8");
    let verdicts = records.lines().filter_map(|line| {
        let record: Value = serde_json::from_str(line).expect("JSON");
        (record["state"] == "closed").then(|| record["verdict"].as_str().unwrap_or("").to_owned())
    });
    let verdicts = verdicts.collect();
    let errors = String::from_utf8(output.stderr).expect("UTF-8");
    (output.status.code().expect("an exit code"), verdicts, errors)
}

/// The names of the conditions in a JSON summary.
fn conditions(summary: &str) -> Vec<String> {
    let summary: Value = serde_json::from_str(summary).expect("JSON");
    let list = summary["conditions"].as_array().expect("a list");
    list.iter().map(|condition| condition["kind"].as_str().expect("a name").to_owned()).collect()
}

fn tagged(mut frame: Vec<u8>) -> Option<Vec<u8>> {
    frame.splice(ADDRESSES..ADDRESSES, [0x99, 0x99, 1, 2, 3, 4, 5, 6]);
    Some(frame)
}

fn an_unknown_tag_is_named_and_a_described_one_is_read() {
    let (folder, path) = changed(tagged);
    let packets = sample().1.len();
    let (code, verdicts, text) = replay(&path, &[]);
    assert_eq!((code, verdicts.len()), (3, 0), "{text}");
    assert!(text.starts_with("The sensor could not see everything.\n"), "{text}");
    assert!(text.contains(&format!("EtherType 0x9999: {packets}")), "{text}");
    assert!(text.contains("No mining was seen in what could be read."), "{text}");
    let (code, _, json) = replay(&path, &["--summary", "json"]);
    assert_eq!((code, conditions(&json)), (3, vec!["not-understood".to_owned()]));
    let (code, _, notes) = replay(&path, &["--summary", "none"]);
    assert!(code == 3 && notes.contains("EtherType 0x9999"), "{notes}");

    let config = folder.path().join("site.toml");
    std::fs::write(&config, "[decode]\ntags = [\"0x9999/6\"]\n").expect("a file");
    let (code, verdicts, text) = replay(&path, &["-c", config.to_str().expect("UTF-8")]);
    assert_eq!(code, 0, "{text}");
    assert!(verdicts.contains(&"active".to_owned()), "{verdicts:?}");
}

fn half_a_mirror_is_told_before_what_was_found() {
    // Frames of the miner alone: its address is the source in IPv4 behind one VLAN tag.
    const SOURCE: usize = ADDRESSES + 4 + 2 + 12;
    let (_, frames) = sample();
    let miner = frames
        .iter()
        .find(|(_, frame)| frame[SOURCE..].starts_with(&[10]) && frame[SOURCE + 3] == 49)
        .map(|(_, frame)| frame[SOURCE..SOURCE + 4].to_vec())
        .expect("a frame of the miner");
    let (_folder, path) =
        changed(|frame| (frame[SOURCE..SOURCE + 4] == miner[..]).then_some(frame));
    let (code, verdicts, text) = replay(&path, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(!verdicts.is_empty(), "{text}");
    assert!(text.starts_with("The sensor could not see everything.\n"), "{text}");
    assert!(text.contains("half of the traffic is missing"), "{text}");
}

fn payload_cut_by_the_snap_length_is_told() {
    let (_folder, path) = changed(|mut frame| {
        frame.truncate(68);
        Some(frame)
    });
    let (code, _, text) = replay(&path, &[]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("the snap length has cut"), "{text}");
}

fn a_login_that_the_snap_length_cut_is_an_attempt() {
    let (_folder, path) = changed(|mut frame| {
        frame.truncate(256);
        Some(frame)
    });
    let (_, verdicts, text) = replay(&path, &[]);
    assert!(verdicts.contains(&"attempt".to_owned()), "{verdicts:?}\n{text}");
    assert!(!verdicts.contains(&"active".to_owned()), "a cut share is none: {verdicts:?}");
}

fn a_filter_that_leaves_nothing_is_told() {
    // The packets are tagged, which this filter does not expect.
    let (_folder, path) = changed(Some);
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("site.toml");
    std::fs::write(&config, "[capture]\nfilter = \"tcp port 3333\"\n").expect("a file");
    let (code, _, text) = replay(&path, &["-c", config.to_str().expect("UTF-8")]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("the filter has left none") && text.contains("`vlan`"), "{text}");
}

fn a_whole_capture_is_in_no_condition() {
    let (_folder, path) = changed(Some);
    let (code, _, json) = replay(&path, &["--summary", "json"]);
    assert_eq!((code, conditions(&json)), (0, vec![]));
}

/// The records about the sensor that a replay of the tagged sample writes.
fn sensor_records(format: &str) -> Vec<String> {
    let (_folder, path) = changed(tagged);
    let mut command = Command::new(env!("CARGO_BIN_EXE_minewatch"));
    command.args(["replay", "--events", "sensor", "--summary", "none", "--format", format]);
    let output = command.arg(&path).output().expect("it runs");
    let records = String::from_utf8(output.stdout).expect("UTF-8");
    records.lines().map(str::to_owned).collect()
}

fn a_condition_is_a_record_in_every_format_where_asked_for() {
    let [record] = &sensor_records("native")[..] else { panic!("one condition") };
    let native =
        [("native".to_owned(), validator(include_str!("../../../docs/native.schema.json")))];
    assert_eq!(faults(record, &native), Vec::<String>::new());
    let record: Value = serde_json::from_str(record).expect("JSON");
    assert_eq!((&record["kind"], &record["host"]), (&"sensor".into(), &Value::Null));
    assert_eq!(record["condition"]["kind"], "not-understood");
    assert_eq!(record["condition"]["share"], 1.0);

    let [record] = &sensor_records("eve")[..] else { panic!("one condition") };
    let record: Value = serde_json::from_str(record).expect("JSON");
    assert_eq!(record["alert"]["signature_id"], 1_497_000);
    assert_eq!(record["alert"]["metadata"]["condition"][0], "not-understood");
    assert!(record.get("src_ip").is_none(), "nobody on the network has caused it");
}

fn a_record_about_the_sensor_is_valid_for_the_schemas_of_eve() -> Checked {
    let schemas = eve_validators()?;
    for record in sensor_records("eve") {
        assert_eq!(faults(&record, &schemas), Vec::<String>::new());
    }
    Ok(())
}
