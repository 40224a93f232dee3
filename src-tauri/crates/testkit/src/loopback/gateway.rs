//! A gateway over a bundle's folder: single blocks where it is trustless, files by path in any case.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::car::{Block, blocks, root_of};
use super::http::{Asked, Machine, Reply, serve};

/// What a gateway does instead of giving something.
#[derive(Debug, Clone)]
pub enum Tampered {
    /// It gives these bytes.
    Bytes(Vec<u8>),
    /// It answers this status.
    Status(u16),
    /// It takes so long.
    Hangs(Duration),
    /// It breaks off in the middle.
    Cut,
    /// It points elsewhere.
    Redirect(String),
}

type Tamper = dyn Fn(&str) -> Option<Tampered> + Send + Sync;

/// A gateway.
pub struct Gateway {
    /// Where it listens.
    pub machine: Machine,
    tamper: Arc<Mutex<Box<Tamper>>>,
    blocks: Arc<Vec<Block>>,
}

impl Gateway {
    /// A gateway for the bundle in `folder`. Without `trustless` it knows no `format=raw` and gives a page instead.
    pub fn start(folder: &Path, trustless: bool) -> Self {
        let car = std::fs::read(folder.join("bundle.car")).expect("the bundle has a CAR");
        let root = root_of(&car).expect("the CAR is whole");
        let blocks = Arc::new(blocks(&car).expect("the CAR is whole"));
        let none: Box<Tamper> = Box::new(|_| None);
        let tamper = Arc::new(Mutex::new(none));
        let (folder, told, held) = (folder.to_path_buf(), Arc::clone(&tamper), Arc::clone(&blocks));
        let machine = serve(move |asked| {
            let honest = honest(asked, &folder, &root, &held, trustless);
            let name = asked.path.trim_start_matches("/ipfs/").to_owned();
            let name = name.strip_prefix(&format!("{root}/")).unwrap_or(&name);
            let tampered = told.lock().expect("a test's lock")(name);
            match tampered {
                None => Some(honest),
                Some(Tampered::Bytes(bytes)) => Some(Reply {
                    body: bytes,
                    ..honest
                }),
                Some(Tampered::Status(status)) => Some(Reply::new(status, "no")),
                Some(Tampered::Hangs(after)) => Some(Reply { after, ..honest }),
                Some(Tampered::Cut) => Some(honest.cut()),
                Some(Tampered::Redirect(place)) => Some(Reply::new(302, "").with("location", place)),
            }
        });
        Self {
            machine,
            tamper,
            blocks,
        }
    }

    /// From now on does this instead: `tamper` gets a block's CID, or a file's path under the root.
    pub fn tamper(&self, tamper: impl Fn(&str) -> Option<Tampered> + Send + Sync + 'static) {
        *self.tamper.lock().expect("a test's lock") = Box::new(tamper);
    }

    /// The blocks that it has.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }
}

fn honest(asked: &Asked, folder: &Path, root: &str, blocks: &[Block], trustless: bool) -> Reply {
    let path = asked.path.trim_start_matches("/ipfs/");
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if asked.asks("format") == "raw" && trustless {
        return match blocks.iter().find(|block| block.cid == first) {
            Some(block) => {
                Reply::new(200, block.bytes.clone()).with("content-type", "application/vnd.ipld.raw")
            }
            None => Reply::new(404, "ipld: could not find"),
        };
    }
    if first != root {
        return Reply::new(404, "ipld: could not find");
    }
    let file: PathBuf = folder.join(rest);
    match std::fs::read(&file) {
        Ok(bytes) => Reply::new(200, bytes),
        Err(_) if file.is_dir() => {
            Reply::new(200, "<html>Index of /ipfs</html>").with("content-type", "text/html")
        }
        Err(_) => Reply::new(404, "no link named"),
    }
}
