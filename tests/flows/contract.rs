//! A collection from its bundle onto a chain and back: deployed, minted, revealed, frozen, and every token followed to its
//! picture. The chain is anvil, on this machine; `salon` signs nothing, so anvil's unlocked accounts do.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::program::{attempt, kill, must, planted, text};

const TOKENS: usize = 5;

/// A local chain, gone when it is dropped.
struct Chain {
    process: Child,
    node: String,
    accounts: Vec<String>,
}

impl Drop for Chain {
    fn drop(&mut self) {
        kill(&mut self.process);
    }
}

fn packages() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contract/solidity/node_modules");
    assert!(
        folder.is_dir(),
        "the local chain is not installed: run `make set-up`, or `npm ci` in src-tauri/crates/contract/solidity"
    );
    folder
}

impl Chain {
    /// A chain that mines a block for every transaction, on a port that the system chooses.
    fn start() -> Self {
        let system = match std::env::consts::OS {
            "macos" => "darwin",
            "windows" => "win32",
            other => other,
        };
        let processor = if cfg!(target_arch = "aarch64") {
            "arm64"
        } else {
            "amd64"
        };
        let anvil = packages().join(format!("@foundry-rs/anvil-{system}-{processor}/bin/anvil"));
        let mut process = Command::new("/bin/sh")
            // npm may have left it without its right to run.
            .args(["-c", "chmod +x \"$0\" && exec \"$0\" --host 127.0.0.1 --port 0"])
            .arg(&anvil)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("anvil starts");
        let said = BufReader::new(process.stdout.take().expect("its output is piped"));
        let mut lines = said.lines().map_while(Result::ok);
        let (mut accounts, mut node) = (Vec::new(), None);
        for line in lines.by_ref() {
            // "(0) 0xf39F… (10000.000000000000000000 ETH)", and at last "Listening on 127.0.0.1:40123".
            if line.contains(" ETH)")
                && let Some(account) = line.split_whitespace().nth(1)
            {
                accounts.push(account.to_owned());
            }
            if let Some(address) = line.strip_prefix("Listening on ") {
                node = Some(format!("http://{}", address.trim()));
                break;
            }
        }
        // A full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            node: node.expect("anvil says where it listens"),
            accounts,
        }
    }

    /// Lets so many blocks pass.
    fn mine(&self, blocks: u64) {
        let ask = "fetch(process.argv[1], { method: 'POST', headers: { 'content-type': 'application/json' }, \
                   body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'anvil_mine', params: [process.argv[2]] }) })";
        let asked = Command::new("node")
            .args(["-e", ask, &self.node, &format!("{blocks:#x}")])
            .status()
            .expect("node 20 or newer must be on the path");
        assert!(asked.success(), "blocks are mined");
    }

    /// `salon contract WHAT… --node … --from … --send`, which must be mined.
    fn sent(&self, what: &[&str]) -> Value {
        let from = self.accounts[0].as_str();
        let mut arguments = vec!["contract"];
        arguments.extend(what);
        arguments.extend(["--node", &self.node, "--from", from, "--send"]);
        let done = must(&arguments);
        assert!(done["mined"]["gas"].as_u64().expect("gas") > 0, "{done}");
        done
    }
}

fn approved_bundle() -> (salon_testkit::TempProject, PathBuf) {
    approved_bundle_of(TOKENS)
}

fn approved_bundle_of(tokens: usize) -> (salon_testkit::TempProject, PathBuf) {
    let (planted, ids) = planted(tokens as u32);
    let project = planted.dir();
    let project = text(&project);
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut accept = vec!["decide", "--project", project, "--by", "Ada", "--accept"];
    accept.extend(ids.iter().map(String::as_str));
    must(&accept);
    must(&["approve", "--project", project, "--by", "Grace"]);
    let bundle = planted.beside("bundle");
    must(&[
        "export",
        "--project",
        project,
        "--out",
        text(&bundle),
        "--name",
        "Foxes",
    ]);
    (planted, bundle)
}

#[test]
fn a_bundle_is_deployed_and_every_token_walked_back_to_what_was_approved() {
    let (planted, bundle) = approved_bundle();
    let (project, folder) = (planted.dir(), text(&bundle));
    let chain = Chain::start();
    let owner = chain.accounts[0].clone();
    let terms = [
        "--symbol",
        "FOX",
        "--royalties",
        "500",
        "--placeholder",
        "ipfs://hidden",
    ];

    let mut plan = vec!["contract", "plan", folder, "--owner", &owner];
    plan.extend(terms);
    let plan = must(&plan);
    assert_eq!(plan["max_supply"], TOKENS, "as many tokens as pictures");

    // Prepared for a wallet: nothing happens on the chain.
    let unsigned = planted.beside("deploy.json");
    let mut deploy = vec!["contract", "deploy", folder];
    deploy.extend(terms);
    let mut prepare = deploy.clone();
    prepare.extend(["--node", &chain.node, "--from", &owner, "--out", text(&unsigned)]);
    let prepared = must(&prepare);
    let saved: Value =
        serde_json::from_slice(&std::fs::read(&unsigned).expect("it was saved")).expect("JSON");
    assert_eq!(saved, prepared["transaction"], "the wallet gets what was shown");
    assert_eq!(saved["data"], plan["data"], "and it deploys what was planned");
    assert_eq!(saved["type"], "0x2", "an EIP-1559 transaction");
    let address = prepared["contract"].as_str().expect("where it will lie");
    let check = [
        "contract",
        "check",
        "--node",
        &chain.node,
        "--contract",
        address,
        folder,
    ];
    let (fine, document) = attempt(&check);
    assert!(!fine, "nothing is there yet");
    assert!(
        document["error"]["message"]
            .as_str()
            .expect("a message")
            .contains("holds no contract"),
        "{document}"
    );

    let deployed = chain.sent(&deploy[1..]);
    assert_eq!(
        deployed["mined"]["contract"]
            .as_str()
            .expect("an address")
            .to_lowercase(),
        address.to_lowercase(),
        "it lies where it was said to"
    );
    let at = |what: &[&str]| -> Vec<String> {
        let mut arguments: Vec<String> = what.iter().map(ToString::to_string).collect();
        arguments.extend(["--contract".to_owned(), address.to_owned()]);
        arguments
    };
    let send = |what: Vec<String>| chain.sent(&what.iter().map(String::as_str).collect::<Vec<_>>());

    // What the contract refuses is refused before it costs anything, in words.
    let refused = |what: &[&str], words: &str| {
        let mut arguments = vec!["contract"];
        arguments.extend(what);
        arguments.extend(["--contract", address, "--node", &chain.node]);
        let (fine, document) = attempt(&arguments);
        let message = document["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            !fine && message.contains(words),
            "`{message}` should say `{words}`"
        );
    };
    refused(&["freeze", "--from", &chain.accounts[1]], "is not the owner");
    refused(&["freeze", "--from", &owner], "no base URI yet");
    refused(
        &["mint", "--to", &owner, "--count", "6", "--from", &owner],
        "6 are to be minted and 5 are left",
    );

    send(at(&[
        "mint",
        "--to",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "--count",
        "5",
    ]));
    let hidden = must(&check);
    assert_eq!(
        (&hidden["walked"], &hidden["base_uri"]),
        (&json!(TOKENS), &json!("")),
        "every token shows the placeholder: {hidden}"
    );

    send(at(&["set-base-uri", folder]));
    let mut in_project = check.to_vec();
    in_project.extend(["--project", text(&project)]);
    let shown = must(&in_project);
    assert_eq!(
        (&shown["ok"], &shown["walked"], &shown["total_supply"]),
        (&json!(true), &json!(TOKENS), &json!(TOKENS)),
        "tokenURI, document, picture, approved row: {shown}"
    );
    for (said, planned) in [
        ("provenance_hash", "provenance_hash"),
        ("base_uri", "base_uri"),
        ("contract_uri", "contract_uri"),
        ("royalty", "royalty"),
        ("approval_hash", "approval_hash"),
        ("owner", "owner"),
    ] {
        assert_eq!(shown[said], plan[planned], "{said} on the chain is as planned");
    }

    send(at(&["freeze"]));
    assert_eq!(must(&check)["frozen"], true, "for ever");
    refused(&["set-base-uri", folder, "--from", &owner], "never change again");
}

#[test]
fn a_reveal_is_drawn_from_a_block_to_come() {
    let (_planted, bundle) = approved_bundle();
    let folder = text(&bundle);
    let chain = Chain::start();
    let owner = chain.accounts[0].clone();
    let deployed = chain.sent(&["deploy", folder, "--symbol", "FOX"]);
    let address = deployed["contract"].as_str().expect("an address").to_owned();
    chain.sent(&["mint", "--contract", &address, "--to", &owner, "--count", "5"]);
    let reveal = ["reveal", folder, "--contract", &address];
    let check = [
        "contract",
        "check",
        "--node",
        &chain.node,
        "--contract",
        &address,
        folder,
    ];

    assert_eq!(
        chain.sent(&reveal)["call"],
        "scheduleReveal",
        "first a block is fixed"
    );
    let mut early = vec!["contract"];
    early.extend(reveal);
    early.extend(["--node", &chain.node, "--from", &owner]);
    let (fine, document) = attempt(&early);
    let message = document["error"]["message"].as_str().unwrap_or_default();
    assert!(
        !fine && message.contains("wait for"),
        "nobody knows its hash yet: {document}"
    );
    chain.mine(300);
    assert_eq!(
        chain.sent(&reveal)["call"],
        "scheduleReveal",
        "a hash that was let pass is forgotten: once more"
    );
    chain.mine(4);
    assert_eq!(
        chain.sent(&reveal)["call"],
        "drawStartingIndex",
        "then it is drawn"
    );
    assert_eq!(
        chain.sent(&reveal)["call"],
        "setBaseURI",
        "and the metadata is shown"
    );

    let report = must(&check);
    assert!(report["starting_index"].as_u64().expect("it was drawn") < TOKENS as u64);
    assert_eq!(
        (&report["ok"], &report["walked"]),
        (&json!(true), &json!(TOKENS)),
        "turned by the starting index, every token shows what was approved: {report}"
    );

    // A contract is no other bundle's, and says so token by token when its bundle is changed.
    let (_other, other) = {
        let (planted, bundle) = approved_bundle();
        std::fs::remove_file(bundle.join("metadata/3")).expect("it is there");
        (planted, bundle)
    };
    let mut broken = check.to_vec();
    *broken.last_mut().expect("the bundle") = text(&other);
    let (fine, document) = attempt(&broken);
    assert!(!fine, "a bundle that lacks a document is refused: {document}");
}

/// More tokens than travel in one question to a node, and an order that the bundle itself turns.
#[test]
fn the_order_is_turned_by_the_bundle_or_by_the_contract_and_never_by_both() {
    const MANY: usize = 130;
    let (planted, bundle) = approved_bundle_of(MANY);
    let turned = planted.beside("turned");
    let (project, turned) = (planted.dir(), text(&turned));
    must(&[
        "export",
        "--project",
        text(&project),
        "--out",
        turned,
        "--name",
        "Foxes",
        "--starting-index",
        "7",
    ]);
    let chain = Chain::start();
    let owner = chain.accounts[0].clone();
    let deploy = || {
        let deployed = chain.sent(&["deploy", text(&bundle), "--symbol", "FOX"]);
        let address = deployed["contract"].as_str().expect("an address").to_owned();
        let count = MANY.to_string();
        chain.sent(&["mint", "--contract", &address, "--to", &owner, "--count", &count]);
        address
    };
    let check = |address: &str, folder: &str| {
        attempt(&[
            "contract",
            "check",
            "--node",
            &chain.node,
            "--contract",
            address,
            folder,
        ])
    };
    let refused = |what: &[&str], words: &str| {
        let mut arguments = vec!["contract"];
        arguments.extend(what);
        arguments.extend(["--node", &chain.node, "--from", &owner]);
        let (fine, document) = attempt(&arguments);
        let message = document["error"]["message"].as_str().unwrap_or_default();
        assert!(
            !fine && message.contains(words),
            "`{message}` should say `{words}`"
        );
    };

    // By the bundle: the contract was promised the same pictures, and draws nothing.
    let address = deploy();
    chain.sent(&["set-base-uri", turned, "--contract", &address]);
    let (fine, report) = check(&address, turned);
    let faults = report["faults"].as_array().expect("what is wrong");
    assert!(
        !fine
            && faults.len() == 1
            && faults[0]["fault"]
                .as_str()
                .is_some_and(|fault| fault.contains("contractURI")),
        "every token shows what was approved in its place; the collection's own page still has its first address: {report}"
    );
    assert_eq!(
        (
            &report["walked"],
            &report["starting_index"],
            &report["bundle_starting_index"]
        ),
        (&json!(MANY), &Value::Null, &json!(7)),
        "who turned the order is told"
    );

    // By the contract: the turned bundle would be turned twice, and is refused by name at every step.
    let address = deploy();
    refused(&["reveal", turned, "--contract", &address], "starting index 7");
    chain.sent(&["reveal", text(&bundle), "--contract", &address]);
    refused(&["set-base-uri", turned, "--contract", &address], "turned twice");
    chain.mine(4);
    chain.sent(&["reveal", text(&bundle), "--contract", &address]);
    refused(&["set-base-uri", turned, "--contract", &address], "turned twice");
    chain.sent(&["reveal", text(&bundle), "--contract", &address]);
    let (fine, report) = check(&address, text(&bundle));
    assert!(fine, "turned once: {report}");
    assert_eq!(
        (&report["walked"], &report["bundle_starting_index"]),
        (&json!(MANY), &json!(0))
    );
    let (fine, report) = check(&address, turned);
    let first = report["faults"][0]["fault"].as_str().unwrap_or_default();
    let told = report["faults"].as_array().into_iter().flatten();
    let twice = told.filter(|fault| {
        fault["fault"]
            .as_str()
            .unwrap_or_default()
            .contains("turned twice")
    });
    assert!(
        !fine && twice.count() == 1,
        "the other bundle is told apart: {first}"
    );
}
