//! Relatives of known dialects: other names, orders, counts and addresses. They are read, or told
//! as unknown; nothing is claimed that only the known dialect has.

use minewatch::model::Direction;
use minewatch::model::event::mining::{
    ConversationStage, Dialect, MiningSession, Shares, WalletState,
};

use crate::support::play::{ETH, KAS, Play, ZEC};
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        three_arguments_of_a_share_prove_no_dialect,
        named_arguments_of_an_unknown_coin_are_read_without_a_login,
        named_arguments_are_found_by_what_they_mean,
        renamed_work_calls_tell_no_coin,
        an_address_in_an_unknown_format_leaves_the_coin_open,
        a_node_of_dero_is_read_and_its_coin_left_open,
        a_valid_wallet_of_another_dialect_contradicts,
    ]
}

fn hex(seed: u64, digits: usize) -> String {
    let text = format!("{:016x}", seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    text.chars().cycle().take(digits).collect()
}

fn stage(session: &MiningSession) -> Option<ConversationStage> {
    session.stage()
}

const ACTIVE: Option<ConversationStage> = Some(ConversationStage::ShareSubmitted);

/// A conversation with three-argument shares and jobs that no grammar knows.
fn three_arguments(user: &str, nonce: &str) -> MiningSession {
    Play::new()
        .c(r#"{"id":1,"method":"mining.subscribe","params":["newminer/1.0","EthereumStratum/1.0.0"]}"#)
        .s(r#"{"id":1,"result":[null,"0a1b"],"error":null}"#)
        .c(&format!(r#"{{"id":2,"method":"mining.authorize","params":["{user}","x"]}}"#))
        .s(r#"{"id":2,"result":true,"error":null}"#)
        .s(r#"{"id":null,"method":"mining.set_difficulty","params":[50000]}"#)
        .s(&format!(r#"{{"id":null,"method":"mining.notify","params":["7f","{}",17,"newhash"]}}"#, hex(1, 60)))
        .c(&format!(r#"{{"id":3,"method":"mining.submit","params":["{user}","7f","{nonce}"]}}"#))
        .s(r#"{"id":3,"result":true,"error":null}"#)
        .done()
}

fn three_arguments_of_a_share_prove_no_dialect() {
    for nonce in ["7a4a9b03d287d34f", "0x7a4a9b03d287d34f"] {
        let session = three_arguments("account.rig1", nonce);
        assert_eq!((stage(&session), session.shares.accepted), (ACTIVE, 1), "{nonce}");
        assert_eq!((session.coin.as_deref(), session.work.shares), (None, 0), "{nonce}");
        assert_eq!(session.difficulty, Some(50_000.0));
    }
}

fn named_arguments_of_an_unknown_coin_are_read_without_a_login() {
    let job = format!(
        r#"{{"method":"mining.notify","params":{{"extra":[1],"shareTarget":"0000{}","Header-Hash":"{}","jobId":"a7"}}}}"#,
        "f".repeat(60),
        hex(1, 64)
    );
    let session = Play::new()
        .s(&job)
        .c(r#"{"params":{"fullNonce":"00112233445566aa","job_id":"a7","worker":"w"},"id":"x9","method":"mining.submit"}"#)
        .s(r#"{"id":"x9","result":true}"#)
        .done();
    let shares = Shares { submitted: 1, accepted: 1, ..Shares::default() };
    assert_eq!((stage(&session), session.shares), (ACTIVE, shares));
    assert_eq!((session.dialect, session.coin), (Dialect::Unknown, None));
    assert_eq!(session.work.hashes, 65_536.0, "a full target has no unit");
}

fn named_arguments_are_found_by_what_they_mean() {
    let session = Play::new()
        .c(&format!(
            r#"{{"method":"mining.authorize","id":7,"params":{{"unknown":null,"rigName":"r1","user_agent":"newminer/2","address":"{KAS}","password":"x"}}}}"#
        ))
        .s(r#"{"id":7,"result":true}"#)
        .done();
    assert_eq!(session.wallet.unwrap().address, KAS);
    let worker = (session.worker.as_deref(), session.agent.as_deref());
    assert_eq!(worker, (Some("r1"), Some("newminer/2")));
}

fn renamed_work_calls_tell_no_coin() {
    let session = Play::new()
        .c(&format!(r#"{{"id":1,"method":"neo_submitLogin","params":["{ETH}"]}}"#))
        .s(r#"{"id":1,"result":true}"#)
        .c(r#"{"id":2,"method":"neo_getWork","params":[]}"#)
        .s(&format!(
            r#"{{"id":2,"result":["0x{}","0x{}","0x000000007fffffffffffffffffffffffffffffffffffffffffffffffffffffff"]}}"#,
            hex(1, 64),
            hex(2, 64)
        ))
        .c(&format!(
            r#"{{"id":3,"method":"neo_submitWork","params":["0x{}","0x{}","0x{}"]}}"#,
            hex(3, 16),
            hex(1, 64),
            hex(4, 64)
        ))
        .s(r#"{"id":3,"result":true}"#)
        .done();
    assert_eq!((session.dialect, stage(&session)), (Dialect::WorkCalls, ACTIVE));
    assert_eq!((session.coin, session.coin_reason), (None, Some("several")));
    assert!(session.coins.len() > 1);
    assert_eq!(session.shares.accepted, 1);
}

fn equihash(user: &str) -> MiningSession {
    Play::new()
        .c(r#"{"id":1,"method":"mining.subscribe","params":["lolMiner 1.9"]}"#)
        .s(r#"{"id":1,"result":[null,"c208ec77"],"error":null}"#)
        .c(&format!(r#"{{"id":2,"method":"mining.authorize","params":["{user}","x"]}}"#))
        .s(r#"{"id":2,"result":true,"error":null}"#)
        .s(r#"{"id":null,"method":"mining.set_difficulty","params":[16]}"#)
        .s(&format!(
            r#"{{"id":null,"method":"mining.notify","params":["39f2","04000000","{}","{}","{}","16ee7c58","83837b1c",true]}}"#,
            hex(1, 64),
            hex(2, 64),
            "0".repeat(64)
        ))
        .c(&format!(
            r#"{{"id":4,"method":"mining.submit","params":["{user}","39f2","16ee7c58","4304","fd4005{}"]}}"#,
            hex(3, 2688)
        ))
        .s(r#"{"id":4,"result":true,"error":null}"#)
        .done()
}

fn an_address_in_an_unknown_format_leaves_the_coin_open() {
    let session = equihash("QzctAprRUirR9aZ415EeH4eFtYkSmJA3yjLeW22nn.w");
    assert_eq!((session.dialect, stage(&session)), (Dialect::Equihash, ACTIVE));
    assert_eq!(session.wallet_state, Some(WalletState::UnknownFormat));
    assert_eq!((session.coin, session.coin_reason), (None, Some("several")));
    assert_eq!(session.work.shares, 0, "the unit of difficulty is Zcash's alone");
    let session = equihash(&format!("{ZEC}.w"));
    assert_eq!((session.coin.as_deref(), session.work.hashes), (Some("ZEC"), 16.0 * 8192.0));
}

fn a_node_of_dero_is_read_and_its_coin_left_open() {
    let mut play = Play::new();
    let work = hex(1, 96);
    play.message(
        Direction::ToClient,
        &format!(r#"{{"jobid":"1700.0","blockhashing_blob":"{work}","difficulty":"27000","height":7,"prev_hash":"","lasterror":""}}"#),
    );
    play.message(Direction::ToServer, &format!(r#"{{"jobid":"1700.0","mbl_blob":"{work}"}}"#));
    let session = play.done();
    assert_eq!((session.dialect, session.shares.submitted), (Dialect::GetWorkWs, 1));
    assert_eq!((session.coin, session.coins), (None, vec!["XEL".to_owned(), "DERO".into()]));
    assert_eq!(session.work.hashes, 27_000.0);
}

fn a_valid_wallet_of_another_dialect_contradicts() {
    let session = equihash(&format!("{KAS}.w"));
    assert_eq!((session.coin, session.coin_reason), (None, Some("contradiction")));
    assert!(session.coins.is_empty());
    assert_eq!(session.work.shares, 0);
}
