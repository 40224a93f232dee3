//! Pictures of every kind become masters as ordered, and what they cannot become is said.
#![allow(clippy::unwrap_used, missing_docs)] // A test that cannot set up must stop.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageReader, Rgba, RgbaImage};
use salon_domain::{DigitalSource, MasterFormat, MasterMetadata, MasterOrder, MasterSize, Media};
use salon_masters::{Master, MasterError, make};

const SOURCE: Option<DigitalSource> = Some(DigitalSource::TrainedAlgorithmicMedia);
const FORMATS: [MasterFormat; 3] = [
    MasterFormat::Png,
    MasterFormat::Webp,
    MasterFormat::Jpeg {
        quality: 92,
        ground: None,
    },
];

fn picture(alpha: bool) -> RgbaImage {
    RgbaImage::from_fn(24, 16, |x, y| {
        let shown = if alpha && x < 8 { 0 } else { 255 };
        Rgba([(x * 10) as u8, (y * 15) as u8, (x * y) as u8, shown])
    })
}

/// A PNG with a prompt in it, a time, and gamma.
fn png(picture: &RgbaImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_source_gamma(png::ScaledFloat::new(0.5));
    encoder
        .add_text_chunk("parameters".into(), "a secret prompt".into())
        .unwrap();
    encoder
        .write_header()
        .unwrap()
        .write_image_data(picture.as_raw())
        .unwrap();
    bytes
}

/// EXIF of one entry: the orientation.
fn exif(orientation: u8) -> Vec<u8> {
    [
        &b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..],
        &[orientation, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat()
}

fn jpeg(picture: &RgbaImage, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    encoder.set_exif_metadata(exif(orientation)).unwrap();
    encoder
        .encode_image(&DynamicImage::from(picture.clone()).into_rgb8())
        .unwrap();
    bytes
}

fn webp(picture: &RgbaImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut bytes);
    encoder.set_exif_metadata(exif(1)).unwrap();
    let (width, height) = picture.dimensions();
    encoder
        .write_image(picture.as_raw(), width, height, image::ExtendedColorType::Rgba8)
        .unwrap();
    bytes
}

/// Pixels, XMP and EXIF, as another reader finds them.
fn read(bytes: &[u8]) -> (RgbaImage, Option<String>, Option<Vec<u8>>) {
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .unwrap();
    let mut decoder = reader.into_decoder().unwrap();
    let xmp = decoder.xmp_metadata().unwrap();
    let exif = decoder.exif_metadata().unwrap();
    let pixels = DynamicImage::from_decoder(decoder).unwrap().into_rgba8();
    (pixels, xmp.map(|xmp| String::from_utf8(xmp).unwrap()), exif)
}

fn made(bytes: &[u8], order: &MasterOrder) -> Master {
    let master = make(bytes, order, SOURCE).unwrap();
    assert_eq!(
        make(bytes, order, SOURCE).unwrap(),
        master,
        "the same order makes the same bytes"
    );
    assert_eq!(
        Media::of(&master.bytes),
        Some(master.media),
        "it is the kind of file it says"
    );
    master
}

#[test]
fn what_is_not_to_change_does_not() {
    let whole = picture(true);
    for bytes in [png(&whole), jpeg(&whole, 6), webp(&whole)] {
        let master = made(&bytes, &MasterOrder::default());
        assert!(master.bytes == bytes, "byte for byte");
    }
}

#[test]
fn texts_go_and_pixels_stay_as_they_lie() {
    let clean = MasterOrder {
        metadata: MasterMetadata::Clean,
        ..MasterOrder::default()
    };
    let whole = picture(true);
    for bytes in [png(&whole), jpeg(&whole, 1), webp(&whole)] {
        let master = made(&bytes, &clean);
        let (pixels, xmp, exif) = read(&master.bytes);
        assert!(pixels == read(&bytes).0, "the same pixels");
        assert_eq!((xmp, exif), (None, None), "and no word beside them");
        assert!(master.bytes.len() < bytes.len());
        assert!(
            !master.bytes.windows(6).any(|window| window == b"secret"),
            "the prompt is gone"
        );
    }
    let cleaned = made(&png(&whole), &clean).bytes;
    assert!(
        cleaned.windows(4).any(|window| window == b"gAMA"),
        "what its colours mean is no text"
    );
}

#[test]
fn the_source_is_said_in_every_kind_of_file_and_other_readers_find_it() {
    let whole = picture(false);
    for bytes in [png(&whole), jpeg(&whole, 1), webp(&whole)] {
        for metadata in [MasterMetadata::Keep, MasterMetadata::Clean] {
            let order = MasterOrder {
                metadata,
                disclosed: true,
                ..MasterOrder::default()
            };
            let master = made(&bytes, &order);
            let (pixels, xmp, exif) = read(&master.bytes);
            let xmp = xmp.expect("a packet");
            assert!(
                xmp.contains(&DigitalSource::TrainedAlgorithmicMedia.uri()),
                "{xmp}"
            );
            assert!(pixels == read(&bytes).0, "the pixels lie as they lay");
            let kept = metadata == MasterMetadata::Keep && master.media != Media::Png;
            assert_eq!(exif.is_some(), kept, "{metadata:?}");
            let unknown = make(&bytes, &order, None).unwrap();
            assert_eq!(
                read(&unknown.bytes).1,
                None,
                "nothing is said of what nobody knows"
            );
        }
    }
}

#[test]
fn every_format_takes_every_size_and_cleaned_pictures() {
    let whole = picture(false);
    for bytes in [png(&whole), jpeg(&whole, 1), webp(&whole)] {
        let before = read(&bytes).0;
        for format in FORMATS {
            for size in [
                MasterSize::Keep,
                MasterSize::Times { factor: 3 },
                MasterSize::Longest { pixels: 60 },
                MasterSize::Longest { pixels: 18 },
            ] {
                let order = MasterOrder {
                    size,
                    format,
                    metadata: MasterMetadata::Clean,
                    disclosed: true,
                    ..MasterOrder::default()
                };
                let master = made(&bytes, &order);
                let (pixels, xmp, _) = read(&master.bytes);
                let expected = match size {
                    MasterSize::Keep => (24, 16),
                    MasterSize::Times { .. } => (72, 48),
                    MasterSize::Longest { pixels } => (pixels, pixels * 2 / 3),
                };
                assert_eq!(pixels.dimensions(), expected, "{order:?}");
                assert_eq!((master.width, master.height), expected);
                assert!(xmp.is_some(), "{order:?}");
                let lossless = !matches!(format, MasterFormat::Jpeg { .. });
                if lossless && size == (MasterSize::Times { factor: 3 }) {
                    assert!(
                        pixels
                            .enumerate_pixels()
                            .all(|(x, y, pixel)| pixel == before.get_pixel(x / 3, y / 3)),
                        "{order:?}: exact"
                    );
                }
            }
        }
    }
}

#[test]
fn texts_that_are_kept_follow_into_a_new_file_of_their_kind_and_into_no_other() {
    let whole = picture(false);
    let order = |format| MasterOrder {
        size: MasterSize::Times { factor: 2 },
        format,
        ..MasterOrder::default()
    };
    let large = made(&png(&whole), &order(MasterFormat::Keep)).bytes;
    assert!(
        large.windows(6).any(|window| window == b"secret")
            && large.windows(4).any(|window| window == b"gAMA"),
        "the prompt and the gamma are in the larger PNG"
    );
    assert!(
        read(&made(&webp(&whole), &order(MasterFormat::Keep)).bytes)
            .2
            .is_some()
    );
    assert_eq!(
        make(&png(&whole), &order(MasterFormat::Webp), SOURCE),
        Err(MasterError::NoPlace {
            from: Media::Png,
            to: Media::Webp
        }),
        "a PNG's texts have no place in a WebP"
    );
}

#[test]
fn turned_pictures_lie_as_they_are_shown_once_nothing_turns_them() {
    let whole = picture(false);
    let bytes = jpeg(&whole, 6);
    let clean = made(
        &bytes,
        &MasterOrder {
            metadata: MasterMetadata::Clean,
            ..MasterOrder::default()
        },
    );
    assert_eq!((clean.width, clean.height), (16, 24), "on its side");
    assert_eq!(read(&clean.bytes).0.dimensions(), (16, 24));
    let large = made(
        &bytes,
        &MasterOrder {
            size: MasterSize::Times { factor: 2 },
            ..MasterOrder::default()
        },
    );
    assert_eq!((large.width, large.height), (32, 48), "as it is shown");
    assert_eq!(
        read(&large.bytes).0.dimensions(),
        (48, 32),
        "its metadata still turn it"
    );
}

#[test]
fn transparency_needs_a_ground_in_a_jpeg() {
    let bytes = png(&picture(true));
    let order = |ground| MasterOrder {
        format: MasterFormat::Jpeg { quality: 100, ground },
        metadata: MasterMetadata::Clean,
        ..MasterOrder::default()
    };
    assert_eq!(make(&bytes, &order(None), None), Err(MasterError::Transparent));
    let pixels = read(&made(&bytes, &order(Some([250, 10, 20]))).bytes).0;
    let [red, green, blue, _] = pixels.get_pixel(2, 2).0;
    assert!(
        red > 220 && green < 40 && blue < 50,
        "the ground is seen: {red} {green} {blue}"
    );
}

#[test]
fn a_colour_profile_is_no_text() {
    // As far as anybody looks: a header whose signature says RGB.
    let mut profile = vec![0; 132];
    profile[16..20].copy_from_slice(b"RGB ");
    let whole = picture(false);
    let mut info = png::Info::with_size(24, 16);
    info.icc_profile = Some(profile.clone().into());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::with_info(&mut bytes, info).unwrap();
    encoder.set_color(png::ColorType::Rgba);
    encoder
        .write_header()
        .unwrap()
        .write_image_data(whole.as_raw())
        .unwrap();
    for format in FORMATS {
        let order = MasterOrder {
            format,
            metadata: MasterMetadata::Clean,
            size: MasterSize::Times { factor: 2 },
            ..MasterOrder::default()
        };
        let master = made(&bytes, &order);
        let reader = ImageReader::new(Cursor::new(&master.bytes))
            .with_guessed_format()
            .unwrap();
        let found = reader.into_decoder().unwrap().icc_profile().unwrap();
        assert_eq!(found.as_ref(), Some(&profile), "{format:?}");
    }
}

#[test]
fn moving_pictures_are_kept_or_refused() {
    let whole = picture(false);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 24, 16);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(whole.as_raw()).unwrap();
    writer.write_image_data(picture(true).as_raw()).unwrap();
    writer.finish().unwrap();
    let clean = MasterOrder {
        metadata: MasterMetadata::Clean,
        disclosed: true,
        ..MasterOrder::default()
    };
    let kept = made(&bytes, &clean).bytes;
    assert!(
        kept.windows(4).filter(|window| window == b"fcTL").count() == 2,
        "both frames stay"
    );
    let larger = MasterOrder {
        size: MasterSize::Times { factor: 2 },
        ..clean
    };
    assert_eq!(make(&bytes, &larger, None), Err(MasterError::Moving));
}

#[test]
fn damaged_and_foreign_files_are_refused_wherever_they_are_cut() {
    let whole = picture(true);
    assert_eq!(
        make(b"GIF89a", &MasterOrder::default(), None),
        Err(MasterError::NoPicture)
    );
    for bytes in [png(&whole), jpeg(&whole, 1), webp(&whole)] {
        for order in [
            MasterOrder {
                metadata: MasterMetadata::Clean,
                disclosed: true,
                ..MasterOrder::default()
            },
            MasterOrder {
                size: MasterSize::Times { factor: 2 },
                ..MasterOrder::default()
            },
        ] {
            for length in 0..bytes.len() {
                // Whatever is left of it: an answer or a refusal, and never a panic.
                let _ = make(&bytes[..length], &order, SOURCE);
                let mut flipped = bytes.clone();
                flipped[length] ^= 0xff;
                let _ = make(&flipped, &order, SOURCE);
            }
            assert!(
                make(&bytes[..bytes.len() / 2], &order, SOURCE).is_err(),
                "half a file"
            );
        }
    }
}
