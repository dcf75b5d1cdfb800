//! Checks that every JSON line has to pass, whatever its format.

use std::collections::HashSet;
use std::fmt;
use std::fs;

use jsonschema::Validator;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::shared::shared;
use super::trial::{Lacks, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![a_key_that_occurs_twice_is_found]
}

/// Longest line that rsyslog passes on whole, with its header.
pub const LONGEST: usize = 8_000;

pub fn validator(text: &str) -> Validator {
    let schema: Value = serde_json::from_str(text).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// The schemas of Suricata's EVE.
pub fn eve_validators() -> Result<Vec<(String, Validator)>, Lacks> {
    let mut found = Vec::new();
    for entry in fs::read_dir(shared("schemas")?).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("schema-") && name.ends_with(".json") {
            found.push((name, validator(&fs::read_to_string(entry.path()).unwrap())));
        }
    }
    assert!(!found.is_empty(), "no schema of EVE in ../shared/schemas");
    Ok(found)
}

/// Lists the faults of a line, by any of the schemas.
pub fn faults(line: &str, validators: &[(String, Validator)]) -> Vec<String> {
    let mut faults = Vec::new();
    if line.len() >= LONGEST {
        faults.push(format!("{} bytes", line.len()));
    }
    if line.contains(|c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)) {
        faults.push("a control character".to_owned());
    }
    if let Err(error) = serde_json::from_str::<Unique>(line) {
        faults.push(error.to_string());
    }
    let Ok(value) = serde_json::from_str::<Value>(line) else { return faults };
    for (name, validator) in validators {
        for error in validator.iter_errors(&value) {
            faults.push(format!("{name}: {}: {error}", error.instance_path()));
        }
    }
    faults
}

/// Any JSON in which no object has a key twice.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Check)
    }
}

struct Check;

impl<'de> Visitor<'de> for Check {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<Unique>()?;
            if !keys.insert(key.clone()) {
                return Err(de::Error::custom(format!("key {key} twice")));
            }
        }
        Ok(Unique)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Unique, A::Error> {
        while list.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }
}

fn a_key_that_occurs_twice_is_found() {
    assert!(!faults(r#"{"a":{"b":1,"b":2}}"#, &[]).is_empty());
    assert!(faults(r#"{"a":{"b":1},"b":[null,true,-1,0.5,"x"]}"#, &[]).is_empty());
}
