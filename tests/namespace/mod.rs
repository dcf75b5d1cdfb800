//! A network namespace of its own for a test, with a virtual cable in it.
//!
//! Needs root, `unshare` and `ip`; says so and passes where they are missing.

use std::process::Command;

/// Set inside the namespace: without it the ignored tests would change this machine's network.
const INSIDE: &str = "MINEWATCH_TEST_NAMESPACE";

/// Runs one of the ignored tests below in a fresh namespace.
pub fn in_namespace(test: &str) {
    let root = Command::new("unshare").args(["-nm", "ip", "link"]).output();
    if !root.is_ok_and(|output| output.status.success()) {
        println!("no right to make a network namespace, nothing tested");
        return;
    }
    let program = std::env::current_exe().expect("this program");
    let status = Command::new("unshare")
        .arg("-nm")
        .arg(program)
        .env(INSIDE, "1")
        .args(["--ignored", "--exact", "--nocapture", test])
        .status()
        .expect("unshare runs");
    assert!(status.success());
}

pub fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().expect("ip runs");
    assert!(status.success(), "ip {arguments}");
}

pub fn lay_cable() {
    assert!(std::env::var_os(INSIDE).is_some(), "only inside a namespace of its own");
    // The files about interfaces belong to the namespace only once they are mounted in it.
    let _ = Command::new("mount").args(["-t", "sysfs", "sysfs", "/sys"]).output();
    ip("link add out0 type veth peer name in0");
    ip("link set out0 up");
    ip("link set in0 up");
}
