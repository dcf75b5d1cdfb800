//! Reads the envelope that all dialects share, and whether an answer accepts or refuses.

use std::cell::OnceCell;

use super::json::{Json, JsonObject};

/// Id of a request, reduced to what matching needs: `4` and `"4"` are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    /// Null, absent, or not a scalar.
    None,
    /// FNV-1a hash of the id's text.
    Some(u64),
}

impl Id {
    pub(crate) fn of(value: Option<Json<'_>>) -> Id {
        value.and_then(Json::scalar).map_or(Id::None, |text| Id::of_text(&text))
    }

    pub(crate) fn of_text(text: &str) -> Id {
        Id::Some(fnv1a(text.trim()))
    }

    /// Whether pools use this id on replies to a request they do not remember: none, 0, and
    /// ethermine's 999.
    pub(crate) fn is_vague(self) -> bool {
        self == Id::None || self == Id::of_text("0") || self == Id::of_text("999")
    }
}

/// 64-bit FNV-1a hash of a short key. It needs no defence against collisions: an attacker who
/// forges them spoils only the share counts of his own connection.
pub(crate) fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Whether a request was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RequestOutcome {
    Granted,
    /// The reason given, perhaps empty.
    Refused(String),
}

impl RequestOutcome {
    pub(crate) fn is_granted(&self) -> bool {
        *self == RequestOutcome::Granted
    }
}

/// One message: an object with, in most dialects, the members of JSON-RPC.
#[derive(Debug)]
pub(crate) struct RpcMessage<'a> {
    pub fields: JsonObject<'a>,
    /// `method` in lower case; empty if there is none.
    pub method: String,
    pub id: Id,
    /// `params`, or `body` as Iron Fish calls it, unless null.
    pub params: Option<Json<'a>>,
    // Every grammar asks for these, so they are parsed only once.
    args: OnceCell<Vec<Json<'a>>>,
    named: OnceCell<JsonObject<'a>>,
    result_items: OnceCell<Option<Vec<Json<'a>>>>,
    result_object: OnceCell<Option<JsonObject<'a>>>,
}

/// Longest method name read, in bytes. The longest of any dialect is
/// `merge_mining_submit_solution`.
const MAX_METHOD: usize = 64;

impl<'a> RpcMessage<'a> {
    fn new(fields: JsonObject<'a>) -> Self {
        let method = fields.text("method").filter(|name| name.len() <= MAX_METHOD);
        let method = method.map(|name| name.trim().to_ascii_lowercase()).unwrap_or_default();
        RpcMessage::named_by(method, fields)
    }

    /// A message whose method stands outside the object.
    fn named_by(method: String, fields: JsonObject<'a>) -> Self {
        let id = Id::of(fields.get("id"));
        let params = fields.get("params").or_else(|| fields.get("body"));
        RpcMessage {
            method,
            id,
            params: params.filter(|value| !value.is_null()),
            fields,
            args: OnceCell::new(),
            named: OnceCell::new(),
            result_items: OnceCell::new(),
            result_object: OnceCell::new(),
        }
    }

    /// Whether the message has a member that some mining dialect uses, or a verb.
    pub(crate) fn is_rpc(&self) -> bool {
        const KEYS: [&str; 10] = [
            "method",
            "result",
            "error",
            "id",
            "type",
            "identifier",
            "message",
            "new_job",
            "block_template",
            "blockhashing_blob",
        ];
        KEYS.iter().any(|key| self.fields.has(key)) || self.method.ends_with(VERB_END)
    }

    /// The elements of `params`; empty if it is not an array.
    pub(crate) fn args(&self) -> &[Json<'a>] {
        self.args.get_or_init(|| self.params.and_then(Json::items).unwrap_or_default())
    }

    /// The members of `params`; empty if it is not an object.
    pub(crate) fn named(&self) -> &JsonObject<'a> {
        self.named.get_or_init(|| self.params.and_then(Json::object).unwrap_or_default())
    }

    /// The elements of `result`, if it is an array.
    pub(crate) fn result_items(&self) -> Option<&[Json<'a>]> {
        self.result_items.get_or_init(|| self.result().and_then(Json::items)).as_deref()
    }

    /// The members of `result`, if it is an object.
    pub(crate) fn result_object(&self) -> Option<&JsonObject<'a>> {
        self.result_object.get_or_init(|| self.result().and_then(Json::object)).as_ref()
    }

    /// `result`, unless it is null or absent.
    pub(crate) fn result(&self) -> Option<Json<'a>> {
        self.fields.get("result").filter(|value| !value.is_null())
    }

    fn error(&self) -> Option<Json<'a>> {
        self.fields.get("error").filter(|value| {
            !value.is_null() && !matches!(value.raw(), "false" | "\"\"" | "[]" | "0")
        })
    }

    /// Whether the message is an answer, even if it has a `method` (Grin's answers do).
    pub(crate) fn is_answer(&self) -> bool {
        let known = |key| self.fields.has(key);
        let brings = self.result().is_some() || self.error().is_some();
        if !self.method.is_empty() {
            // A request may have a `result` that nobody asked for; it still has parameters.
            return brings && self.params.is_none();
        }
        // Browser dialects name messages by `identifier` or `type`, and put results into requests.
        let named = (known("identifier") || known("type")) && !known("id");
        !named && (brings || (known("id") && self.params.is_none()))
    }

    /// Whether an answer accepts the request, in all the forms that pools use.
    pub(crate) fn outcome(&self) -> RequestOutcome {
        if let Some(error) = self.error() {
            return RequestOutcome::Refused(reason(error));
        }
        match self.fields.get("result") {
            // EthereumStratum/2.0.0: a bare id means acceptance.
            None => RequestOutcome::Granted,
            Some(result) if result.is_null() => RequestOutcome::Refused(String::new()),
            Some(result) => verdict(result),
        }
    }
}

fn verdict(result: Json<'_>) -> RequestOutcome {
    let says_no = |value: Json<'_>| {
        value.boolean() == Some(false)
            || value.text().is_some_and(|text| text.eq_ignore_ascii_case("false"))
    };
    if says_no(result) {
        return RequestOutcome::Refused(String::new());
    }
    // Conflux: ["true"] or ["false", "reason"].
    if let Some(items) = result.items()
        && let Some((first, rest)) = items.split_first()
        && says_no(*first)
        && rest.len() < 2
    {
        return RequestOutcome::Refused(
            rest.first().and_then(|r| r.scalar()).unwrap_or_default().into(),
        );
    }
    RequestOutcome::Granted
}

/// The text of an error: `[code, text, …]`, `{code, message}`, or only the text.
fn reason(error: Json<'_>) -> String {
    if let Some(items) = error.items() {
        let text = items.iter().find_map(|item| item.text());
        return text.or_else(|| items.first()?.scalar()).unwrap_or_default().into();
    }
    if let Some(object) = error.object() {
        let text = object.text("message").or_else(|| object.text("error"));
        return text.or_else(|| object.scalar("code")).unwrap_or_default().into();
    }
    error.scalar().unwrap_or_default().into()
}

/// The character between a verb and its object (Xatum).
const VERB_END: char = '~';
/// Verbs that stand before an object.
const VERBS: [&str; 8] = ["shake", "job", "submit", "success", "error", "print", "ping", "pong"];

/// Whether `bytes` begin as a verb, `~` and an object, as far as they go.
pub(crate) fn begins_with_verb(bytes: &[u8]) -> bool {
    VERBS.iter().any(|verb| {
        let opening = verb.bytes().chain([VERB_END as u8, b'{']);
        opening.zip(bytes).all(|(expected, found)| expected == *found)
    })
}

/// Splits a line into its verb, with the `~`, and the object.
fn split_verb(text: &str) -> Option<(&str, &str)> {
    let (verb, object) = text.split_at_checked(text.find(VERB_END)? + 1)?;
    VERBS.contains(&verb.trim_end_matches(VERB_END)).then_some((verb, object))
}

/// Reads the objects of one line or of a batch (JSON-RPC 2.0 §6) and passes each to `message`.
///
/// Nearly all lines in real traffic have one object. Returns false if the line contains anything
/// other than objects; objects before that were passed on.
pub(crate) fn read(line: &[u8], mut message: impl FnMut(&RpcMessage<'_>)) -> bool {
    // Bytes that are not UTF-8 must not hide a message: pools ignore them.
    let text = String::from_utf8_lossy(line);
    match line.first() {
        Some(b'{') => {
            let mut objects =
                serde_json::Deserializer::from_str(&text).into_iter::<JsonObject<'_>>();
            objects.all(|object| object.map(|fields| message(&RpcMessage::new(fields))).is_ok())
        }
        Some(b'[') => {
            Json::of(&text).items().filter(|items| !items.is_empty()).is_some_and(|items| {
                let mut objects = items.into_iter().map(Json::object);
                objects
                    .all(|object| object.map(|fields| message(&RpcMessage::new(fields))).is_some())
            })
        }
        // A bare word: `"block_accepted"`.
        Some(b'"') => {
            Json::of(&text).text().filter(|word| word.len() <= MAX_METHOD).is_some_and(|word| {
                message(&RpcMessage::named_by(word.into_owned(), JsonObject::default()));
                true
            })
        }
        Some(b'a'..=b'z') if begins_with_verb(line) => split_verb(&text)
            .and_then(|(verb, object)| Some((verb, Json::of(object).object()?)))
            .is_some_and(|(verb, fields)| {
                message(&RpcMessage::named_by(verb.to_owned(), fields));
                true
            }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one<R>(line: &str, look: impl Fn(&RpcMessage<'_>) -> R) -> R {
        let mut seen = None;
        assert!(read(line.as_bytes(), |message| seen = Some(look(message))), "{line}");
        seen.unwrap()
    }

    #[test]
    fn keys_may_be_escaped_doubled_and_in_any_order() {
        let line = r#"{ "params" :[1, "x"],"method":"nope", "\u006d\u0065thod" : "Mining.\u0053ubscribe" ,"id":"4"}"#;
        one(line, |message| {
            assert_eq!(message.method, "mining.subscribe");
            assert_eq!(message.id, Id::of_text("4"));
            assert_eq!(message.args().len(), 2);
        });
    }

    #[test]
    fn a_verb_or_a_bare_word_is_the_method() {
        one(r#"job~{"diff":20000,"blob":"x"}"#, |message| {
            assert_eq!((message.method.as_str(), message.is_answer()), ("job~", false));
            assert_eq!(message.fields.integer("diff"), Some(20_000));
            assert!(message.is_rpc());
        });
        one(r#""block_accepted""#, |message| {
            assert_eq!(message.method, "block_accepted");
            assert!(!message.is_answer() && !message.is_rpc());
        });
        for line in ["job~", "job~7", "verb~{}", "\"", "~{}", "submit{}"] {
            assert!(!read(line.as_bytes(), |_| panic!("{line}")), "{line}");
        }
        for (bytes, begins) in [("sub", true), ("submit~{", true), ("submit {", false)] {
            assert_eq!(begins_with_verb(bytes.as_bytes()), begins, "{bytes}");
        }
    }

    #[test]
    fn each_element_of_a_batch_is_a_message() {
        let ids = |line: &str| {
            let mut ids = Vec::new();
            let whole = read(line.as_bytes(), |message| ids.push(message.id));
            (whole, ids.len())
        };
        assert_eq!(ids(r#"[{"id":1,"method":"login"} , {"id":2,"result":true}]"#), (true, 2));
        assert_eq!(ids(r#"[{"id":1},7,{"id":2}]"#), (false, 1));
        for none in ["[]", "[7]", "[[{\"id\":1}]]", "[{\"id\":1}", "[{\"id\":1}]{\"id\":2}"] {
            assert_eq!(ids(none), (false, 0), "{none}");
        }
    }

    #[test]
    fn requests_with_odd_members_stay_requests_and_answers_answers() {
        for (line, answer) in [
            (r#"{"id":4,"method":"submit","params":{},"result":true}"#, false),
            (r#"{"id":4,"method":null,"params":null,"result":true,"error":null}"#, true),
            (r#"{"id":4,"result":true,"type":"x"}"#, true),
            (r#"{"id":"0","method":"submit","result":"ok","error":null}"#, true),
            (r#"{"id":"0","method":"getjobtemplate","params":null}"#, false),
            (r#"{"identifier":"solved","result":"00"}"#, false),
            (r#"{"id":40}"#, true),
        ] {
            assert_eq!(one(line, |message| message.is_answer()), answer, "{line}");
        }
    }

    #[test]
    fn lone_surrogates_and_bytes_outside_utf8_do_not_hide_a_message() {
        one(r#"{"\ud800":"\udc00x","method":"login"}"#, |message| {
            assert_eq!(message.method, "login");
        });
        let mut seen = 0;
        assert!(read(b"{\"a\":\"\xff\xfe\",\"method\":\"login\"}", |_| seen += 1));
        assert_eq!(seen, 1);
    }

    #[test]
    fn every_shape_of_consent_and_refusal_is_understood() {
        let refused = |text: &str| RequestOutcome::Refused(text.to_owned());
        for (line, expected) in [
            (r#"{"id":1,"result":true,"error":null}"#, RequestOutcome::Granted),
            (r#"{"id":1,"result":"true"}"#, RequestOutcome::Granted),
            (r#"{"id":1,"result":{"status":"OK"},"error":null}"#, RequestOutcome::Granted),
            (r#"{"id":"4","result":"ok","error":null}"#, RequestOutcome::Granted),
            (r#"{"id":4,"result":["true"]}"#, RequestOutcome::Granted),
            (r#"{"id":40}"#, RequestOutcome::Granted),
            (r#"{"id":1,"result":false}"#, refused("")),
            (r#"{"id":1,"result":null,"error":null}"#, refused("")),
            (r#"{"id":1,"result":null,"error":[21,"Stale job",null]}"#, refused("Stale job")),
            (r#"{"id":1,"error":{"message":"Low diff share"}}"#, refused("Low diff share")),
            (r#"{"id":1,"error":{"code":-1}}"#, refused("-1")),
            (r#"{"id":1,"result":null,"error":"banned"}"#, refused("banned")),
            (r#"{"id":4,"result":["false","stale job"],"error":null}"#, refused("stale job")),
        ] {
            assert_eq!(one(line, |message| message.outcome()), expected, "{line}");
        }
    }

    #[test]
    fn numbers_beyond_two_to_the_53_stay_exact() {
        one(r#"{"n":10183713458271629381,"f":1e400,"t":"12"}"#, |message| {
            assert_eq!(message.fields.integer("n"), Some(10_183_713_458_271_629_381));
            assert_eq!(message.fields.number("f"), None);
            assert_eq!(message.fields.integer("t"), Some(12));
        });
    }

    #[test]
    fn too_many_keys_do_not_hide_the_last() {
        let junk: String = (0..2000).map(|n| format!("\"k{n}\":0,")).collect();
        one(&format!("{{{junk}\"method\":\"login\"}}"), |message| {
            assert_eq!(message.method, "login");
        });
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut line = b"{".to_vec();
            line.extend(bytes);
            read(&line, |message| {
                let _ = (message.outcome(), message.args(), message.named(), message.is_answer());
            });
        }
    }
}
