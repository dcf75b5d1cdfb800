//! The `native` format: all fields of a record, typed, as in `docs/native.schema.json`.

use serde::Serialize;

use super::eve::EveEncoder;
use super::{EncodeError, Encoder, fit, json};
use crate::model::record::{Outgoing, Record};

/// Encodes records about incidents in the `native` format.
///
/// Extracted events have no native form: they are encoded as EVE records.
pub struct NativeEncoder;

impl Encoder for NativeEncoder {
    fn encode(&mut self, record: &Outgoing, frame: &mut Vec<u8>) -> Result<bool, EncodeError> {
        match record {
            Outgoing::Alert(record) => {
                frame.extend_from_slice(line(record)?.as_bytes());
                Ok(true)
            }
            Outgoing::Sensor(record) => {
                frame.extend_from_slice(json::line(record.as_ref())?.as_bytes());
                Ok(true)
            }
            Outgoing::Event(_) => EveEncoder.encode(record, frame),
        }
    }
}

/// Encodes a record as one line of at most [`super::MAX_LINE`] bytes, without its line feed.
///
/// # Errors
/// None that a record can cause.
pub fn line(record: &Record) -> serde_json::Result<String> {
    fit::fit(record, |record, truncated| json::line(&NativeLine { record, truncated }))
}

#[derive(Serialize)]
struct NativeLine<'a> {
    #[serde(flatten)]
    record: &'a Record,
    /// Fields that were cut to fit into a line.
    truncated: &'a [&'static str],
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::sample;
    use super::*;
    use crate::model::record::{Body, Pool};

    #[test]
    fn every_field_of_the_contract_is_there_even_when_nothing_is_known() {
        let mut record = sample::record();
        let Body::Mining(incident) = &mut record.body;
        (incident.mining, incident.pool) = (None, Pool::default());
        record.head.host.mac = None;
        record.head.host.vlan = None;
        let value: Value = serde_json::from_str(&line(&record).unwrap()).unwrap();
        assert_eq!(value["mining"], Value::Null);
        assert_eq!(
            value["pool"],
            json!({"name": null, "domain": null, "ip": null, "port": null, "transport": null, "class": null})
        );
        assert_eq!((&value["host"]["mac"], &value["host"]["vlan"]), (&Value::Null, &Value::Null));
        assert_eq!((&value["evidence_omitted"], &value["truncated"]), (&json!(0), &json!([])));
    }

    #[test]
    fn a_line_reads_back_as_the_same_record() {
        let record = sample::record();
        let read: Record = serde_json::from_str(&line(&record).unwrap()).unwrap();
        assert_eq!(read, record);
        let old = line(&record).unwrap().replace("minewatch/2", "minewatch/1");
        let error = serde_json::from_str::<Record>(&old).unwrap_err().to_string();
        assert!(error.contains("expected the schema minewatch/2, found `minewatch/1`"), "{error}");
    }

    #[test]
    fn the_same_record_gives_the_same_line() {
        assert_eq!(line(&sample::record()).unwrap(), line(&sample::record()).unwrap());
    }
}
