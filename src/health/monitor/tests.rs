//! Tests of the monitor on simulated counters.

use super::*;

/// A sensor whose counters a test drives, second by second.
struct Simulation {
    monitor: HealthMonitor,
    counters: HealthCounters,
    second: u64,
    waiting: Vec<String>,
}

impl Simulation {
    fn new() -> Self {
        Simulation {
            monitor: HealthMonitor::new(HealthSettings::default(), Some("campus-1".into())),
            counters: HealthCounters::default(),
            second: 1_700_000_000,
            waiting: Vec::new(),
        }
    }

    /// Lets `seconds` pass, with `change` of the counters in each; what began or ended.
    fn pass(
        &mut self,
        seconds: u64,
        mut change: impl FnMut(&mut HealthCounters),
    ) -> Vec<(ConditionKind, IncidentState)> {
        let decode = DecodeStats::default();
        let mut told = Vec::new();
        for _ in 0..seconds {
            change(&mut self.counters);
            self.second += 1;
            let records = self.monitor.observe(&HealthState {
                now: Timestamp::from_parts(self.second, 0),
                counters: self.counters,
                decode: &decode,
                waiting_for: &self.waiting,
            });
            told.extend(records.iter().map(|record| (record.condition.kind, record.state)));
        }
        told
    }
}

/// A second of a healthy network.
fn traffic(counters: &mut HealthCounters) {
    counters.packets += 1000;
    counters.bytes += 800_000;
    counters.two_way += 30;
    counters.dns += 5;
    counters.tls += 10;
}

#[test]
fn a_healthy_mirror_raises_nothing_in_a_day() {
    let mut simulation = Simulation::new();
    // Busy by day, a packet now and then by night.
    let mut second = 0u64;
    let told = simulation.pass(86_400, |counters| {
        second += 1;
        match second % 86_400 {
            0..40_000 => traffic(counters),
            night => counters.packets += u64::from(night % 20 == 0),
        }
    });
    assert_eq!(told, []);
}

#[test]
fn silence_begins_and_ends_a_condition() {
    let mut simulation = Simulation::new();
    assert_eq!(simulation.pass(100, traffic), []);
    let kind = ConditionKind::NoPackets;
    assert_eq!(simulation.pass(59, |_| {}), []);
    assert_eq!(simulation.pass(100, |_| {}), [(kind, IncidentState::Opened)]);
    assert_eq!(simulation.pass(2, traffic), [(kind, IncidentState::Closed)]);
}

#[test]
fn each_share_begins_a_condition_and_its_opposite_ends_it() {
    type Change = fn(&mut HealthCounters);
    let cases: [(ConditionKind, Change); 9] = [
        (ConditionKind::NotUnderstood, |counters| counters.not_understood += 900),
        (ConditionKind::PayloadCut, |counters| {
            counters.payloads += 500;
            counters.cut_payloads += 400;
        }),
        (ConditionKind::OneWay, |counters| counters.one_way += 90),
        (ConditionKind::Drops, |counters| counters.dropped += 100),
        (ConditionKind::Gaps, |counters| counters.lost_bytes += 80_000),
        (ConditionKind::Encrypted, |counters| counters.encrypted += 700),
        (ConditionKind::Overload, |counters| counters.bypassed += 1),
        (ConditionKind::MemoryLimit, |counters| counters.evicted += 1),
        (ConditionKind::OutputFailing, |counters| counters.lost_records += 1),
    ];
    for (kind, change) in cases {
        let mut simulation = Simulation::new();
        assert_eq!(simulation.pass(120, traffic), [], "{kind:?}");
        let told = simulation.pass(120, |counters| {
            traffic(counters);
            change(counters);
        });
        assert_eq!(told, [(kind, IncidentState::Opened)]);
        assert_eq!(simulation.monitor.conditions().len(), 1);
        // Payloads go on to be counted once any packet was cut.
        let told = simulation.pass(240, |counters| {
            traffic(counters);
            counters.payloads += 500;
        });
        assert_eq!(told, [(kind, IncidentState::Closed)]);
        assert_eq!(simulation.monitor.conditions(), []);
    }
}

#[test]
fn a_night_without_traffic_does_not_end_half_a_mirror() {
    let mut simulation = Simulation::new();
    let half = |counters: &mut HealthCounters| {
        traffic(counters);
        counters.one_way += 90;
    };
    assert_eq!(simulation.pass(200, half).len(), 1);
    let quiet = simulation.pass(600, |counters| counters.packets += 1);
    assert_eq!(quiet, []);
}

#[test]
fn dns_that_stays_away_for_ten_minutes_is_told_and_its_return_ends_that() {
    let mut simulation = Simulation::new();
    simulation.pass(700, traffic);
    let silent = |counters: &mut HealthCounters| {
        traffic(counters);
        counters.dns -= 5;
    };
    let kind = ConditionKind::NoDns;
    assert_eq!(simulation.pass(590, silent), []);
    assert_eq!(simulation.pass(60, silent), [(kind, IncidentState::Opened)]);
    assert_eq!(simulation.pass(120, traffic), [(kind, IncidentState::Closed)]);
}

#[test]
fn an_interface_that_is_down_is_told_at_once_and_so_is_its_return() {
    let mut simulation = Simulation::new();
    let kind = ConditionKind::InterfaceDown;
    simulation.waiting = vec!["eth1".into()];
    assert_eq!(simulation.pass(5, traffic), [(kind, IncidentState::Opened)]);
    simulation.waiting.clear();
    assert_eq!(simulation.pass(5, traffic), [(kind, IncidentState::Closed)]);
}

#[test]
fn two_occurrences_have_ids_of_their_own_and_the_records_of_one_share_theirs() {
    let mut simulation = Simulation::new();
    let decode = DecodeStats::default();
    let mut ids = Vec::new();
    for (second, waiting) in [(1, true), (2, false), (3, true)] {
        let waiting_for = if waiting { vec!["eth1".to_owned()] } else { Vec::new() };
        ids.extend(simulation.monitor.observe(&HealthState {
            now: Timestamp::from_parts(second, 0),
            counters: HealthCounters::default(),
            decode: &decode,
            waiting_for: &waiting_for,
        }));
    }
    let [first, end, second] = &ids[..] else { panic!("{ids:?}") };
    assert_eq!(first.incident, end.incident);
    assert_ne!(first.incident, second.incident);
    assert_ne!(first.id, end.id);
}
