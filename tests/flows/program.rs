//! Runs `salon` and kills it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use salon_testkit::TempProject;
use serde_json::Value;

/// The folder of models that come with the repository.
pub fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../models")
        .canonicalize()
        .expect("the models folder exists")
}

/// `salon ARGUMENTS --json`, not started yet, free of what the environment names.
pub fn salon(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_salon"));
    command
        .args(arguments)
        .arg("--json")
        .env_remove("SALON_PROJECT")
        .env("SALON_MODELS", models())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs to the end; gives whether it succeeded, and its document.
pub fn attempt(arguments: &[&str]) -> (bool, Value) {
    let output = salon(arguments).output().expect("salon starts");
    let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|fault| {
        panic!(
            "salon {}: {fault}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        )
    });
    (output.status.success(), document)
}

/// Runs to the end, which must be a good one.
pub fn must(arguments: &[&str]) -> Value {
    let (fine, document) = attempt(arguments);
    assert!(fine, "salon {} failed: {document}", arguments.join(" "));
    document
}

/// How long `salon ARGUMENTS` takes when nobody kills it.
pub fn timed(arguments: &[&str]) -> Duration {
    let start = Instant::now();
    must(arguments);
    start.elapsed()
}

/// Starts `salon ARGUMENTS` and kills it after `delay`, whatever it is doing then. Whether it was still running.
pub fn kill_after(arguments: &[&str], delay: Duration) -> bool {
    let mut child = salon(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("salon starts");
    std::thread::sleep(delay);
    kill(&mut child)
}

/// `kill -9`: no handler runs, nothing is flushed. Whether it was still running then.
pub fn kill(child: &mut Child) -> bool {
    let _ = child.kill();
    let ended = child.wait().expect("a killed process can be waited for");
    ended.code().is_none()
}

/// How often a flow is killed: as usual, unless `SALON_KILLS` says otherwise.
pub fn kills(usual: u64) -> u64 {
    std::env::var("SALON_KILLS").map_or(usual, |text| text.parse().expect("SALON_KILLS is a number"))
}

/// The project folder as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

/// A sequence of delays spread over `span`, different at each place; `SplitMix64`, so that a failing run can be read.
pub struct Delays(pub u64);

impl Delays {
    /// The next delay, anywhere in `span`.
    pub fn next(&mut self, span: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        span.mul_f64((word >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// Picture hashes by run and slot; a slot that was made twice is a failure.
pub fn slots(project: &Path) -> BTreeMap<(i64, i64), String> {
    let mut slots = BTreeMap::new();
    for row in must(&["list", "--project", text(project)])
        .as_array()
        .expect("list gives an array")
    {
        let key = (
            row["run"].as_i64().expect("run"),
            row["slot"].as_i64().expect("slot"),
        );
        let hash = row["sha256"].as_str().expect("sha256").to_owned();
        assert!(
            slots.insert(key, hash).is_none(),
            "slot {} of run {} was made twice",
            key.1,
            key.0
        );
    }
    slots
}

/// Files below `folder`, however deep.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

/// A project with `count` planted pictures, closed, so that the program may open it; and their ids.
pub fn planted(count: u32) -> (TempProject, Vec<i64>) {
    let (mut planted, candidates) = TempProject::with_candidates(count);
    planted.close();
    (
        planted,
        candidates.into_iter().map(|candidate| candidate.0).collect(),
    )
}

/// Arguments of a small, quick run.
pub fn generation(project: &Path, count: u32, seed: u64) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "generate",
        "--project",
        text(project),
        "--prompt",
        "a fox with a gold crown",
    ]
    .map(str::to_owned)
    .to_vec();
    for (name, value) in [
        ("--count", count.to_string()),
        ("--seed", seed.to_string()),
        ("--steps", "2".to_owned()),
    ] {
        arguments.extend([name.to_owned(), value]);
    }
    arguments
}

/// Makes `count` pictures.
pub fn generate(project: &Path, count: u32, seed: u64) {
    let arguments = generation(project, count, seed);
    must(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
}
