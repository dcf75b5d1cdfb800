//! Selects the records of a route.

use crate::model::record::{Outgoing, Severity};

/// The conditions for a record to pass. By default all records pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Least severity of records about incidents. `None`: all pass.
    pub least_severity: Option<Severity>,
    /// Whether extracted events pass.
    pub events: bool,
}

impl Default for Filter {
    fn default() -> Self {
        Filter { least_severity: None, events: true }
    }
}

impl Filter {
    pub(super) fn passes(&self, record: &Outgoing) -> bool {
        match record {
            Outgoing::Alert(record) => {
                self.least_severity.is_none_or(|least| record.head.severity >= least)
            }
            Outgoing::Event(_) => self.events,
            Outgoing::Sensor(_) => true,
        }
    }
}
