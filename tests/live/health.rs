//! A live sensor says when it cannot see, and when again it can.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use minewatch_generator::pcap::{self, Frame};
use serde_json::Value;

use crate::support::namespace::{in_namespace, ip, lay_cable};
use crate::support::trial::{Checked, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![conditions_of_a_live_sensor_begin_and_end]
}

/// A short window, so that the test need not wait for minutes.
const CONFIG: &str = "[health]\nwindow = \"2s\"\nno_packets = \"2s\"\n";
/// More packets than the least that a window is judged by.
const PACKETS: u64 = 200;

fn conditions_of_a_live_sensor_begin_and_end() -> Checked {
    in_namespace("health::conditions_of_a_live_sensor_begin_and_end", || {
        lay_cable();
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("site.toml"), CONFIG).expect("a file");
        frames(&path("unknown.pcap"), [0x99, 0x99]);
        frames(&path("arp.pcap"), [0x08, 0x06]);
        let output = path("out.json");
        let sensor = Sensor::start(&path("site.toml"), &output, &path("notes.txt"));

        sensor.wait_for("no-packets", "opened", || {});
        sensor.wait_for("no-packets", "closed", || send(&path("arp.pcap")));
        // Half a window of packets that nobody understands, then of some that everybody does.
        sensor.wait_for("not-understood", "opened", || send(&path("unknown.pcap")));
        sensor.wait_for("not-understood", "closed", || send(&path("arp.pcap")));
        ip("link set out0 down");
        sensor.wait_for("interface-down", "opened", || {});
        ip("link set out0 up");
        sensor.wait_for("interface-down", "closed", || send(&path("arp.pcap")));

        let notes = std::fs::read_to_string(path("notes.txt")).expect("notes");
        assert!(notes.contains("began: no packet has arrived for"), "{notes}");
        assert!(notes.contains("EtherType 0x9999"), "{notes}");
        assert!(notes.contains("ended: not-understood"), "{notes}");
    })
}

/// A running sensor; it is killed with the test.
struct Sensor<'a> {
    process: Child,
    output: &'a Path,
}

impl<'a> Sensor<'a> {
    fn start(config: &Path, output: &'a Path, notes: &Path) -> Sensor<'a> {
        let notes = std::fs::File::create(notes).expect("a file");
        let process = Command::new(env!("CARGO_BIN_EXE_minewatch"))
            .args(["run", "-i", "in0", "--format", "native", "-c"])
            .arg(config)
            .arg("-o")
            .arg(output)
            .stdout(Stdio::null())
            .stderr(notes)
            .spawn()
            .expect("the program starts");
        Sensor { process, output }
    }

    /// Acts about twice a second until the sensor has written that the condition is in this state.
    fn wait_for(&self, condition: &str, state: &str, act: impl Fn()) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut records;
        loop {
            act();
            std::thread::sleep(Duration::from_millis(400));
            records = std::fs::read_to_string(self.output).unwrap_or_default();
            let found = records.lines().any(|line| {
                let record: Value = serde_json::from_str(line).expect("JSON");
                record["condition"]["kind"] == condition && record["state"] == state
            });
            if found {
                return;
            }
            assert!(Instant::now() < deadline, "{condition} is not {state}:\n{records}");
        }
    }
}

impl Drop for Sensor<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Writes a capture of frames with this EtherType.
fn frames(path: &Path, ether_type: [u8; 2]) {
    let bytes = [&[2; 12][..], &ether_type, &[0; 46]].concat();
    let frames: Vec<Frame> =
        (0..PACKETS).map(|number| Frame { time: number * 1_000, bytes: bytes.clone() }).collect();
    let mut file = std::fs::File::create(path).expect("a file");
    pcap::write(&mut file, 1, &frames).expect("written");
}

fn send(capture: &Path) {
    let sent = Command::new("tcpreplay").args(["-q", "-t", "-i", "out0"]).arg(capture).output();
    assert!(sent.is_ok_and(|output| output.status.success()), "tcpreplay sends");
}
