//! Whole conversations in each dialect: what must be known at their end.

use minewatch::model::Direction;
use minewatch::model::event::mining::{Checksum, ConversationStage, Dialect, Shares, WalletState};

use crate::support::play::*;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        monero_from_login_to_shares,
        monero_logins_of_all_kinds,
        a_refused_login_stays_an_attempt_with_the_pools_words,
        a_login_that_switches_to_another_grammar_is_followed,
        a_miners_own_count_of_hashes_becomes_a_rate,
        redirects_and_keepalives_are_noted,
        bitcoin_from_configure_to_shares,
        scrypt_coins_count_fewer_hashes,
        the_currency_of_the_payout_tells_no_unit_of_difficulty,
        eth_proxy_tells_pushed_work_from_answers,
        eth_proxy_boundaries_without_leading_zeros_are_numbers,
        eth_work_over_http_takes_wallet_and_worker_from_the_target,
        ethereum_stratum_1_and_its_plain_variant,
        ethereum_stratum_2_consents_with_a_bare_id,
        equihash_with_the_port_as_text_and_a_long_share_in_pieces,
        kawpow_takes_the_target_of_the_job,
        kaspa_with_words_beyond_two_to_the_53,
        iron_fish_answers_with_methods,
        alephium_speaks_first_and_delivers_many_jobs_at_once,
        conflux_answers_with_text_in_lists,
        grin_answers_repeat_the_method,
        tari_shares_carry_numbers,
        aeternity_ergo_and_beam,
        browsers_mine_over_websocket,
        getwork_over_http,
        bitcoin_templates_climb_by_persistence,
        miner_data_of_a_node_without_waiting_transactions_is_an_answer,
        solo_mining_on_monerod,
    ]
}

fn shares(submitted: u64, accepted: u64, rejected: u64) -> Shares {
    Shares { submitted, accepted, rejected, unanswered: submitted - accepted - rejected }
}

fn monero_from_login_to_shares() {
    let session = play(&monero()).done();
    assert_eq!(session.dialect, Dialect::Monero);
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);
    assert_eq!(session.steps[0].detail, "login of 472jm2… with XMRig/6.26.0 (Linux x86_64)");
    assert_eq!(session.steps[1].detail, "pool accepted the login");
    assert_eq!(session.steps[2].detail, "job j1 at difficulty 10000");
    assert_eq!(session.steps[3].detail, "share submitted for job j1");
    assert_eq!(session.miner, Some(Direction::ToServer));
    assert_eq!(session.shares, shares(4, 2, 1));
    let wallet = session.wallet.unwrap();
    assert_eq!((wallet.address.as_str(), wallet.checksum), (XMR, Checksum::Valid));
    assert_eq!(session.worker.as_deref(), Some("build-07"));
    assert_eq!(session.rig_id.as_deref(), Some("build-07"));
    assert_eq!((session.coin.as_deref(), session.coin_reason), (Some("XMR"), Some("wallet")));
    assert_eq!(session.algorithm.as_deref(), Some("rx/0"));
    assert_eq!(session.algorithms, ["rx/0", "cn/r"]);
    assert_eq!(session.jobs, 2);
    assert_eq!(session.difficulty, Some(100.0));
    // The rejected share of job j1 does not count; the unanswered one of j2 does.
    assert_eq!((session.work.shares, session.work.hashes), (3, 10_200.0));
    assert_eq!(session.work.hashes_squared, 100_020_000.0);
    assert!(
        !session.one_way
            && !session.midstream
            && session.wallet_state != Some(WalletState::Hidden)
            && !session.donation
    );
}

fn monero_logins_of_all_kinds() {
    let job = format!(r#"{{"blob":"{}","job_id":"1","target":"69ba0000"}}"#, hex(1, 152));
    let login = |params: &str| format!(r#"{{"id":1,"method":"login","params":{params}}}"#);
    let reply = format!(
        r#"{{"id":1,"jsonrpc":"2.0","result":{{"id":"9f3a01bc","job":{job},"status":"OK"}}}}"#
    );

    // A proxy's user: nothing but the job proves it.
    let mut hidden = Play::new();
    hidden.c(&login(r#"{"login":"x","pass":"x"}"#));
    assert!(hidden.sink.0.is_empty(), "a bare login could be anybody's");
    let session = hidden.s(&reply).done();
    assert_eq!(rungs(&session), ["attempt", "session", "mining"]);
    assert_eq!(session.wallet_state, Some(WalletState::Hidden));

    // The wallet hides in the password, the method in escapes, the id in a string.
    let escaped = format!(
        r#"{{ "\u006dethod" : "login" ,"params":{{"pass":"w1:me@example.org:{XMR}","login":"x"}},"id":"1"}}"#
    );
    let session = Play::new().c(&escaped).s(&reply).done();
    assert_eq!(session.wallet.unwrap().address, XMR);
    assert_eq!(session.worker.as_deref(), Some("w1"));
    assert!(session.wallet_state != Some(WalletState::Hidden));

    // A donation round of XMRig.
    let donation = login(&format!(
        r#"{{"login":"{}","pass":"x","agent":"XMRig/6.26.0","url":"pool.example:3333","algo":["rx/0"]}}"#,
        hex(5, 64)
    ));
    let session = Play::new().c(&donation).s(&reply).done();
    assert!(
        session.donation
            && session.wallet.is_none()
            && session.wallet_state != Some(WalletState::Hidden)
    );

    // Two logins on one connection.
    let session = Play::new()
        .c(&login(&format!(r#"{{"login":"{XMR}","pass":"x"}}"#)))
        .c(&format!(r#"{{"id":2,"method":"login","params":{{"login":"{XMR}","pass":"x"}}}}"#))
        .done();
    assert_eq!(rungs(&session), ["attempt"]);
}

fn a_refused_login_stays_an_attempt_with_the_pools_words() {
    let session = Play::new()
        .c(&format!(r#"{{"id":1,"method":"login","params":{{"login":"{XMR}","pass":"x"}}}}"#))
        .s(r#"{"id":1,"jsonrpc":"2.0","error":{"code":-1,"message":"Invalid payment address provided"}}"#)
        .done();
    assert_eq!(rungs(&session), ["attempt"]);
    assert_eq!(session.refused.as_deref(), Some("Invalid payment address provided"));
    // An answer without a usable id belongs to the request that is open.
    let session = Play::new()
        .c(r#"{"id": 10, "method": "mining.subscribe", "params": ["cgminer/3.7.2"]}"#)
        .s(r#"{"id":10,"result":[[["mining.notify","01c26b4e"]],"01c26b4e",8],"error":null}"#)
        .c(r#"{"id": 23, "method": "mining.authorize", "params": ["Bitcoin", "x"]}"#)
        .s(r#"{"id":null,"result":null,"error":[201,"Unknown coin type",null]}"#)
        .done();
    assert_eq!(session.refused.as_deref(), Some("Unknown coin type"));
    assert_eq!(rungs(&session), ["attempt", "session"]);
}

fn a_login_that_switches_to_another_grammar_is_followed() {
    let session = Play::new()
        .c(&format!(r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{RVN}","pass":"x","agent":"XMRig/6.26.0","algo":["kawpow"]}}}}"#))
        .s(r#"{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"1f","algo":"kawpow","extra_nonce":"64290b"}}"#)
        .s(&kawpow_job())
        .c(&kawpow_submit(2))
        .s(r#"{"id":2,"result":true,"error":null}"#)
        .done();
    assert_eq!(session.dialect, Dialect::KawPow);
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);
    assert_eq!(session.shares, shares(1, 1, 0));
    assert_eq!(session.coin.as_deref(), Some("RVN"));
}

fn a_miners_own_count_of_hashes_becomes_a_rate() {
    let lines = monero();
    let mut play = play(&lines[..2]);
    for n in 0..3u64 {
        let count =
            format!(r#""params":{{"backend":"cpu","hashcount_total":{},"#, 1000 + n * 60_000);
        play.c(&lines[2].1.replacen("\"params\":{", &count, 1)).wait(60);
    }
    assert_eq!(play.done().reported_hashrate, Some(1000.0));
}

fn redirects_and_keepalives_are_noted() {
    let mut lines = monero();
    lines.push((false, r#"{"id":null,"jsonrpc":"2.0","method":"client.reconnect","params":["eu2.pool.example","5555"]}"#.into()));
    let session = play(&lines).done();
    assert_eq!(session.redirect, Some(("eu2.pool.example".into(), 5555)));
    assert_eq!(session.shares, shares(4, 2, 1));
}

fn bitcoin_from_configure_to_shares() {
    let session = play(&bitcoin()).done();
    assert_eq!(session.dialect, Dialect::Bitcoin);
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);
    assert_eq!(session.steps[2].detail, "job 8f8 at difficulty 4096");
    assert_eq!(session.shares, shares(3, 2, 1));
    assert_eq!(session.agent.as_deref(), Some("cgminer/4.12.1-beta"));
    assert_eq!(session.coin.as_deref(), Some("BTC"));
    assert_eq!(session.worker.as_deref(), Some("rig1"));
    // The second share on 8f8 was rejected; 8f9 came after the new difficulty.
    assert_eq!(session.work.hashes, (4096.0 + 8192.0) * 4_294_967_296.0);
}

fn scrypt_coins_count_fewer_hashes() {
    let lines: Vec<_> =
        bitcoin().into_iter().map(|(client, line)| (client, line.replace(BTC, LTC))).collect();
    let session = play(&lines).done();
    assert_eq!(session.coin.as_deref(), Some("LTC"));
    assert_eq!(session.work.hashes, (4096.0 + 8192.0) * 65_536.0);
}

fn the_currency_of_the_payout_tells_no_unit_of_difficulty() {
    for currency in ["BTC", "DOGE", "LTC"] {
        let password = format!(r#".rig1","c={currency}"]"#);
        let lines: Vec<_> = bitcoin()
            .into_iter()
            .map(|(client, line)| (client, line.replace(r#".rig1","x"]"#, &password)))
            .collect();
        let session = play(&lines).done();
        let coin = (session.coin.as_deref(), session.coin_reason);
        assert_eq!(coin, (Some(currency), Some("login")));
        assert_eq!((session.work.shares, session.difficulty), (0, Some(8192.0)));
    }
    // Where the dialect has but one unit, it stays known.
    let lines: Vec<_> = monero()
        .into_iter()
        .map(|(client, line)| (client, line.replace(r#""pass":"x""#, r#""pass":"c=DOGE""#)))
        .collect();
    let session = play(&lines).done();
    assert_eq!(session.coin.as_deref(), Some("DOGE"));
    assert_eq!(session.work.hashes, 10_200.0);
}

fn eth_proxy_tells_pushed_work_from_answers() {
    let session = play(&eth_proxy()).done();
    assert_eq!(session.dialect, Dialect::EthProxy);
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);
    assert_eq!(session.shares, shares(3, 1, 1));
    assert_eq!(session.jobs, 3);
    assert_eq!(session.reported_hashrate, Some(30_444_129.0));
    assert_eq!(session.worker.as_deref(), Some("rig1"));
    assert_eq!(session.coin.as_deref(), Some("ETC"), "Ethereum has no miners any more");
    assert_eq!(session.wallet.unwrap().address, ETH);
    assert_eq!(session.work.hashes, 2.0 * 8_589_934_592.0);
}

fn eth_proxy_boundaries_without_leading_zeros_are_numbers() {
    let session = Play::new()
        .c(&format!(r#"{{"id":1,"method":"eth_submitLogin","params":["{ETH}"]}}"#))
        .s(r#"{"id":1,"result":true}"#)
        .s(&format!(r#"{{"id":0,"result":["0x{}","0x{}","0x0112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52ba","0x492609"]}}"#, hex(1, 64), hex(2, 64)))
        .done();
    assert_eq!(session.difficulty, Some(4e9));
    assert_eq!(stage(&session), ConversationStage::WorkDelivered);
}

fn eth_work_over_http_takes_wallet_and_worker_from_the_target() {
    let ask = r#"{"id":1,"jsonrpc":"2.0","method":"eth_getWork"}"#;
    let work = format!(
        r#"{{"id":1,"jsonrpc":"2.0","result":["0x{}","0x{}","0x000000007fffffffffffffffffffffffffffffffffffffffffffffffffffffff"]}}"#,
        hex(1, 64),
        hex(2, 64)
    );
    let submit = format!(
        r#"{{"id":1,"method":"eth_submitWork","params":["0x{}","0x{}","0x{}"]}}"#,
        hex(3, 16),
        hex(1, 64),
        hex(4, 64)
    );
    let target = format!("/?miner=30@{ETH}@Rig");
    let session = Play::http()
        .post(&target, "ethminer", ask)
        .reply(&work)
        .post(&target, "ethminer", &submit)
        .reply(r#"{"id":1,"jsonrpc":"2.0","result":true}"#)
        .done();
    assert_eq!(stage(&session), ConversationStage::ShareSubmitted);
    assert_eq!(session.shares, shares(1, 1, 0));
    assert_eq!(session.wallet.unwrap().address, ETH);
    assert_eq!(session.worker.as_deref(), Some("Rig"));
}

fn ethereum_stratum_1_and_its_plain_variant() {
    let mut play = Play::new();
    play.c(r#"{"id":1,"method":"mining.subscribe","params":["ethminer-0.19.0","EthereumStratum/1.0.0"]}"#)
        .s(r#"{"id":1,"result":[["mining.notify","ae6812eb4cd7735a302a8a9dd95cf71f","EthereumStratum/1.0.0"],"080c"],"error":null}"#)
        .c(&format!(r#"{{"id":2,"method":"mining.authorize","params":["{ETH}.rig1","x"]}}"#))
        .s(r#"{"id":2,"result":true,"error":null}"#)
        .s(r#"{"id":null,"method":"mining.set_difficulty","params":[0.5]}"#)
        .s(&format!(r#"{{"id":null,"method":"mining.notify","params":["bf0488aa","{}","{}",true]}}"#, hex(1, 64), hex(2, 64)))
        .c(&format!(r#"{{"id":40,"method":"mining.submit","params":["{ETH}.rig1","bf0488aa","6a909d9bbc0f"]}}"#))
        .s(r#"{"id":40,"result":true,"error":null}"#);
    let session = play.done();
    assert_eq!(session.dialect, Dialect::EthStratum1);
    assert_eq!((session.shares, session.work.hashes), (shares(1, 1, 0), 2_147_483_648.0));
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);

    let session = Play::new()
        .c(r#"{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":[]}"#)
        .s(r#"{"jsonrpc":"2.0","id":1,"result":true}"#)
        .s(&format!(r#"{{"id":6,"jsonrpc":"2.0","params":["{0}","{0}","{1}","000000007fffffffffffffffffffffffffffffffffffffffffffffffffffffff",false],"method":"mining.notify"}}"#, hex(1, 64), hex(2, 64)))
        .c(&format!(r#"{{"id":40,"method":"mining.submit","params":["{ETH}","{0}","0x{1}","0x{0}","0x{2}"],"worker":"w"}}"#, hex(1, 64), hex(3, 16), hex(4, 64)))
        .s(r#"{"id":40,"result":true}"#)
        .done();
    assert_eq!(session.dialect, Dialect::EthStratum1);
    assert_eq!((session.shares, session.work.hashes), (shares(1, 1, 0), 8_589_934_592.0));
}

fn ethereum_stratum_2_consents_with_a_bare_id() {
    let session = Play::new()
        .c(r#"{"id":1,"method":"mining.hello","params":{"agent":"ethminer-0.19.0","host":"pool.example","port":"4d2","proto":"EthereumStratum/2.0.0"}}"#)
        .s(r#"{"id":1,"result":{"proto":"EthereumStratum/2.0.0","encoding":"plain","resume":"0","timeout":"b4","maxerrors":"5","node":"geth/v1.10"}}"#)
        .c(r#"{"id":3,"method":"mining.subscribe"}"#)
        .s(r#"{"id":3,"result":"s-12345"}"#)
        .c(&format!(r#"{{"id":2,"method":"mining.authorize","params":["{ETH}.rig1","x"]}}"#))
        .s(r#"{"id":2,"result":"w-123"}"#)
        .s(&format!(r#"{{"method":"mining.set","params":{{"epoch":"1a8","target":"00{}","algo":"ethash","extranonce":"af4c"}}}}"#, "f".repeat(62)))
        .s(&format!(r#"{{"method":"mining.notify","params":["bf0488aa","6526d5","{}","0"]}}"#, hex(1, 64)))
        .c(r#"{"id":40,"method":"mining.submit","params":["bf0488aa","68765fccd712","w-123"]}"#)
        .s(r#"{"id":40}"#)
        .c(r#"{"id":41,"method":"mining.submit","params":["bf0488aa","68765fccd713","w-123"]}"#)
        .s(r#"{"id":41,"error":{"code":406,"message":"Bad nonce"}}"#)
        .c(r#"{"id":9,"method":"mining.hashrate","params":["500000","w-123"]}"#)
        .done();
    assert_eq!(session.dialect, Dialect::EthStratum2);
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);
    assert_eq!(session.agent.as_deref(), Some("ethminer-0.19.0"));
    assert_eq!(session.shares, shares(2, 1, 1));
    assert_eq!(session.reported_hashrate, Some(f64::from(0x500000)));
    assert!((session.work.hashes - 256.0).abs() < 1e-6);
}

fn equihash_with_the_port_as_text_and_a_long_share_in_pieces() {
    let mut play = Play::new();
    play.c(r#"{"id": 1, "method": "mining.subscribe", "params": ["equihashminer", null, "zec.pool.example", "2142"]}"#)
        .c(&format!(r#"{{"id": 2, "method": "mining.authorize", "params": ["{ZEC}.rig1","x"]}}"#))
        .s(r#"{"id":1,"result":[null,"c208ec77000000000000000077ec08c1"],"error":null}"#)
        .s(&format!(r#"{{"id":null,"method":"mining.set_target","params":["003c{}"]}}"#, "3c".repeat(30)))
        .s(&format!(r#"{{"id":null,"method":"mining.notify","params":["39f2","04000000","{}","{}","{}","16ee7c58","83837b1c",true]}}"#, hex(1, 64), hex(2, 64), "0".repeat(64)))
        .s(r#"{"id":2,"result":true,"error":null}"#);
    let submit = format!(
        "{{\"id\": 4, \"method\": \"mining.submit\", \"params\": [\"{ZEC}.rig1\",\"39f2\",\"16ee7c58\",\"43040000000000000000000000000000\",\"fd4005{}\"]}}\r\n",
        hex(3, 2688)
    );
    for piece in submit.as_bytes().chunks(536) {
        play.data(Direction::ToServer, piece, 0);
    }
    let session = play.s(r#"{"id":4, "result":true, "error":null}"#).done();
    assert_eq!(session.dialect, Dialect::Equihash);
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);
    assert_eq!((session.shares, session.work.shares), (shares(1, 1, 0), 1));
    assert!((session.work.hashes - 1088.0).abs() < 1.0);
    assert_eq!(session.coin.as_deref(), Some("ZEC"));
}

fn kawpow_job() -> String {
    format!(
        r#"{{"id":null,"method":"mining.notify","params":["a3f1","{}","{}","00000000ffff{}",true,3301234,"1b00c3d1"]}}"#,
        hex(1, 64),
        hex(2, 64),
        "0".repeat(52)
    )
}

fn kawpow_submit(id: u64) -> String {
    format!(
        r#"{{"id":{id},"jsonrpc":"2.0","method":"mining.submit","params":["{RVN}.rig1","a3f1","0x64290b0000a1b2c3","0x{}","0x{}"]}}"#,
        hex(1, 64),
        hex(3, 64)
    )
}

fn kawpow_takes_the_target_of_the_job() {
    let session = Play::new()
        .c(r#"{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["XMRig/6.26.0 (Linux x86_64)"]}"#)
        .c(&format!(r#"{{"id":2,"jsonrpc":"2.0","method":"mining.authorize","params":["{RVN}.rig1","x"]}}"#))
        .s(r#"{"id":1,"result":[null,"64290b"],"error":null}"#)
        .s(&format!(r#"{{"id":null,"method":"mining.set_target","params":["00{}"]}}"#, "f".repeat(62)))
        .s(&kawpow_job())
        .s(r#"{"id":2,"result":true,"error":null}"#)
        .c(&kawpow_submit(3))
        .done();
    assert_eq!(session.dialect, Dialect::KawPow);
    assert_eq!(session.shares, shares(1, 0, 0));
    assert!((session.work.hashes / 4_295_032_833.0 - 1.0).abs() < 1e-6);
}

fn kaspa_with_words_beyond_two_to_the_53() {
    let session = Play::new()
        .c(r#"{"id":1,"method":"mining.subscribe","params":["lolMiner 1.85","EthereumStratum/1.0.0"]}"#)
        .s(r#"{"id":1,"jsonrpc":"2.0","result":[true,"EthereumStratum/1.0.0"],"error":null}"#)
        .s(r#"{"id":"","jsonrpc":"2.0","method":"set_extranonce","params":["0a1b"]}"#)
        .c(&format!(r#"{{"id":2,"method":"mining.authorize","params":["{KAS}.rig1","x"]}}"#))
        .s(r#"{"id":2,"result":true,"error":null}"#)
        .s(r#"{"id":null,"method":"mining.set_difficulty","params":[2]}"#)
        .s(r#"{"id":77,"jsonrpc":"2.0","method":"mining.notify","params":["77",[10183713458271629381,4493620124938762041,16820377321905481762,903371826350184422],1719393600123]}"#)
        .s(&format!(r#"{{"id":78,"jsonrpc":"2.0","method":"mining.notify","params":["78","{}"]}}"#, hex(1, 80)))
        .c(&format!(r#"{{"id":3,"method":"mining.submit","params":["{KAS}.rig1","77","0x0a1b00003f2c91d4"]}}"#))
        .s(r#"{"id":3,"result":true,"error":null}"#)
        .done();
    assert_eq!(session.dialect, Dialect::Kaspa);
    assert_eq!((session.shares, session.jobs), (shares(1, 1, 0), 2));
    assert_eq!(session.work.hashes, 2.0 * 4_294_967_296.0);
    assert_eq!(session.coin.as_deref(), Some("KAS"));
    assert_eq!(session.worker.as_deref(), Some("rig1"));
}

fn iron_fish_answers_with_methods() {
    let session = Play::new()
        .c(&format!(r#"{{"id":0,"method":"mining.subscribe","body":{{"version":3,"publicAddress":"{}","name":"rig1","agent":"bzminer"}}}}"#, hex(1, 64)))
        .s(r#"{"id":0,"method":"mining.subscribed","body":{"clientId":7,"xn":"1a2b"}}"#)
        .s(&format!(r#"{{"id":1,"method":"mining.set_target","body":{{"target":"0000{}"}}}}"#, "f".repeat(60)))
        .s(&format!(r#"{{"id":2,"method":"mining.notify","body":{{"miningRequestId":12,"header":"{}"}}}}"#, hex(2, 360)))
        .c(r#"{"id":1,"method":"mining.submit","body":{"miningRequestId":12,"randomness":"1a2b00000003f2c9"}}"#)
        .s(r#"{"id":3,"method":"mining.submitted","body":{"id":1,"result":true}}"#)
        .c(r#"{"id":2,"method":"mining.submit","body":{"miningRequestId":12,"randomness":"1a2b00000003f2ca"}}"#)
        .s(r#"{"id":4,"method":"mining.submitted","body":{"id":2,"result":false,"message":"stale"}}"#)
        .done();
    assert_eq!(session.dialect, Dialect::IronFish);
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);
    assert_eq!((session.shares, session.work.hashes), (shares(2, 1, 1), 65_536.0));
    let wallet = session.wallet.unwrap();
    assert_eq!((wallet.address, wallet.coins), (hex(1, 64), vec!["IRON"]));
    assert_eq!(
        (session.worker.as_deref(), session.agent.as_deref()),
        (Some("rig1"), Some("bzminer"))
    );
    assert!(!session.donation);
}

fn alephium_speaks_first_and_delivers_many_jobs_at_once() {
    let job = |n: u64| {
        format!(
            r#"{{"jobId":"{n:08x}","fromGroup":{},"toGroup":{},"headerBlob":"{}","txsBlob":"","targetBlob":"{}","height":{}}}"#,
            n / 4,
            n % 4,
            hex(n, 80),
            hex(7, 8),
            2000 + n
        )
    };
    let jobs: Vec<_> = (0..16).map(job).collect();
    let session = Play::new()
        .s(r#"{"id":null,"method":"mining.set_difficulty","params":[4]}"#)
        .c(r#"{"id":1,"method":"mining.subscribe","params":["bzminer"]}"#)
        .s(r#"{"id":1,"result":"0a1b","error":null}"#)
        .c(r#"{"id":2,"method":"mining.authorize","params":["account.rig","x"]}"#)
        .s(r#"{"id":2,"result":true,"error":null}"#)
        .s(&format!(r#"{{"id":null,"method":"mining.notify","params":[{}]}}"#, jobs.join(",")))
        .c(&format!(r#"{{"id":3,"method":"mining.submit","params":{{"jobId":"00000003","fromGroup":0,"toGroup":3,"nonce":"{}","worker":"rig"}}}}"#, hex(1, 48)))
        .s(r#"{"id":3,"result":true,"error":null}"#)
        .done();
    assert_eq!(session.dialect, Dialect::Alephium);
    assert_eq!((session.shares, session.jobs), (shares(1, 1, 0), 1));
    assert_eq!(session.work.hashes, 4.0 * f64::powi(2.0, 30));
}

fn conflux_answers_with_text_in_lists() {
    let session = Play::new()
        .c(r#"{"jsonrpc":"2.0","id":1,"method":"mining.subscribe","params":["cfx:aarc9abycue0hhzgyrr53m6cxedgccrmmyybjgh4xg.rig","secret"]}"#)
        .s(r#"{"jsonrpc":"2.0","id":1,"result":"true"}"#)
        .s(&format!(r#"{{"jsonrpc":"2.0","id":5,"method":"mining.notify","params":["0x{0}","0x{0}","0xffffffffffffffffffffffffffffffffffffffffffffffffffffff"]}}"#, hex(1, 64)))
        .c(&format!(r#"{{"jsonrpc":"2.0","id":2,"method":"mining.submit","params":["rig","0x{0}","0x42","0x{0}"]}}"#, hex(1, 64)))
        .s(r#"{"jsonrpc":"2.0","id":2,"result":["true"]}"#)
        .c(&format!(r#"{{"jsonrpc":"2.0","id":3,"method":"mining.submit","params":["rig","0x{0}","0x43","0x{0}"]}}"#, hex(1, 64)))
        .s(r#"{"jsonrpc":"2.0","id":3,"result":["false","stale job"]}"#)
        .done();
    assert_eq!(session.dialect, Dialect::Conflux);
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);
    assert_eq!(session.shares, shares(2, 1, 1));
    assert_eq!(session.coin.as_deref(), Some("CFX"));
}

fn grin_answers_repeat_the_method() {
    let cycle = (0..42).map(|n| (n * 1000).to_string()).collect::<Vec<_>>().join(",");
    let session = Play::new()
        .c(r#"{"id":"0","jsonrpc":"2.0","method":"login","params":{"login":"user.rig1","pass":"x","agent":"grin-miner"}}"#)
        .s(r#"{"id":"0","jsonrpc":"2.0","method":"login","result":"ok","error":null}"#)
        .c(r#"{"id":"0","jsonrpc":"2.0","method":"getjobtemplate","params":null}"#)
        .s(&format!(r#"{{"id":"0","jsonrpc":"2.0","method":"getjobtemplate","result":{{"difficulty":1,"height":2901233,"job_id":2,"pre_pow":"{}"}},"error":null}}"#, hex(1, 482)))
        .s(&format!(r#"{{"id":"Stratum","jsonrpc":"2.0","method":"job","params":{{"difficulty":1,"height":2901234,"job_id":3,"pre_pow":"{}"}}}}"#, hex(1, 482)))
        .c(&format!(r#"{{"id":"0","jsonrpc":"2.0","method":"submit","params":{{"edge_bits":32,"height":2901234,"job_id":3,"nonce":8895699060858340771,"pow":[{cycle}]}}}}"#))
        .s(r#"{"id":"0","jsonrpc":"2.0","method":"submit","result":"ok","error":null}"#)
        .c(&format!(r#"{{"id":"0","jsonrpc":"2.0","method":"submit","params":{{"edge_bits":32,"height":2901234,"job_id":3,"nonce":1,"pow":[{cycle}]}}}}"#))
        .s(r#"{"id":"0","jsonrpc":"2.0","method":"submit","result":null,"error":{"code":-32503,"message":"Solution submitted too late"}}"#)
        .done();
    assert_eq!(session.dialect, Dialect::Grin);
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);
    assert_eq!((session.shares, session.jobs), (shares(2, 1, 1), 2));
    assert_eq!(session.work.shares, 0, "cycles are no hashes");
}

fn tari_shares_carry_numbers() {
    let session = Play::new()
        .c(r#"{"id":"0","jsonrpc":"2.0","method":"login","params":{"login":"wallet","pass":"x","agent":"minotari-miner"}}"#)
        .s(&format!(r#"{{"id":"0","jsonrpc":"2.0","result":{{"id":"s1","job":{{"job_id":"5","blob":"{}","target":"ffffffffffff0300","height":7}},"status":"OK"}},"error":null}}"#, hex(1, 64)))
        .c(&format!(r#"{{"id":"1","jsonrpc":"2.0","method":"submit","params":{{"id":"s1","job_id":5,"nonce":8895699060858340771,"hash":"{}"}}}}"#, hex(2, 64)))
        .s(r#"{"id":"1","jsonrpc":"2.0","result":{"status":"OK"},"error":null}"#)
        .done();
    assert_eq!(session.dialect, Dialect::Tari);
    assert_eq!((session.shares, session.work.hashes), (shares(1, 1, 0), 16_384.0));
}

fn aeternity_ergo_and_beam() {
    let cycle = (0..42).map(|n| format!("\"{n:x}\"")).collect::<Vec<_>>().join(",");
    let session = Play::new()
        .c(r#"{"id":1,"method":"mining.subscribe","params":["gminer/2.09",null,"ae.pool.example",3333]}"#)
        .s(r#"{"id":1,"result":[null,"0a1b2c"],"error":null}"#)
        .s(&format!(r#"{{"id":null,"method":"mining.set_target","params":["000f{}"]}}"#, "f".repeat(60)))
        .s(&format!(r#"{{"id":null,"method":"mining.notify","params":["1","{}",true]}}"#, hex(1, 64)))
        .c(&format!(r#"{{"id":2,"method":"mining.submit","params":["ak_user.w","1","0011223344",[{cycle}]]}}"#))
        .s(r#"{"id":2,"result":true,"error":null}"#)
        .done();
    assert_eq!((session.dialect, session.shares), (Dialect::Aeternity, shares(1, 1, 0)));

    let bound = "28948022309329048855892746252171976963209391069768726095651290785380";
    let session = Play::new()
        .c(r#"{"id":1,"method":"mining.subscribe","params":["lolMiner 1.76"]}"#)
        .s(r#"{"id":1,"result":[null,"0a1b",6],"error":null}"#)
        .c(r#"{"id":2,"method":"mining.authorize","params":["9fRAWhdxEsTcdb8PhGNrZfwqa65zfkuYHAMmkQLcic1gdLSV5vA.w","x"]}"#)
        .s(r#"{"id":2,"result":true,"error":null}"#)
        .s(r#"{"id":null,"method":"mining.set_difficulty","params":[4]}"#)
        .s(&format!(r#"{{"id":null,"method":"mining.notify","params":["9","1200345","{}","","",2,"{bound}","",true]}}"#, hex(1, 64)).replace("\"1200345\"", "1200345"))
        .c(r#"{"id":3,"method":"mining.submit","params":["9fRA.w","9","0011223344","","0a1b0011223344"]}"#)
        .s(r#"{"id":3,"result":true,"error":null}"#)
        .done();
    assert_eq!((session.dialect, session.shares), (Dialect::Ergo, shares(1, 1, 0)));
    assert!((session.work.hashes / 1e9 - 1.0).abs() < 1e-3, "{}", session.work.hashes);

    let session = Play::new()
        .c(r#"{"method":"login","api_key":"skjdb7343636gucgjdjgd","id":"login","jsonrpc":"2.0"}"#)
        .s(r#"{"method":"result","code":0,"description":"Login successful","id":"login","nonceprefix":"ab4e3a"}"#)
        .s(&format!(r#"{{"method":"job","id":"212","input":"{}","difficulty":3441671469,"height":7}}"#, hex(1, 64)))
        .c(&format!(r#"{{"method":"solution","id":"212","nonce":"0bb11009afc29dbe","output":"{}"}}"#, hex(2, 208)))
        .s(r#"{"method":"result","code":1,"description":"accepted","id":"212"}"#)
        .done();
    assert_eq!((session.dialect, session.shares), (Dialect::Beam, shares(1, 1, 0)));
    assert_eq!(rungs(&session), ["attempt", "mining", "active"]);
}

fn browsers_mine_over_websocket() {
    let mut play = Play::new();
    let (client, server) = (Direction::ToServer, Direction::ToClient);
    let job =
        format!(r#"{{"job_id":"318475093127","blob":"{}","target":"ffffff00"}}"#, hex(1, 152));
    play.message(client, r#"{"type":"auth","params":{"version":7,"site_key":"aZ3kQ9mT1xVb7Yp0LrEw5UhNs2JcGdOf","type":"anonymous","user":null,"goal":0}}"#)
        .message(server, r#"{"type":"authed","params":{"token":"","hashes":0}}"#)
        .message(server, &format!(r#"{{"type":"job","params":{job}}}"#))
        .message(client, &format!(r#"{{"type":"submit","params":{{"version":7,"job_id":"318475093127","nonce":"6a3f0a5c","result":"{}"}}}}"#, hex(2, 64)))
        .message(server, r#"{"type":"hash_accepted","params":{"hashes":256}}"#);
    let session = play.done();
    assert_eq!(session.dialect, Dialect::Browser);
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);
    assert_eq!((session.shares, session.work.hashes), (shares(1, 1, 0), 256.0));
    assert_eq!(session.wallet_state, Some(WalletState::Hidden));

    let mut play = Play::new();
    play.message(client, &format!(r#"{{"identifier":"handshake","pool":"moneroocean.stream","login":"{XMR}","password":"","userid":"","version":8}}"#))
        .message(server, &format!(r#"{{"identifier":"job","job_id":"j","algo":"cn","variant":4,"height":5,"blob":"{}","target":"ffffff00"}}"#, hex(1, 152)))
        .message(client, &format!(r#"{{"identifier":"solved","job_id":"j","nonce":"6a3f0a5c","result":"{}"}}"#, hex(2, 64)))
        .message(server, r#"{"identifier":"hashsolved"}"#);
    let session = play.done();
    assert_eq!((session.dialect, session.shares), (Dialect::Browser, shares(1, 1, 0)));
    assert_eq!(session.wallet.unwrap().address, XMR);

    let mut play = Play::new();
    play.message(client, r#"{"message":"register","mode":"nano","address":"NQ07 0000 0000 0000 0000 0000 0000 0000 0000","deviceId":7,"genesisHash":"Jkqvik+YKKdsVQY12geOtGYwahifzANxC+6fZJyGnRI="}"#)
        .message(server, r#"{"message":"registered"}"#)
        .message(server, r#"{"message":"settings","address":"NQ07","extraData":"x","target":"0","nonce":1}"#)
        .message(client, r#"{"message":"share","block":"AAE="}"#);
    let session = play.done();
    assert_eq!((session.dialect, session.shares), (Dialect::Nimiq, shares(1, 0, 0)));
    assert_eq!(stage(&session), ConversationStage::ShareSubmitted);
}

fn getwork_over_http() {
    let data = hex(1, 256);
    let rolled = format!("{}{}{}", &data[..136], hex(9, 24), &data[160..]);
    let ask = r#"{"method": "getwork", "params": [], "id":0}"#;
    let session = Play::http()
        .post("/", "cgminer 3.7.2", ask)
        .reply(&format!(r#"{{"id":0,"error":null,"result":{{"data":"{data}","target":"{}00000000","midstate":"{}"}}}}"#, "f".repeat(56), hex(3, 64)))
        .post("/", "cgminer 3.7.2", &format!(r#"{{"method": "getwork", "params": ["{rolled}"], "id":1}}"#))
        .reply(r#"{"id":1,"result":true,"error":null}"#)
        .done();
    assert_eq!((session.dialect, session.shares), (Dialect::GetWork, shares(1, 1, 0)));
    assert!((session.work.hashes - 4_294_967_296.0).abs() < 2.0);
    assert_eq!(session.agent.as_deref(), Some("cgminer 3.7.2"));
}

fn template() -> String {
    format!(
        r#"{{"id":0,"error":null,"result":{{"previousblockhash":"{}","bits":"17034219","target":"00000000{}","coinbasevalue":312500000,"height":880001,"transactions":[],"longpollid":"x"}}}}"#,
        hex(1, 64),
        "f".repeat(56)
    )
}

fn bitcoin_templates_climb_by_persistence() {
    let ask = r#"{"id": 0, "method": "getblocktemplate", "params": [{"capabilities": ["coinbasetxn", "workid", "coinbase/append"]}]}"#;
    let long_poll = format!(
        r#"{{"id":1,"method":"getblocktemplate","params":[{{"capabilities":["longpoll"],"rules":["segwit"],"longpollid":"{}"}}]}}"#,
        hex(2, 66)
    );
    let block = format!(r#"{{"id":2,"method":"submitblock","params":["{}"]}}"#, hex(3, 1288));
    let mut play = Play::http();
    assert_eq!(rungs(play.post("/", "cgminer 3.7.2", ask).sink.0.last().unwrap()), ["attempt"]);
    assert_eq!(rungs(play.reply(&template()).sink.0.last().unwrap()), ["attempt", "session"]);
    play.post("/", "cgminer 3.7.2", &long_poll).reply(&template().replace("\"id\":0", "\"id\":1"));
    assert_eq!(rungs(play.sink.0.last().unwrap()), ["attempt", "session", "mining"]);
    let session = play
        .post("/", "cgminer 3.7.2", &block)
        .reply(r#"{"id":2,"result":null,"error":null}"#)
        .post("/", "cgminer 3.7.2", &block.replace("\"id\":2", "\"id\":3"))
        .reply(r#"{"id":3,"result":"duplicate","error":null}"#)
        .done();
    assert_eq!((session.dialect, session.shares), (Dialect::GetBlockTemplate, shares(2, 1, 1)));
}

fn miner_data_of_a_node_without_waiting_transactions_is_an_answer() {
    let ask = r#"{"jsonrpc":"2.0","id":"0","method":"get_miner_data"}"#;
    let answer = format!(
        r#"{{"id":"0","jsonrpc":"2.0","result":{{"already_generated_coins":18446744073709551615,"difficulty":"0x1f4a2c9d80","height":3412345,"major_version":16,"median_weight":300000,"prev_id":"{}","seed_hash":"{}","status":"OK","untrusted":false}}}}"#,
        hex(1, 64),
        hex(2, 64)
    );
    let session = Play::http().post("/json_rpc", "", ask).reply(&answer).done();
    assert_eq!(rungs(&session), ["attempt", "session"]);
    assert_eq!(session.difficulty, Some(134_388_424_064.0));
}

fn solo_mining_on_monerod() {
    let ask = format!(
        r#"{{"id":1,"jsonrpc":"2.0","method":"getblocktemplate","params":{{"wallet_address":"{XMR}","extra_nonce":"9c1f4be20a7d3355"}}}}"#
    );
    let answer = format!(
        r#"{{"id":1,"jsonrpc":"2.0","result":{{"blockhashing_blob":"{}","blocktemplate_blob":"{}","difficulty":512345678901,"height":3412345,"prev_hash":"{}","seed_hash":"{}","status":"OK"}}}}"#,
        hex(1, 152),
        hex(2, 232),
        hex(3, 64),
        hex(4, 64)
    );
    let session = Play::http().post("/json_rpc", "XMRig/6.26.0", &ask).reply(&answer).done();
    assert_eq!(rungs(&session), ["attempt", "session", "mining"]);
    assert_eq!(session.wallet.unwrap().address, XMR);
    assert_eq!(session.coin.as_deref(), Some("XMR"));
    assert_eq!(session.difficulty, Some(512_345_678_901.0));
    // Without the name of a mining program, one template is no work.
    let session =
        Play::http().post("/json_rpc", "python-requests/2.31", &ask).reply(&answer).done();
    assert_eq!(rungs(&session), ["attempt", "session"]);
    let aux = format!(
        r#"{{"jsonrpc":"2.0","id":"0","method":"merge_mining_get_aux_block","params":{{"address":"{XMR}","aux_hash":"{}","height":3412345,"prev_id":"{}"}}}}"#,
        hex(1, 64),
        hex(2, 64)
    );
    assert_eq!(rungs(&Play::http().post("/json_rpc", "", &aux).done()), ["attempt"]);
}
