//! JSON values that are parsed on demand, without copying.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess};
use serde_json::value::RawValue;

/// Most members kept of an object, and most elements kept of an array.
///
/// The largest real arrays are a Cuckoo cycle of 42 numbers and a Merkle branch of some 20 hashes.
/// Further elements of an array are skipped. A further member of an object replaces the last one.
const MAX_MEMBERS: usize = 512;

/// The text of a JSON value, not parsed yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Wraps a text as one value, without a check. Text that is not JSON yields no elements or
    /// members.
    pub(crate) fn of(text: &'a str) -> Json<'a> {
        Json(text)
    }

    /// The value as it was written.
    pub(crate) fn raw(self) -> &'a str {
        self.0
    }

    fn first(self) -> u8 {
        self.0.bytes().next().unwrap_or(b'n')
    }

    pub(crate) fn is_null(self) -> bool {
        self.first() == b'n'
    }

    pub(crate) fn is_array(self) -> bool {
        self.first() == b'['
    }

    pub(crate) fn is_object(self) -> bool {
        self.first() == b'{'
    }

    pub(crate) fn is_string(self) -> bool {
        self.first() == b'"'
    }

    pub(crate) fn boolean(self) -> Option<bool> {
        match self.first() {
            b't' => Some(true),
            b'f' => Some(false),
            _ => None,
        }
    }

    /// The decoded text of a string. Escapes that are not valid characters become U+FFFD.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        if !self.is_string() {
            return None;
        }
        serde_json::from_str::<Text<'a>>(self.0).ok().map(|text| text.0)
    }

    /// A string's text, or a number as it was written.
    pub(crate) fn scalar(self) -> Option<Cow<'a, str>> {
        match self.first() {
            b'"' => self.text(),
            b'-' | b'0'..=b'9' => Some(Cow::Borrowed(self.0)),
            _ => None,
        }
    }

    /// A finite number, or a string that contains one in decimal.
    pub(crate) fn number(self) -> Option<f64> {
        self.scalar()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// A non-negative integer that fits into 64 bits, or a string that contains one in decimal.
    pub(crate) fn integer(self) -> Option<u64> {
        self.scalar()?.trim().parse().ok()
    }

    /// The elements of an array.
    pub(crate) fn items(self) -> Option<Vec<Json<'a>>> {
        if !self.is_array() {
            return None;
        }
        serde_json::from_str::<Items<'a>>(self.0).ok().map(|items| items.0)
    }

    pub(crate) fn object(self) -> Option<JsonObject<'a>> {
        if !self.is_object() {
            return None;
        }
        serde_json::from_str::<JsonObject<'a>>(self.0).ok()
    }
}

/// The members of an object, in order.
#[derive(Debug, Default)]
pub(crate) struct JsonObject<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> JsonObject<'a> {
    /// The value of `key`. If the key is repeated, the last one counts, as in most parsers.
    pub(crate) fn get(&self, key: &str) -> Option<Json<'a>> {
        self.0.iter().rfind(|(name, _)| name == key).map(|(_, value)| *value)
    }

    pub(crate) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key)?.text()
    }

    pub(crate) fn scalar(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key)?.scalar()
    }

    pub(crate) fn integer(&self, key: &str) -> Option<u64> {
        self.get(key)?.integer()
    }

    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        self.get(key)?.number()
    }

    /// The value of the first of `names` that is a key, in whatever case and with `_` or `-`
    /// anywhere in it. `names` are in lower case, without `_` and `-`.
    pub(crate) fn any(&self, names: &[&str]) -> Option<Json<'a>> {
        let same = |key: &str, name: &str| {
            let key = key.bytes().filter(|b| !matches!(b, b'_' | b'-'));
            key.map(|b| b.to_ascii_lowercase()).eq(name.bytes())
        };
        let find = |name: &&str| self.0.iter().rfind(|(key, _)| same(key, name));
        names.iter().find_map(find).map(|(_, value)| *value).filter(|value| !value.is_null())
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
}

/// A decoded string that may contain invalid surrogates.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Text<'de>, E> {
                Ok(Text(String::from_utf8_lossy(bytes)))
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(String::from_utf8_lossy(bytes).into_owned())))
            }
        }
        // Read as bytes, serde_json accepts lone surrogates, as the parsers of pools do.
        deserializer.deserialize_bytes(Visitor)
    }
}

struct Items<'a>(Vec<Json<'a>>);

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Items<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Items<'de>, A::Error> {
                let mut items = Vec::new();
                while items.len() < MAX_MEMBERS {
                    let Some(item) = seq.next_element::<&'de RawValue>()? else {
                        return Ok(Items(items));
                    };
                    items.push(Json(item.get()));
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Visitor)
    }
}

impl<'de> Deserialize<'de> for JsonObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Key;
        impl<'de> DeserializeSeed<'de> for Key {
            type Value = Cow<'de, str>;
            fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
                Text::deserialize(d).map(|text| text.0)
            }
        }
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = JsonObject<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonObject<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(key) = map.next_key_seed(Key)? {
                    let value = map.next_value::<&'de RawValue>()?;
                    // At the limit, the new member replaces the last one: a repeated key at the end
                    // still wins.
                    if members.len() == MAX_MEMBERS {
                        members.pop();
                    }
                    members.push((key, Json(value.get())));
                }
                Ok(JsonObject(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
