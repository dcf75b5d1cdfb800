//! `minewatch interfaces`: lists what can be captured on this machine.

use super::exit::{Exit, Failure};
use super::print;
use crate::capture;

pub(super) fn list() -> Result<Exit, Failure> {
    let interfaces = capture::interfaces()?;
    if interfaces.is_empty() {
        let advice = "no interface may be captured from; run as root, or `setcap \
                      cap_net_raw,cap_net_admin=eip` the program";
        return Err(Failure::new(Exit::Failure, advice));
    }
    for interface in interfaces {
        let state = match (interface.up, interface.running) {
            (true, true) => "up",
            (true, false) => "no carrier",
            (false, _) => "down",
        };
        let addresses: Vec<String> = interface.addresses.iter().map(ToString::to_string).collect();
        let more = interface.description.unwrap_or_default();
        print::line(format_args!(
            "{:<16} {state:<11} {} {more}",
            interface.name,
            addresses.join(" ")
        ));
    }
    Ok(Exit::Done)
}
