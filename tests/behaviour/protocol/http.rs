//! HTTP/1 connections, from their segments to what is told of them.

use minewatch::model::chunk::Interest;
use minewatch::model::event::mining::ConversationStage;
use minewatch::model::event::mining::{Carrier, Dialect};
use proptest::prelude::*;

use crate::support::tap::*;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        every_request_of_a_connection_is_told,
        answers_without_a_body_have_none,
        a_client_that_waits_for_100_continue_is_followed,
        work_over_http_is_mining,
        work_is_found_behind_other_requests_and_in_chunks_and_without_a_length,
        a_stratum_server_that_is_asked_in_http_may_answer_in_lines,
        other_json_ends_the_listening_but_not_the_telling,
        a_granted_connect_is_a_tunnel_and_a_refused_one_is_told_once,
        http_goes_on_when_an_upgrade_is_declined,
        http2_and_look_alikes_are_left_alone,
        a_loss_in_a_body_is_counted_and_one_in_a_head_ends_with_the_next_head,
        a_late_start_finds_the_next_message,
        one_direction_alone_is_read,
        one_direction_of_a_tunnel_is_followed,
        a_stream_that_is_http_no_longer_is_given_up,
        any_segmentation_tells_the_same,
        damaged_connections_never_panic,
        a_template_of_two_megabytes_proves_as_much_as_a_short_one,
        each_element_of_a_batch_is_a_message,
        long_answers_to_other_questions_are_not_looked_at,
        lines_of_objects_in_a_body_are_documents_and_no_calls,
    ]
}

const GET: &str = "GET /a HTTP/1.1\r\nHost: pool.example\r\nUser-Agent: curl/8\r\n\r\n";
const GOT: &str = "GET /a host=pool.example agent=curl/8";
const NEXT: &str = "GET /b HTTP/1.1\r\nHost: next.example\r\n\r\n";
const GOT_NEXT: &str = "GET /b host=next.example";

/// ethminer's request for work, and its answer.
fn work() -> [Turn; 2] {
    let wallet = "0xE1C325306ce62691b71DC61656b7Db78a939bdB0";
    let ask = format!(
        "POST /{wallet}/rig1 HTTP/1.0\r\nHost: pool.example:8888\r\nUser-Agent: ethminer/0.19.0"
    );
    let hash = "0x1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef";
    let boundary = "0x000000007fffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    [
        turn(C, message(&ask, r#"{"jsonrpc":"2.0","method":"eth_getWork","params":[],"id":5}"#)),
        turn(
            S,
            message(
                "HTTP/1.0 200 OK\r\nContent-Type: application/json",
                &format!(r#"{{"id":5,"jsonrpc":"2.0","result":["{hash}","{hash}","{boundary}"]}}"#),
            ),
        ),
    ]
}

fn lines(turns: &[Turn]) -> Vec<String> {
    told(turns).lines
}

fn every_request_of_a_connection_is_told() {
    let response = message("HTTP/1.1 200 OK\r\nServer: x", "<html>");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n0\r\n\r\n";
    let mut turns = Vec::new();
    for _ in 0..10 {
        turns.extend([turn(C, GET), turn(S, &response), turn(C, NEXT), turn(S, chunked)]);
    }
    let seen = lines(&turns);
    assert_eq!(seen, [GOT, "200", GOT_NEXT, "200"].repeat(10));
    // Pipelined.
    let turns = [turn(C, [GET, NEXT].concat()), turn(S, [&response, chunked].concat())];
    assert_eq!(lines(&turns), [GOT, GOT_NEXT, "200", "200"]);
}

fn answers_without_a_body_have_none() {
    let head = "HEAD /a HTTP/1.1\r\nHost: pool.example\r\n\r\n";
    let turns = [
        turn(C, head),
        turn(S, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"),
        turn(C, GET),
        turn(S, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n"),
        turn(C, GET),
        turn(S, "HTTP/1.1 204 No Content\r\n\r\n"),
        turn(C, NEXT),
        turn(
            S,
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        ),
    ];
    let expected =
        ["HEAD /a host=pool.example", "200", GOT, "304", GOT, "204", GOT_NEXT, "103", "404"];
    assert_eq!(lines(&turns), expected);
}

fn a_client_that_waits_for_100_continue_is_followed() {
    let turns = [
        turn(
            C,
            "POST /x HTTP/1.1\r\nHost: pool.example\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
        ),
        turn(S, "HTTP/1.1 100 Continue\r\n\r\n"),
        turn(C, "a=b\n"),
        turn(S, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        turn(C, GET),
    ];
    assert_eq!(lines(&turns), ["POST /x host=pool.example", "100", "200", GOT]);
}

fn work_over_http_is_mining() {
    let seen = told(&work());
    let session = seen.mining.unwrap();
    assert_eq!(session.stage(), Some(ConversationStage::WorkDelivered));
    assert_eq!(session.dialect, Dialect::EthProxy);
    assert_eq!(session.carriers, [Carrier::Http]);
    assert_eq!(session.agent.as_deref(), Some("ethminer/0.19.0"));
    assert!(session.wallet.is_some(), "the wallet is in the path");
    assert_eq!(seen.lines.len(), 2);
}

fn work_is_found_behind_other_requests_and_in_chunks_and_without_a_length() {
    let [ask, answer] = work();
    let body = String::from_utf8(answer.1).unwrap();
    let body = body.split_once("\r\n\r\n").unwrap().1.to_owned();
    let (head, tail) = body.split_at(50);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{head}\r\n{:X};x=1\r\n{tail}\r\n0\r\n\r\n",
        head.len(),
        tail.len()
    );
    let endless = format!("HTTP/1.0 200 OK\r\n\r\n{body}");
    for answer in [chunked, endless] {
        let page = message("HTTP/1.1 200 OK\r\nServer: x", "<html>");
        let mut turns = vec![[turn(C, GET), turn(S, page)]; 20].concat();
        turns.extend([ask.clone(), turn(S, answer)]);
        let session = told(&turns).mining.unwrap();
        assert_eq!(session.stage(), Some(ConversationStage::WorkDelivered));
    }
}

fn a_stratum_server_that_is_asked_in_http_may_answer_in_lines() {
    let probe = message(
        "POST / HTTP/1.1\r\nHost: pool.example:3333\r\nUser-Agent: bfgminer/5.5",
        r#"{"method":"getblocktemplate","id":0,"params":[{"capabilities":["longpoll"]}]}"#,
    );
    let turns = [
        turn(C, probe),
        turn(S, "{\"id\":0,\"result\":null,\"error\":[20,\"Parse error\",null]}\n"),
        // And the client understands.
        turn(C, "{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"bfgminer/5.5\"]}\n"),
        turn(
            S,
            "{\"id\":1,\"result\":[[[\"mining.notify\",\"ae6812eb\"]],\"08000002\",4],\"error\":null}\n",
        ),
    ];
    let seen = told(&turns);
    assert_eq!(seen.lines, ["POST / host=pool.example:3333 agent=bfgminer/5.5"]);
    assert_eq!(seen.mining.unwrap().stage(), Some(ConversationStage::Answered));
}

fn other_json_ends_the_listening_but_not_the_telling() {
    let ask = message("POST /api HTTP/1.1\r\nHost: db.example", r#"{"query":{"match_all":{}}}"#);
    let answer = message("HTTP/1.1 200 OK\r\nServer: x", r#"{"took":3,"hits":[]}"#);
    let mut turns = vec![[turn(C, ask), turn(S, answer)]; 20].concat();
    turns.push(turn(C, GET));
    let seen = told(&turns);
    assert_eq!(seen.mining, None);
    assert_eq!(seen.lines.len(), 41);
    assert_eq!(seen.lines.last().unwrap(), GOT);
}

fn a_granted_connect_is_a_tunnel_and_a_refused_one_is_told_once() {
    let connect = "CONNECT Pool.example:3333 HTTP/1.1\r\nHost: pool.example:3333\r\n\r\n";
    let denied = message("HTTP/1.1 407 Proxy Authentication Required\r\nServer: x", "<html>");
    let turns = [
        turn(C, connect),
        turn(S, &denied),
        turn(C, connect),
        turn(S, &denied),
        turn(C, connect),
        turn(S, "HTTP/1.1 200 Connection established\r\n\r\n"),
        turn(C, "{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.12.1\"]}\n"),
    ];
    let asked = "CONNECT Pool.example:3333 host=pool.example:3333";
    let seen = told(&turns);
    let expected = [
        asked,
        "407",
        "HttpConnect pool.example:3333 refused",
        asked,
        "407",
        asked,
        "200",
        "HttpConnect pool.example:3333 granted",
    ];
    assert_eq!(seen.lines, expected);
    let session = seen.mining.unwrap();
    assert_eq!(session.carriers, [Carrier::HttpConnect]);
    assert_eq!(session.tunnel.unwrap().target, "pool.example");
}

fn http_goes_on_when_an_upgrade_is_declined() {
    let upgrade = "GET /ws HTTP/1.1\r\nHost: pool.example\r\nUpgrade: websocket\r\n\r\n";
    let declined = message("HTTP/1.1 200 OK\r\nServer: x", "<html>");
    // The client sends the next request before it has read the answer.
    let turns =
        [turn(C, [upgrade, GET].concat()), turn(S, &declined), turn(S, &declined), turn(C, NEXT)];
    let expected = ["GET /ws host=pool.example", "200", GOT, "200", GOT_NEXT];
    assert_eq!(lines(&turns), expected);
}

fn http2_and_look_alikes_are_left_alone() {
    for bytes in
        ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "OPTIONS sip:a SIP/2.0\r\n\r\n", "GET key\r\n"]
    {
        let mut tap = Tap::new();
        tap.say(C, bytes);
        assert_eq!(tap.interest, Interest::Settled, "{bytes:?}");
        assert_eq!(tap.end().lines, [""; 0]);
    }
}

fn a_loss_in_a_body_is_counted_and_one_in_a_head_ends_with_the_next_head() {
    let mut tap = Tap::new();
    tap.say(C, GET).say(S, "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\nabc");
    tap.lose(S, 9000).say(S, [b'x'; 997]).say(C, GET);
    tap.say(S, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    tap.say(C, "GET /cut HTTP/1.1\r\nHost: cut.example\r\nCook").lose(C, 500);
    tap.say(C, "ie: rest\r\n\r\n").say(C, NEXT);
    let expected = [GOT, "200", GOT, "404", "GET /cut host=cut.example", GOT_NEXT];
    assert_eq!(tap.end().lines, expected);
}

fn a_late_start_finds_the_next_message() {
    let mut tap = Tap::midstream();
    tap.say(S, "of a page</html>").say(C, "nd of a form").say(C, GET);
    tap.say(S, message("HTTP/1.1 200 OK\r\nServer: x", "<html>")).say(C, NEXT);
    assert_eq!(tap.end().lines, [GOT, "200", GOT_NEXT]);
    // Client and server were taken for each other.
    let mut tap = Tap::midstream();
    let [(_, ask), (_, answer)] = work();
    tap.say(S, ask).say(C, answer);
    let session = tap.end().mining.unwrap();
    assert_eq!(session.miner, Some(S));
    assert_eq!(session.stage(), Some(ConversationStage::WorkDelivered));
}

fn one_direction_alone_is_read() {
    let [ask, answer] = work();
    let mut tap = Tap::one_way(C);
    tap.play(&[ask.clone(), turn(C, GET), ask], &[]);
    assert_eq!(tap.end().lines.len(), 3);
    let mut tap = Tap::one_way(S);
    let seen = tap.play(&[answer.clone(), answer], &[]).end();
    assert_eq!(seen.lines, ["200", "200"]);
    assert_eq!(seen.mining.unwrap().jobs, 2);
}

fn one_direction_of_a_tunnel_is_followed() {
    let login = "{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.12.1\"]}\n";
    let connect = "CONNECT pool.example:3333 HTTP/1.1\r\n\r\n";
    for turns in [vec![turn(C, connect), turn(C, login)], vec![turn(C, [connect, login].concat())]]
    {
        let seen = Tap::one_way(C).play(&turns, &[]).end();
        assert_eq!(seen.lines[1], "HttpConnect pool.example:3333 granted");
        assert!(seen.mining.is_some());
    }
}

fn a_stream_that_is_http_no_longer_is_given_up() {
    let mut tap = Tap::new();
    tap.say(C, GET).say(S, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    for _ in 0..70 {
        tap.say(C, b"\x00\x01binary").say(S, b"\x00\x02binary");
    }
    assert_eq!(tap.interest, Interest::Settled);
}

/// Heads and bodies of all kinds.
fn exchanges() -> impl Strategy<Value = Vec<Turn>> {
    let [ask, answer] = work();
    let requests = prop::sample::select(vec![
        GET.as_bytes().to_vec(),
        ask.1,
        b"GET http://far.example/x HTTP/1.1\nHost: proxy.example\nX\x01: odd\n\n".to_vec(),
        b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n8\r\n\":\"GET /\r\n2\r\n\"}\r\n0\r\nX: y\r\n\r\n".to_vec(),
        b"\r\nOPTIONS * HTTP/1.1\r\nHost: a.example\r\nUpgrade: h2c\r\n\r\n".to_vec(),
        b"CONNECT pool.example:3333 HTTP/1.1\r\n\r\n".to_vec(),
    ]);
    let responses = prop::sample::select(vec![
        answer.1,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\n{} "
            .to_vec(),
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n\r\nHTTP/1.1 200".to_vec(),
        b"HTTP/1.1 500 x\nTransfer-Encoding: chunked\n\n2\n{}\n0\n\n".to_vec(),
    ]);
    prop::collection::vec((requests, responses), 1..6).prop_map(|pairs| {
        pairs.into_iter().flat_map(|(ask, answer)| [(C, ask), (S, answer)]).collect()
    })
}

proptest! {
    fn any_segmentation_tells_the_same(
        turns in exchanges(),
        cuts in prop::collection::vec(1usize..60, 1..20),
    ) {
        let whole = told(&turns);
        prop_assert!(whole.lines.len() >= 2);
        prop_assert_eq!(Tap::new().play(&turns, &cuts).end(), whole);
    }

    fn damaged_connections_never_panic(
        turns in exchanges(),
        cuts in prop::collection::vec(1usize..60, 1..20),
        edits in prop::collection::vec((any::<u16>(), any::<u16>(), any::<u8>()), 0..10),
        losses in prop::collection::vec(0u64..2000, 1..4),
    ) {
        let mut turns = turns;
        for (turn, place, byte) in edits {
            let count = turns.len();
            let bytes = &mut turns[usize::from(turn) % count].1;
            let place = usize::from(place) % bytes.len();
            bytes[place] = byte;
        }
        let mut tap = Tap::new();
        for (turn, lost) in turns.iter().zip(losses.iter().cycle()) {
            if *lost > 1000 {
                tap.lose(turn.0, *lost - 1000);
            }
            tap.play(std::slice::from_ref(turn), &cuts);
        }
        tap.end();
    }
}

/// A node's block template with so many transactions, 500 bytes each.
fn template(transactions: usize) -> String {
    let hash = "0f".repeat(32);
    let transaction =
        format!(r#"{{"data":"{}","txid":"{hash}","depends":[],"fee":900}}"#, "a5".repeat(190));
    format!(
        r#"{{"result":{{"version":536870912,"previousblockhash":"{hash}","transactions":[{}],"coinbasevalue":312500000,"target":"0000000000000fffffffffffffffffffffffffffffffffffffffffffffffffff","bits":"1a0fffff","height":840001}},"error":null,"id":0}}"#,
        vec![transaction; transactions].join(",")
    )
}

/// cpuminer asks bitcoind for work twice and hands in a block.
fn solo(transactions: usize) -> Vec<Turn> {
    let head = "POST / HTTP/1.1\r\nHost: 10.0.0.9:8332\r\nUser-Agent: cpuminer/2.5.1\r\nContent-Type: application/json";
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
    let ask = r#"{"id":0,"method":"getblocktemplate","params":[{"capabilities":["coinbasetxn"],"rules":["segwit"]}]}"#;
    let block = "a5".repeat(90 + 250 * transactions);
    let submit = format!(r#"{{"id":1,"method":"submitblock","params":["{block}"]}}"#);
    let chunks: String = template(transactions)
        .as_bytes()
        .chunks(8000)
        .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)))
        .collect();
    vec![
        turn(C, message(head, ask)),
        turn(S, message(ok, &template(transactions))),
        turn(C, message(head, ask)),
        turn(S, format!("{ok}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")),
        turn(C, message(head, &submit)),
        turn(S, message(ok, r#"{"result":null,"error":null,"id":1}"#)),
    ]
}

fn a_template_of_two_megabytes_proves_as_much_as_a_short_one() {
    let short = told(&solo(2)).mining.unwrap();
    assert_eq!(short.steps.last().unwrap().stage, ConversationStage::ShareSubmitted);
    let turns = solo(4200);
    assert!(turns[1].1.len() > 2_000_000 && turns[4].1.len() > 2_000_000);
    for cuts in [&[1460][..], &[64, 1, 1460, 9000], &[60_000]] {
        let mining = Tap::new().play(&turns, cuts).end().mining.unwrap();
        assert_eq!(mining.dialect, Dialect::GetBlockTemplate);
        assert_eq!((mining.jobs, mining.shares.accepted), (2, 1));
        assert_eq!(mining.steps.len(), short.steps.len());
    }
}

fn each_element_of_a_batch_is_a_message() {
    let head = "POST / HTTP/1.1\r\nHost: 10.0.0.9:8332\r\nUser-Agent: cpuminer/2.5.1";
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
    let ask = r#"[{"id":4,"method":"getblockchaininfo","params":[]},
        {"id":0,"method":"getblocktemplate","params":[{"rules":["segwit"],"longpollid":"0f"}]}]"#;
    let answer = format!(r#"[{{"result":{{}},"error":null,"id":4}},{}]"#, template(300));
    let submit = format!(r#"[{{"id":1,"method":"submitblock","params":["{}"]}}]"#, "a5".repeat(90));
    let turns = [
        turn(C, message(head, ask)),
        turn(S, message(ok, &answer)),
        turn(C, message(head, &submit)),
        turn(S, message(ok, r#"[{"result":"high-hash","error":null,"id":1}]"#)),
    ];
    for cuts in [&[][..], &[1], &[7, 1460]] {
        let mining = Tap::new().play(&turns, cuts).end().mining.unwrap();
        assert_eq!((mining.jobs, mining.shares.submitted, mining.shares.rejected), (1, 1, 1));
    }
    // The same in lines, without HTTP around it.
    let bare = [ask.replace('\n', ""), answer, submit, "[{\"result\":null,\"id\":1}]".to_owned()];
    let turns: Vec<Turn> =
        [C, S, C, S].into_iter().zip(bare).map(|(from, line)| turn(from, line + "\r\n")).collect();
    for cuts in [&[][..], &[1], &[7, 1460]] {
        let mining = Tap::new().play(&turns, cuts).end().mining.unwrap();
        assert_eq!((mining.jobs, mining.shares.submitted, mining.shares.accepted), (1, 1, 1));
    }
}

fn long_answers_to_other_questions_are_not_looked_at() {
    let head = "POST / HTTP/1.1\r\nHost: 10.0.0.9:8332\r\nUser-Agent: node-explorer";
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
    let ask = r#"{"id":0,"method":"getblock","params":["0f",2]}"#;
    let turns = [turn(C, message(head, ask)), turn(S, message(ok, &template(4200)))];
    assert_eq!(Tap::new().play(&turns, &[1460]).end().mining, None);
}

fn lines_of_objects_in_a_body_are_documents_and_no_calls() {
    let head = "POST /miners/_bulk HTTP/1.1\r\nHost: index.example:9200";
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
    let login = r#"{"id":1,"method":"mining.authorize","params":["12XAL4rzud65wNzmEYb4EowaoiKTgnPry8.rig1","x"]}"#;
    let answer = message(ok, r#"{"errors":false}"#);
    for body in [
        format!("{{\"create\":{{}}}}\n{login}\n"),
        format!("{login}\r\n{login}"),
        format!("{login}\n \n\t{login}\n"),
    ] {
        let turns = [turn(C, message(head, &body)), turn(S, &answer)];
        for cuts in [&[][..], &[1]] {
            assert_eq!(Tap::new().play(&turns, cuts).end().mining, None, "{body}");
        }
    }
    // One object, however it is spread over lines, is a call.
    let pretty = login.replace(',', ",\n").replace('{', "{\n").replace('}', "\n}\n");
    assert!(told(&[turn(C, message(head, &pretty)), turn(S, &answer)]).mining.is_some());
}
