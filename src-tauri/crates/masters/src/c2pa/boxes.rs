//! JUMBF (ISO 19566-5): boxes within boxes, each of a length, a type and what it holds. A superbox begins with its
//! description: what kind it is, and its label.

/// Every kind's identifier ends alike.
const KIND: [u8; 12] = [
    0x00, 0x11, 0x00, 0x10, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71,
];
/// It may be asked for by its label, and has one.
const LABELLED: u8 = 0x03;

/// A box.
pub(super) fn plain(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = (content.len() + 8) as u32;
    [&length.to_be_bytes()[..], &kind, content].concat()
}

/// What a superbox holds: its description and its boxes. Hashes of a superbox are over these.
pub(super) fn content(kind: [u8; 4], label: &str, boxes: &[u8]) -> Vec<u8> {
    let description = [&kind[..], &KIND, &[LABELLED], label.as_bytes(), &[0]].concat();
    [&plain(*b"jumd", &description)[..], boxes].concat()
}

/// A superbox.
pub(super) fn labelled(kind: [u8; 4], label: &str, boxes: &[u8]) -> Vec<u8> {
    plain(*b"jumb", &content(kind, label, boxes))
}
