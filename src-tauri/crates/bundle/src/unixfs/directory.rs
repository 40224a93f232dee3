//! Folders: flat while they are small, sharded beyond the profile's threshold.

use super::dag::{Dag, NodeId};
use super::dag_pb::{self, Link};
use super::{hamt, metadata};
use crate::error::Result;
use crate::profile::ShardAbove;

/// Adds a folder over `entries` (names unique) and returns it.
pub(super) fn build(dag: &mut Dag, mut entries: Vec<(Vec<u8>, NodeId)>) -> Result<NodeId> {
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    if is_to_be_sharded(dag, &entries) {
        return hamt::build(dag, entries);
    }
    let children: Vec<NodeId> = entries.iter().map(|entry| entry.1).collect();
    let links: Vec<Link> = entries
        .into_iter()
        .map(|(name, node)| Link {
            cid: dag.cid(node),
            name,
            tsize: dag.tsize(node),
        })
        .collect();
    Ok(dag.add_node(&links, &metadata::DIRECTORY, children))
}

/// Whether the folder is beyond what the profile keeps flat.
fn is_to_be_sharded(dag: &Dag, entries: &[(Vec<u8>, NodeId)]) -> bool {
    let cid_length = dag.profile().cid_length();
    match dag.profile().shard_above() {
        ShardAbove::Links(most) => entries.len() > most,
        ShardAbove::LinkBytes(most) => {
            let bytes: usize = entries.iter().map(|(name, _)| name.len() + cid_length).sum();
            bytes > most
        }
        ShardAbove::BlockBytes(most) => {
            let links: usize = entries
                .iter()
                .map(|(name, node)| dag_pb::link_length(cid_length, name.len(), dag.tsize(*node)))
                .sum();
            links + dag_pb::data_length(metadata::DIRECTORY.len()) > most
        }
    }
}
