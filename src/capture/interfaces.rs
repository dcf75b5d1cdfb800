//! Lists the interfaces of this machine and checks their state.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use super::problem::CaptureError;

/// An interface that can be captured from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceInfo {
    /// Its name: `eth0`.
    pub name: String,
    /// libpcap's description, if it has one.
    pub description: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Administratively up.
    pub up: bool,
    /// Up and with carrier.
    pub running: bool,
    /// Whether it is the machine's loopback interface.
    pub loopback: bool,
}

/// Lists the interfaces that libpcap can capture from, including `any`.
pub fn interfaces() -> Result<Vec<InterfaceInfo>, CaptureError> {
    let devices = pcap::Device::list()
        .map_err(|error| CaptureError::Interfaces { reason: error.to_string() })?;
    Ok(devices
        .into_iter()
        .map(|device| InterfaceInfo {
            up: device.flags.is_up(),
            running: device.flags.is_running(),
            loopback: device.flags.is_loopback(),
            addresses: device.addresses.iter().map(|address| address.addr).collect(),
            name: device.name,
            description: device.desc,
        })
        .collect())
}

/// Says why no packet can arrive on an interface now; `None` if no reason is known.
pub(super) fn fault(name: &str) -> Option<String> {
    // Names with a slash do not occur; the check keeps the path inside the folder.
    if name == "any" || name.contains('/') {
        return None;
    }
    let folder = Path::new("/sys/class/net").join(name);
    // Without the folder the state is unknown: sysfs may not be mounted.
    let flags = fs::read_to_string(folder.join("flags")).ok()?;
    let flags = u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16).ok()?;
    if flags & libc::IFF_UP as u32 == 0 {
        return Some(format!("it is down; `ip link set dev {name} up` starts it"));
    }
    match fs::read_to_string(folder.join("carrier")).ok()?.trim() {
        "0" => Some("no carrier: check the cable and the mirror port".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_is_listed() {
        let list = interfaces().expect("a list");
        assert!(list.iter().any(|interface| interface.name == "lo" && interface.loopback));
    }

    #[test]
    fn an_unknown_interface_has_no_known_fault() {
        assert_eq!(fault("no-such-interface"), None);
        assert_eq!(fault("../../etc"), None);
    }
}
