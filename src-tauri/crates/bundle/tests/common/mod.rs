//! What the bundle tests share: seeded bytes, small approved sets, a watch that nobody looks at.
#![allow(dead_code)] // Each test binary uses its own part of this.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::Command;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use salon_bundle::{
    CarFile, CarVersion, CidReport, CollectionInfo, ExportOrder, ExportReport, MaterialFacts, Profile,
    TrainingData, VerificationReport, Watch, cid_of_path, export,
};
use salon_domain::{
    ApprovalId, ApprovedMember, ApprovedSet, CancelToken, Candidate, CandidateId, Digest, Frozen, ModelRef,
    Origin, Recipe, RunId, Timestamp, Trait, Verdict,
};

/// The `ChaCha20` keystream of a seed, cut after `left` bytes.
pub struct Keystream {
    cipher: ChaCha20,
    left: u64,
}

impl Keystream {
    pub fn new(seed: &str, length: u64) -> Self {
        let key = Digest::of(seed.as_bytes()).0;
        Self {
            cipher: ChaCha20::new(&key.into(), &[0; 12].into()),
            left: length,
        }
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.read_exact(&mut bytes).unwrap();
        u64::from_le_bytes(bytes) % bound
    }
}

impl Read for Keystream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.left.min(buffer.len() as u64) as usize;
        buffer[..count].fill(0);
        self.cipher.apply_keystream(&mut buffer[..count]);
        self.left -= count as u64;
        Ok(count)
    }
}

/// `length` bytes of a seed's keystream.
pub fn bytes_of(seed: &str, length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    Keystream::new(seed, length).read_to_end(&mut bytes).unwrap();
    bytes
}

/// The CID of a path, and its CAR where one is asked for.
pub fn pack(path: &Path, profile: Profile, car: Option<&Path>) -> CidReport {
    pack_as(path, profile, car, CarVersion::V1)
}

/// The same, with the CAR in this version.
pub fn pack_as(path: &Path, profile: Profile, car: Option<&Path>, version: CarVersion) -> CidReport {
    let cancel = CancelToken::new();
    let car = car.map(|path| CarFile { path, version });
    cid_of_path(path, profile, car, Watch::new(&|_| (), &cancel)).unwrap()
}

pub fn verify(path: &Path) -> VerificationReport {
    let cancel = CancelToken::new();
    salon_bundle::verify(path, Watch::new(&|_| (), &cancel)).unwrap()
}

/// An approved set with its pictures' bytes.
pub struct Collection {
    pub set: ApprovedSet,
    pub pictures: BTreeMap<Digest, Vec<u8>>,
}

/// `count` pictures of `bytes` bytes each.
pub fn collection(count: u32, bytes: u64) -> Collection {
    collection_of(count, bytes, &|candidate| candidate)
}

/// The same, each candidate as `change` has it.
pub fn collection_of(count: u32, bytes: u64, change: &dyn Fn(Candidate) -> Candidate) -> Collection {
    let mut pictures = BTreeMap::new();
    let candidates: Vec<Frozen> = (1..=count)
        .map(|number| {
            let picture = bytes_of(&format!("picture {number}"), bytes);
            let sha256 = Digest::of(&picture);
            pictures.insert(sha256, picture);
            (change(candidate(number, sha256)), Some(recipe()), None)
        })
        .collect();
    let set = ApprovedSet::freeze(
        ApprovalId(1),
        1,
        "Ada",
        Timestamp(1_700_000_000_000),
        Digest::of(b"chain"),
        &candidates,
    );
    Collection {
        set: set.unwrap(),
        pictures,
    }
}

fn candidate(number: u32, sha256: Digest) -> Candidate {
    let origin = Origin::Slot {
        run: RunId(3),
        slot: number,
        seed: 7 + u64::from(number),
    };
    let id = CandidateId(i64::from(number));
    let background = if number.is_multiple_of(2) { "teal" } else { "ochre" };
    Candidate {
        verdict: Verdict::Accepted,
        traits: vec![Trait::new("Species", "fox"), Trait::new("Background", background)],
        ..Candidate::arrived(id, origin, sha256, (128, 128), Timestamp(0))
    }
}

fn recipe() -> Recipe {
    Recipe {
        // Not exact in binary: it must come back from JSON bit for bit.
        guidance: 3.1 * 1.1,
        seed: 7,
        ..Recipe::plain(
            ModelRef {
                name: "house".into(),
                sha256: Digest::of(b"model"),
            },
            "a fox with \"star\" eyes, ünïcode",
            128,
            128,
        )
    }
}

/// What is known of the model of [`recipe`].
pub fn materials() -> BTreeMap<Digest, MaterialFacts> {
    let facts = MaterialFacts {
        licence: "MIT".into(),
        card: Some("# A model of foxes\n".into()),
        data: vec![TrainingData {
            name: "drawings/fox.svg".into(),
            sha256: Digest::of(b"a drawing"),
        }],
    };
    BTreeMap::from([(Digest::of(b"model"), facts)])
}

impl Collection {
    pub fn approved(&self, position: usize) -> &ApprovedMember {
        &self.set.members()[position - 1]
    }

    pub fn export(&self, out: &Path) -> salon_bundle::Result<ExportReport> {
        self.export_watched(out, &CancelToken::new(), &|digest| {
            Ok(self.pictures[digest].clone())
        })
    }

    /// Exports a revealed collection, its tokens shifted by `starting_index`.
    pub fn export_shifted(&self, starting_index: u64, out: &Path) -> ExportReport {
        let info = CollectionInfo {
            name: "Foxes".into(),
            description: "Machine-made, hand-picked.".into(),
            symbol: Some("FOX".into()),
            first_token: 1,
            starting_index,
        };
        let order = ExportOrder {
            set: &self.set,
            collection: &info,
            words: &BTreeMap::new(),
            materials: &materials(),
            masters: None,
            pictures: &|digest| Ok(Box::new(io::Cursor::new(self.pictures[digest].clone()))),
            out,
            root: None,
        };
        export(order, Watch::new(&|_| (), &CancelToken::new())).unwrap()
    }

    /// Exports under a name of its own.
    pub fn export_named(&self, name: &str, description: &str, out: &Path) -> ExportReport {
        let info = CollectionInfo {
            name: name.into(),
            description: description.into(),
            symbol: Some("FOX".into()),
            first_token: 1,
            starting_index: 0,
        };
        let words = BTreeMap::new();
        let order = ExportOrder {
            set: &self.set,
            collection: &info,
            words: &words,
            materials: &materials(),
            masters: None,
            pictures: &|digest| Ok(Box::new(io::Cursor::new(self.pictures[digest].clone()))),
            out,
            root: None,
        };
        export(order, Watch::new(&|_| (), &CancelToken::new())).unwrap()
    }

    pub fn export_watched(
        &self,
        out: &Path,
        cancel: &CancelToken,
        picture: &(dyn Fn(&Digest) -> io::Result<Vec<u8>> + Sync),
    ) -> salon_bundle::Result<ExportReport> {
        let info = CollectionInfo {
            name: "Foxes".into(),
            description: "Machine-made, hand-picked.".into(),
            symbol: Some("FOX".into()),
            first_token: 1,
            starting_index: 0,
        };
        let words = std::collections::BTreeMap::new();
        let order = ExportOrder {
            words: &words,
            materials: &materials(),
            set: &self.set,
            collection: &info,
            masters: None,
            pictures: &|digest| Ok(Box::new(io::Cursor::new(picture(digest)?))),
            out,
            root: None,
        };
        export(order, Watch::new(&|_| (), cancel))
    }
}

/// Every file below `folder` by its path there.
pub fn snapshot(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn visit(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                visit(&entry.path(), &format!("{name}/"), files);
            } else {
                files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    visit(folder, "", &mut files);
    files
}

/// Runs the reference tools; their answer, line by line.
pub fn reference(arguments: &[&str]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    assert!(
        folder.join("node_modules").is_dir(),
        "the reference tools are not installed: run `npm ci` in {}",
        folder.display()
    );
    let output = Command::new("node")
        .arg(folder.join("reference.mjs"))
        .args(arguments)
        .output()
        .expect("node 20 or newer must be on the path");
    assert!(
        output.status.success(),
        "the reference tools failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}
