//! Loading the intelligence and asking it: mostly names and addresses that it does not have.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use minewatch::intel::Intel;

/// A repeatable sequence (SplitMix64).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// `count` names and as many public addresses, one a line.
fn list(count: usize) -> String {
    let mut state = 1;
    let mut text = String::new();
    for number in 0..count {
        let host = random(&mut state) >> 40;
        match number % 3 {
            0 => text.push_str(&format!("pool.{host:x}-{number}.com\n")),
            _ => text.push_str(&format!("n{host:x}{number}.net\n")),
        }
        // 1.0.0.0 and up, where nothing is special-purpose.
        let address = 0x0b00_0000 + (random(&mut state) as u32 & 0x3fff_ffff);
        text.push_str(&format!("{}\n", Ipv4Addr::from_bits(address)));
    }
    text
}

fn look_ups(c: &mut Criterion, what: &str, intel: &Intel) {
    let mut state = 2;
    let names: Vec<String> = (0..8192)
        .map(|number| match (number % 2, random(&mut state) >> 40) {
            (0, host) => format!("www{}.cdn.host{host:x}.example.com", number % 9),
            (_, host) => format!("edge.site{host:x}.org"),
        })
        .collect();
    let addresses: Vec<IpAddr> = (0..8192)
        .map(|_| Ipv4Addr::from_bits(random(&mut state) as u32 | 0x8000_0000).into())
        .collect();
    let mut group = c.benchmark_group(what);
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    group.throughput(Throughput::Elements(8192));
    group.bench_function("name, absent", |b| {
        b.iter(|| names.iter().filter(|name| black_box(intel.name(name)).is_some()).count());
    });
    group.bench_function("endpoint, absent", |b| {
        b.iter(|| {
            addresses.iter().filter(|ip| black_box(intel.endpoint(**ip, 443)).is_some()).count()
        });
    });
    group.bench_function("url, absent", |b| {
        b.iter(|| names.iter().filter(|name| black_box(intel.url(name, "/x")).is_some()).count());
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("name, present", |b| {
        b.iter(|| intel.name(black_box("pool.supportxmr.com")));
    });
    group.finish();
}

fn intel(c: &mut Criterion) {
    let mut group = c.benchmark_group("load");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    group.bench_function("built-in", |b| b.iter(Intel::builtin));
    group.finish();
    look_ups(c, "built-in", &Intel::builtin());
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    for (what, count) in [("20 k", 10_000), ("2 M", 1_000_000)] {
        let file = folder.path().join(format!("{count}.txt"));
        std::fs::write(&file, list(count)).expect("space for the list");
        let start = std::time::Instant::now();
        let (intel, warnings) = Intel::load(&[file], true).expect("a good list");
        let stats = intel.stats();
        println!(
            "{what}: {} indicators, {} remarks, {} MB of tables, loaded in {:?}",
            stats.indicators(),
            warnings.len(),
            stats.bytes >> 20,
            start.elapsed()
        );
        look_ups(c, what, &intel);
    }
}

criterion_group!(benches, intel);
criterion_main!(benches);
