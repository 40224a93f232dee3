//! The graph of blocks of a file or folder. Interior blocks are held as bytes (about 1/20000 of the content), leaves as
//! the place where their content lies.

use std::path::{Path, PathBuf};

use cid::Cid;
use sha2::{Digest as _, Sha256};

use super::dag_pb::{self, Link};
use super::hashing::Chunk;
use super::{directory, metadata};
use crate::error::Result;
use crate::profile::Profile;

/// A block of a [`Dag`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

/// Where a block's bytes are.
#[derive(Debug)]
pub(crate) enum Body {
    /// Here, with the blocks that it links to, in link order.
    Built { bytes: Vec<u8>, children: Vec<NodeId> },
    /// In source file number `source`; framed when the profile's leaves are dag-pb.
    Leaf { source: u32, offset: u64, length: u64 },
    /// Gone: they went by in a stream.
    Streamed,
}

struct Node {
    cid: Cid,
    /// Bytes of the block itself.
    size: u64,
    /// `size` plus the `tsize` of every link.
    tsize: u64,
    /// Bytes of file content below; 0 for folders.
    content: u64,
    body: Body,
}

/// Blocks in the making; children always precede their parents.
pub(crate) struct Dag {
    profile: Profile,
    nodes: Vec<Node>,
    sources: Vec<PathBuf>,
}

impl Dag {
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            nodes: Vec::new(),
            sources: Vec::new(),
        }
    }

    pub(crate) fn profile(&self) -> Profile {
        self.profile
    }

    pub(crate) fn cid(&self, node: NodeId) -> Cid {
        self.nodes[node.0 as usize].cid
    }

    /// Bytes of the block.
    pub(crate) fn size(&self, node: NodeId) -> u64 {
        self.nodes[node.0 as usize].size
    }

    /// Bytes of the block and everything below.
    pub(crate) fn tsize(&self, node: NodeId) -> u64 {
        self.nodes[node.0 as usize].tsize
    }

    pub(crate) fn body(&self, node: NodeId) -> &Body {
        &self.nodes[node.0 as usize].body
    }

    /// Whether it is the top of a sharded folder.
    pub(crate) fn is_shard(&self, node: NodeId) -> bool {
        let Body::Built { bytes, .. } = self.body(node) else {
            return false;
        };
        let data = dag_pb::decode(bytes).and_then(|node| metadata::decode(&node.data));
        matches!(data, Some(metadata::Unixfs::Shard { .. }))
    }

    pub(crate) fn source(&self, source: u32) -> &Path {
        &self.sources[source as usize]
    }

    /// The file that a leaf lies in, and the number of the leaf there.
    pub(crate) fn leaf_number(&self, node: NodeId) -> Option<(usize, usize)> {
        match self.body(node) {
            &Body::Leaf { source, offset, .. } => {
                Some((source as usize, (offset / self.profile.chunk_size()) as usize))
            }
            Body::Built { .. } | Body::Streamed => None,
        }
    }

    /// Adds a file that was read from `path` in these chunks.
    pub(crate) fn add_file(&mut self, path: PathBuf, chunks: &[Chunk]) -> NodeId {
        let source = self.sources.len() as u32;
        self.sources.push(path);
        self.balanced(Some(source), chunks)
    }

    /// Adds a file that went by in a stream: its CID is known, its blocks are not kept.
    pub(crate) fn add_streamed(&mut self, chunks: &[Chunk]) -> NodeId {
        self.balanced(None, chunks)
    }

    /// Adds a symbolic link.
    pub(crate) fn add_symlink(&mut self, target: &[u8]) -> NodeId {
        self.add_node(&[], &metadata::symlink(target), Vec::new())
    }

    /// Adds a folder over `entries`, whose names are unique.
    pub(crate) fn add_directory(&mut self, entries: Vec<(Vec<u8>, NodeId)>) -> Result<NodeId> {
        directory::build(self, entries)
    }

    /// Adds a dag-pb block. `children` are the blocks behind `links`, in the same order.
    pub(super) fn add_node(&mut self, links: &[Link], data: &[u8], children: Vec<NodeId>) -> NodeId {
        let bytes = dag_pb::encode(links, data);
        let size = bytes.len() as u64;
        self.push(Node {
            cid: self.profile.node_cid(&Sha256::digest(&bytes).into()),
            size,
            tsize: size + links.iter().map(|link| link.tsize).sum::<u64>(),
            content: 0,
            body: Body::Built { bytes, children },
        })
    }

    /// The balanced layout: every leaf at the same depth, every node but the last of its level full.
    fn balanced(&mut self, source: Option<u32>, chunks: &[Chunk]) -> NodeId {
        let mut offset = 0;
        let mut level: Vec<NodeId> = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            level.push(self.leaf(source, offset, chunk));
            offset += chunk.length;
        }
        while level.len() > 1 {
            level = level
                .chunks(self.profile.file_width())
                .map(|children| self.file_node(children))
                .collect();
        }
        level[0]
    }

    fn leaf(&mut self, source: Option<u32>, offset: u64, chunk: &Chunk) -> NodeId {
        let frame = if self.profile.raw_leaves() {
            0
        } else {
            let (before, after) = metadata::leaf_frame(chunk.length);
            before.len() + after.len()
        };
        let size = chunk.length + frame as u64;
        self.push(Node {
            cid: self.profile.leaf_cid(&chunk.digest),
            size,
            tsize: size,
            content: chunk.length,
            body: source.map_or(Body::Streamed, |source| Body::Leaf {
                source,
                offset,
                length: chunk.length,
            }),
        })
    }

    fn file_node(&mut self, children: &[NodeId]) -> NodeId {
        let links: Vec<Link> = children
            .iter()
            .map(|&child| Link {
                cid: self.cid(child),
                name: Vec::new(),
                tsize: self.tsize(child),
            })
            .collect();
        let parts: Vec<u64> = children
            .iter()
            .map(|child| self.nodes[child.0 as usize].content)
            .collect();
        let node = self.add_node(&links, &metadata::file_over(&parts), children.to_vec());
        self.nodes[node.0 as usize].content = parts.iter().sum();
        node
    }

    fn push(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(dag: &mut Dag) -> NodeId {
        let digest = Sha256::digest(b"hello\n").into();
        dag.add_streamed(&[Chunk { digest, length: 6 }])
    }

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn bytes_of(dag: &Dag, node: NodeId) -> String {
        match dag.body(node) {
            Body::Built { bytes, .. } => hex(bytes),
            _ => String::new(),
        }
    }

    #[test]
    fn the_published_block_vectors_come_out_byte_for_byte() {
        // Links-first rows of the table of IPIP-0550.
        let mut dag = Dag::new(Profile::UnixfsV1);
        let file = hello(&mut dag);
        let directory = dag.add_directory(vec![(b"hello.txt".to_vec(), file)]).unwrap();
        assert_eq!(
            bytes_of(&dag, directory),
            "12330a24015512205891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03120968656c6c6f2e747874\
             18060a020801",
            "flat folder"
        );
        assert_eq!(
            dag.cid(directory).to_string(),
            "bafybeigdcg7pksx2zk5336vrfsktjodlr4rbfz37qr3koc5xboxe5ekv24"
        );
        let shard = super::super::hamt::build(&mut dag, vec![(b"hello.txt".to_vec(), file)]).unwrap();
        assert_eq!(
            bytes_of(&dag, shard),
            "12350a24015512205891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03120b444668656c6c6f2e74\
             787418060a250805121c800000000000000000000000000000000000000000000000000000002822308002",
            "shard with a bitfield of 28 bytes"
        );
        assert_eq!(
            dag.cid(shard).to_string(),
            "bafybeicjwkfslu7gwyywffvqgse5kiibojtktxcdqhgv7ldj5fjdacuceq"
        );
    }

    #[test]
    fn the_empty_folder_is_the_one_everybody_knows() {
        for (profile, expected) in [
            (
                Profile::UnixfsV0,
                "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn",
            ),
            (
                Profile::UnixfsV1,
                "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354",
            ),
        ] {
            let mut dag = Dag::new(profile);
            let empty = dag.add_directory(Vec::new()).unwrap();
            assert_eq!(dag.cid(empty).to_string(), expected, "{profile}");
        }
    }
}
