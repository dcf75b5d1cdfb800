//! What the source must keep to: imports against the arrows, and tests that run.

use std::fs;
use std::path::Path;

use crate::support::files::files;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        no_module_imports_against_the_arrows,
        an_import_against_the_arrows_is_found,
        no_test_hides_from_the_runner,
        a_test_that_hides_is_found,
    ]
}

/// Left to right, as drawn in `src/lib.rs`. Everyone may import `model`.
const LAYERS: [&str; 14] = [
    "model",
    "config",
    "capture",
    "decode",
    "flow",
    "protocol",
    "extract",
    "intel",
    "detect",
    "correlate",
    "health",
    "output",
    "pipeline",
    "cli",
];

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == name)
}

/// The top modules that a line of code names: `crate::flow::…` and each of `use crate::{a, b}`.
fn imports(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => group.split([',', '}']).collect(),
            None => vec![rest],
        };
        for name in names {
            let name: String =
                name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push(name);
        }
    }
    found
}

/// What is wrong with one file of `module`, as `file:line: …`.
fn violations(file: &Path, module: &str, text: &str) -> Vec<String> {
    let own = layer(module).unwrap_or_else(|| panic!("src/{module} has no place in the picture"));
    let mut wrong = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for import in imports(line) {
            if layer(&import).is_some_and(|imported| imported > own) {
                wrong.push(format!("{}:{}: {module} imports {import}", file.display(), number + 1));
            }
        }
    }
    wrong
}

fn no_module_imports_against_the_arrows() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in files(&source) {
        let inside = file.strip_prefix(&source).expect("below src");
        let module = inside.iter().next().and_then(|part| part.to_str()).expect("a name");
        if matches!(module, "lib.rs" | "main.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("readable source");
        wrong.extend(violations(&file, module, &text));
    }
    assert!(wrong.is_empty(), "imports against the arrows:\n{}", wrong.join("\n"));
}

fn an_import_against_the_arrows_is_found() {
    let file = Path::new("x.rs");
    assert_eq!(violations(file, "flow", "use crate::protocol::dns;").len(), 1);
    assert_eq!(violations(file, "flow", "use crate::{model, output};").len(), 1);
    assert_eq!(violations(file, "flow", "let x = crate::cli::run();").len(), 1);
    assert!(violations(file, "flow", "use crate::{model, decode}; // not crate::cli").is_empty());
}

/// The compiler says nothing of a property that is not listed, and drops what has the attribute of
/// its own runner.
fn no_test_hides_from_the_runner() {
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")) {
        if file.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&file).expect("readable source");
            let hidden = hidden_tests(&text);
            assert!(hidden.is_empty(), "{}: not in `trials!`: {hidden:?}", file.display());
        }
    }
}

fn a_test_that_hides_is_found() {
    let listed = "trials![a]\nproptest! {\n    fn a(x: u8) {\n    }\n}\nfn b() {}\n";
    assert!(hidden_tests(listed).is_empty());
    assert_eq!(hidden_tests(&listed.replace("fn a", "fn c")), ["c"]);
    assert_eq!(hidden_tests(&listed.replace("fn b", "#[test]\nfn b")), ["b"]);
}

/// The tests of a source file that the runner does not know of.
fn hidden_tests(text: &str) -> Vec<&str> {
    let list = text.split_once("trials![").and_then(|(_, rest)| rest.split_once(']'));
    let listed: Vec<&str> = list.map_or("", |(list, _)| list).split(',').map(str::trim).collect();
    let (mut property, mut attribute, mut hidden) = (false, false, Vec::new());
    for line in text.lines() {
        match line.trim() {
            "proptest! {" => property = true,
            "#[test]" => attribute = true,
            _ if line == "}" => property = false,
            _ => {}
        }
        let Some(rest) = line.trim_start().strip_prefix("fn ") else { continue };
        let name = rest.split(['(', '<']).next().unwrap_or_default();
        if attribute || (property && !listed.contains(&name)) {
            hidden.push(name);
        }
        attribute = false;
    }
    hidden
}
