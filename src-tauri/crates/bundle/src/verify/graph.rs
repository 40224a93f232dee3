//! The graph under a CAR's root: links, sizes, names, shards, order. Every block is visited once, so the work is
//! linear in the file whatever the links say.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use cid::Cid;

use super::blocks::{Blocks, Kind, Summary};
use super::{Findings, Subject};
use crate::error::Result;
use crate::unixfs::dag_pb::{Link, Node};
use crate::unixfs::hamt::{bitfield, path_of};
use crate::unixfs::metadata::{self, Unixfs};
use crate::watch::Meter;

/// Longest name of an entry, and longest path, in bytes.
const MAX_NAME: usize = 1024;
const MAX_PATH: usize = 8192;
/// Entries below the root that are listed for the comparison with a folder: those of a bundle's own folders.
const LISTED_DEPTH: usize = 2;

/// What the CAR holds, by path.
pub(super) struct Listing {
    pub(super) root: Cid,
    /// `images`, `images/1.png`, … as far down as a bundle goes.
    pub(super) entries: BTreeMap<Vec<u8>, Cid>,
}

/// Which place a block takes below its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Named in a folder, or the root.
    Entry,
    /// A part of a file.
    Part,
    /// A shard below a shard: its level, and the hash bytes that everything in it shares.
    Shard { level: usize, prefix: [u8; 8] },
}

/// A link still to be followed.
struct Open {
    cid: Cid,
    role: Role,
    /// Path of the folder or file it belongs to.
    parent: Rc<[u8]>,
    /// Its own name there; empty for parts and shards.
    name: Vec<u8>,
    depth: usize,
}

struct Walk<'a> {
    blocks: &'a Blocks,
    findings: &'a mut Findings,
    open: Vec<Open>,
    listing: Listing,
}

/// Walks everything under the root. `ordered` demands the depth-first order that Salon writes; other tools' CARs may
/// be in any order.
pub(super) fn walk(
    blocks: &Blocks,
    ordered: bool,
    findings: &mut Findings,
    meter: &Meter<'_>,
) -> Result<Listing> {
    let mut walk = Walk {
        blocks,
        findings,
        open: Vec::new(),
        listing: Listing {
            root: blocks.root,
            entries: BTreeMap::new(),
        },
    };
    walk.findings.seen(Subject::Links, 0);
    walk.open.push(Open {
        cid: blocks.root,
        role: Role::Entry,
        parent: Rc::from([]),
        name: Vec::new(),
        depth: 0,
    });
    let mut visited: HashMap<Cid, Role> = HashMap::new();
    let mut in_order = true;
    while let Some(open) = walk.open.pop() {
        meter.add(0)?;
        let path = walk.enter(&open);
        let Some(summary) = blocks.get(&open.cid) else {
            walk.fail(&path, format!("block {}", open.cid), blocks.absence(&open.cid));
            continue;
        };
        let first = walk.blocks.order.get(visited.len());
        match visited.get(&open.cid) {
            Some(role) => {
                if summary.kind == Kind::Shard && *role != open.role {
                    walk.fail(
                        &path,
                        "a shard in one place of one folder",
                        format!("{} in two", open.cid),
                    );
                }
                continue;
            }
            None => visited.insert(open.cid, open.role),
        };
        if ordered && in_order && first != Some(&open.cid) {
            in_order = false;
            let found = first.map_or("the end of the file".into(), Cid::to_string);
            walk.findings.fail(
                Subject::Order,
                printable(&path),
                format!("block {} next", open.cid),
                found,
            );
        }
        if path.len() > MAX_PATH {
            walk.fail(
                &path,
                format!("a path of at most {MAX_PATH} bytes"),
                "a longer one",
            );
        } else if !summary.raw {
            walk.descend(&open, summary, &path);
        }
    }
    if ordered {
        walk.findings.seen(Subject::Order, blocks.order.len() as u64);
    }
    if visited.len() < blocks.order.len() {
        let stray = blocks.order.iter().filter(|cid| !visited.contains_key(cid));
        for cid in stray {
            walk.findings
                .fail(Subject::Links, "the CAR", "only blocks below the root", cid);
        }
    }
    Ok(walk.listing)
}

impl Walk<'_> {
    fn fail(&mut self, path: &[u8], expected: impl std::fmt::Display, found: impl std::fmt::Display) {
        self.findings
            .fail(Subject::Links, printable(path), expected, found);
    }

    /// The path of a link's target; listed when a bundle goes that deep.
    fn enter(&mut self, open: &Open) -> Rc<[u8]> {
        if open.name.is_empty() {
            return Rc::clone(&open.parent);
        }
        let mut path = open.parent.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(&open.name);
        if open.depth <= LISTED_DEPTH {
            self.listing.entries.insert(path.clone(), open.cid);
        }
        Rc::from(path)
    }

    /// Checks a dag-pb block against its place and opens its links.
    fn descend(&mut self, open: &Open, summary: &Summary, path: &Rc<[u8]>) {
        let node = self.blocks.node(&open.cid, summary);
        let decoded = node.and_then(|node| metadata::decode(&node.data).map(|data| (node, data)));
        let Some((node, data)) = decoded.filter(|_| summary.kind != Kind::Malformed) else {
            self.fail(path, "a UnixFS node", format!("{}, which is none", open.cid));
            return;
        };
        let fits = match open.role {
            Role::Entry => true,
            Role::Part => summary.kind == Kind::File,
            Role::Shard { .. } => summary.kind == Kind::Shard,
        };
        if !fits {
            self.fail(
                path,
                format!("a block that fits its place ({:?})", open.role),
                format!("{:?}", summary.kind),
            );
            return;
        }
        self.findings.seen(Subject::Links, node.links.len() as u64);
        for link in &node.links {
            self.check_size(link, path);
        }
        let opened = match data {
            Unixfs::Directory => self.open_directory(&node, path, open.depth),
            Unixfs::File { parts, .. } => self.open_parts(&node, &parts, path, open.depth),
            Unixfs::Shard { bitfield } => self.open_shard(&node, &bitfield, open, path),
            Unixfs::Symlink { .. } => Vec::new(),
        };
        self.open.extend(opened.into_iter().rev());
    }

    fn check_size(&mut self, link: &Link, path: &[u8]) {
        let Some(target) = self.blocks.get(&link.cid) else {
            return; // Noted when the link is followed.
        };
        if target.kind != Kind::Malformed && link.tsize != target.tsize {
            let place = [path, b" link ", &link.name].concat();
            self.fail(&place, format!("Tsize {}", target.tsize), link.tsize);
        }
    }

    fn open_directory(&mut self, node: &Node, path: &Rc<[u8]>, depth: usize) -> Vec<Open> {
        if !node.links.is_sorted_by(|one, next| one.name < next.name) {
            self.fail(path, "names in ascending order, each once", "another order");
        }
        let links = node.links.iter();
        links
            .filter_map(|link| self.entry(link.cid, &link.name, path, depth))
            .collect()
    }

    fn entry(&mut self, cid: Cid, name: &[u8], path: &Rc<[u8]>, depth: usize) -> Option<Open> {
        let plain = !name.is_empty() && !name.contains(&b'/') && name != b"." && name != b"..";
        if !plain || name.len() > MAX_NAME {
            self.fail(
                path,
                "names that a file can have",
                format!("`{}`", printable(name)),
            );
            return None;
        }
        Some(Open {
            cid,
            role: Role::Entry,
            parent: Rc::clone(path),
            name: name.to_vec(),
            depth: depth + 1,
        })
    }

    fn open_parts(&mut self, node: &Node, parts: &[u64], path: &Rc<[u8]>, depth: usize) -> Vec<Open> {
        for (index, (link, &part)) in node.links.iter().zip(parts).enumerate() {
            let content = self.blocks.get(&link.cid).map(|target| target.content);
            if let Some(content) = content.filter(|&content| content != part) {
                let place = [path, format!(" part {index}").as_bytes()].concat();
                self.fail(&place, format!("{part} bytes of content"), content);
            }
            if !link.name.is_empty() {
                self.fail(
                    path,
                    "parts without names",
                    format!("`{}`", printable(&link.name)),
                );
            }
        }
        let part = |link: &Link| Open {
            cid: link.cid,
            role: Role::Part,
            parent: Rc::clone(path),
            name: Vec::new(),
            depth: depth + 1,
        };
        node.links.iter().map(part).collect()
    }

    fn open_shard(&mut self, node: &Node, stored: &[u8], open: &Open, path: &Rc<[u8]>) -> Vec<Open> {
        let (level, prefix) = match open.role {
            Role::Shard { level, prefix } => (level, prefix),
            Role::Entry | Role::Part => (0, [0; 8]),
        };
        if level == 8 {
            self.fail(path, "shards at most 8 deep", "a deeper one");
            return Vec::new();
        }
        let slots: Option<Vec<u8>> = node.links.iter().map(|link| slot_of(&link.name)).collect();
        let Some(slots) = slots.filter(|slots| !slots.is_empty()) else {
            self.fail(
                path,
                "shard links that begin with two upper-case hex digits",
                "others",
            );
            return Vec::new();
        };
        if !slots.is_sorted_by(|one, next| one < next) {
            self.fail(path, "shard slots in ascending order, each once", "another order");
        }
        let expected = bitfield(slots.iter().copied());
        if expected != stored {
            self.fail(
                path,
                format!("bitfield {expected:02x?}"),
                format!("{stored:02x?}"),
            );
        }
        let mut opened = Vec::with_capacity(slots.len());
        for (link, slot) in node.links.iter().zip(slots) {
            let mut prefix = prefix;
            prefix[level] = slot;
            let name = &link.name[2..];
            if name.is_empty() {
                opened.push(Open {
                    cid: link.cid,
                    role: Role::Shard {
                        level: level + 1,
                        prefix,
                    },
                    parent: Rc::clone(path),
                    name: Vec::new(),
                    depth: open.depth,
                });
                continue;
            }
            if path_of(name)[..=level] != prefix[..=level] {
                let place = [path, b"/".as_slice(), name].concat();
                self.fail(
                    &place,
                    "a place in the shards that its hash gives",
                    format!("{:02x?}", &prefix[..=level]),
                );
            }
            opened.extend(self.entry(link.cid, name, path, open.depth));
        }
        opened
    }
}

/// The slot that a shard's link begins with.
fn slot_of(name: &[u8]) -> Option<u8> {
    let digits = name.get(..2)?;
    let upper = digits
        .iter()
        .all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'));
    let text = std::str::from_utf8(digits).ok()?;
    upper.then(|| u8::from_str_radix(text, 16).ok()).flatten()
}

/// A path for people: the root has a name too.
fn printable(path: &[u8]) -> String {
    if path.is_empty() {
        "the root".into()
    } else {
        String::from_utf8_lossy(path).into_owned()
    }
}
