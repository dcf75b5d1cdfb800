//! Writes the seeds in `corpus/`: small, invented inputs that reach deep into each parser.
//!
//! `cargo run --example seeds`, from this folder, after a format of inputs has changed.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use minewatch_generator::conversation::Speaker;
use minewatch_generator::dialect::Dialect;
use minewatch_generator::packet;
use minewatch_generator::rng::Rng;

const TO_SERVER: u8 = 0;
const TO_CLIENT: u8 = 1;
const LONG: u8 = 8;
/// Leaves the target's opening out.
const BARE: u8 = 2;

/// An input of `minewatch_fuzz::play`: options, then chunks.
fn script(options: u8, chunks: &[(u8, &[u8])]) -> Vec<u8> {
    let mut input = vec![options];
    for (control, bytes) in chunks {
        match u8::try_from(bytes.len()) {
            Ok(length) => input.extend([*control, length]),
            Err(_) => {
                input.push(control | LONG);
                input.extend((bytes.len() as u16).to_be_bytes());
            }
        }
        input.extend(*bytes);
    }
    input
}

type Seeds = Vec<(String, Vec<u8>)>;

fn named(seeds: Vec<(&str, Vec<u8>)>) -> Seeds {
    seeds.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

fn host_names() -> Seeds {
    let dhcp = minewatch_generator::dhcp::request([2; 6], [10, 0, 0, 7].into(), "lab-pc-7");
    let encoded = |name: &[u8; 16]| {
        let letters = name.iter().flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 0xf)]);
        [&[32][..], &letters.collect::<Vec<u8>>(), &[0]].concat()
    };
    let own = encoded(b"LAB-PC-7       \0");
    let registration = [
        &[0x12, 0x34, 0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1][..],
        &own,
        &[0, 0x20, 0, 1, 0xc0, 12, 0, 0x20, 0, 1, 0, 4, 0x93, 0xe0, 0, 6, 0, 0, 10, 0, 0, 7],
    ]
    .concat();
    let sent = [&own[..], &encoded(b"LAB            \x1d"), b"announcement"].concat();
    let datagram =
        [&[0x11, 0x0a, 0x12, 0x34, 10, 0, 0, 7, 0, 138, 0, sent.len() as u8, 0, 0][..], &sent]
            .concat();
    let answer = |name: &str, class: u8| {
        [
            &[0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0][..],
            &minewatch_generator::dns::encode(name),
            &[0, 1, class, 1, 0, 0, 0, 120, 0, 4, 10, 0, 0, 7],
        ]
        .concat()
    };
    named(vec![
        ("dhcp", script(0, &[(TO_SERVER, &dhcp)])),
        ("netbios_name", script(0x40, &[(TO_SERVER, &registration)])),
        ("netbios_datagram", script(0x80, &[(TO_SERVER, &datagram)])),
        ("mdns", script(0xa0, &[(TO_SERVER, &answer("lab-pc-7.local", 0x80))])),
        ("llmnr", script(0xc0, &[(TO_SERVER, &answer("lab-pc-7", 0))])),
    ])
}

fn dns() -> Seeds {
    let name = minewatch_generator::dns::encode;
    let message = |flags: u16, counts: [u16; 4], rest: &[&[u8]]| {
        let counts: Vec<u8> = counts.iter().flat_map(|count| count.to_be_bytes()).collect();
        [&[0x5a, 0xa5][..], &flags.to_be_bytes(), &counts, &rest.concat()].concat()
    };
    let record = |kind: u8, data: &[u8]| {
        [&[0xc0, 12, 0, kind, 0, 1, 0, 0, 1, 44, 0, data.len() as u8][..], data].concat()
    };
    let question = [&name("Pool.Example")[..], &[0, 1, 0, 1]].concat();
    let opt = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];
    let query = message(0x0100, [1, 0, 0, 1], &[&question, &opt]);
    let address = message(0x8180, [1, 1, 0, 0], &[&question, &record(1, &[192, 0, 2, 1])]);
    let chain = message(
        0x8180,
        [1, 3, 1, 0],
        &[
            &question,
            &record(5, b"\x02eu\xc0\x0c"),
            &record(28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            &record(33, b"\0\0\0\0\x0d\x05\x01s\xc0\x0c"),
            &record(2, b"\x02ns\xc0\x0c"),
        ],
    );
    let service = [
        &[0, 1, 0][..],
        &[0, 1, 0, 3, 2, b'h', b'2', 0, 4, 0, 4, 192, 0, 2, 1, 0, 5, 0, 2, 0xfe, 0x0d],
        &[0, 6, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    ]
    .concat();
    let service = message(0x8180, [1, 1, 0, 0], &[&question, &record(65, &service)]);
    let truncated = message(0x8380, [1, 9, 0, 0], &[&question]);
    let loops = message(0x0100, [2, 0, 0, 0], &[b"\xc0\x0c\0\x01\0\x01", &question]);
    let odd = message(0x0140, [1, 0, 0, 0], &[b"\x04\x1b.\\\xff\0\0\xff\0\x03"]);
    let framed = |message: &[u8]| [&(message.len() as u16).to_be_bytes()[..], message].concat();
    let (query_tcp, chain_tcp) = (framed(&query), framed(&chain));
    named(vec![
        ("query", script(0, &[(TO_SERVER, &query)])),
        ("lookup", script(0, &[(TO_SERVER, &query), (TO_CLIENT, &address)])),
        ("chain", script(0, &[(TO_CLIENT, &chain)])),
        ("service", script(0, &[(TO_CLIENT, &service)])),
        ("truncated", script(0, &[(TO_CLIENT, &truncated)])),
        ("loop", script(0, &[(TO_SERVER, &loops)])),
        ("odd_name", script(0, &[(TO_SERVER, &odd)])),
        ("other_port", script(0x40, &[(TO_SERVER, &query), (TO_CLIENT, &chain)])),
        ("tcp", script(0x80, &[(TO_SERVER, &query_tcp), (TO_CLIENT, &chain_tcp)])),
        (
            "tcp_pieces",
            script(
                0x80,
                &[
                    (TO_SERVER, &query_tcp[..1]),
                    (TO_SERVER, &query_tcp[1..20]),
                    (TO_SERVER, &query_tcp[20..]),
                ],
            ),
        ),
        ("tcp_two", script(0x80, &[(TO_SERVER, &query_tcp.repeat(2))])),
        // A control byte of 2 has a byte for the gap before the length.
        (
            "tcp_gap",
            [
                &script(0x80, &[(TO_SERVER, &query_tcp), (TO_SERVER, &query_tcp[..36])])[..],
                &[2, 3, 4],
                &query_tcp[39..],
                &script(0, &[(TO_SERVER, &query_tcp)])[1..],
            ]
            .concat(),
        ),
    ])
}

fn stratum() -> Seeds {
    let mut rng = Rng::new(1);
    let mut seeds: Seeds = Vec::new();
    for &dialect in Dialect::all() {
        let mut plan = dialect.typical();
        plan.shares = 2;
        plan.job_gap = 1e6;
        let conversation = dialect.converse(&plan, &mut rng);
        let chunks: Vec<(u8, &[u8])> = conversation
            .messages
            .iter()
            .map(|message| {
                let control = if message.from == Speaker::Miner { TO_SERVER } else { TO_CLIENT };
                (control, &message.bytes[..])
            })
            .collect();
        seeds.push((dialect.name(), script(BARE, &chunks)));
    }
    let setup =
        b"\0\0\0\x22\0\0\0\x02\0\x02\0\0\0\0\0\x0cpool.example\x05\x0d\x03rig\x01a\x01b\x01c";
    seeds.push(("sv2_setup".into(), script(BARE, &[(TO_SERVER, setup)])));
    seeds.push((
        "login_rest".into(),
        script(0, &[(TO_SERVER, b"login\",\"params\":{\"login\":\"x\"}}\n")]),
    ));
    seeds.push((
        "job".into(),
        script(0x40, &[(TO_CLIENT, b"result\":{\"id\":\"1\",\"job\":{\"blob\":\"0707\",\"job_id\":\"7\",\"target\":\"b88d0600\"},\"status\":\"OK\"}}\n")]),
    ));
    seeds
}

/// A ClientHello with a server name and ALPN.
fn client_hello() -> Vec<u8> {
    let sni = b"\0\0\0\x11\0\x0f\0\0\x0cpool.example";
    let alpn = b"\0\x10\0\x0b\0\x09\x08http/1.1";
    let versions = b"\0\x2b\0\x03\x02\x03\x04";
    let groups = b"\0\x0a\0\x04\0\x02\0\x1d";
    let extensions = [&sni[..], alpn, versions, groups].concat();
    let body = [
        &b"\x03\x03"[..],
        &[7; 32],
        b"\0\0\x04\x13\x01\x13\x02\x01\0",
        &(extensions.len() as u16).to_be_bytes(),
        &extensions,
    ]
    .concat();
    [&[1, 0][..], &(body.len() as u16).to_be_bytes(), &body].concat()
}

fn tls() -> Seeds {
    let hello = client_hello();
    let record = [&(hello.len() as u16).to_be_bytes()[..], &hello].concat();
    let server = b"\0\x2a\x02\0\0\x26\x03\x03\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\0\x13\x01\0";
    let certificate = b"\x16\x03\x03\0\x10\x0b\0\0\x0c\0\0\x09\0\0\x06\x30\x04\x02\x02\0\x01";
    let (first, second) = hello.split_at(40);
    let two_records =
        [&[0, 40][..], first, &[0x16, 3, 1], &(second.len() as u16).to_be_bytes(), second].concat();
    let full = [&server[..], certificate, b"\x14\x03\x03\0\x01\x01"].concat();
    named(vec![
        ("client", script(0x80, &[(TO_SERVER, &record)])),
        ("both", script(0, &[(TO_SERVER, &record), (TO_CLIENT, server)])),
        ("certificate", script(0, &[(TO_SERVER, &record), (TO_CLIENT, &full)])),
        ("pieces", script(0x80, &[(TO_SERVER, &record[..9]), (TO_SERVER, &record[9..])])),
        ("two_records", script(0x80, &[(TO_SERVER, &two_records)])),
        ("alert", script(0, &[(TO_SERVER, &record), (TO_CLIENT, b"\0\x02\x02\x28")])),
        ("midstream", script(BARE | 1, &[(TO_SERVER, &[&[0x16, 3, 1][..], &record].concat())])),
        (
            "gap",
            [&script(0x80, &[(TO_SERVER, &record[..30])])[..], &[2, 10, 20], &record[40..60]]
                .concat(),
        ),
        ("empty_record", script(0x80, &[(TO_SERVER, b"\0\0\x16\x03\x01\0\0")])),
        ("long_length", script(0x80, &[(TO_SERVER, b"\x40\0\x01\xff\xff\xff\x03\x03")])),
    ])
}

fn quic() -> Seeds {
    let hello = client_hello();
    // CRYPTO: type 6, offset, length; varints of one and two bytes.
    let crypto = |offset: usize, bytes: &[u8]| {
        let varint = |value: usize| (0x4000 | value as u16).to_be_bytes();
        [&[6][..], &varint(offset), &varint(bytes.len()), bytes].concat()
    };
    // The even first byte has the datagram sealed.
    let sealed = |frames: &[u8]| [&[0], frames].concat();
    let whole = sealed(&crypto(0, &hello));
    let (first, second) = hello.split_at(50);
    let swapped = sealed(&[crypto(50, second), vec![0, 1, 0], crypto(0, first)].concat());
    let (head, tail) = (sealed(&crypto(0, first)), sealed(&crypto(50, second)));
    let overlapping = sealed(&[crypto(0, first), crypto(40, &hello[40..])].concat());
    named(vec![
        ("hello", script(0, &[(TO_SERVER, &whole)])),
        ("swapped", script(0, &[(TO_SERVER, &swapped)])),
        ("two_datagrams", script(0, &[(TO_SERVER, &head), (TO_SERVER, &tail)])),
        ("tail_first", script(0, &[(TO_SERVER, &tail), (TO_SERVER, &head)])),
        ("overlapping", script(0, &[(TO_SERVER, &overlapping)])),
        (
            "ack",
            script(
                0,
                &[(TO_SERVER, &sealed(&[&[2, 5, 0, 0, 5][..], &crypto(0, &hello)].concat()))],
            ),
        ),
        ("close", script(0, &[(TO_SERVER, &sealed(b"\x1c\0\0\0"))])),
        ("ping", script(0, &[(TO_SERVER, &sealed(&[1]))])),
        (
            "negotiation",
            script(0, &[(TO_SERVER, &whole), (TO_CLIENT, b"\x81\0\0\0\0\0\x08destinat\0\0\0\x01")]),
        ),
        (
            "retry",
            script(
                0,
                &[(TO_SERVER, &whole), (TO_CLIENT, b"\xf1\0\0\0\x01\0\x04four0123456789abcdef")],
            ),
        ),
        ("raw", script(0, &[(TO_SERVER, b"\xc3\0\0\0\x01\x08destinat\0\0\x41\0\0\0")])),
    ])
}

fn http() -> Seeds {
    let upgrade: &[u8] = b"proxy HTTP/1.1\r\nHost: ws.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let switching: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let work: &[u8] =
        b"Content-Length: 41\r\n\r\n{\"method\":\"getwork\",\"params\":[],\"id\":\"1\"}";
    let chunked: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Stratum: stratum+tcp://pool.example:3333\r\n\r\n5\r\n{\"id\"\r\n3\r\n:1}\r\n0\r\n\r\n";
    named(vec![
        (
            "get",
            script(
                0,
                &[(TO_SERVER, b"a?b HTTP/1.1\r\nHost: www.example\r\nUser-Agent: x\r\n\r\n")],
            ),
        ),
        (
            "answer",
            script(0xc0, &[(TO_CLIENT, b"Content-Length: 2\r\nContent-Type: text/html\r\n\r\nok")]),
        ),
        ("getwork", script(0x40, &[(TO_SERVER, work), (TO_CLIENT, chunked)])),
        (
            "chunked",
            script(
                0x40,
                &[(
                    TO_SERVER,
                    b"Transfer-Encoding: chunked\r\n\r\n4;x\r\nabcd\r\n0\r\nA: b\r\n\r\n",
                )],
            ),
        ),
        (
            "connect",
            script(
                0x80,
                &[
                    (TO_CLIENT, b"00 OK\r\n\r\n"),
                    (TO_SERVER, b"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}\n"),
                ],
            ),
        ),
        ("refused", script(0x80, &[(TO_CLIENT, b"03\r\n\r\n")])),
        ("upgrade", script(0, &[(TO_SERVER, upgrade), (TO_CLIENT, switching)])),
        (
            "absolute",
            script(BARE, &[(TO_SERVER, b"GET http://pool.example:80/x HTTP/1.0\r\n\r\n")]),
        ),
        ("basic", script(0x40, &[(TO_SERVER, b"Authorization: Basic dXNlcjpwYXNz\r\n\r\n")])),
        (
            "pipelined",
            script(
                BARE,
                &[
                    (TO_SERVER, b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
                    (TO_CLIENT, b"HTTP/1.1 304 x\r\n\r\nHTTP/1.1 204 x\r\n\r\n"),
                ],
            ),
        ),
        ("folded", script(0x40, &[(TO_SERVER, b"A: b\r\n c\r\n\x1b: \xff\r\n\r\n")])),
        (
            "pieces",
            script(
                BARE,
                &[
                    (TO_SERVER, b"G"),
                    (TO_SERVER, b"ET / HT"),
                    (TO_SERVER, b"TP/1.1\r"),
                    (TO_SERVER, b"\n\r\n"),
                ],
            ),
        ),
    ])
}

fn websocket() -> Seeds {
    let masked = |first: u8, text: &[u8]| {
        let key = [1, 2, 3, 4];
        let payload = text.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
        let mut frame = vec![first];
        match text.len() {
            length @ ..=125 => frame.push(0x80 | length as u8),
            length => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
        }
        frame.extend(key);
        frame.extend(payload);
        frame
    };
    let plain = |first: u8, text: &[u8]| [&[first, text.len() as u8][..], text].concat();
    let auth: &[u8] = b"{\"type\":\"auth\",\"params\":{\"site_key\":\"k\",\"type\":\"anonymous\",\"user\":null,\"goal\":0}}";
    let job: &[u8] =
        b"{\"type\":\"job\",\"params\":{\"job_id\":\"1\",\"blob\":\"07\",\"target\":\"ffffff00\"}}";
    let (auth, job) = (masked(0x81, auth), plain(0x81, job));
    // "{}" with a stored block, without its tail (RFC 7692 §7.2.1)
    let deflated = masked(0xc1, b"\0\x02\0\xfd\xff{}\0");
    named(vec![
        ("auth", script(0, &[(TO_SERVER, &auth)])),
        ("job", script(0, &[(TO_SERVER, &auth), (TO_CLIENT, &job)])),
        (
            "fragments",
            script(0, &[(TO_SERVER, &[masked(0x01, b"{\"id\""), masked(0x80, b":1}")].concat())]),
        ),
        (
            "ping_between",
            script(
                0,
                &[(
                    TO_SERVER,
                    &[masked(0x01, b"{"), masked(0x89, b"p"), masked(0x80, b"}")].concat(),
                )],
            ),
        ),
        ("close", script(0, &[(TO_SERVER, &masked(0x88, b"\x03\xe8"))])),
        ("binary", script(0, &[(TO_SERVER, &masked(0x82, b"\0\x01\x02"))])),
        ("long", script(0, &[(TO_SERVER, &masked(0x81, &[b' '; 300]))])),
        ("very_long", script(0, &[(TO_SERVER, b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff")])),
        ("deflate", script(0x80, &[(TO_SERVER, &deflated)])),
        ("deflate_server", script(0x80, &[(TO_CLIENT, &plain(0xc1, b"\xaa\xae\x05\0"))])),
        (
            "bare_stratum",
            script(
                0,
                &[(TO_SERVER, b"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}\n")],
            ),
        ),
        (
            "pieces",
            script(
                0,
                &[(TO_SERVER, &auth[..1]), (TO_SERVER, &auth[1..5]), (TO_SERVER, &auth[5..])],
            ),
        ),
    ])
}

fn socks() -> Seeds {
    let line: &[u8] = b"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}\n";
    let name = b"\x03\x0cpool.example\x0d\x05";
    let granted = b"\x05\0\0\x01\0\0\0\0\0\0";
    let password: &[u8] = b"\x01\x04user\x04pass";
    let request = [&[5, 1, 0][..], name].concat();
    let v2: &[u8] = b"\x21\x11\0\x0c\x0a\0\0\x07\xc6\x33\x64\x09\xc4\x22\x0d\x05";
    named(vec![
        ("socks5_name", script(0, &[(TO_SERVER, name), (TO_CLIENT, granted), (TO_SERVER, line)])),
        (
            "socks5_v4",
            script(0, &[(TO_SERVER, b"\x01\xc6\x33\x64\x09\x0d\x05"), (TO_CLIENT, granted)]),
        ),
        (
            "socks5_v6",
            script(
                0,
                &[(TO_SERVER, &[&[4][..], &[0x20; 16], &[13, 5]].concat()), (TO_CLIENT, granted)],
            ),
        ),
        (
            "socks5_refused",
            script(0, &[(TO_SERVER, name), (TO_CLIENT, b"\x05\x05\0\x01\0\0\0\0\0\0")]),
        ),
        (
            "socks5_password",
            script(
                BARE,
                &[
                    (TO_SERVER, b"\x05\x01\x02"),
                    (TO_CLIENT, b"\x05\x02"),
                    (TO_SERVER, password),
                    (TO_CLIENT, b"\x01\0"),
                    (TO_SERVER, &request),
                ],
            ),
        ),
        (
            "socks4",
            script(
                0x40,
                &[
                    (TO_SERVER, b"\x0d\x05\xc6\x33\x64\x09me\0"),
                    (TO_CLIENT, b"\0\x5a\0\0\0\0\0\0"),
                    (TO_SERVER, line),
                ],
            ),
        ),
        ("socks4a", script(0x40, &[(TO_SERVER, b"\x0d\x05\0\0\0\x01\0pool.example\0")])),
        (
            "proxy_v1",
            script(
                0x80,
                &[(TO_SERVER, &[b"4 192.0.2.7 198.51.100.9 50210 3333\r\n", line].concat())],
            ),
        ),
        ("proxy_v1_unknown", script(BARE, &[(TO_SERVER, b"PROXY UNKNOWN\r\n")])),
        ("proxy_v2", script(0xc0, &[(TO_SERVER, &[v2, line].concat())])),
        ("proxy_v2_local", script(0xc0, &[(TO_SERVER, b"\x20\0\0\0")])),
        ("proxy_v6", script(0x80, &[(TO_SERVER, b"6 2001:db8::7 2001:db8::9 50210 3333\r\n")])),
    ])
}

fn decode() -> Seeds {
    let end = |text: &str| text.parse::<SocketAddr>().expect("an address and a port");
    let (client, server) = (end("10.0.0.7:50210"), end("198.51.100.9:3333"));
    let (client6, server6) = (end("[2001:db8::7]:50210"), end("[2001:db8::9]:53"));
    let header = packet::Tcp { seq: 1, ack: 2, flags: packet::ACK };
    let tcp = packet::tcp(client, server, header, b"{}\n");
    let udp = packet::udp(client6, server6, b"hello");
    let small = packet::udp(client, server, b"x");
    let macs = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    let ethernet = |before: &[u8], kind: u16, rest: &[u8]| {
        [&macs[..], before, &kind.to_be_bytes(), rest].concat()
    };
    // The first byte is an index into the target's list of link types.
    let input = |link: u8, packets: &[&[u8]]| {
        let mut bytes = vec![link];
        for packet in packets {
            bytes.extend((packet.len() as u16).to_be_bytes());
            bytes.extend(*packet);
        }
        bytes
    };
    let frame = ethernet(&[], 0x0800, &tcp);
    let gre = packet::ip(client.ip(), server.ip(), 47, &[&[0, 0, 0x65, 0x58][..], &frame].concat());
    let vxlan = [&[8, 0, 0, 0, 0, 0, 5, 0][..], &frame].concat();
    let vxlan = packet::udp(client, end("198.51.100.9:4789"), &vxlan);
    let tunnel = |port: &str, header: &[u8], rest: &[u8]| {
        packet::udp(client, end(port), &[header, rest].concat())
    };
    let tzsp = tunnel("198.51.100.9:37008", &[1, 0, 0, 1, 10, 1, 0xc4, 0, 1], &frame);
    let l2tp = tunnel("198.51.100.9:1701", &[0, 2, 0, 7, 0, 9, 0xff, 3, 0, 0x21], &tcp);
    let l2tp3 = tunnel("198.51.100.9:1701", &[0, 3, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4], &frame);
    let mut fragments = [
        packet::ip(client.ip(), server.ip(), 17, &[1; 24]),
        packet::ip(client.ip(), server.ip(), 17, &[2; 8]),
    ];
    fragments[0][6] = 0x20;
    fragments[1][6] = 0;
    fragments[1][7] = 3;
    let sll = [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0][..], &tcp].concat();
    let radiotap = b"\0\0\x08\0\0\0\0\0\x08\x02\0\0\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x02\0\0\0\0\x03\0\0\xaa\xaa\x03\0\0\0\x08\0";
    named(vec![
        ("ethernet", input(0, &[&frame])),
        ("vlan", input(0x80, &[&ethernet(&[0x81, 0, 0, 7], 0x86dd, &udp)])),
        ("qinq", input(0, &[&ethernet(&[0x88, 0xa8, 0, 9, 0x81, 0, 0, 7], 0x0800, &small)])),
        ("mpls", input(0, &[&ethernet(&[], 0x8847, &[&[0, 0, 0x11, 0x40][..], &small].concat())])),
        (
            "pppoe",
            input(
                0,
                &[&ethernet(
                    &[],
                    0x8864,
                    &[&[0x11, 0, 0, 1, 0, small.len() as u8 + 2, 0, 0x21][..], &small].concat(),
                )],
            ),
        ),
        ("gre", input(0, &[&ethernet(&[], 0x0800, &gre)])),
        ("vxlan", input(11, &[&vxlan])),
        ("tzsp", input(11, &[&tzsp])),
        ("l2tp", input(11, &[&l2tp])),
        ("l2tp3", input(11, &[&l2tp3])),
        ("pflog", input(18, &[&[&[61][..], &[0; 63], &small].concat()])),
        (
            "avs",
            input(
                19,
                &[&[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 8][..], &radiotap[8..], &small].concat()],
            ),
        ),
        ("juniper", input(21, &[&[&b"MGC\x81\0\0"[..], &frame].concat()])),
        ("ppi", input(22, &[&[&[0, 0, 8, 0, 105, 0, 0, 0][..], &radiotap[8..], &small].concat()])),
        ("fragments", input(5, &[&fragments[0], &fragments[1]])),
        ("cooked", input(9, &[&sll])),
        (
            "cooked2",
            input(
                13,
                &[&[&[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], &tcp]
                    .concat()],
            ),
        ),
        ("radiotap", input(10, &[&[&radiotap[..], &small].concat()])),
        (
            "loopback",
            input(
                1,
                &[&[&[2, 0, 0, 0][..], &small].concat(), &[&[30, 0, 0, 0][..], &udp].concat()],
            ),
        ),
        ("ppp", input(2, &[&[&[0xff, 3, 0, 0x21][..], &small].concat()])),
        ("raw6", input(12, &[&udp])),
    ])
}

fn reassembly() -> Seeds {
    // Control, offset, length in units of 32 bytes; see `minewatch_fuzz::reassembly`.
    let input = |options: u8, records: &[(u8, u16, u8)]| {
        let mut bytes = vec![options];
        for (control, offset, length) in records {
            bytes.push(*control);
            bytes.extend(offset.to_be_bytes());
            bytes.push(*length);
        }
        bytes
    };
    const SYN: u8 = 4;
    const FIN: u8 = 8;
    const RST: u8 = 12;
    const CUT: u8 = 0x10;
    const TIME: u8 = 0x20;
    const ADVANCE: u8 = 0x40;
    let hello: &[(u8, u16, u8)] = &[(SYN, 0, 0), (SYN | TO_CLIENT, 0, 0)];
    let after = |rest: &[(u8, u16, u8)]| input(0, &[hello, rest].concat());
    named(vec![
        (
            "in_order",
            after(&[
                (0, 1, 2),
                (TO_CLIENT, 1, 3),
                (0, 65, 2),
                (FIN, 129, 0),
                (FIN | TO_CLIENT, 97, 0),
            ]),
        ),
        ("swapped", after(&[(0, 65, 2), (0, 1, 2), (0, 129, 1)])),
        ("repeated", after(&[(0, 1, 4), (0, 33, 6), (0, 1, 4)])),
        ("lost", after(&[(0, 1, 1), (0, 101, 1), (TIME | ADVANCE, 133, 200)])),
        ("acknowledged", after(&[(0, 101, 1), (TO_CLIENT, 1000, 1), (TIME, 133, 20)])),
        ("cut", after(&[(CUT, 1, 2), (0, 66, 2)])),
        ("reset", after(&[(0, 101, 1), (RST, 1, 0), (0, 1, 2)])),
        ("reused", after(&[(0, 1, 2), (SYN, 30_000, 0), (0, 30_001, 2)])),
        ("midstream", input(0, &[(TO_CLIENT, 500, 2), (0, 7, 2), (0, 71, 2)])),
        ("wrap", after(&[(0, 19_990, 2), (0, 20_054, 2)])),
        ("small", input(3, &[(SYN, 0, 0), (0, 100, 40), (0, 9000, 40), (2, 100, 40), (0, 1, 200)])),
        ("data_on_syn", input(0, &[(SYN, 0, 2), (SYN, 0, 2), (0, 65, 2)])),
    ])
}

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let targets = [
        ("decode", decode()),
        ("dns", dns()),
        ("http", http()),
        ("host_names", host_names()),
        ("quic", quic()),
        ("reassembly", reassembly()),
        ("socks", socks()),
        ("stratum", stratum()),
        ("tls", tls()),
        ("websocket", websocket()),
    ];
    for (target, seeds) in targets {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        for (name, bytes) in seeds {
            fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}
