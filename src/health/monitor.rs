//! Follows the health of a live sensor: which conditions begin, and which end.

use std::collections::VecDeque;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::condition::Condition;
use super::counters::HealthCounters;
use super::judge::{Judgement, Minimum, judgements, silent_protocols};
use crate::config::HealthSettings;
use crate::decode::DecodeStats;
use crate::model::Timestamp;
use crate::model::record::{ConditionKind, IncidentState, SensorCondition, SensorRecord, Severity};

/// Time between two samples of the counters that are kept.
const SAMPLE: Duration = Duration::from_secs(5);
/// Time within which a protocol has to be seen. People pause; machines of a network do not for ten
/// minutes.
const PROTOCOL_WINDOW: Duration = Duration::from_secs(600);

/// What is known of a live sensor at a moment.
#[derive(Clone, Copy, Debug)]
pub struct HealthState<'a> {
    /// The time.
    pub now: Timestamp,
    /// All counters since the start.
    pub counters: HealthCounters,
    /// Names what was not understood.
    pub decode: &'a DecodeStats,
    /// Interfaces that are down or gone.
    pub waiting_for: &'a [String],
}

/// Follows the conditions of a live sensor.
pub struct HealthMonitor {
    settings: HealthSettings,
    sensor: Option<String>,
    /// States of the counters, oldest first, over [`PROTOCOL_WINDOW`] or the configured window.
    samples: VecDeque<(Timestamp, HealthCounters)>,
    open: Vec<OpenCondition>,
    /// Packets so far, and the time at which that number last grew.
    packets: Option<(u64, Timestamp)>,
}

/// A condition that holds now.
struct OpenCondition {
    condition: Condition,
    incident: String,
    began: Timestamp,
    /// When it was last found to hold.
    held: Timestamp,
}

impl HealthMonitor {
    /// A monitor for a sensor of this name.
    pub fn new(settings: HealthSettings, sensor: Option<String>) -> Self {
        let (samples, open) = (VecDeque::new(), Vec::new());
        HealthMonitor { settings, sensor, samples, open, packets: None }
    }

    /// The conditions that hold now.
    pub fn conditions(&self) -> Vec<Condition> {
        self.open.iter().map(|open| open.condition.clone()).collect()
    }

    /// Judges the sensor at a moment. Returns a record for each condition that has begun or ended.
    pub fn observe(&mut self, state: &HealthState<'_>) -> Vec<SensorRecord> {
        let judged = self.judge(state);
        self.remember(state);
        let mut records = Vec::new();
        for Judgement { kind, condition } in judged {
            let place = self.open.iter().position(|open| open.condition.kind == kind);
            match (place, condition) {
                (None, None) => {}
                (None, Some(condition)) => {
                    let open = OpenCondition::new(condition, self.sensor.as_deref(), state.now);
                    records.push(self.record(&open, state.now, IncidentState::Opened));
                    self.open.push(open);
                }
                (Some(place), Some(condition)) => {
                    if let Some(open) = self.open.get_mut(place) {
                        (open.condition, open.held) = (condition, state.now);
                    }
                }
                (Some(place), None) => {
                    let over = |open: &OpenCondition| {
                        ends_at_once(kind) || state.now.since(open.held) >= self.settings.window
                    };
                    if self.open.get(place).is_some_and(over) {
                        let open = self.open.remove(place);
                        records.push(self.record(&open, state.now, IncidentState::Closed));
                    }
                }
            }
        }
        records
    }

    fn judge(&mut self, state: &HealthState<'_>) -> Vec<Judgement> {
        let mut judged = vec![self.no_packets(state), interface_down(state)];
        if let Some(earlier) = self.sample_before(state.now, self.settings.window) {
            let counted = state.counters.since(&earlier);
            judged.extend(judgements(&counted, state.decode, &self.settings, Minimum::WINDOW));
            judged.extend(losses(&counted));
        }
        if let Some(earlier) = self.sample_before(state.now, PROTOCOL_WINDOW) {
            judged.extend(silent_protocols(&state.counters.since(&earlier)));
        }
        judged
    }

    fn no_packets(&mut self, state: &HealthState<'_>) -> Judgement {
        let seen = state.counters.packets + state.counters.filtered + state.counters.bypassed;
        let (packets, since) = self.packets.get_or_insert((seen, state.now));
        if *packets != seen {
            (*packets, *since) = (seen, state.now);
        }
        let silence = state.now.since(*since);
        let kind = ConditionKind::NoPackets;
        let condition = (silence >= self.settings.no_packets).then(|| Condition {
            kind,
            share: None,
            threshold: None,
            text: format!(
                "no packet has arrived for {} s: is the mirror port on, and the cable in it?",
                silence.as_secs()
            ),
        });
        Judgement { kind, condition }
    }

    /// The newest state of the counters that is at least `age` old.
    fn sample_before(&self, now: Timestamp, age: Duration) -> Option<HealthCounters> {
        let old = self.samples.iter().rev().find(|(time, _)| now.since(*time) >= age)?;
        Some(old.1)
    }

    fn remember(&mut self, state: &HealthState<'_>) {
        if self.samples.back().is_some_and(|(time, _)| state.now.since(*time) < SAMPLE) {
            return;
        }
        self.samples.push_back((state.now, state.counters));
        let longest = PROTOCOL_WINDOW.max(self.settings.window);
        // One sample older than the window stays: the window begins there.
        while self.samples.get(1).is_some_and(|(time, _)| state.now.since(*time) >= longest) {
            self.samples.pop_front();
        }
    }

    fn record(&self, open: &OpenCondition, now: Timestamp, state: IncidentState) -> SensorRecord {
        open.record(self.sensor.as_deref(), now, state, &self.settings)
    }
}

impl OpenCondition {
    /// A condition that begins at `began`.
    fn new(condition: Condition, sensor: Option<&str>, began: Timestamp) -> Self {
        let incident = incident_id(sensor, condition.kind, began);
        OpenCondition { condition, incident, began, held: began }
    }

    /// The record that it has begun, or that it is over.
    fn record(
        &self,
        sensor: Option<&str>,
        now: Timestamp,
        state: IncidentState,
        settings: &HealthSettings,
    ) -> SensorRecord {
        let OpenCondition { condition, incident, began, .. } = self;
        let (number, summary) = match state {
            IncidentState::Closed => {
                let lasted = now.since(*began).as_secs();
                (2, format!("over after {lasted} s: {}", condition.text))
            }
            _ => (1, condition.text.clone()),
        };
        SensorRecord {
            id: format!("{incident}-{number}"),
            incident: incident.clone(),
            time: now,
            state,
            severity: severity(condition, settings),
            sensor: sensor.map(str::to_owned),
            condition: SensorCondition {
                kind: condition.kind,
                share: condition.share,
                threshold: condition.threshold,
            },
            first_seen: *began,
            summary,
        }
    }
}

/// Records of the conditions that hold for a whole input, from `first` to `last`.
pub fn records_of_input(
    conditions: &[Condition],
    sensor: Option<&str>,
    (first, last): (Timestamp, Timestamp),
    settings: &HealthSettings,
) -> Vec<SensorRecord> {
    let record = |condition: &Condition| {
        OpenCondition::new(condition.clone(), sensor, first).record(
            sensor,
            last,
            IncidentState::Opened,
            settings,
        )
    };
    conditions.iter().map(record).collect()
}

/// Whether a condition ends with the first sign that it is over.
const fn ends_at_once(kind: ConditionKind) -> bool {
    matches!(kind, ConditionKind::NoPackets | ConditionKind::InterfaceDown)
}

fn interface_down(state: &HealthState<'_>) -> Judgement {
    let kind = ConditionKind::InterfaceDown;
    let condition = (!state.waiting_for.is_empty()).then(|| Condition {
        kind,
        share: None,
        threshold: None,
        text: format!("waiting for {}, which is down or gone", state.waiting_for.join(", ")),
    });
    Judgement { kind, condition }
}

/// Judges what the sensor itself gave up.
fn losses(counted: &HealthCounters) -> [Judgement; 3] {
    let lost = |kind, count: u64, text: &str| Judgement {
        kind,
        condition: (count > 0).then(|| Condition {
            kind,
            share: None,
            threshold: None,
            text: format!("{count} {text}"),
        }),
    };
    [
        lost(
            ConditionKind::Overload,
            counted.bypassed,
            "packets of settled connections were left out: more arrives than can be read",
        ),
        lost(
            ConditionKind::MemoryLimit,
            counted.evicted,
            "connections were given up early: raise `memory` in the section [limits]",
        ),
        lost(
            ConditionKind::OutputFailing,
            counted.lost_records,
            "records were lost: an output fails or is too slow",
        ),
    ]
}

/// How bad a condition is: blindness is high, loss medium, what may be normal low.
fn severity(condition: &Condition, settings: &HealthSettings) -> Severity {
    match condition.kind {
        ConditionKind::Drops
            if condition.share.is_some_and(|share| share > settings.drops_critical) =>
        {
            Severity::Critical
        }
        ConditionKind::NotUnderstood
        | ConditionKind::NothingPassedFilter
        | ConditionKind::NoPackets
        | ConditionKind::InterfaceDown
        | ConditionKind::OutputFailing => Severity::High,
        ConditionKind::PayloadCut
        | ConditionKind::OneWay
        | ConditionKind::Drops
        | ConditionKind::Gaps
        | ConditionKind::Overload
        | ConditionKind::MemoryLimit => Severity::Medium,
        ConditionKind::Encrypted
        | ConditionKind::StrayTimes
        | ConditionKind::NoDns
        | ConditionKind::NoTls => Severity::Low,
    }
}

/// An id that two sensors, or two occurrences, do not share.
fn incident_id(sensor: Option<&str>, kind: ConditionKind, began: Timestamp) -> String {
    let mut digest = Sha256::new();
    for part in [sensor.unwrap_or_default(), kind.name(), &began.as_nanos().to_string()] {
        digest.update(part);
        digest.update(b"|");
    }
    let hex =
        digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("mw-sensor-{hex}")
}

#[cfg(test)]
mod tests;
