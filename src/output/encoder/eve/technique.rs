//! Names of the MITRE ATT&CK techniques in records.

/// A technique with its tactic. Names have underscores for blanks, as in detection rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Technique {
    pub name: &'static str,
    pub tactic_id: &'static str,
    pub tactic_name: &'static str,
}

/// Finds the technique with this id, if records use it.
pub(super) fn technique(id: &str) -> Option<Technique> {
    let impact = |name| Technique { name, tactic_id: "TA0040", tactic_name: "Impact" };
    let command =
        |name| Technique { name, tactic_id: "TA0011", tactic_name: "Command_And_Control" };
    Some(match id {
        "T1496" => impact("Resource_Hijacking"),
        "T1496.001" => impact("Compute_Hijacking"),
        "T1090" => command("Proxy"),
        "T1571" => command("Non-Standard_Port"),
        _ => return None,
    })
}
