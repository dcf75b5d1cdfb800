//! Community ID v1 of a flow (<https://github.com/corelight/community-id-spec>), seed 0.

use crate::model::flow::{FlowKey, KeySide, Transport};

/// Returns the Community ID of a flow: `1:` and the base64 of a SHA-1.
///
/// It is the same for both directions. Returns `None` if the protocol is neither TCP nor UDP: the
/// identifier of some needs more than a [`FlowKey`] holds (ICMP types and codes).
pub fn community_id(key: &FlowKey) -> Option<String> {
    const SEED: u16 = 0;
    const AS_HEX: bool = false;
    if matches!(key.transport(), Transport::Other(_)) {
        return None;
    }
    let (a, b) = (key.endpoint(KeySide::A), key.endpoint(KeySide::B));
    let (a_port, b_port) = (Some(a.port), Some(b.port));
    let protocol = key.transport().number();
    community_id::calculate_community_id(SEED, a.ip, b.ip, a_port, b_port, protocol, AS_HEX).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::flow::Endpoint;

    /// From the specification's `baseline_deflt.json`.
    #[test]
    fn both_directions_have_the_published_identifier() {
        let a = Endpoint { ip: "128.232.110.120".parse().unwrap(), port: 34855 };
        let b = Endpoint { ip: "66.35.250.204".parse().unwrap(), port: 80 };
        for (src, dst) in [(a, b), (b, a)] {
            let (key, _) = FlowKey::new(src, dst, Transport::Tcp, 0);
            assert_eq!(community_id(&key).as_deref(), Some("1:LQU9qZlK+B5F3KDmev6m5PMibrg="));
        }
    }
}
