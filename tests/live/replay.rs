//! Live capture tells of the same incidents as a replay: real captures, played by tcpreplay onto a
//! virtual cable, on whose other end two workers listen.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::namespace::{in_namespace, ip, lay_cable};
use crate::support::program;
use crate::support::shared::shared;
use crate::support::trial::{Checked, Lacks, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![a_live_interface_gives_the_incidents_of_the_replay]
}

/// Captures of several dialects. Each fits in time without pauses longer than an incident's idle
/// time, since tcpreplay shortens them.
const CAPTURES: [&str; 5] = [
    "peafowl-monero.pcap",
    "peafowl-stratum.pcap",
    "peafowl-ethereum.pcap",
    "nesfit-zec-eu1.nanopool.org.pcapng",
    "cjsniffer-1619477075_R7PCd.pcap",
];

/// What must be the same: who, where, how far, for whom, how many shares; not when or how fast.
fn incidents(alerts: &[Value]) -> Vec<String> {
    let closed = alerts.iter().filter(|alert| alert["state"] == "closed");
    let mut told: Vec<String> = closed
        .map(|alert| {
            let (host, pool, mining) = (&alert["host"], &alert["pool"], &alert["mining"]);
            let kinds: Vec<&Value> = alert["evidence"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|evidence| &evidence["kind"])
                .collect();
            format!(
                "{} {} {} {}:{} {} {} {} {} {} {kinds:?}",
                host["ip"],
                host["mac"],
                alert["verdict"],
                pool["ip"],
                pool["port"],
                mining["dialect"],
                mining["login"],
                mining["wallet"],
                mining["worker"],
                mining["shares"],
            )
        })
        .collect();
    told.sort();
    told
}

fn a_live_interface_gives_the_incidents_of_the_replay() -> Checked {
    if Command::new("tcpreplay").arg("--version").output().is_err() {
        return Err(Lacks("needs tcpreplay".to_owned()));
    }
    let folder = shared("captures/mining")?;
    in_namespace("replay::a_live_interface_gives_the_incidents_of_the_replay", || {
        compare_all(&folder);
    })
}

/// Compares live capture with a replay, one capture after the other.
fn compare_all(folder: &Path) {
    lay_cable();
    // Offloading has merged segments in some captures.
    for interface in ["out0", "in0"] {
        ip(&format!("link set {interface} mtu 65535"));
    }
    for name in CAPTURES {
        let capture = folder.join(name);
        let replayed = program::replay(&capture, &["--format", "native"]);
        assert_eq!(replayed.code, 0, "{name}: {}", replayed.told);
        let expected = incidents(&replayed.alerts());
        assert!(!expected.is_empty(), "{name}");
        assert_eq!(incidents(&watch(&capture)), expected, "{name}");
    }
}

/// The alerts of two live workers while the capture is played.
fn watch(capture: &Path) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let out: PathBuf = folder.path().join("alerts.json");
    let mut sensor = Command::new(env!("CARGO_BIN_EXE_minewatch"))
        .args(["run", "-i", "in0", "-j", "2", "--format", "native", "--summary", "none", "-o"])
        .arg(&out)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the sensor starts");
    let mut told = BufReader::new(sensor.stderr.take().expect("its standard error"));
    let mut line = String::new();
    told.read_line(&mut line).expect("a line");
    assert!(line.contains("watching in0"), "{line}");
    let played = Command::new("tcpreplay")
        .args(["--intf1", "out0", "--pps", "2000"])
        .arg(capture)
        .output()
        .expect("tcpreplay runs");
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    std::thread::sleep(Duration::from_millis(500));
    let pid = sensor.id().to_string();
    let stopped = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
    assert!(stopped.success());
    assert!(sensor.wait().expect("it ends").success());
    let text = std::fs::read_to_string(out).expect("alerts");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}
