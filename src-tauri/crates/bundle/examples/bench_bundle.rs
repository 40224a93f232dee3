//! Ten thousand tokens: exported, exported again after one change, verified beside `sha256sum` of the same files, and
//! written for marketplaces. Prints a line per figure with wall and processor time. The number of tokens and the bytes of
//! each picture may be named: `bench_bundle 10000 30000`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)] // A benchmark tells what it measured, or stops.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use rayon::prelude::*;
use salon_bundle::{
    CollectionInfo, ExportOrder, Target, TargetOrder, Terms, Watch, diff, export, verify, write_delta,
    write_target,
};
use salon_domain::{
    ApprovalId, ApprovedSet, CancelToken, Candidate, CandidateId, Digest, Frozen, ModelRef, Origin, Recipe,
    RunId, Timestamp, Trait, Verdict,
};

/// Processor seconds of this process and of its children that have ended, by Linux' account; 0 elsewhere.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<f64> = fields
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse().ok())
        .collect();
    ticks.iter().sum::<f64>() / 100.0
}

/// Does something and tells what it took.
fn measured<T>(name: &str, aim: &str, work: impl FnOnce() -> T) -> (T, f64, f64) {
    let (start, before) = (Instant::now(), processor_seconds());
    let made = work();
    let (wall, cpu) = (start.elapsed().as_secs_f64(), processor_seconds() - before);
    println!("{name}: {wall:.2} s, {cpu:.2} s of processors{aim}");
    (made, wall, cpu)
}

/// Bytes that do not compress and are another for every number.
fn picture(number: u32, length: usize) -> Vec<u8> {
    let mut state = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn frozen(number: u32, sha256: Digest, background: &str) -> Frozen {
    let model = ModelRef {
        name: "house".into(),
        sha256: Digest::of(b"model"),
    };
    let origin = Origin::Slot {
        run: RunId(1),
        slot: number,
        seed: u64::from(number),
    };
    let candidate = Candidate {
        verdict: Verdict::Accepted,
        traits: vec![
            Trait::new("Species", ["fox", "owl", "bear", "cat"][number as usize % 4]),
            Trait::new("Background", background),
        ],
        ..Candidate::arrived(
            CandidateId(i64::from(number)),
            origin,
            sha256,
            (512, 512),
            Timestamp(0),
        )
    };
    (candidate, Some(Recipe::plain(model, "a fox", 512, 512)), None)
}

fn approve(version: u32, members: &[Frozen]) -> ApprovedSet {
    let id = ApprovalId(i64::from(version));
    ApprovedSet::freeze(id, version, "Ada", Timestamp(1), Digest::of(b"head"), members).unwrap()
}

/// Copies a folder and those in it, a file at a time on each thread, as an export writes them.
fn copy_files(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    let entries: Vec<_> = fs::read_dir(from).unwrap().map(Result::unwrap).collect();
    entries.par_iter().for_each(|entry| {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_files(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    });
    let folder = File::open(to).unwrap();
    folder.sync_all().unwrap();
}

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|word| word.parse::<usize>().unwrap());
    let count = arguments.next().unwrap_or(10_000) as u32;
    let length = arguments.next().unwrap_or(30_000);
    let work = tempfile::tempdir().unwrap();
    let store = work.path().join("store");
    fs::create_dir(&store).unwrap();
    let mut members: Vec<Frozen> = (1..=count)
        .map(|number| {
            let bytes = picture(number, length);
            let sha256 = Digest::of(&bytes);
            fs::write(store.join(sha256.to_string()), bytes).unwrap();
            frozen(number, sha256, "teal")
        })
        .collect();
    println!("{count} tokens of {length} bytes each");
    let cancel = CancelToken::new();
    let watch = Watch::new(&|_| (), &cancel);
    let info = CollectionInfo {
        name: "Foxes".into(),
        description: "Measured.".into(),
        symbol: None,
        first_token: 1,
        starting_index: 0,
    };
    let pictures = |sha256: &Digest| -> std::io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(BufReader::new(File::open(
            store.join(sha256.to_string()),
        )?)))
    };
    let bundle = |set: &ApprovedSet, out: &Path| {
        let order = ExportOrder {
            set,
            collection: &info,
            words: &BTreeMap::new(),
            materials: &BTreeMap::new(),
            masters: None,
            pictures: &pictures,
            out,
            root: None,
        };
        export(order, watch).unwrap()
    };
    let (first, second) = (work.path().join("first"), work.path().join("second"));
    measured("export", " (aim 60 s)", || bundle(&approve(1, &members), &first));
    let changed = count as usize / 2;
    members[changed] = frozen(changed as u32 + 1, members[changed].0.sha256, "rust");
    let ((), pictures_alone, _) = measured("copying the pictures alone", "", || {
        copy_files(&store, &work.path().join("pictures"));
    });
    let (_, again, _) = measured("export again after one trait has changed", "", || {
        bundle(&approve(2, &members), &second)
    });
    let ((), whole, _) = measured("copying the bundle: pictures, metadata, CAR", "", || {
        copy_files(&second, &work.path().join("whole"));
    });
    println!(
        "  beyond the copy: {:.2} s (aim 1 s); beyond that of the pictures alone: {:.2} s",
        again - whole,
        again - pictures_alone
    );
    let (told, ..) = measured("the two compared", "", || diff(&first, &second).unwrap());
    println!("  {} changed, {} as before", told.tokens.len(), told.unchanged);
    let (delta, ..) = measured("the delta", "", || {
        write_delta(&first, &second, &work.path().join("delta.car"), watch).unwrap()
    });
    println!(
        "  {} blocks, {} bytes of {}",
        delta.blocks, delta.bytes, delta.whole_bytes
    );

    let files: Vec<PathBuf> = ["images", "metadata"]
        .iter()
        .flat_map(|part| fs::read_dir(first.join(part)).unwrap())
        .map(|entry| entry.unwrap().path())
        .chain([first.join("bundle.car")])
        .collect();
    let ((), sum_wall, sum_cpu) = measured("sha256sum of the bundle's files and its CAR", "", || {
        for some in files.chunks(4000) {
            let done = Command::new("sha256sum")
                .args(some)
                .stdout(Stdio::null())
                .status();
            assert!(done.unwrap().success());
        }
    });
    let (report, wall, cpu) = measured("verify", "", || verify(&first, watch).unwrap());
    assert!(report.ok);
    println!(
        "  over sha256sum: {:.2} in wall time, {:.2} in processor time (aim 2)",
        wall / sum_wall,
        cpu / sum_cpu
    );
    for target in [Target::OpenSea, Target::Sugar, Target::Erc1155] {
        let terms = Terms::default();
        let out = work.path().join(target.word());
        let order = TargetOrder {
            bundle: &first,
            target,
            terms: &terms,
            out: &out,
        };
        let (report, ..) = measured(&format!("as {target}"), " (aim 5 s)", || {
            write_target(order, watch).unwrap()
        });
        assert!(report.faults.is_empty(), "{:?}", report.faults.first());
    }
}
