//! What the command line says of itself, and the exit codes: 0 done, 1 failed, 2 wrong usage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a failed check is a panic"
)]

use std::process::{Command, Output};

fn salon(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_salon"))
        .args(arguments)
        .env_remove("SALON_PROJECT")
        .env_remove("SALON_MODELS")
        .output()
        .expect("salon starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("errors are UTF-8")
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|fault| panic!("{fault}: {}", out(output)))
}

#[test]
fn the_device_is_named_and_so_is_why_no_accelerator_was_taken() {
    let text = salon(&["device"]);
    assert_eq!(text.status.code(), Some(0), "{}", err(&text));
    assert!(out(&text).starts_with("Pictures are made on: "), "{}", out(&text));
    let document = json(&salon(&["device", "--json"]));
    let device = document["device"].as_str().expect("the device has a name");
    if device.starts_with("CPU") {
        let reasons = document["passed_over"]
            .as_array()
            .expect("a list of what was passed over");
        assert_eq!(reasons.len(), 2, "CUDA and Metal: {document}");
        assert!(
            reasons
                .iter()
                .all(|each| each["reason"].as_str().is_some_and(|reason| !reason.is_empty())),
            "{document}"
        );
    }
}

#[test]
fn help_lists_every_command_in_the_order_of_the_road() {
    let help = salon(&["--help"]);
    assert_eq!(help.status.code(), Some(0), "help is no failure");
    let text = out(&help);
    let mut last = 0;
    for command in [
        "new",
        "models",
        "loras",
        "prompts",
        "recipes",
        "layers",
        "train",
        "generate",
        "rerun",
        "resume",
        "list",
        "decide",
        "mark",
        "undo",
        "redo",
        "rejects",
        "board",
        "targets",
        "duel",
        "curators",
        "rounds",
        "vote",
        "log",
        "approve",
        "export",
        "target",
        "verify",
        "bill",
        "withdraw",
        "diff",
        "cid",
        "agreement",
        "device",
        "serve",
        "completions",
        "man",
        "docs",
    ] {
        let place = text
            .find(&format!("\n  {command} "))
            .unwrap_or_else(|| panic!("`{command}` is not in the help:\n{text}"));
        assert!(place > last, "`{command}` is out of order");
        last = place;
    }
    assert!(err(&help).is_empty(), "help goes to standard output");
}

#[test]
fn every_command_has_help() {
    for command in [
        "new",
        "generate",
        "rerun",
        "resume",
        "list",
        "decide",
        "mark",
        "undo",
        "board",
        "targets",
        "vote",
        "approve",
        "export",
        "verify",
        "bill",
        "withdraw",
        "diff",
        "cid",
        "agreement",
        "serve",
    ] {
        let help = salon(&[command, "--help"]);
        assert_eq!(help.status.code(), Some(0), "salon {command} --help");
        assert!(
            out(&help).contains("JSON"),
            "salon {command} --help names its JSON keys"
        );
    }
}

#[test]
fn the_version_is_the_packages() {
    assert_eq!(
        out(&salon(&["--version"])).trim(),
        format!("salon {}", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn wrong_usage_ends_with_2() {
    // Everything that an order needs; one thing more is wrong with each.
    let order = ["generate", "--project", "x", "--prompt", "a fox", "--count", "1"];
    let orders: [&[&str]; 5] = [
        &["--lora", "ink:much"],
        &["--mask", "m.png"],
        &["--upscale", "512"],
        &["--sampler", "magic"],
        &["--vary", "fox"],
    ];
    let orders = orders.map(|more| [&order[..], more].concat());
    let others: [&[&str]; 11] = [
        &[],
        &["paint"],
        &["generate", "--prompt", "a fox"],
        &["generate", "--project", "x", "--count", "1"],
        &[
            "generate",
            "--project",
            "x",
            "--prompt",
            "a fox",
            "--count",
            "many",
        ],
        &["recipes", "save", "--project", "x", "foxes"],
        &["decide", "--project", "x", "--by", "Ada"],
        &["decide", "--project", "x", "--accept", "0", "--by", "Ada"],
        &["layers", "render", "--count", "1", "--size", "8", "--out", "x"],
        &["cid", "x", "--profile", "unknown"],
        &["list", "--project", "x", "--verdict", "lovely"],
    ];
    let wrong = orders.iter().map(Vec::as_slice).chain(others);
    for arguments in wrong {
        let output = salon(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "salon {} is wrong usage: {}",
            arguments.join(" "),
            err(&output)
        );
        assert!(out(&output).is_empty(), "nothing is printed as a result");
    }
}

#[test]
fn wrong_usage_with_json_is_a_json_error() {
    let output = salon(&["list", "--json", "--verdict", "lovely", "--project", "x"]);
    assert_eq!(output.status.code(), Some(2));
    let error = &json(&output)["error"];
    assert_eq!(error["code"], "usage");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("lovely")),
        "the wrong word is named: {error}"
    );
}

#[test]
fn a_failure_names_the_thing_and_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("Missing.salon");
    let path = missing.to_str().unwrap();
    let output = salon(&["list", "--project", path]);
    assert_eq!(output.status.code(), Some(1), "a failure ends with 1");
    let text = err(&output);
    assert!(text.starts_with("error: "), "{text}");
    assert!(
        text.contains("Missing.salon"),
        "the error names the project: {text}"
    );
    assert!(
        text.contains("make a new project"),
        "the error says what to do: {text}"
    );

    let output = salon(&["list", "--project", path, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let error = json(&output)["error"].clone();
    for key in ["code", "message", "hints"] {
        assert!(!error[key].is_null(), "`{key}` is missing in {error}");
    }
}

#[test]
fn a_new_project_is_empty_and_is_not_made_twice() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("Garden.salon");
    let path = project.to_str().unwrap();
    let made = salon(&["new", path, "--json"]);
    assert_eq!(made.status.code(), Some(0), "{}", err(&made));
    assert_eq!(json(&made)["name"], "Garden");
    assert!(project.join("catalog.sqlite").is_file(), "the catalog is there");

    let listed = salon(&["list", "--project", path, "--json"]);
    assert_eq!(
        json(&listed),
        serde_json::json!([]),
        "a new project has no candidates"
    );

    let again = salon(&["new", path]);
    assert_eq!(
        again.status.code(),
        Some(1),
        "a project is never made over another"
    );
}

#[test]
fn deciding_on_what_is_not_there_fails_and_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Garden.salon");
    let path = path.to_str().unwrap();
    assert!(salon(&["new", path]).status.success());
    let output = salon(&[
        "decide",
        "--project",
        path,
        "--accept",
        "41",
        "--by",
        "Ada",
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let error = json(&output)["error"].clone();
    assert_eq!(error["code"], "not_found");
    assert!(
        error["message"].as_str().is_some_and(|text| text.contains("41")),
        "{error}"
    );

    let twice = salon(&[
        "decide",
        "--project",
        path,
        "--accept",
        "1",
        "--reject",
        "1",
        "--by",
        "Ada",
    ]);
    assert_eq!(
        twice.status.code(),
        Some(1),
        "one candidate under two verdicts is refused"
    );

    let undone = salon(&["undo", "--project", path, "--by", "Ada", "--json"]);
    assert_eq!(json(&undone)["error"]["code"], "nothing_to_undo");
}

#[test]
fn the_cid_is_kubos() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hello.txt");
    std::fs::write(&file, "hello world").unwrap();
    let printed = out(&salon(&["cid", file.to_str().unwrap()]));
    // `ipfs add --cid-version=1 --raw-leaves` of the same eleven bytes.
    assert_eq!(
        printed.trim(),
        "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    );
    let car = folder.path().join("hello.car");
    let output = salon(&[
        "cid",
        file.to_str().unwrap(),
        "--car",
        car.to_str().unwrap(),
        "--json",
    ]);
    let document = json(&output);
    assert_eq!(document["cid"], printed.trim());
    assert_eq!(document["profile"], "unixfs-v1-2025");
    assert_eq!(document["bytes"], 11);
    assert!(car.is_file(), "the CAR was written");
}

#[test]
fn verifying_what_is_no_bundle_fails() {
    let folder = tempfile::tempdir().unwrap();
    let output = salon(&["verify", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "an empty folder is no bundle");
}

#[test]
fn checking_a_broken_model_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("broken");
    std::fs::create_dir(&model).unwrap();
    std::fs::write(model.join("model_index.json"), "{ this is no JSON").unwrap();
    let output = salon(&["models", "check", model.to_str().unwrap(), "--json"]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "a model that cannot be used ends with 1"
    );
    assert!(
        out(&output).contains("model_index.json"),
        "the file is named: {}",
        out(&output)
    );
}

#[test]
fn what_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().to_str().unwrap();
    let project = folder.path().join("Garden.salon");
    let project = project.to_str().unwrap();
    assert!(salon(&["new", project]).status.success());
    let missing: &[&[&str]] = &[
        &["models", "check", "no-such", "--models", models],
        &["models", "remove", "no-such", "--models", models],
        &["models", "add", "no-such", "--models", models],
        &["models", "compare", "no-such", "x", "--models", models],
        &["loras", "check", "no-such", "--models", models],
        &["recipes", "show", "no-such", "--project", project],
        &["recipes", "import", "no-such.png", "--project", project],
        &[
            "generate",
            "--project",
            project,
            "--prompt",
            "a",
            "--count",
            "1",
            "--model",
            "no-such",
            "--models",
            models,
        ],
        &[
            "generate",
            "--project",
            project,
            "--recipe",
            "no-such",
            "--models",
            models,
        ],
    ];
    for arguments in missing {
        let output = salon(arguments);
        let command = arguments.join(" ");
        assert_eq!(output.status.code(), Some(1), "salon {command}");
        assert!(
            err(&output).contains("no-such"),
            "salon {command}: {}",
            err(&output)
        );
    }
}

#[test]
fn a_lora_is_held_against_a_model_by_its_header() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/golden");
    let (model, empty) = (format!("{golden}/sdxl"), tempfile::tempdir().unwrap());
    let check = |lora: &str, more: &[&str]| {
        let file = format!("{golden}/lora/{lora}.safetensors");
        let models = empty.path().to_str().unwrap();
        let mut arguments = vec!["loras", "check", &file, "--model", &model, "--models", models];
        arguments.extend(more);
        salon(&arguments)
    };
    let fits = check("kohya_xl", &["--json"]);
    assert_eq!(fits.status.code(), Some(0), "{}{}", out(&fits), err(&fits));
    let found = &json(&fits)["models"][0];
    assert_eq!(found["unmatched"], serde_json::json!([]), "{found}");
    assert!(found["keys"].as_u64().is_some_and(|keys| keys > 0), "{found}");
    let foreign = check("kohya", &[]);
    assert_eq!(foreign.status.code(), Some(1), "what does not fit ends with 1");
    assert!(out(&foreign).contains("does not fit sdxl: "), "{}", out(&foreign));
}

#[test]
fn of_two_models_with_one_name_the_second_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    for place in [&one, &other] {
        std::fs::create_dir_all(place.join("twin/unet")).unwrap();
    }
    let folders = std::env::join_paths([&one, &other]).unwrap();
    let listed = json(&salon(&[
        "models",
        "list",
        "--models",
        folders.to_str().unwrap(),
        "--json",
    ]));
    let fault = listed[1]["fault"].as_str().expect("the second cannot be used");
    assert!(
        fault.contains("same name") && fault.contains("rename"),
        "{fault} says what is wrong and what to do"
    );
}

#[test]
fn a_template_is_resolved_with_the_wildcards_of_the_models_folder() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().to_str().unwrap();
    std::fs::create_dir(folder.path().join("wildcards")).unwrap();
    std::fs::write(folder.path().join("wildcards/fur.txt"), "# furs\nred\nteal\n").unwrap();
    let resolve = |template: &str| {
        salon(&[
            "prompts",
            "resolve",
            template,
            "--mode",
            "combinatorial",
            "--models",
            models,
            "--json",
        ])
    };
    let document = json(&resolve("a __fur__ {fox|owl}"));
    assert_eq!(document["combinations"], 4);
    assert_eq!(document["prompts"][1]["prompt"], "a red owl", "{document}");
    let unknown = resolve("a __feather__ owl");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        json(&unknown)["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("feather")),
        "the wildcard is named: {}",
        out(&unknown)
    );
}

#[test]
fn recipes_are_kept_shown_compared_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("Garden.salon");
    let path = project.to_str().unwrap();
    assert!(salon(&["new", path]).status.success());
    let order = folder.path().join("order.json");
    let order = order.to_str().unwrap();
    let save = |name: &str, text: &str| {
        std::fs::write(order, text).unwrap();
        salon(&[
            "recipes",
            "save",
            name,
            "--project",
            path,
            "--file",
            order,
            "--json",
        ])
    };
    let saved = save(
        "foxes",
        r#"{"model": "house", "prompt": "a fox", "count": 4, "steps": 20}"#,
    );
    assert_eq!(json(&saved)["name"], "foxes", "{}", err(&saved));
    save(
        "owls",
        r#"{"model": "house", "prompt": "an owl", "count": 4, "steps": 20}"#,
    );
    let wrong = save(
        "wrong",
        r#"{"model": "house", "prompt": "a fox", "count": 4, "wings": 2}"#,
    );
    assert!(
        err(&wrong).contains("wings"),
        "an unknown field is named: {}",
        err(&wrong)
    );
    let listed = json(&salon(&["recipes", "list", "--project", path, "--json"]));
    assert_eq!(listed[0]["request"]["prompt"], "a fox", "{listed}");
    let diff = json(&salon(&[
        "recipes",
        "diff",
        "foxes",
        "owls",
        "--project",
        path,
        "--json",
    ]));
    assert_eq!(
        diff["differences"],
        serde_json::json!([{ "field": "prompt", "one": "a fox", "other": "an owl" }])
    );
    assert!(
        salon(&["recipes", "remove", "owls", "--project", path])
            .status
            .success()
    );
    let gone = salon(&["recipes", "show", "owls", "--project", path]);
    assert_eq!(gone.status.code(), Some(1), "{}", out(&gone));
}

#[test]
fn models_are_added_under_a_name_and_removed_again() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    let list = folder.path().join("fur.txt");
    std::fs::write(&list, "red\n").unwrap();
    let add = || {
        salon(&[
            "models",
            "add",
            list.to_str().unwrap(),
            "--name",
            "furs",
            "--models",
            models.to_str().unwrap(),
            "--json",
        ])
    };
    let added = add();
    assert_eq!(json(&added)["kind"], "wildcard list", "{}", err(&added));
    assert!(models.join("wildcards/furs.txt").is_file());
    assert!(err(&add()).contains("already"), "nothing is written over");
}

#[test]
fn layers_render_the_same_bytes_again() {
    let folder = tempfile::tempdir().unwrap();
    let art = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../assets/house");
    let render = |name: &str| {
        let out = folder.path().join(name);
        let output = salon(&[
            "layers",
            "render",
            "--art",
            art,
            "--count",
            "3",
            "--seed",
            "9",
            "--size",
            "128",
            "--out",
            out.to_str().unwrap(),
        ]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        (1..=3)
            .map(|n| std::fs::read(out.join(format!("{n}.png"))).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        render("one"),
        render("two"),
        "layers, seed and size decide every byte"
    );
}

#[test]
fn completions_and_man_pages_come_from_the_definition() {
    assert!(
        out(&salon(&["completions", "bash"])).contains("generate"),
        "completions know the commands"
    );
    let folder = tempfile::tempdir().unwrap();
    let output = salon(&["man", folder.path().to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(
        folder.path().join("salon-generate.1").is_file(),
        "each command has its page"
    );
}

#[test]
fn a_model_is_compared_with_diffusers_by_path_and_by_name() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/golden");
    let reference = format!("{golden}/compare/turbo_euler.safetensors");
    let same = salon(&[
        "models",
        "compare",
        &format!("{golden}/turbo"),
        &reference,
        "--json",
    ]);
    assert_eq!(same.status.code(), Some(0), "{}{}", out(&same), err(&same));
    let found = json(&same);
    assert_eq!(found["agrees"], true);
    for stage in ["text", "trajectory", "image"] {
        let off = found[stage].as_f64().expect("a number");
        assert!(off < 1e-4, "{stage} differs by {off}");
    }

    let other = salon(&[
        "models", "compare", "sd2", &reference, "--models", golden, "--json",
    ]);
    assert_eq!(
        other.status.code(),
        Some(1),
        "another model is no success: {}",
        err(&other)
    );
    assert_eq!(json(&other)["agrees"], false);

    let strict = salon(&[
        "models",
        "compare",
        &format!("{golden}/turbo"),
        &reference,
        "--tolerance",
        "0",
    ]);
    assert_eq!(strict.status.code(), Some(1), "nothing is exact to the last bit");
    assert!(
        out(&strict).contains("differs from diffusers"),
        "{}",
        out(&strict)
    );

    let missing = salon(&[
        "models",
        "compare",
        "sd2",
        "nowhere.safetensors",
        "--models",
        golden,
    ]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        err(&missing).contains("nowhere.safetensors"),
        "the file must be named: {}",
        err(&missing)
    );
}
