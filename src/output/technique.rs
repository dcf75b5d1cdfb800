//! MITRE ATT&CK: the names behind the technique ids in alerts.

/// A technique with the tactic that it serves, named as detection rules name them: with
/// underscores for blanks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Technique {
    pub name: &'static str,
    pub tactic_id: &'static str,
    pub tactic_name: &'static str,
}

/// The technique with this id, if it is one that alerts use.
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
