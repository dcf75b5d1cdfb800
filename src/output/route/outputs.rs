//! All routes of a run.

use std::io;

use super::queue::QueuedRoute;
use super::{Latency, Route, RouteStats, WhenFull};
use crate::model::Timestamp;
use crate::model::latency::LatencySummary;
use crate::model::record::Outgoing;
use crate::output::RecordConsumer;

/// Delivers each record to every route.
pub struct Outputs {
    lanes: Vec<RouteLane>,
}

enum RouteLane {
    /// A route on the thread that produces records.
    Inline(Box<Route>),
    Queued(QueuedRoute),
}

/// The counters of the outputs of a finished run.
#[derive(Debug, Default)]
pub struct OutputsReport {
    /// Counters of each route, in order.
    pub routes: Vec<RouteStats>,
    /// Latency from packets to records, from the first route that measured it.
    pub latency: Option<LatencySummary>,
}

impl Outputs {
    /// One route that writes before the next record is produced.
    pub fn inline(route: Route) -> Self {
        Outputs { lanes: vec![RouteLane::Inline(Box::new(route))] }
    }

    /// Routes behind queues, each with a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn queued(
        routes: impl IntoIterator<Item = Route>,
        when_full: WhenFull,
    ) -> io::Result<Self> {
        let start = |route| QueuedRoute::start(route, when_full).map(RouteLane::Queued);
        Ok(Outputs { lanes: routes.into_iter().map(start).collect::<io::Result<_>>()? })
    }

    /// Ends all routes, and waits for a bounded time until what is queued is written.
    ///
    /// # Errors
    /// The first failure of a route that was not reported before.
    pub fn finish(self) -> io::Result<OutputsReport> {
        let mut report = OutputsReport::default();
        let mut ended = Ok(());
        for lane in self.lanes {
            let (stats, latency, result) = match lane {
                RouteLane::Inline(mut route) => {
                    let result = route.flush().map_err(|error| route.named(error));
                    (route.counters.stats(), route.latency, result)
                }
                RouteLane::Queued(route) => route.finish(),
            };
            report.routes.push(stats);
            let measured = latency.as_ref().and_then(Latency::summary);
            report.latency = report.latency.or(measured);
            ended = ended.and(result);
        }
        ended.map(|()| report)
    }
}

impl RecordConsumer for Outputs {
    fn consume(&mut self, record: &Outgoing, caused_by: Option<Timestamp>) -> io::Result<()> {
        self.lanes.iter_mut().try_for_each(|lane| match lane {
            RouteLane::Inline(route) => {
                route.deliver(record, caused_by).map_err(|error| route.named(error))
            }
            RouteLane::Queued(route) => route.deliver(record, caused_by),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lanes.iter_mut().try_for_each(|lane| match lane {
            RouteLane::Inline(route) => route.flush().map_err(|error| route.named(error)),
            RouteLane::Queued(route) => route.check(),
        })
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.lanes.iter_mut().try_for_each(|lane| match lane {
            RouteLane::Inline(route) => route.reopen().map_err(|error| route.named(error)),
            RouteLane::Queued(route) => {
                route.reopen();
                route.check()
            }
        })
    }

    fn stats(&self) -> Vec<RouteStats> {
        let stats = |lane: &RouteLane| match lane {
            RouteLane::Inline(route) => route.counters.stats(),
            RouteLane::Queued(route) => route.stats(),
        };
        self.lanes.iter().map(stats).collect()
    }
}
