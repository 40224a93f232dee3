//! Folders: flat while they are small, sharded beyond the profile's threshold.

use super::dag::{Dag, NodeId};
use super::dag_pb::{self, Link};
use super::{hamt, metadata};
use crate::error::Result;
use crate::profile::{Profile, SHARD_ABOVE_BYTES};

/// Adds a folder over `entries` (names unique) and returns it.
pub(super) fn build(dag: &mut Dag, mut entries: Vec<(Vec<u8>, NodeId)>) -> Result<NodeId> {
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    if measured_size(dag, &entries) > SHARD_ABOVE_BYTES {
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

/// The flat folder's size as the profile measures it against the threshold.
fn measured_size(dag: &Dag, entries: &[(Vec<u8>, NodeId)]) -> usize {
    let cid_length = dag.profile().cid_length();
    match dag.profile() {
        Profile::UnixfsV0 => entries.iter().map(|(name, _)| name.len() + cid_length).sum(),
        Profile::UnixfsV1 => {
            let links: usize = entries
                .iter()
                .map(|(name, node)| dag_pb::link_length(cid_length, name.len(), dag.tsize(*node)))
                .sum();
            links + dag_pb::data_length(metadata::DIRECTORY.len())
        }
    }
}
