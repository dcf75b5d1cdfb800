//! Reads MISP events (JSON): the network attributes that are marked for detection.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::builder::{Builder, Purpose};
use super::super::error::{IntelError, shown};
use super::super::groups::{EntryMeta, ListSource};
use super::places::Places;
use super::{is_date, json_error, string};

/// One event, or a server's response with several.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, rename = "Event")]
    event: Option<MispEvent<'a>>,
    #[serde(default, borrow)]
    response: Vec<EventWrapper<'a>>,
}

#[derive(Deserialize)]
struct EventWrapper<'a> {
    #[serde(borrow, rename = "Event")]
    event: MispEvent<'a>,
}

#[derive(Deserialize)]
struct MispEvent<'a> {
    #[serde(default)]
    info: String,
    #[serde(default)]
    date: String,
    #[serde(default, borrow, rename = "Attribute")]
    attributes: Vec<Attribute<'a>>,
    #[serde(default, borrow, rename = "Object")]
    objects: Vec<MispObject<'a>>,
}

#[derive(Deserialize)]
struct MispObject<'a> {
    #[serde(default, borrow, rename = "Attribute")]
    attributes: Vec<Attribute<'a>>,
}

#[derive(Deserialize)]
struct Attribute<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(default)]
    to_ids: bool,
}

pub(super) fn add(builder: &mut Builder, text: &str) -> Result<(), IntelError> {
    let events = events(text).map_err(|error| json_error(builder, &error))?;
    let places = Places::new(text);
    for event in &events {
        let date = if is_date(&event.date) { event.date.clone() } else { String::new() };
        let name = format!("MISP: {}", shown(&event.info));
        let meta = EntryMeta { sources: vec![ListSource { name, date }], ..EntryMeta::default() };
        let group = builder.group(meta);
        let of_objects = event.objects.iter().flat_map(|object| &object.attributes);
        for attribute in event.attributes.iter().chain(of_objects) {
            add_attribute(builder, &places, group, attribute);
        }
    }
    Ok(())
}

fn events(text: &str) -> serde_json::Result<Vec<MispEvent<'_>>> {
    let (event, several) = if text.trim_start().starts_with('[') {
        (None, serde_json::from_str(text)?)
    } else {
        let Document { event, response } = serde_json::from_str(text)?;
        (event, response)
    };
    let several = several.into_iter().map(|EventWrapper { event }| event);
    Ok(event.into_iter().chain(several).collect())
}

fn add_attribute(
    builder: &mut Builder,
    places: &Places<'_>,
    group: u32,
    attribute: &Attribute<'_>,
) {
    // Attributes that are not for detection are context: references, victims, comments.
    if !attribute.to_ids {
        return;
    }
    let Some(value) = string(builder, places, attribute.value) else { return };
    let value = value.trim();
    let used = match attribute.kind.as_str() {
        "domain" | "hostname" | "ip-dst" | "ip-src" | "url" | "uri" | "domain|ip"
        | "ip-dst|port" | "ip-src|port" | "hostname|port" => true,
        // Hashes are skipped, but a misprinted one is added, so that a warning names it.
        "md5" | "sha1" | "sha256" => is_misprinted(&attribute.kind, value),
        _ => false,
    };
    if !used {
        return;
    }
    let at = places.of(attribute.value);
    let (first, second) = value.split_once('|').unwrap_or((value, ""));
    match attribute.kind.as_str() {
        "domain|ip" => {
            builder.add(at, first, group, Purpose::Watch);
            builder.add(at, second, group, Purpose::Watch);
        }
        _ if second.is_empty() => builder.add(at, value, group, Purpose::Watch),
        _ if first.contains(':') => {
            builder.add(at, &format!("[{first}]:{second}"), group, Purpose::Watch);
        }
        _ => builder.add(at, &format!("{first}:{second}"), group, Purpose::Watch),
    }
}

fn is_misprinted(kind: &str, value: &str) -> bool {
    value.len()
        != if kind == "md5" {
            32
        } else if kind == "sha1" {
            40
        } else {
            64
        }
}
