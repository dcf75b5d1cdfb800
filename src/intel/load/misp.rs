//! MISP events (JSON): the network attributes that are marked for detection.

use serde::Deserialize;

use super::super::builder::{Builder, Purpose};
use super::super::error::{IntelError, shown};
use super::super::groups::{Meta, Source};
use super::{is_date, json_error, position_of};

#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    Event {
        #[serde(rename = "Event")]
        event: Event,
    },
    Response {
        response: Vec<Wrapped>,
    },
    Events(Vec<Wrapped>),
}

#[derive(Deserialize)]
struct Wrapped {
    #[serde(rename = "Event")]
    event: Event,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    info: String,
    #[serde(default)]
    date: String,
    #[serde(default, rename = "Attribute")]
    attributes: Vec<Attribute>,
    #[serde(default, rename = "Object")]
    objects: Vec<Object>,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default, rename = "Attribute")]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    #[serde(rename = "type")]
    kind: String,
    value: String,
    #[serde(default)]
    to_ids: bool,
}

pub fn add(builder: &mut Builder, text: &str) -> Result<(), IntelError> {
    let document = serde_json::from_str(text).map_err(|error| json_error(builder, &error))?;
    let events = match document {
        Document::Event { event } => vec![event],
        Document::Response { response: events } | Document::Events(events) => {
            events.into_iter().map(|wrapped| wrapped.event).collect()
        }
    };
    for event in &events {
        let date = if is_date(&event.date) { event.date.clone() } else { String::new() };
        let name = format!("MISP: {}", shown(&event.info));
        let meta = Meta { sources: vec![Source { name, date }], ..Meta::default() };
        let group = builder.group(meta);
        let of_objects = event.objects.iter().flat_map(|object| &object.attributes);
        for attribute in event.attributes.iter().chain(of_objects) {
            add_attribute(builder, text, group, attribute);
        }
    }
    Ok(())
}

fn add_attribute(builder: &mut Builder, text: &str, group: u32, attribute: &Attribute) {
    let value = attribute.value.trim();
    let used = match attribute.kind.as_str() {
        "domain" | "hostname" | "ip-dst" | "ip-src" | "url" | "uri" | "domain|ip"
        | "ip-dst|port" | "ip-src|port" | "hostname|port" => true,
        // Hashes are kept out, but a misprinted one is worth a word.
        "md5" | "sha1" | "sha256" => is_misprinted(&attribute.kind, value),
        _ => false,
    };
    // What is not for detection is context: references, victims, comments.
    if !used || !attribute.to_ids {
        return;
    }
    let at = position_of(text, &attribute.value);
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
