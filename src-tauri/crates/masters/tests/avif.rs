//! AVIF masters, as their boxes say it (ISO 14496-12, ISO 23008-12, AV1-ISOBMFF). What a browser decodes of them is compared with
//! PNG masters in `tests/e2e/avif.test.mjs`.
#![allow(clippy::unwrap_used, missing_docs)] // A test that cannot set up must stop.

use std::thread;

use image::{ExtendedColorType, ImageEncoder, Rgba, RgbaImage};
use salon_domain::{
    Digest, DigitalSource, MasterFormat, MasterMetadata, MasterOrder, MasterOrderError, MasterSignature,
    MasterSize, Media, TrainingUse,
};
use salon_masters::{Master, MasterError, make};

const SOURCE: Option<DigitalSource> = Some(DigitalSource::TrainedAlgorithmicMedia);

fn order(quality: u8) -> MasterOrder {
    MasterOrder {
        size: MasterSize::Longest { pixels: 96 },
        format: MasterFormat::Avif { quality },
        metadata: MasterMetadata::Clean,
        disclosed: true,
        ..MasterOrder::default()
    }
}

fn png(alpha: bool, profile: Option<&[u8]>) -> Vec<u8> {
    let picture = RgbaImage::from_fn(48, 32, |x, y| {
        let shown = if alpha && x < 8 { 0 } else { 255 };
        Rgba([(x * 5) as u8, (y * 7) as u8, (x * y % 256) as u8, shown])
    });
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile.to_vec()).unwrap();
    }
    encoder
        .write_image(picture.as_raw(), 48, 32, ExtendedColorType::Rgba8)
        .unwrap();
    bytes
}

/// The boxes in some bytes, with their types.
fn boxes(mut bytes: &[u8]) -> Vec<(&str, &[u8])> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let length = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
        found.push((str::from_utf8(&bytes[4..8]).unwrap(), &bytes[8..length]));
        bytes = &bytes[length..];
    }
    found
}

/// A box by the types that lead to it; `meta` and `iref` begin with a version and flags.
fn at<'a>(bytes: &'a [u8], path: &[&str]) -> Option<&'a [u8]> {
    let Some((first, rest)) = path.split_first() else {
        return Some(bytes);
    };
    let (_, data) = boxes(bytes).into_iter().find(|(kind, _)| kind == first)?;
    let skipped = if ["meta", "iref"].contains(first) { 4 } else { 0 };
    at(&data[skipped..], rest)
}

fn number(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// Every item: its number, its type, and its bytes.
fn items(file: &[u8]) -> Vec<(usize, String, Vec<u8>)> {
    let names = at(file, &["meta", "iinf"]).unwrap();
    let places = at(file, &["meta", "iloc"]).unwrap();
    let named: Vec<(usize, String)> = boxes(&names[6..])
        .into_iter()
        .map(|(_, entry)| {
            (
                number(&entry[4..6]),
                String::from_utf8(entry[8..12].to_vec()).unwrap(),
            )
        })
        .collect();
    assert_eq!(number(&names[4..6]), named.len());
    assert_eq!(number(&places[6..8]), named.len());
    let lie = places[8..].chunks_exact(14).map(|place| {
        let (item, from) = (number(&place[..2]), number(&place[6..10]));
        (item, file[from..from + number(&place[10..])].to_vec())
    });
    lie.map(|(item, bytes)| {
        let (_, kind) = named.iter().find(|(named, _)| *named == item).unwrap();
        (item, kind.clone(), bytes)
    })
    .collect()
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn a_master_is_an_avif_file_of_its_size_whose_items_lie_where_it_says() {
    for alpha in [false, true] {
        let master = make(&png(alpha, None), &order(80), SOURCE).unwrap();
        let Master {
            bytes,
            media,
            width,
            height,
        } = &master;
        assert_eq!((*media, *width, *height), (Media::Avif, 96, 64));
        assert_eq!(Media::of(bytes), Some(Media::Avif));
        let kinds: Vec<&str> = boxes(bytes).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["ftyp", "meta", "mdat"]);
        let properties = at(bytes, &["meta", "iprp", "ipco"]).unwrap();
        let size = at(properties, &["ispe"]).unwrap();
        assert_eq!((number(&size[4..8]), number(&size[8..12])), (96, 64));
        let items = items(bytes);
        let pictures: Vec<_> = items.iter().filter(|(_, kind, _)| kind == "av01").collect();
        assert_eq!(
            pictures.len(),
            if alpha { 2 } else { 1 },
            "transparency is a picture of its own"
        );
        assert_eq!(
            has(properties, b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"),
            alpha
        );
        for (item, _, data) in pictures {
            // An AV1 stream begins with a sequence header or a temporal delimiter whose length is told (AV1, 5.3.2).
            assert!(
                matches!(data[0], 0x0a | 0x12),
                "item {item} begins with {:#x}",
                data[0]
            );
        }
        let (packet, ..) = items.iter().find(|(_, kind, _)| kind == "mime").unwrap();
        let (.., told) = &items.iter().find(|(item, ..)| item == packet).unwrap();
        assert!(
            told.starts_with(b"<?xpacket begin"),
            "the packet lies where it is said to"
        );
        assert!(has(told, DigitalSource::TrainedAlgorithmicMedia.uri().as_bytes()));
        assert!(told.ends_with(b"<?xpacket end=\"w\"?>"), "and is whole");
        assert!(has(bytes, b"application/rdf+xml\0"));
        let tells = at(bytes, &["meta", "iref", "cdsc"]).unwrap();
        assert_eq!((number(&tells[..2]), number(&tells[4..6])), (*packet, 1));
        let silent = make(&png(alpha, None), &order(80), None).unwrap().bytes;
        assert!(!has(&silent, b"mime"), "nothing is said of what nobody knows");
    }
}

#[test]
fn the_same_order_gives_the_same_bytes_beside_others_and_alone() {
    let file = png(true, None);
    let alone = make(&file, &order(70), SOURCE).unwrap();
    thread::scope(|scope| {
        let beside: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| make(&file, &order(70), SOURCE).unwrap()))
            .collect();
        for one in beside {
            assert!(one.join().unwrap() == alone, "four threads make what one makes");
        }
    });
    let coarse = make(&file, &order(20), SOURCE).unwrap();
    assert!(coarse.bytes.len() < alone.bytes.len(), "quality costs bytes");
    for quality in [1, 100] {
        make(&file, &order(quality), SOURCE).unwrap();
    }
}

#[test]
fn a_colour_profile_is_a_property_of_the_picture() {
    // As far as anybody looks: a header whose signature says RGB.
    let mut profile = vec![0; 132];
    profile[16..20].copy_from_slice(b"RGB ");
    let bytes = make(&png(true, Some(&profile)), &order(80), SOURCE)
        .unwrap()
        .bytes;
    let properties = boxes(at(&bytes, &["meta", "iprp", "ipco"]).unwrap());
    let (kind, colours) = properties.last().unwrap();
    assert_eq!((*kind, *colours), ("colr", &[b"prof", &profile[..]].concat()[..]));
    let holds = at(&bytes, &["meta", "iprp", "ipma"]).unwrap();
    assert_eq!(number(&holds[8..10]), 1, "of the first item");
    let count = usize::from(holds[10]);
    assert_eq!(
        usize::from(holds[10 + count]),
        properties.len(),
        "the profile holds"
    );
    assert_eq!(
        number(&holds[11 + count..13 + count]),
        2,
        "and the next item follows"
    );
    assert_eq!(items(&bytes).len(), 3);
}

#[test]
fn what_avif_cannot_be_is_refused_with_the_next_step() {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
    encoder.set_color(png::ColorType::Rgb);
    encoder
        .add_text_chunk("parameters".into(), "a prompt".into())
        .unwrap();
    encoder
        .write_header()
        .unwrap()
        .write_image_data(&[1, 2, 3])
        .unwrap();
    let kept = MasterOrder {
        metadata: MasterMetadata::Keep,
        ..order(80)
    };
    let refused = make(&bytes, &kept, SOURCE).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the texts in its png file have no place in avif files: take the texts out, or keep the format"
    );
    make(&bytes, &order(80), SOURCE).unwrap();
    let signed = MasterOrder {
        signature: Some(MasterSignature {
            certificate: Digest::ZERO,
            training: TrainingUse::Unsaid,
        }),
        ..order(80)
    };
    let refused = make(&bytes, &signed, SOURCE).unwrap_err();
    assert_eq!(refused, MasterError::Order(MasterOrderError::SignedAvif));
    assert!(refused.to_string().contains("PNG, JPEG or WebP"), "{refused}");
    let avif = make(&bytes, &order(80), SOURCE).unwrap().bytes;
    assert!(
        matches!(make(&avif, &order(80), SOURCE), Err(MasterError::Unreadable(_))),
        "AVIF files are made and not read"
    );
}
