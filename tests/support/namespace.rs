//! Runs a test in its own network namespace, with a virtual cable in it.

use std::process::Command;

use super::trial::{Checked, Lacks};

/// Variable that is set inside the namespace. Without it a test would change this machine's
/// network.
const INSIDE: &str = "MINEWATCH_TEST_NAMESPACE";

/// Runs `test` in a fresh namespace: there this program runs again, with only the trial of this
/// name.
pub fn in_namespace(trial: &str, test: impl FnOnce()) -> Checked {
    if std::env::var_os(INSIDE).is_some() {
        test();
        return Ok(());
    }
    let may = Command::new("unshare").args(["-nm", "ip", "link"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        return Err(Lacks("needs root, unshare and ip".to_owned()));
    }
    let program = std::env::current_exe().expect("this program");
    let output = Command::new("unshare")
        .arg("-nm")
        .arg(program)
        .env(INSIDE, "1")
        .args(["--exact", trial])
        .output()
        .expect("unshare runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let passed = output.status.success() && told.contains("1 passed");
    assert!(passed, "{told}{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
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
