use super::super::super::problem::ProblemReason;
use super::super::tests::{Seen, read_all};

/// The file header: little endian, microseconds, version 2.4, snap length 96, Ethernet.
const HEADER: [u8; 24] = [
    0xd4, 0xc3, 0xb2, 0xa1, // magic
    2, 0, 4, 0, // version 2.4
    0, 0, 0, 0, 0, 0, 0, 0, // zone, accuracy
    96, 0, 0, 0, // snap length
    1, 0, 0, 0, // LINKTYPE_ETHERNET
];
/// A second before the time of the records, in nanoseconds.
const BASE: u64 = 1_699_999_999_000_000_000;
/// 2 µs after the full second, 3 of 60 bytes.
const RECORD: [u8; 19] =
    [0, 0xf1, 0x53, 0x65, 2, 0, 0, 0, 3, 0, 0, 0, 60, 0, 0, 0, /* bytes */ 0xaa, 0xbb, 0xcc];

fn seen(nanos: u64, wire_len: u32) -> Seen {
    Seen { nanos: BASE + nanos, link: 1, wire_len, bytes: vec![0xaa, 0xbb, 0xcc] }
}

#[test]
fn a_record_gives_time_lengths_and_bytes() {
    let (packets, stats) = read_all([&HEADER[..], &RECORD, &RECORD].concat());
    assert_eq!(packets, [seen(1_000_002_000, 60), seen(1_000_002_000, 60)]);
    assert_eq!(stats.problems, []);
    assert_eq!((stats.packets, stats.bytes), (2, 6));
}

#[test]
fn big_endian_nanoseconds_with_fcs_bits_are_read() {
    let file: [u8; 43] = [
        0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 96, //
        0x24, 0, 0, 1, // a frame check sequence of 2 × 16 bits, Ethernet
        0x65, 0x53, 0xf1, 0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 60, 0xaa, 0xbb, 0xcc,
    ];
    let (packets, stats) = read_all(file.to_vec());
    assert_eq!(packets, [seen(1_000_000_002, 60)]);
    assert_eq!(stats.problems, []);
}

#[test]
fn kuznetzovs_longer_record_header_is_stepped_over() {
    let mut header = HEADER;
    header[..2].copy_from_slice(&[0x34, 0xcd]);
    let record = [&RECORD[..16], &[7, 0, 0, 0, 8, 0, 4, 0], &RECORD[16..]].concat();
    let (packets, _) = read_all([&header[..], &record, &record].concat());
    assert_eq!(packets, [seen(1_000_002_000, 60), seen(1_000_002_000, 60)]);
}

#[test]
fn old_versions_put_the_original_length_first() {
    let mut header = HEADER;
    header[6] = 2;
    let record = [0, 0xf1, 0x53, 0x65, 2, 0, 0, 0, 60, 0, 0, 0, 3, 0, 0, 0, 0xaa, 0xbb, 0xcc];
    let (packets, _) = read_all([&header[..], &record].concat());
    assert_eq!(packets, [seen(1_000_002_000, 60)]);
}

#[test]
fn more_captured_than_on_the_wire_or_than_the_snap_length_is_tolerated() {
    let mut header = HEADER;
    header[16] = 2;
    let mut record = RECORD;
    record[12] = 1;
    let (packets, stats) = read_all([&header[..], &record].concat());
    assert_eq!(packets, [seen(1_000_002_000, 1)]);
    assert_eq!(stats.problems, []);
}

#[test]
fn a_cut_file_gives_what_is_whole_and_says_where_it_ends() {
    let whole = [&HEADER[..], &RECORD, &RECORD].concat();
    for cut in 25..whole.len() {
        let (packets, stats) = read_all(whole[..cut].to_vec());
        assert_eq!(packets.len(), (cut - 24) / 19);
        let problem = stats.problems.first().map(|p| (p.offset, p.reason.clone()));
        let start = 24 + (cut - 24) / 19 * 19;
        let expected = (start < cut).then_some((Some(start as u64), ProblemReason::Truncated));
        assert_eq!(problem, expected, "cut at {cut}");
    }
}

#[test]
fn after_an_absurd_length_the_next_record_is_read() {
    let mut record = RECORD;
    record[10] = 0xff;
    let (packets, stats) = read_all([&HEADER[..], &RECORD, &record, &RECORD].concat());
    assert_eq!(packets.len(), 2);
    let problem = stats.problems.first().expect("a problem");
    assert_eq!(problem.offset, Some(24 + 19));
    assert!(matches!(problem.reason, ProblemReason::Damaged { skipped: 19, .. }), "{problem}");
    assert_eq!(stats.problems.len(), 1);
}

#[test]
fn a_record_too_long_is_skipped_to_the_good_ones_behind() {
    let long =
        [&[0, 0xf1, 0x53, 0x65, 2, 0, 0, 0, 0, 0, 16, 0, 0, 0, 16, 0][..], &vec![0x45; 1 << 20]];
    let file = [&HEADER[..], &long.concat(), &RECORD, &RECORD].concat();
    let (packets, stats) = read_all(file);
    assert_eq!(packets.len(), 2);
    let reasons: Vec<_> = stats.problems.iter().map(|p| (p.offset, p.reason.clone())).collect();
    let what = "a packet of 1048576 bytes, more than 262144".to_owned();
    assert_eq!(reasons, [(Some(24), ProblemReason::Damaged { what, skipped: 16 + (1 << 20) })]);
}

#[test]
fn zeros_are_no_packets_in_the_middle_and_at_the_end() {
    for (count, tail) in [(16, 0), (20, 2), (4096, 2), (4099, 0), (70_000, 3)] {
        let mut file = [&HEADER[..], &RECORD, &RECORD, &vec![0; count]].concat();
        for _ in 0..tail {
            file.extend(RECORD);
        }
        let (packets, stats) = read_all(file);
        assert_eq!(packets, vec![seen(1_000_002_000, 60); 2 + tail]);
        let (what, skipped) = ("a record of zeros".to_owned(), count as u64);
        let expected = match tail {
            0 => ProblemReason::DamagedToEnd { what, skipped },
            _ => ProblemReason::Damaged { what, skipped },
        };
        let reasons: Vec<_> = stats.problems.iter().map(|p| (p.offset, p.reason.clone())).collect();
        assert_eq!(reasons, [(Some(24 + 38), expected)], "{count} zeros");
    }
}

#[test]
fn nothing_is_found_in_garbage_and_that_is_reported() {
    let garbage: Vec<u8> =
        (0..3000u32).flat_map(|i| (i * i).wrapping_mul(0x9e37_79b9).to_le_bytes()).collect();
    let file = [&HEADER[..], &RECORD, &[0xff; 16], &garbage].concat();
    let (packets, stats) = read_all(file);
    assert_eq!(packets.len(), 1);
    let problem = stats.problems.first().expect("a problem");
    let all = 16 + garbage.len() as u64;
    assert!(
        matches!(problem.reason, ProblemReason::DamagedToEnd { skipped, .. } if skipped == all),
        "{problem}"
    );
}

#[test]
fn many_damaged_places_are_added_up() {
    let mut file = HEADER.to_vec();
    for _ in 0..40 {
        file.extend([&RECORD[..], &RECORD, &[0xff; 40]].concat());
    }
    let (packets, stats) = read_all(file);
    assert_eq!(packets.len(), 80);
    assert_eq!(stats.problems.len(), 17);
    let last = stats.problems.last().map(|p| p.reason.clone());
    assert_eq!(last, Some(ProblemReason::MoreDamage { places: 24, skipped: 24 * 40 }));
}

#[test]
fn a_length_too_large_costs_only_what_it_swallows() {
    // The second record says 20 bytes instead of 3: it ends inside the third.
    let mut long = RECORD;
    long[8] = 20;
    let records = [&RECORD[..], &long, &RECORD, &RECORD, &RECORD].concat();
    let (packets, stats) = read_all([&HEADER[..], &records].concat());
    assert_eq!(packets.len(), 5);
    assert_eq!(packets[2..], vec![seen(1_000_002_000, 60); 3]);
    let reasons: Vec<_> = stats.problems.iter().map(|p| (p.offset, p.reason.clone())).collect();
    let [(offset, ProblemReason::Damaged { skipped, .. })] = &reasons[..] else {
        panic!("{reasons:?}")
    };
    assert_eq!((*offset, *skipped), (Some(24 + 19), 19));
}

#[test]
fn a_length_beyond_the_file_hides_no_records() {
    let mut long = RECORD;
    long[9] = 1; // 259 bytes
    let records = [&RECORD[..], &long, &RECORD, &RECORD].concat();
    let (packets, stats) = read_all([&HEADER[..], &records].concat());
    assert_eq!(packets.len(), 3);
    let problem = stats.problems.first().map(|p| (p.offset, p.reason.clone()));
    let what = "a packet that ends beyond the file".to_owned();
    let expected = ProblemReason::Damaged { what, skipped: 19 };
    assert_eq!(problem, Some((Some(24 + 19), expected)));
}

#[test]
fn a_capture_in_a_packet_is_not_read_where_a_record_is_damaged() {
    let inner: Vec<u8> = [&HEADER[..], &RECORD, &RECORD, &RECORD[..12]].concat();
    let length = (inner.len() as u32).to_le_bytes();
    let outer = [&RECORD[..8], &length, &length, &inner].concat();
    let file = [&HEADER[..], &RECORD, &outer, &[0xff; 16], &RECORD, &RECORD].concat();
    let (packets, stats) = read_all(file);
    assert_eq!(packets.len(), 4);
    assert_eq!(stats.problems.len(), 1);
}

#[test]
fn nanoseconds_under_the_magic_of_microseconds_are_read_and_noted() {
    let mut first = RECORD;
    first[4..8].copy_from_slice(&999_999u32.to_le_bytes());
    let mut nanos = RECORD;
    nanos[4..8].copy_from_slice(&123_456_789u32.to_le_bytes());
    let (packets, stats) = read_all([&HEADER[..], &first, &nanos, &nanos, &RECORD].concat());
    let times: Vec<_> = packets.iter().map(|p| p.nanos - BASE).collect();
    assert_eq!(times, [1_999_999_000, 1_123_456_789, 1_123_456_789, 1_000_000_002]);
    let reasons: Vec<_> = stats.problems.iter().map(|p| p.reason.clone()).collect();
    assert_eq!(reasons, [ProblemReason::NanosecondFractions]);
    assert!(reasons[0].is_note());
    // A single one changes nothing.
    let (packets, stats) = read_all([&HEADER[..], &nanos, &RECORD, &RECORD].concat());
    let times: Vec<_> = packets.iter().map(|p| p.nanos - BASE).collect();
    assert_eq!(times, [1_123_456_000, 1_000_002_000, 1_000_002_000]);
    assert_eq!(stats.problems, []);
}

#[test]
fn an_empty_packet_is_a_packet() {
    let mut empty = [0; 16];
    empty[..4].copy_from_slice(&RECORD[..4]);
    let (packets, stats) = read_all([&HEADER[..], &empty, &RECORD, &empty].concat());
    assert_eq!(packets.len(), 3);
    assert_eq!(stats.problems, []);
}

#[test]
fn aix_writes_interface_types_and_nanoseconds() {
    // Big endian, version 2.2, snap length 96; then an interface type.
    let header = [0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 96, 0, 0, 0];
    let record = [0x65, 0x53, 0xf1, 0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 60, 0xaa, 0xbb, 0xcc];
    for (interface_type, link) in [(6, 1), (24, 0)] {
        let file = [&header[..], &[interface_type], &record].concat();
        let (packets, stats) = read_all(file);
        assert_eq!(packets, [Seen { link, ..seen(1_000_000_002, 60) }]);
        assert_eq!(stats.problems, []);
    }
    for (interface_type, link) in [(9, 6), (15, 10)] {
        let (_, stats) = read_all([&header[..], &[interface_type], &record].concat());
        let reason = stats.problems.first().map(|p| p.reason.clone());
        assert_eq!(reason, Some(ProblemReason::UnsupportedLinkType(link)));
    }
}

#[test]
fn dg_ux_writes_version_543_with_the_original_length_first() {
    let mut header = HEADER;
    header[4..8].copy_from_slice(&[0x1f, 2, 0, 0]); // version 543.0
    let record = [0, 0xf1, 0x53, 0x65, 2, 0, 0, 0, 60, 0, 0, 0, 3, 0, 0, 0, 0xaa, 0xbb, 0xcc];
    let (packets, stats) = read_all([&header[..], &record].concat());
    assert_eq!(packets, [seen(1_000_002_000, 60)]);
    assert_eq!(stats.problems, []);
}

#[test]
fn an_unknown_link_type_is_reported_once_and_its_packets_counted() {
    let mut header = HEADER;
    header[20] = 147;
    let (packets, stats) = read_all([&header[..], &RECORD, &RECORD].concat());
    assert_eq!(packets, []);
    assert_eq!(stats.unsupported, 2);
    let reasons: Vec<_> = stats.problems.iter().map(|p| p.reason.clone()).collect();
    assert_eq!(reasons, [ProblemReason::UnsupportedLinkType(147)]);
}
