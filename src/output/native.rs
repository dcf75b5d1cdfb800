//! The `native` format: the alert as it is, typed, described by `docs/native.schema.json`.

use serde::Serialize;

use super::{fit, json};
use crate::model::Alert;

/// One line, at most [`super::MAX_LINE`] bytes, without its line feed.
///
/// # Errors
/// None that an alert can cause.
pub fn line(alert: &Alert) -> serde_json::Result<String> {
    fit::fit(alert, |alert, truncated| json::line(&Record { alert, truncated }))
}

#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    alert: &'a Alert,
    /// Fields that were cut to fit into a line.
    truncated: &'a [&'static str],
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::output::sample;

    #[test]
    fn every_field_of_the_contract_is_there_even_when_nothing_is_known() {
        let mut alert = sample::alert();
        alert.mining = None;
        alert.pool = crate::model::alert::Pool::default();
        alert.host.mac = None;
        alert.host.vlan = None;
        let value: Value = serde_json::from_str(&line(&alert).unwrap()).unwrap();
        assert_eq!(value["mining"], Value::Null);
        assert_eq!(
            value["pool"],
            json!({"name": null, "domain": null, "ip": null, "port": null, "transport": null, "class": null})
        );
        assert_eq!((&value["host"]["mac"], &value["host"]["vlan"]), (&Value::Null, &Value::Null));
        assert_eq!((&value["evidence_omitted"], &value["truncated"]), (&json!(0), &json!([])));
    }

    #[test]
    fn the_same_alert_gives_the_same_line() {
        assert_eq!(line(&sample::alert()).unwrap(), line(&sample::alert()).unwrap());
    }
}
