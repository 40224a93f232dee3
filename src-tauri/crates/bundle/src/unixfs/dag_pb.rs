//! dag-pb nodes: links, then data. Source: ipld.io, codecs/dag-pb.

use cid::Cid;

use super::varint;

/// One link as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) cid: Cid,
    pub(crate) name: Vec<u8>,
    /// Bytes of the linked block and of everything below it, each counted as often as it is linked.
    pub(crate) tsize: u64,
}

/// A node read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) links: Vec<Link>,
    pub(crate) data: Vec<u8>,
}

const LINKS: u8 = 0x12;
const DATA: u8 = 0x0a;

fn link_body_length(cid_length: usize, name_length: usize, tsize: u64) -> usize {
    field_length(cid_length) + field_length(name_length) + 1 + varint::length(tsize)
}

fn field_length(content: usize) -> usize {
    1 + varint::length(content as u64) + content
}

/// Bytes that a link takes inside its node.
pub(crate) fn link_length(cid_length: usize, name_length: usize, tsize: u64) -> usize {
    field_length(link_body_length(cid_length, name_length, tsize))
}

/// Bytes that the data field takes inside its node.
pub(crate) fn data_length(data: usize) -> usize {
    field_length(data)
}

/// Appends a length-delimited field.
pub(crate) fn put_field(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    varint::put(out, content.len() as u64);
    out.extend_from_slice(content);
}

/// The bytes of a node.
pub(crate) fn encode(links: &[Link], data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(links.len() * 64 + data.len() + 8);
    for link in links {
        let cid = link.cid.to_bytes();
        out.push(LINKS);
        varint::put(
            &mut out,
            link_body_length(cid.len(), link.name.len(), link.tsize) as u64,
        );
        put_field(&mut out, 0x0a, &cid);
        put_field(&mut out, 0x12, &link.name);
        out.push(0x18);
        varint::put(&mut out, link.tsize);
    }
    put_field(&mut out, DATA, data);
    out
}

/// Takes a length-delimited field's content off the front of `input`.
pub(crate) fn take_bytes<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint::take(input)?).ok()?;
    let (content, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some(content)
}

/// Reads a node in either field order; `None` when the bytes are not a dag-pb node.
pub(crate) fn decode(mut input: &[u8]) -> Option<Node> {
    let (mut links, mut data) = (Vec::new(), None);
    let mut links_ended = false;
    while let Some((&tag, rest)) = input.split_first() {
        input = rest;
        let content = take_bytes(&mut input)?;
        match tag {
            LINKS if !links_ended => links.push(decode_link(content)?),
            DATA if data.is_none() => {
                links_ended = !links.is_empty();
                data = Some(content.to_vec());
            }
            _ => return None,
        }
    }
    Some(Node { links, data: data? })
}

fn decode_link(mut input: &[u8]) -> Option<Link> {
    let (mut cid, mut name, mut tsize) = (None, None, None);
    while let Some((&tag, rest)) = input.split_first() {
        input = rest;
        match tag {
            0x0a if cid.is_none() => cid = Some(read_cid(take_bytes(&mut input)?)?),
            0x12 if name.is_none() => name = Some(take_bytes(&mut input)?.to_vec()),
            0x18 if tsize.is_none() => tsize = Some(varint::take(&mut input)?),
            _ => return None,
        }
    }
    Some(Link {
        cid: cid?,
        name: name.unwrap_or_default(),
        tsize: tsize.unwrap_or_default(),
    })
}

/// A CID that fills `bytes` exactly.
pub(crate) fn read_cid(bytes: &[u8]) -> Option<Cid> {
    let mut rest = bytes;
    let cid = Cid::read_bytes(&mut rest).ok()?;
    rest.is_empty().then_some(cid)
}
