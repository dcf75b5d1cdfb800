//! What the network does to a conversation: cuts, losses, one-way mirrors, late starts, odd ids.

use minewatch::model::Direction;
use minewatch::model::event::mining::{ConversationStage, MiningSession, Shares};
use minewatch::model::flow::Flow;
use proptest::prelude::*;

use crate::support::play::*;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        the_side_that_submits_is_the_miner_whoever_called,
        a_late_start_needs_no_login,
        answers_to_shares_never_seen_do_not_count,
        one_direction_alone_still_shows_mining,
        an_open_conversation_tells_that_only_one_direction_is_seen,
        a_loss_costs_only_the_lines_it_touches,
        ids_may_be_reused_numbers_strings_or_missing,
        members_that_nobody_asked_for_hide_nothing,
        a_lossy_start_does_not_wear_out_patience,
        growth_is_reported_once_a_minute_and_steps_at_once,
        a_flood_of_shares_stays_bounded_and_counted,
        text_from_the_wire_is_bounded_and_printable,
        targets_of_zero_or_absurd_difficulties_break_nothing,
        spelling_does_not_matter,
        many_lines_may_share_a_segment,
        any_segmentation_gives_the_same_session,
        mutated_conversations_never_panic,
        random_bytes_never_panic,
    ]
}

fn shares(submitted: u64, accepted: u64, rejected: u64) -> Shares {
    Shares { submitted, accepted, rejected, unanswered: submitted - accepted - rejected }
}

fn conversations() -> [Vec<(bool, String)>; 3] {
    [monero(), bitcoin(), eth_proxy()]
}

/// What does not depend on which packet carried what.
fn essence(mut session: MiningSession) -> MiningSession {
    for step in &mut session.steps {
        step.at = Default::default();
    }
    session.first_message = None;
    session.last_message = None;
    session
}

fn all_at_once(lines: &[(bool, String)]) -> MiningSession {
    let mut play = Play::new();
    for (client, line) in lines {
        if *client {
            play.c(line)
        } else {
            play.s(line)
        };
    }
    essence(play.done())
}

fn the_side_that_submits_is_the_miner_whoever_called() {
    for lines in conversations() {
        let mut play = Play::new();
        for (client, line) in &lines {
            if *client {
                play.s(line)
            } else {
                play.c(line)
            };
        }
        let session = play.done();
        assert_eq!(session.miner, Some(Direction::ToClient));
        assert_eq!(stage(&session), ConversationStage::ShareSubmitted);
        assert_eq!(session.shares, all_at_once(&lines).shares);
    }
}

fn a_late_start_needs_no_login() {
    for lines in conversations() {
        let from = lines
            .iter()
            .position(|(_, line)| {
                line.to_lowercase().contains("submit\"") || line.contains("submitWork")
            })
            .unwrap();
        let mut play = Play::midstream();
        play.data(Direction::ToClient, b"ed\":true}}\n", 0);
        for (client, line) in &lines[from..] {
            if *client {
                play.c(line)
            } else {
                play.s(line)
            };
        }
        let session = play.done();
        let whole = all_at_once(&lines);
        assert_eq!(stage(&session), ConversationStage::ShareSubmitted, "{:?}", whole.dialect);
        assert_eq!(session.dialect, whole.dialect);
        assert_eq!(session.shares, whole.shares);
        assert!(session.midstream);
    }
}

fn answers_to_shares_never_seen_do_not_count() {
    let mut play = Play::midstream();
    play.s(r#"{"id":16,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}"#);
    for (client, line) in &monero()[2..4] {
        play.s(r#"{"id":15,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}"#);
        if *client {
            play.c(line)
        } else {
            play.s(line)
        };
    }
    play.s(r#"{"id":14,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}"#);
    assert_eq!(play.done().shares, shares(1, 1, 0));
}

fn one_direction_alone_still_shows_mining() {
    for lines in conversations() {
        for client_side in [true, false] {
            let packets = if client_side { [10, 0] } else { [0, 10] };
            let mut play = Play::inside(Flow { packets, ..flow() }, Vec::new());
            for (_, line) in lines.iter().filter(|(client, _)| *client == client_side) {
                if client_side {
                    play.c(line)
                } else {
                    play.s(line)
                };
            }
            let session = play.done();
            assert!(session.one_way);
            assert!(
                stage(&session) >= ConversationStage::Answered,
                "{:?} {client_side}",
                session.dialect
            );
            assert!(stage(&session) <= ConversationStage::WorkDelivered);
            assert_eq!(session.miner, Some(Direction::ToServer));
            if client_side {
                assert_eq!(session.shares.submitted, all_at_once(&lines).shares.submitted);
                assert_eq!(session.shares.accepted, 0);
            }
        }
    }
}

fn an_open_conversation_tells_that_only_one_direction_is_seen() {
    for (packets, one_way) in [([8, 0], true), ([0, 8], true), ([7, 0], false), ([8, 1], false)] {
        let mut play = Play::inside(Flow { packets, ..flow() }, Vec::new());
        for (client, line) in monero().iter().filter(|(client, _)| *client == (packets[0] > 0)) {
            if *client {
                play.c(line)
            } else {
                play.s(line)
            };
        }
        let told = play.sink.0.last().expect("reported while it is open");
        assert_eq!(told.one_way, one_way, "{packets:?}");
    }
}

fn a_loss_costs_only_the_lines_it_touches() {
    let lines = monero();
    let mut play = Play::new();
    for (n, (client, line)) in lines.iter().enumerate() {
        if n == 2 {
            // Half of the first share is lost, with the line end before the second half.
            play.data(Direction::ToServer, &line.as_bytes()[..60], 0);
            play.data(Direction::ToServer, b"\"nonce\":\"00000000\"}}\n", 100);
        } else if *client {
            play.c(line);
        } else {
            play.s(line);
        }
    }
    let session = play.done();
    // The answer to the lost share has no share to belong to.
    assert_eq!(session.shares, shares(3, 1, 1));
}

fn ids_may_be_reused_numbers_strings_or_missing() {
    let submit = |id: &str, nonce: u64| {
        format!(
            r#"{{"id":{id},"method":"submit","params":{{"id":"s","job_id":"j1","nonce":"{}","result":"{}"}}}}"#,
            hex(nonce, 8),
            hex(nonce, 64)
        )
    };
    let lines = monero();
    let mut play = Play::new();
    play.c(&lines[0].1).s(&lines[1].1);
    // The same id for all, three on their way.
    play.c(&submit("1", 1)).c(&submit("1", 2)).c(&submit("1", 3));
    play.s(r#"{"id":1,"error":null,"result":{"status":"OK"}}"#);
    play.s(r#"{"id":1,"error":{"code":-1,"message":"Low difficulty share"}}"#);
    // A number comes back as text.
    play.s(r#"{"id":"1","error":null,"result":{"status":"OK"}}"#);
    // No id at all, and one that the pool has forgotten.
    play.c(&submit("null", 4)).s(r#"{"id":null,"error":null,"result":{"status":"OK"}}"#);
    play.c(&submit("77", 5)).s(r#"{"id":0,"error":null,"result":{"status":"OK"}}"#);
    play.c(&submit("78", 6)).s(r#"{"id":999,"error":"duplicate"}"#);
    // Long after, and after other jobs.
    play.c(&submit("79", 7)).wait(20).s(&lines[4].1).s(r#"{"id":79,"result":"OK"}"#);
    assert_eq!(play.done().shares, shares(7, 5, 2));
}

fn members_that_nobody_asked_for_hide_nothing() {
    for lines in conversations() {
        let plain = all_at_once(&lines);
        let junk =
            r#"{"result":true,"error":null,"type":"x","identifier":7,"body":{},"message":"hi","#;
        let dressed: Vec<_> = lines
            .iter()
            .map(|(client, line)| {
                // Answers need their own `result`; everything else may carry one.
                let junk = if line.contains("\"params\"") {
                    junk
                } else {
                    "{\"type\":\"x\",\"identifier\":7,"
                };
                (*client, line.replacen('{', junk, 1))
            })
            .collect();
        assert_eq!(all_at_once(&dressed), plain);
    }
}

fn a_lossy_start_does_not_wear_out_patience() {
    let mut play = Play::midstream();
    for _ in 0..50 {
        play.data(Direction::ToServer, br#"{"id":9,"method":"sub"#, 700);
    }
    for (client, line) in &monero()[2..] {
        play.data(
            if *client { Direction::ToServer } else { Direction::ToClient },
            format!("{line}\n").as_bytes(),
            1,
        );
    }
    assert_eq!(stage(&play.done()), ConversationStage::ShareSubmitted);
}

fn growth_is_reported_once_a_minute_and_steps_at_once() {
    let lines = monero();
    let mut play = play(&lines[..3]);
    let before = play.sink.0.len();
    assert_eq!(before, 3, "a report per message that climbed");
    for n in 0..600u64 {
        play.wait(1).s(&format!(r#"{{"jsonrpc":"2.0","method":"job","params":{{"blob":"{}","job_id":"x{n}","target":"b88d0600"}}}}"#, hex(n, 152)));
    }
    assert_eq!(play.sink.0.len() - before, 10);
    let session = play.done();
    assert_eq!(session.jobs, 601);
    assert_eq!(session.work.pauses, []);
    assert!(session.work.first_job < session.work.last_message);
}

fn a_flood_of_shares_stays_bounded_and_counted() {
    let mut play = play(&monero()[..2]);
    for n in 0..5000u64 {
        play.c(&format!(r#"{{"id":{n},"method":"submit","params":{{"id":"s","job_id":"j1","nonce":"{}","result":"{}"}}}}"#, hex(n, 8), hex(n, 64)));
    }
    let session = play.done();
    assert_eq!(session.shares, shares(5000, 0, 0));
    assert_eq!((session.work.shares, session.work.hashes), (5000, 50_000_000.0));
}

fn text_from_the_wire_is_bounded_and_printable() {
    let login = format!(
        r#"{{"id":1,"method":"login","params":{{"login":"{XMR}.\u001b[31mred","pass":"a\nb","agent":"XMRig/{}","rigid":"\u202erig"}}}}"#,
        "9".repeat(10_000)
    );
    let session = Play::new().c(&login).done();
    let texts = [session.login, session.agent, session.rig_id, session.worker];
    for text in texts.into_iter().flatten().chain([session.steps[0].detail.clone()]) {
        assert!(text.len() <= 600, "{}", text.len());
        assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{text:?}");
    }
}

fn targets_of_zero_or_absurd_difficulties_break_nothing() {
    let mut play = Play::new();
    let lines = bitcoin();
    for (client, line) in &lines {
        for extreme in ["0", "-1", "1e308", "1e-308", "1e400", "\"x\"", "null", "[]"] {
            play.s(&format!(
                r#"{{"id":null,"method":"mining.set_difficulty","params":[{extreme}]}}"#
            ));
        }
        if *client {
            play.c(line)
        } else {
            play.s(line)
        };
    }
    let session = play.done();
    assert!(session.work.hashes.is_finite() && session.work.hashes_squared.is_finite());
    assert_eq!(session.shares, shares(3, 2, 1));
}

/// The same lines, written differently.
fn rewrite(line: &str, style: u8) -> String {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    let object = value.as_object().unwrap();
    let mut members: Vec<_> = object.iter().collect();
    match style {
        1 => members.reverse(),
        2 => members.rotate_left(1),
        _ => {}
    }
    let mut out = String::from(" {");
    if style == 3 {
        out.push_str("\"method\":\"nothing\",\"x-unknown\":[1,{\"method\":\"login\"}],");
    }
    for (n, (key, value)) in members.iter().enumerate() {
        if n > 0 {
            out.push_str(if style == 4 { " ,\t" } else { "," });
        }
        if style == 5 {
            let escaped: String = key.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
            out.push_str(&format!("\"{escaped}\""));
        } else {
            out.push_str(&format!("\"{key}\""));
        }
        out.push_str(if style == 4 { " : " } else { ":" });
        match value {
            serde_json::Value::Number(id) if style == 6 && *key == "id" => {
                out.push_str(&format!("\"{id}\""))
            }
            value => out.push_str(&value.to_string()),
        }
    }
    out.push('}');
    if style == 7 {
        out.push('\r');
    }
    out
}

fn spelling_does_not_matter() {
    for lines in conversations() {
        let plain = all_at_once(&lines);
        for style in 0..8u8 {
            let rewritten: Vec<_> = lines
                .iter()
                .map(|(client, line)| {
                    // Style 3 puts a `method` in front; only where another one follows.
                    let style = if style == 3 && !line.contains("\"method\"") { 0 } else { style };
                    (*client, rewrite(line, style))
                })
                .collect();
            assert_eq!(all_at_once(&rewritten), plain, "style {style}");
        }
    }
}

fn many_lines_may_share_a_segment() {
    let lines = bitcoin();
    let mut play = Play::new();
    let joined: String = lines.iter().filter(|l| l.0).map(|l| format!("{}\n", l.1)).collect();
    play.data(Direction::ToServer, joined.as_bytes(), 0);
    let joined: String = lines.iter().filter(|l| !l.0).map(|l| format!("{}\n", l.1)).collect();
    play.data(Direction::ToClient, joined.as_bytes(), 0);
    assert_eq!(play.done().shares, shares(3, 2, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    fn any_segmentation_gives_the_same_session(cuts in proptest::collection::vec(1usize..90, 1..40)) {
        for lines in conversations() {
            let expected = all_at_once(&lines);
            let mut play = Play::new();
            let mut cuts = cuts.iter().cycle();
            for (client, line) in &lines {
                let direction = if *client { Direction::ToServer } else { Direction::ToClient };
                let bytes = format!("{line}\n").into_bytes();
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    let (head, tail) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                    play.data(direction, head, 0);
                    rest = tail;
                }
            }
            prop_assert_eq!(essence(play.done()), expected);
        }
    }

    fn mutated_conversations_never_panic(
        which in 0usize..3,
        edits in proptest::collection::vec((any::<u16>(), any::<u16>(), any::<u8>(), 0u8..4), 1..30),
    ) {
        let mut lines: Vec<_> = conversations()[which]
            .iter()
            .map(|(client, line)| (*client, format!("{line}\n").into_bytes()))
            .collect();
        for (line, position, byte, how) in edits {
            let n = usize::from(line) % lines.len();
            let bytes = &mut lines[n].1;
            if bytes.is_empty() { continue }
            let at = usize::from(position) % bytes.len();
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                _ => bytes.truncate(at),
            }
        }
        let mut play = Play::new();
        for (client, bytes) in &lines {
            let direction = if *client { Direction::ToServer } else { Direction::ToClient };
            play.data(direction, bytes, 0);
        }
        if let Some(session) = play.end() {
            let Shares { submitted, accepted, rejected, unanswered } = session.shares;
            prop_assert_eq!(submitted, accepted + rejected + unanswered);
            prop_assert!(session.steps.is_sorted_by_key(|step| step.stage));
        }
    }

    fn random_bytes_never_panic(
        chunks in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..200), 0u64..3), 0..20),
    ) {
        let mut play = Play::new();
        for (client, bytes, gap) in &chunks {
            let direction = if *client { Direction::ToServer } else { Direction::ToClient };
            play.data(direction, bytes, *gap);
        }
        play.end();
    }
}
