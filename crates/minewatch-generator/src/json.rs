//! JSON values that keep the order of their keys, and may have a key twice.

use std::fmt::{self, Write};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// Null, booleans and numbers, as written.
    Plain(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn null() -> Json {
        Json::Plain("null".into())
    }

    pub fn parse(bytes: &[u8]) -> Option<Json> {
        serde_json::from_slice(bytes).ok()
    }

    /// The member `key` of an object.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Json> {
        let Json::Object(members) = self else { return None };
        members.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub fn is_text(&self, text: &str) -> bool {
        matches!(self, Json::Text(own) if own == text)
    }

    /// Calls `visit` with the members of every object, the outermost first.
    pub fn objects(&mut self, visit: &mut impl FnMut(&mut Vec<(String, Json)>)) {
        match self {
            Json::Object(members) => {
                visit(members);
                members.iter_mut().for_each(|(_, value)| value.objects(visit));
            }
            Json::Array(items) => items.iter_mut().for_each(|item| item.objects(visit)),
            _ => {}
        }
    }

    /// Writes the value. `space` is called where blanks may stand; `escape` says which characters
    /// of texts and keys are written as `\u00xx` although they need not be.
    pub fn write(
        &self,
        out: &mut String,
        space: &mut impl FnMut(&mut String),
        escape: &mut impl FnMut() -> bool,
    ) {
        match self {
            Json::Plain(text) => out.push_str(text),
            Json::Text(text) => quote(text, out, escape),
            Json::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    separate(index, out, space);
                    item.write(out, space, escape);
                }
                space(out);
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    separate(index, out, space);
                    quote(key, out, escape);
                    space(out);
                    out.push(':');
                    space(out);
                    value.write(out, space, escape);
                }
                space(out);
                out.push('}');
            }
        }
    }
}

fn separate(index: usize, out: &mut String, space: &mut impl FnMut(&mut String)) {
    space(out);
    if index > 0 {
        out.push(',');
        space(out);
    }
}

fn quote(text: &str, out: &mut String, escape: &mut impl FnMut() -> bool) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' if !escape() => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::null())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Plain(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Plain(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Plain(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Plain(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_as_it_was_read() {
        let text = r#"{"b":1,"a":[0.5,null,true,18446744073709551615],"b":{"c":"\"\u00e9"}}"#;
        let mut out = String::new();
        Json::parse(text.as_bytes()).unwrap().write(&mut out, &mut |_| {}, &mut || false);
        assert_eq!(out, text);
    }

    #[test]
    fn blanks_and_escapes_do_not_change_the_meaning() {
        let text = r#"{"method":"login","params":["x",{}]}"#;
        let value = Json::parse(text.as_bytes()).unwrap();
        let mut out = String::new();
        value.write(&mut out, &mut |out| out.push(' '), &mut || true);
        assert!(out.contains(r"\u006d\u0065\u0074\u0068\u006f\u0064"), "{out}");
        assert_eq!(Json::parse(out.as_bytes()), Some(value));
    }
}
