//! Collects the indicators of all files into one snapshot, and what is to be said about them.

use super::error::{IntelError, Warning, shown};
use super::groups::{Groups, Meta};
use super::guard::Guard;
use super::indicator::{self, Indicator, Refusal};
use super::{Intel, Tables};

/// More would not fit the 32-bit offsets of the tables; lists of pools have thousands.
const MAX_INDICATORS: usize = 8_000_000;

/// A list with more mistakes than this is of another format; the rest is counted.
const MAX_WARNINGS: usize = 1_000;

/// Where in a file something stands. Lines and columns count from 1; 0 is unknown.
#[derive(Clone, Copy, Default)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// What an indicator is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Watch,
    /// Silences whatever it covers.
    Allow,
}

#[derive(Default)]
pub struct Builder {
    groups: Groups,
    watch: Tables,
    allow: Tables,
    guard: Guard,
    file: String,
    indicators: usize,
    warnings: Vec<Warning>,
    unsaid: usize,
}

impl Builder {
    /// What follows comes from this file.
    pub fn begin(&mut self, file: &str) {
        file.clone_into(&mut self.file);
    }

    pub fn file(&self) -> &str {
        &self.file
    }

    pub fn group(&mut self, meta: Meta) -> u32 {
        self.groups.intern(meta)
    }

    /// Makes room for about this many names.
    pub fn expect(&mut self, names: usize) {
        self.watch.names.reserve(names.min(MAX_INDICATORS));
    }

    pub fn indicators(&self) -> usize {
        self.indicators
    }

    /// Adds an indicator, or says why not.
    pub fn add(&mut self, at: Position, text: &str, group: u32, purpose: Purpose) {
        let checked = indicator::parse(text).and_then(|indicator| {
            // What is allowed may be as popular as it likes.
            if purpose == Purpose::Watch {
                self.guard.check(&indicator)?;
            }
            Ok(indicator)
        });
        match checked {
            Ok(indicator) => self.insert(indicator, group, purpose),
            Err(Refusal { message, help }) => {
                self.warn(at, format!("{} {message}", shown(text)), help, true);
            }
        }
    }

    fn insert(&mut self, indicator: Indicator<'_>, group: u32, purpose: Purpose) {
        self.indicators += 1;
        if self.indicators > MAX_INDICATORS {
            return;
        }
        let tables = match purpose {
            Purpose::Watch => &mut self.watch,
            Purpose::Allow => &mut self.allow,
        };
        let known = match indicator {
            Indicator::Name(name) => tables.names.insert(&name, group),
            Indicator::Address(ip) => tables.addresses.insert_address(ip, group),
            Indicator::Endpoint(ip, port) => tables.addresses.insert_endpoint(ip, port, group),
            Indicator::Network(network) => tables.addresses.insert_network(network, group),
            Indicator::Url { host, path } => tables.urls.insert(&host, path, group),
        };
        if let Some(known) = known {
            *known = self.groups.merge(*known, group);
        }
    }

    pub fn warn(&mut self, at: Position, message: String, help: &'static str, refused: bool) {
        if self.warnings.len() >= MAX_WARNINGS {
            self.unsaid += 1;
            return;
        }
        let Position { line, column } = at;
        self.warnings.push(Warning {
            file: self.file.clone(),
            line,
            column,
            message,
            help,
            refused,
        });
    }

    pub fn finish(mut self) -> Result<(Intel, Vec<Warning>), IntelError> {
        if self.indicators > MAX_INDICATORS {
            return Err(IntelError::TooMany { file: self.file, limit: MAX_INDICATORS });
        }
        if self.unsaid > 0 {
            self.warnings.push(Warning {
                file: self.file,
                line: 0,
                column: 0,
                message: format!("{} more remarks are not listed", self.unsaid),
                help: "is the file a list of indicators?",
                refused: false,
            });
        }
        self.watch.shrink();
        self.allow.shrink();
        Ok((Intel::new(self.watch, self.allow, self.groups.into_metas()), self.warnings))
    }
}
