//! The program from outside: exit codes, formats, and output that depends on nothing but the input.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use assert_cmd::Command;
use minewatch_generator::matrix;

use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        the_sample_names_the_server_the_pool_and_the_wallet,
        threads_pipes_and_repetition_change_no_byte,
        an_alert_comes_while_the_pipe_is_still_open,
        input_that_is_not_whole_is_told_and_the_rest_is_analysed,
        wrong_usage_is_2_a_missing_file_1_and_a_wrong_configuration_78,
        the_built_in_configuration_is_good_and_the_shipped_file_says_the_same,
        intelligence_can_be_asked_and_checked,
        a_reader_that_leaves_is_no_failure,
        standard_error_that_nobody_reads_changes_neither_exit_code_nor_output,
        a_replay_that_a_signal_ends_says_that_its_input_was_not_read_to_the_end,
        a_renamed_output_file_gets_a_successor_on_sighup,
    ]
}

fn minewatch() -> Command {
    Command::new(env!("CARGO_BIN_EXE_minewatch"))
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps").join(name)
}

fn output(command: &mut Command) -> (i32, String, String) {
    let output = command.output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

fn the_sample_names_the_server_the_pool_and_the_wallet() {
    let capture = sample("server-49.pcap");
    let (code, alerts, summary) =
        output(minewatch().args(["replay", "--format", "native"]).arg(&capture));
    assert_eq!(code, 0, "{summary}");
    let last = alerts.lines().last().expect("an alert");
    let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
    assert_eq!((&last["verdict"], &last["state"]), (&"active".into(), &"closed".into()));
    assert_eq!(last["pool"]["domain"], "pool.supportxmr.com");
    assert_eq!(last["pool"]["ip"], "91.121.140.167");
    assert!(last["host"]["ip"].as_str().is_some_and(|ip| ip.ends_with(".49")), "{last}");
    for word in [".49", "active", "pool.supportxmr.com", "XMR"] {
        assert!(summary.contains(word), "{word} is not in\n{summary}");
    }
}

fn threads_pipes_and_repetition_change_no_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    matrix::write(folder.path(), &matrix::golden()).expect("captures");
    let run = |threads: &str| {
        let (code, records, told) = output(
            minewatch()
                .args(["replay", "--events", "dns,tls,quic,http,flow", "--format", "native"])
                .args(["--summary", "none", "--threads", threads])
                .arg(folder.path()),
        );
        assert_eq!(code, 0, "{told}");
        records
    };
    let expected = run("1");
    assert!(expected.lines().count() > 100);
    for threads in ["1", "2", "3", "4"] {
        assert!(run(threads) == expected, "{threads} threads");
    }
    let capture = sample("server-49.pcap");
    let from_file = output(minewatch().args(["replay", "--summary", "none"]).arg(&capture)).1;
    let from_pipe = output(
        minewatch()
            .args(["replay", "--summary", "none", "-"])
            .pipe_stdin(&capture)
            .expect("readable"),
    );
    assert_eq!(from_pipe.1, from_file);
}

fn an_alert_comes_while_the_pipe_is_still_open() {
    let capture = std::fs::read(sample("server-49.pcap")).expect("a sample");
    for threads in ["1", "2", "4"] {
        let mut sensor = std::process::Command::new(env!("CARGO_BIN_EXE_minewatch"))
            .args(["replay", "-", "--threads", threads, "--summary", "none"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut pipe = sensor.stdin.take().expect("a pipe");
        pipe.write_all(&capture).expect("the sensor reads");
        let mut alert = String::new();
        // A sensor that waits for more would have this wait for ever.
        BufReader::new(sensor.stdout.take().expect("a pipe")).read_line(&mut alert).expect("UTF-8");
        assert!(alert.contains("pool.supportxmr.com"), "{threads} threads: {alert}");
        drop(pipe);
        sensor.wait().expect("it ends");
    }
}

fn input_that_is_not_whole_is_told_and_the_rest_is_analysed() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = std::fs::read(sample("server-49.pcap")).expect("readable");
    let cut = folder.path().join("cut.pcap");
    std::fs::write(&cut, &whole[..whole.len() - 5]).expect("written");
    let (code, alerts, told) = output(minewatch().arg("replay").arg(&cut));
    assert_eq!(code, 3);
    assert!(alerts.contains("\"alert\"") && told.contains("truncated"), "{told}");
    let strange = folder.path().join("strange.pcap");
    std::fs::write(&strange, [&whole[..20], &[0xbb, 0, 0, 0], &whole[24..]].concat())
        .expect("written");
    let (code, _, told) = output(minewatch().arg("replay").arg(&strange));
    assert_eq!(code, 3);
    assert!(told.contains("link type 187"), "{told}");
    let text = folder.path().join("text.pcap");
    std::fs::write(&text, "no capture").expect("written");
    let (code, _, told) = output(minewatch().args(["replay", "--summary", "none"]).arg(&text));
    assert_eq!(code, 3);
    assert!(told.contains("not a capture file"), "{told}");
}

fn wrong_usage_is_2_a_missing_file_1_and_a_wrong_configuration_78() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("site.toml");
    std::fs::write(&config, "[alerts]\nprobe_pools = 1\n").expect("written");
    let config = config.display().to_string();
    for (arguments, code, words) in [
        (vec!["replay"], 2, "PATH"),
        (vec!["replay", "--format", "xml", "x"], 2, "eve or native"),
        (vec!["replay", "--events", "smtp", "x"], 2, "dns, tls, quic, http or flow"),
        (vec!["replay", "--threads", "0", "x"], 2, "1..=63"),
        (vec!["replay", "--home-net", "10.0.0.0/99", "x"], 2, "10.0.0.0/8"),
        (vec!["replay", "--filter", "tcp prot 1", "x"], 2, "pcap-filter"),
        (vec!["replay", "no/such/file"], 1, "no such file"),
        (vec!["run", "-i", "nosuch0"], 1, "nosuch0"),
        (vec!["run"], 2, "minewatch interfaces"),
        (vec!["check", "-c", &config], 78, "site.toml:2:15"),
        (vec!["replay", "-c", &config, "x"], 78, "site.toml:2:15"),
        (vec!["check", "-c", "no/such.toml"], 78, "no/such.toml"),
        (vec!["replay", "--intel", "no/such.txt", "x"], 78, "no/such.txt"),
    ] {
        let (seen, _, told) = output(minewatch().args(&arguments));
        assert_eq!(seen, code, "{arguments:?}: {told}");
        assert!(told.contains(words), "{arguments:?}: {told}");
    }
}

fn the_built_in_configuration_is_good_and_the_shipped_file_says_the_same() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml");
    let (code, told, _) = output(minewatch().args(["check", "-c"]).arg(shipped));
    assert_eq!(code, 0);
    assert!(told.contains("indicators") && told.contains("good"), "{told}");
}

fn intelligence_can_be_asked_and_checked() {
    let (code, told, _) = output(minewatch().args(["intel", "lookup", "x.pool.supportxmr.com"]));
    assert!(code == 0 && told.contains("SupportXMR"), "{told}");
    let (code, told, _) = output(minewatch().args(["intel", "lookup", "www.example.org"]));
    assert!(code == 1 && told.contains("nothing is known"), "{told}");
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("site.txt");
    // An MD5 with 31 digits, as a published report has it.
    std::fs::write(&list, "pool.example.net\n6a034a7041f30688086080a1c922e60\n").expect("written");
    let (code, told, _) = output(minewatch().args(["intel", "lint"]).arg(&list));
    assert_eq!(code, 78);
    assert!(told.contains("site.txt:2"), "{told}");
    let (code, told, _) =
        output(minewatch().args(["intel", "lookup", "pool.example.net", "--intel"]).arg(&list));
    assert!(code == 0 && told.contains("site.txt"), "{told}");
}

fn a_reader_that_leaves_is_no_failure() {
    let script = format!(
        "set -o pipefail; {} replay --summary none --events flow,dns {} | head -c 10 >/dev/null",
        env!("CARGO_BIN_EXE_minewatch"),
        sample("server-49.pcap").display()
    );
    let (code, _, told) = output(Command::new("bash").args(["-c", &script]));
    assert!(code == 0 && told.is_empty(), "{code}: {told}");
}

fn standard_error_that_nobody_reads_changes_neither_exit_code_nor_output() {
    let capture = sample("server-49.pcap").display().to_string();
    let expected = output(minewatch().args(["replay", "--summary", "none", &capture])).1;
    let folder = tempfile::tempdir().expect("a folder");
    // Without its last byte, so that there is a problem to tell.
    let cut = folder.path().join("cut.pcap");
    let bytes = std::fs::read(&capture).expect("a sample");
    std::fs::write(&cut, &bytes[..bytes.len() - 1]).expect("written");
    let cut = cut.display().to_string();
    for (arguments, code) in [
        (vec!["replay", "--summary", "none", &cut], 3),
        (vec!["replay", &cut], 3),
        (vec!["replay", &capture], 0),
        (vec!["replay", "no/such/file"], 1),
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ended = std::process::Command::new(env!("CARGO_BIN_EXE_minewatch"))
            .args(&arguments)
            .stderr(writer)
            .output()
            .expect("it runs");
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}");
        if code == 0 {
            assert!(ended.stdout == expected.as_bytes(), "{arguments:?}");
        }
    }
}

fn a_replay_that_a_signal_ends_says_that_its_input_was_not_read_to_the_end() {
    let capture = std::fs::read(sample("server-49.pcap")).expect("a sample");
    for (threads, summary) in [("1", "text"), ("2", "json"), ("1", "none")] {
        let mut sensor = std::process::Command::new(env!("CARGO_BIN_EXE_minewatch"))
            .args(["replay", "-", "--threads", threads, "--summary", summary])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut pipe = sensor.stdin.take().expect("a pipe");
        pipe.write_all(&capture).expect("the sensor reads");
        let mut alerts = BufReader::new(sensor.stdout.take().expect("a pipe"));
        // An alert: so it is at work.
        alerts.read_line(&mut String::new()).expect("UTF-8");
        signal(&sensor, "INT");
        let mut rest = String::new();
        alerts.read_to_string(&mut rest).expect("UTF-8");
        let ended = sensor.wait_with_output().expect("it ends");
        drop(pipe);
        let told = String::from_utf8(ended.stderr).expect("UTF-8");
        assert_eq!(ended.status.code(), Some(3), "{summary}: {told}");
        assert!(told.contains("interrupted, not read to its end"), "{summary}: {told}");
        assert!(rest.contains("closed"), "{summary}: {rest}");
    }
}

fn signal(process: &std::process::Child, name: &str) {
    let sent = std::process::Command::new("kill")
        .args(["-s", name, &process.id().to_string()])
        .status()
        .expect("it runs");
    assert!(sent.success());
}

fn a_renamed_output_file_gets_a_successor_on_sighup() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, old) = (folder.path().join("eve.json"), folder.path().join("eve.json.1"));
    let capture = std::fs::read(sample("server-49.pcap")).expect("a sample");
    let mut sensor = std::process::Command::new(env!("CARGO_BIN_EXE_minewatch"))
        .args(["replay", "-", "--summary", "none", "-o"])
        .arg(&file)
        .stdin(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut pipe = sensor.stdin.take().expect("a pipe");
    pipe.write_all(&capture).expect("the sensor reads");
    let lines = |path: &Path| std::fs::read_to_string(path).unwrap_or_default().lines().count();
    while lines(&file) == 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    std::fs::rename(&file, &old).expect("renamed");
    signal(&sensor, "HUP");
    drop(pipe);
    assert_eq!(sensor.wait().expect("it ends").code(), Some(0));
    let expected =
        output(minewatch().args(["replay", "-", "--summary", "none"]).write_stdin(capture));
    assert!(lines(&file) > 0, "the closing record is in the new file");
    assert_eq!(lines(&old) + lines(&file), expected.1.lines().count());
}
