//! Reads the file `config.toml` ([`raw`]), checks it and turns it into [`Settings`].
//!
//! The file in the repository shows every setting with its built-in default
//! ([`Settings::default`]); tests compare the two.

mod choice;
mod error;
mod health;
mod layers;
mod raw;
mod settings;
mod units;

use std::fmt::Display;
use std::path::{Path, PathBuf};

pub use choice::{OutputFormat, SummaryStyle};
pub use error::{ConfigError, ValueError};
pub use health::HealthSettings;
pub use settings::{
    AlertSettings, CaptureSettings, DecodeSettings, IntelSettings, LimitSettings, NetworkSettings,
    OutputSettings, Settings, THREADS, home_network,
};

/// All settings with their defaults, commented: the file in the repository.
pub const DEFAULT: &str = include_str!("../../config.toml");

/// Reads and checks a configuration file. Relative paths in it are taken from its folder.
///
/// # Errors
/// The file cannot be read, is not TOML, or holds unknown keys or impossible values; the error
/// names file, line, column and what is allowed. `filter` says what is wrong with a filter.
pub fn load<E: Display>(
    path: &Path,
    filter: impl Fn(&str) -> Result<(), E>,
) -> Result<Settings, ConfigError> {
    let bytes = std::fs::read(path)
        .map_err(|source| ConfigError::Read { file: path.to_owned(), source })?;
    let name = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|error| ConfigError::no_text(&name, &error))?;
    let mut settings = parse(&name, &text, filter)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for file in &mut settings.intel.files {
        *file = from_folder(folder, file);
    }
    if settings.output.file.as_os_str() != "-" {
        settings.output.file = from_folder(folder, &settings.output.file);
    }
    Ok(settings)
}

fn from_folder(folder: &Path, file: &Path) -> PathBuf {
    // `join` leaves an absolute path unchanged.
    folder.join(file)
}

/// Checks the text of a configuration; `file` names it in errors.
///
/// # Errors
/// The text is not TOML, or holds unknown keys or impossible values.
pub fn parse<E: Display>(
    file: &str,
    text: &str,
    filter: impl Fn(&str) -> Result<(), E>,
) -> Result<Settings, ConfigError> {
    let raw: raw::RawConfig =
        toml::from_str(text).map_err(|error| ConfigError::syntax(file, text, &error))?;
    settings::check(raw, filter).map_err(|problem| ConfigError::value(file, text, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any_filter(_: &str) -> Result<(), ValueError> {
        Ok(())
    }

    fn error(text: &str) -> String {
        parse("site.toml", text, |filter| Err(format!("`{filter}` is none")))
            .expect_err("an error")
            .to_string()
    }

    #[test]
    fn the_shipped_file_and_an_empty_one_give_the_same_settings() {
        let shipped = parse("config.toml", DEFAULT, any_filter).expect("a good file");
        assert_eq!(parse("empty", "", any_filter).expect("nothing to complain of"), shipped);
        assert_eq!(shipped, Settings::default());
    }

    #[test]
    fn the_shipped_file_shows_every_setting() {
        let shipped: toml::Table = toml::from_str(DEFAULT).expect("valid TOML");
        for (section, values) in &shipped {
            // The error about an unknown key lists the known keys.
            let complaint = error(&format!("[{section}]\n\"?\" = 0"));
            let mut known: Vec<&str> = complaint.split('`').skip(1).step_by(2).collect();
            known.retain(|key| *key != "?");
            let mut shown: Vec<&String> = values.as_table().expect("a section").keys().collect();
            known.sort();
            shown.sort();
            assert_eq!(known, shown, "{complaint}");
        }
        let sections = error("\"?\" = 0").matches('`').count() / 2 - 1;
        assert_eq!(sections, shipped.len());
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_known_ones() {
        let error = error("[capture]\nthread = 4\n");
        assert!(error.starts_with("site.toml:2:1: "), "{error}");
        assert!(error.contains("thread") && error.contains("snaplen"), "{error}");
    }

    #[test]
    fn a_wrong_type_is_named_with_its_place() {
        let error = error("[capture]\npromiscuous = \"yes\"\n");
        assert!(
            error.starts_with("site.toml:2:15: ") && error.contains("true or false"),
            "{error}"
        );
    }

    #[test]
    fn impossible_values_are_named_with_their_place_and_the_range() {
        for (text, place, expected) in [
            ("[capture]\nthreads = 0", "2:11", "1 to 63"),
            ("[capture]\nsnaplen = 9", "2:11", "64 to 262144"),
            ("[capture]\nbuffer = \"64XB\"", "2:10", "KB, MB or GB"),
            ("[network]\nhome_net = [\"10.0.0.0/8\",\n \"10.0.0.0/33\"]", "3:2", "10.0.0.0/8"),
            ("[alerts]\nincident_idle = \"soon\"", "2:17", "s, m, h or d"),
            ("[alerts]\nprobe_pools = 1", "2:15", "2 to 1000"),
            ("[output]\nformat = \"xml\"", "2:10", "eve"),
            ("[output]\nevents = [\"dns\", \"smtp\"]", "2:18", "quic"),
            ("[output]\nsummary = \"long\"", "2:11", "text, json or none"),
            ("[limits]\nmemory = \"1MB\"", "2:10", "16MB"),
            ("[capture]\nfilter = \"tcp prt 9\"", "2:10", "`tcp prt 9` is none"),
            ("[capture]\ninterfaces = [\"eth0\", \"\"]", "2:23", "each interface once"),
            ("[capture]\ninterfaces = [\"eth0\", \"eth0\"]", "2:23", "each interface once"),
            ("[output]\nsensor = \"a\\u0007b\"", "2:10", "without control characters"),
        ] {
            let error = error(text);
            let start = format!("site.toml:{place}: ");
            assert!(error.starts_with(&start) && error.contains(expected), "{text}\n{error}");
        }
    }

    #[test]
    fn a_wrong_type_is_told_what_is_possible() {
        for (text, place, expected) in [
            ("[capture]\nthreads = \"2\"", "2:11", "1 to 63"),
            ("[capture]\nthreads = 1.5", "2:11", "1 to 63"),
            ("[limits]\nmemory = 64", "2:10", "KB, MB or GB"),
            ("[alerts]\nincident_idle = 30", "2:17", "s, m, h or d"),
            ("[output]\nformat = 3", "2:10", "eve or native"),
            ("[output]\nsummary = false", "2:11", "text, json or none"),
            ("[output]\nevents = [\"dns\", 1]", "2:18", "dns, tls, quic, http or flow"),
            ("[output]\nevents = \"dns\"", "2:10", "expected a list"),
            ("[network]\nhome_net = [10]", "2:13", "10.0.0.0/8"),
        ] {
            let error = error(text);
            let start = format!("site.toml:{place}: ");
            assert!(error.starts_with(&start) && error.contains(expected), "{text}\n{error}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("site.toml");
        std::fs::write(&file, b"[output]\nsensor = \"\xff\"\n").expect("written");
        let error = load(&file, any_filter).expect_err("an error").to_string();
        assert!(error.contains("site.toml:2:11: ") && error.contains("UTF-8"), "{error}");
    }

    #[test]
    fn paths_are_taken_from_the_folder_of_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("site.toml");
        let text = "[intel]\nfiles = [\"pools.txt\", \"/etc/pools.txt\"]\n";
        std::fs::write(&file, text).expect("written");
        let settings = load(&file, any_filter).expect("good settings");
        assert_eq!(
            settings.intel.files,
            [folder.path().join("pools.txt"), PathBuf::from("/etc/pools.txt")]
        );
        assert_eq!(settings.output.file, PathBuf::from("-"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = load(Path::new("no/such.toml"), any_filter).expect_err("an error").to_string();
        assert!(error.contains("no/such.toml"), "{error}");
    }
}
