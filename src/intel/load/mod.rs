//! Reads files of intelligence, each with the parser of its format.

mod adblock;
mod catalogue;
mod csv;
mod encoded;
mod lines;
mod misp;
mod places;
mod stix;
mod zeek;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use super::builder::{Builder, Position};
use super::error::{IntelError, Warning};
use super::groups::{EntryMeta, ListSource};
use super::{Intel, Tables};
use places::Places;

/// Largest file that is read, in bytes. A list of a million names has 20 MB; this leaves room and
/// still fits memory.
const MAX_FILE: u64 = 512 << 20;

/// The files in the binary, as (name, text). The catalogue comes first and has precedence.
const BUILTIN: [(&str, &str); 4] = [
    ("rules/pools.toml", include_str!("../../../rules/pools.toml")),
    ("rules/pools.txt", include_str!("../../../rules/pools.txt")),
    ("rules/browser.txt", include_str!("../../../rules/browser.txt")),
    ("rules/malware.txt", include_str!("../../../rules/malware.txt")),
];

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListFormat {
    /// `pools.toml`: pool operators with their names, addresses and coins.
    Catalogue,
    /// One indicator a line: our lists, Maltrail's trails, hosts files, Suricata's datasets.
    Lines,
    AdBlock,
    Csv,
    Zeek,
    Misp,
    Stix,
    /// Suricata's JSON datasets.
    JsonLines,
}

pub(super) fn builtin() -> Intel {
    let mut builder = Builder::default();
    add_builtin(&mut builder);
    // The files are constants and a test loads them, so this cannot fail; an empty snapshot covers
    // the remaining case.
    match builder.finish() {
        Ok((intel, _)) => intel,
        Err(_) => Intel::new(Tables::default(), Tables::default(), Vec::new()),
    }
}

fn add_builtin(builder: &mut Builder) {
    for (file, text) in BUILTIN {
        if let Err(error) = add_text(builder, file, text) {
            builder.warn(Position::default(), error.to_string(), "", true);
        }
    }
}

pub(super) fn load(
    sources: &[PathBuf],
    with_builtin: bool,
) -> Result<(Intel, Vec<Warning>), IntelError> {
    let mut builder = Builder::default();
    for source in sources {
        for file in files(source)? {
            add_file(&mut builder, &file)?;
        }
    }
    if with_builtin {
        add_builtin(&mut builder);
    }
    if builder.indicators() == 0 {
        let files: Vec<_> = sources.iter().map(|file| file.display().to_string()).collect();
        let files = if files.is_empty() { "no file".to_owned() } else { files.join(", ") };
        return Err(IntelError::Empty { files });
    }
    builder.finish()
}

pub(super) fn lint(path: &Path) -> Result<Vec<Warning>, IntelError> {
    let mut builder = Builder::default();
    for file in files(path)? {
        let before = builder.indicators();
        add_file(&mut builder, &file)?;
        if builder.indicators() == before {
            builder.warn(
                Position::default(),
                "has no indicator".to_owned(),
                "is it a list of names or addresses?",
                false,
            );
        }
    }
    builder.finish().map(|(_, warnings)| warnings)
}

/// Lists the files of `path`: itself, or the files in the folder by name, without hidden ones.
fn files(path: &Path) -> Result<Vec<PathBuf>, IntelError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |source| IntelError::Read { file: path.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let hidden = file.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if file.is_file() && !hidden {
            files.push(file);
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn add_file(builder: &mut Builder, file: &Path) -> Result<(), IntelError> {
    let unreadable = |source| IntelError::Read { file: file.to_owned(), source };
    let size = fs::metadata(file).map_err(unreadable)?.len();
    if size > MAX_FILE {
        return Err(IntelError::TooLarge { file: file.to_owned(), size, limit: MAX_FILE });
    }
    let bytes = fs::read(file).map_err(unreadable)?;
    let name = file.display().to_string();
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(IntelError::Format { file: name, message: "is UTF-16; save it as UTF-8" });
    }
    add_text(builder, &name, &text(bytes))
}

/// Decodes bytes as UTF-8; invalid parts become U+FFFD, which no indicator may contain.
fn text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

fn add_text(builder: &mut Builder, file: &str, text: &str) -> Result<(), IntelError> {
    builder.begin(file);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format(file, text) {
        ListFormat::Catalogue => catalogue::add(builder, text)?,
        ListFormat::Lines => lines::add(builder, text),
        ListFormat::AdBlock => adblock::add(builder, text),
        ListFormat::Csv => csv::add(builder, text),
        ListFormat::Zeek => zeek::add(builder, text),
        ListFormat::Misp => misp::add(builder, text)?,
        ListFormat::Stix => stix::add(builder, text)?,
        ListFormat::JsonLines => lines::add_json(builder, text),
    }
    Ok(())
}

/// Detects the format, by the content where that is unmistakable, else by the extension.
fn format(file: &str, text: &str) -> ListFormat {
    let extension = Path::new(file).extension().map(|ext| ext.to_ascii_lowercase());
    let extension = extension.as_deref().and_then(|ext| ext.to_str()).unwrap_or_default();
    if extension == "toml" {
        return ListFormat::Catalogue;
    }
    let content = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = content().next().unwrap_or_default();
    if first.starts_with("#fields") {
        return ListFormat::Zeek;
    }
    if first.starts_with('{') || first.starts_with("[{") || first == "[" {
        // The outermost keys may come in any order, so the whole text is searched.
        return match extension {
            "ndjson" | "jsonl" => ListFormat::JsonLines,
            _ if text.contains("\"bundle\"") => ListFormat::Stix,
            _ if text.contains("\"Event\"") || text.contains("\"Attribute\"") => ListFormat::Misp,
            _ => ListFormat::JsonLines,
        };
    }
    if first.starts_with("[Adblock") || content().take(50).any(|line| line.starts_with("||")) {
        return ListFormat::AdBlock;
    }
    let header = content().find(|line| !line.starts_with('#')).unwrap_or_default();
    if csv::is_header(header) { ListFormat::Csv } else { ListFormat::Lines }
}

/// The default description of a file's indicators: only the name of the file as their source.
fn unnamed(builder: &Builder) -> EntryMeta {
    let path = Path::new(builder.file());
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(builder.file());
    EntryMeta {
        sources: vec![ListSource { name: name.to_owned(), date: String::new() }],
        ..EntryMeta::default()
    }
}

fn json_error(builder: &Builder, error: &serde_json::Error) -> IntelError {
    IntelError::Syntax {
        file: builder.file().to_owned(),
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    }
}

/// The text of a JSON value that should be a string; `None`, with a warning, if it is not one.
fn string(builder: &mut Builder, places: &Places<'_>, value: &RawValue) -> Option<String> {
    let text = serde_json::from_str(value.get());
    if text.is_err() {
        let message = format!("{} is no text", super::error::shown(value.get()));
        builder.warn(places.of(value), message, "write it in quotation marks", true);
    }
    text.ok()
}

/// Whether `text` is a date in the form `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Warns of an indicator whose validity is over. The indicator is loaded all the same: old captures
/// are searched, too, and the same capture has to give the same records tomorrow.
fn warn_if_expired(builder: &mut Builder, at: Position, value: &str, until: &str) {
    let Some(date) = until.get(..10).filter(|date| is_date(date)) else { return };
    let today = time::OffsetDateTime::now_utc().date().to_string();
    if date < today.as_str() {
        let message = format!("{} was valid until {date}", super::error::shown(value));
        builder.warn(at, message, "renew or remove it", false);
    }
}

#[cfg(test)]
mod tests;
