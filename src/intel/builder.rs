//! Collects the indicators of all files into one snapshot, and the warnings about them.

use super::error::{IntelError, Warning, shown};
use super::groups::{EntryMeta, Groups};
use super::guard::Guard;
use super::indicator::{self, Indicator, Refusal};
use super::{Intel, Tables};

/// Most indicators of a snapshot. More would not fit the 32-bit offsets of the tables; lists of
/// pools have thousands.
const MAX_INDICATORS: usize = 8_000_000;

/// Most warnings that are listed; further ones are counted. A list with more mistakes is of another
/// format.
const MAX_WARNINGS: usize = 1_000;

/// A position in a file. Lines and columns count from 1; 0 is unknown.
#[derive(Clone, Copy, Default)]
pub(super) struct Position {
    pub line: u32,
    pub column: u32,
}

/// The purpose of an indicator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Watch,
    /// An exception: it silences matches that it covers.
    Allow,
}

#[derive(Default)]
pub(super) struct Builder {
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
    /// Begins a file: indicators and warnings that follow come from it.
    pub(super) fn begin(&mut self, file: &str) {
        file.clone_into(&mut self.file);
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn group(&mut self, meta: EntryMeta) -> u32 {
        self.groups.intern(meta)
    }

    /// Makes room for about this many names.
    pub(super) fn expect(&mut self, names: usize) {
        self.watch.names.reserve(names.min(MAX_INDICATORS));
    }

    pub(super) fn indicators(&self) -> usize {
        self.indicators
    }

    /// Adds an indicator, or a warning that says why it is refused.
    pub(super) fn add(&mut self, at: Position, text: &str, group: u32, purpose: Purpose) {
        let checked = indicator::parse(text).and_then(|indicator| {
            // Exceptions may cover popular hosts, so the guard does not check them.
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

    pub(super) fn warn(
        &mut self,
        at: Position,
        message: String,
        help: &'static str,
        refused: bool,
    ) {
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

    pub(super) fn finish(mut self) -> Result<(Intel, Vec<Warning>), IntelError> {
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
