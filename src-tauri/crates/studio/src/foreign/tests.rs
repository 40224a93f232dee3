//! Whole files, made here after the formats' documentation: what each program writes, and what no program would.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::{ImageFormat, RgbImage};

use super::*;

const PARAMETERS: &str =
    "a fox\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x32";

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    RgbImage::from_fn(64, 32, |x, y| image::Rgb([x as u8, y as u8, 7]))
        .write_to(&mut file, format)
        .unwrap();
    file.into_inner()
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut typed = kind.to_vec();
    typed.extend(data);
    let mut sum = flate2::Crc::new();
    sum.update(&typed);
    let mut chunk = (data.len() as u32).to_be_bytes().to_vec();
    chunk.extend(typed);
    chunk.extend(sum.sum().to_be_bytes());
    chunk
}

/// A PNG with these chunks behind its header.
fn png_with(chunks: &[Vec<u8>]) -> Vec<u8> {
    let plain = encoded(ImageFormat::Png);
    let header = 8 + 25;
    let mut file = plain[..header].to_vec();
    file.extend(chunks.concat());
    file.extend(&plain[header..]);
    file
}

fn text_chunk(keyword: &str, text: &str) -> Vec<u8> {
    chunk(*b"tEXt", format!("{keyword}\0{text}").as_bytes())
}

/// A TIFF with one tag in its first directory or, with `camera`, in the camera's.
fn exif_with(tag: u16, kind: u16, value: &[u8], camera: bool) -> Vec<u8> {
    let mut block = b"MM\0\x2a\0\0\0\x08".to_vec();
    let entry = |block: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: u32| {
        block.extend(1_u16.to_be_bytes());
        block.extend(tag.to_be_bytes());
        block.extend(kind.to_be_bytes());
        block.extend(count.to_be_bytes());
        block.extend(value.to_be_bytes());
        block.extend(0_u32.to_be_bytes());
    };
    if camera {
        entry(&mut block, 0x8769, 4, 1, 26);
    }
    let value_at = block.len() as u32 + 18;
    entry(&mut block, tag, kind, value.len() as u32, value_at);
    block.extend(value);
    block
}

fn jpeg_with(marker: u8, data: &[u8]) -> Vec<u8> {
    let plain = encoded(ImageFormat::Jpeg);
    let mut file = plain[..2].to_vec();
    file.extend([0xff, marker]);
    file.extend((data.len() as u16 + 2).to_be_bytes());
    file.extend(data);
    file.extend(&plain[2..]);
    file
}

fn webp_with(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut file = encoded(ImageFormat::WebP);
    file.extend(kind);
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file.resize(file.len() + data.len() % 2, 0);
    let length = file.len() as u32 - 8;
    file[4..8].copy_from_slice(&length.to_le_bytes());
    file
}

/// `UNICODE` and UTF-16, as A1111's web UI writes it.
fn unicode_comment(text: &str, big_endian: bool) -> Vec<u8> {
    let mut comment = b"UNICODE\0".to_vec();
    for unit in text.encode_utf16() {
        comment.extend(if big_endian {
            unit.to_be_bytes()
        } else {
            unit.to_le_bytes()
        });
    }
    comment
}

#[test]
fn every_kind_of_png_text_is_read() {
    let long = format!("parameters\0\0{}", "").into_bytes();
    let zipped = [long, packed(PARAMETERS.as_bytes())].concat();
    let international = [b"parameters\0\0\0\0\0".as_slice(), PARAMETERS.as_bytes()].concat();
    let both = [
        b"parameters\0\x01\0en\0\0".as_slice(),
        &packed(PARAMETERS.as_bytes()),
    ]
    .concat();
    for (what, chunk) in [
        ("tEXt", text_chunk("parameters", PARAMETERS)),
        ("zTXt", chunk(*b"zTXt", &zipped)),
        ("iTXt", chunk(*b"iTXt", &international)),
        ("packed iTXt", chunk(*b"iTXt", &both)),
    ] {
        let foreign = read(&png_with(&[chunk]));
        assert_eq!(foreign.text("parameters"), Some(PARAMETERS), "{what}");
        assert_eq!(foreign.tool, Some(RecipeWriter::A1111), "{what}");
        assert_eq!(foreign.facts.unwrap().field("Seed"), Some("5"), "{what}");
    }
}

#[test]
fn letters_beyond_ascii_arrive_whole() {
    let latin = chunk(*b"tEXt", b"a\0caf\xe9");
    let utf8 = text_chunk("b", "café 狐");
    let foreign = read(&png_with(&[latin, utf8]));
    assert_eq!(foreign.text("a"), Some("café"), "Latin-1, as the standard has it");
    assert_eq!(foreign.text("b"), Some("café 狐"), "UTF-8, as some write it");
}

#[test]
fn comments_of_jpeg_and_webp_are_read_in_every_encoding() {
    let prompt = format!("狐 {PARAMETERS}");
    let plain = [b"ASCII\0\0\0".as_slice(), PARAMETERS.as_bytes()].concat();
    for (comment, expected) in [
        (unicode_comment(&prompt, true), prompt.as_str()),
        (unicode_comment(&prompt, false), &prompt),
        (plain, PARAMETERS),
        (PARAMETERS.as_bytes().to_vec(), PARAMETERS),
    ] {
        for camera in [true, false] {
            let exif = exif_with(0x9286, 7, &comment, camera);
            let jpeg = jpeg_with(0xe1, &[b"Exif\0\0", exif.as_slice()].concat());
            for (what, file) in [("JPEG", jpeg), ("WebP", webp_with(*b"EXIF", &exif))] {
                let foreign = read(&file);
                assert_eq!(foreign.text("UserComment"), Some(expected), "{what}");
                assert_eq!(foreign.tool, Some(RecipeWriter::A1111), "{what}");
            }
        }
    }
    let foreign = read(&jpeg_with(0xfe, PARAMETERS.as_bytes()));
    assert_eq!(foreign.text("Comment"), Some(PARAMETERS), "a JPEG's own comment");
    assert!(foreign.facts.is_some());
    let xmp = "<x:xmpmeta/>";
    assert_eq!(read(&webp_with(*b"XMP ", xmp.as_bytes())).text("XMP"), Some(xmp));
    let jpeg = jpeg_with(0xe1, format!("http://ns.adobe.com/xap/1.0/\0{xmp}").as_bytes());
    assert_eq!(read(&jpeg).text("XMP"), Some(xmp));
}

#[test]
fn every_program_is_known_by_what_it_writes() {
    let graph = r#"{"1": {"class_type": "KSampler", "inputs": {"seed": 5, "latent_image": ["2", 0]}}}"#;
    let swarm = r#"{"sui_image_params": {"seed": 5, "prompt": "a fox"}}"#;
    let fooocus = r#"{"base_model": "x", "seed": 5, "metadata_scheme": "fooocus"}"#;
    let comfy_webp = exif_with(0x0110, 2, format!("Prompt:{graph}\0").as_bytes(), false);
    let swarm_jpeg = exif_with(0x9286, 7, &unicode_comment(swarm, false), true);
    for (file, tool) in [
        (png_with(&[text_chunk("prompt", graph)]), RecipeWriter::ComfyUi),
        (
            png_with(&[text_chunk("prompt", graph), text_chunk("parameters", PARAMETERS)]),
            RecipeWriter::ComfyUi,
        ),
        (webp_with(*b"EXIF", &comfy_webp), RecipeWriter::ComfyUi),
        (
            png_with(&[text_chunk("invokeai_metadata", r#"{"seed": 5}"#)]),
            RecipeWriter::InvokeAi,
        ),
        (
            png_with(&[text_chunk("sd-metadata", r#"{"image": {"seed": 5}}"#)]),
            RecipeWriter::InvokeAi,
        ),
        (
            png_with(&[text_chunk("Dream", "a fox -s 20 -S 5")]),
            RecipeWriter::InvokeAi,
        ),
        (
            png_with(&[text_chunk("parameters", swarm)]),
            RecipeWriter::SwarmUi,
        ),
        (
            jpeg_with(0xe1, &[b"Exif\0\0", swarm_jpeg.as_slice()].concat()),
            RecipeWriter::SwarmUi,
        ),
        (
            png_with(&[text_chunk("parameters", fooocus)]),
            RecipeWriter::Fooocus,
        ),
        (png_with(&[text_chunk("Comment", fooocus)]), RecipeWriter::Fooocus),
        (
            png_with(&[
                text_chunk("fooocus_scheme", "a1111"),
                text_chunk("parameters", PARAMETERS),
            ]),
            RecipeWriter::Fooocus,
        ),
    ] {
        let foreign = read(&file);
        assert_eq!(foreign.tool, Some(tool), "{foreign:?}");
        assert_eq!(foreign.facts.unwrap().field("Seed"), Some("5"), "of {tool:?}");
    }
    let foreign = read(&png_with(&[text_chunk("Software", "Somebody's")]));
    assert_eq!(
        (foreign.tool, foreign.texts.len()),
        (None, 1),
        "what is unknown is kept all the same"
    );
}

#[test]
fn no_file_brings_the_reader_down_or_fills_the_memory() {
    let bomb = [b"x\0\0".as_slice(), &packed(&vec![b'a'; 64 << 20])].concat();
    let mut wrong_checksum = text_chunk("parameters", PARAMETERS);
    *wrong_checksum.last_mut().unwrap() ^= 1;
    let mut endless = 0xffff_fff0_u32.to_be_bytes().to_vec();
    endless.extend(b"tEXtparameters\0x");
    let many: Vec<u8> = (0..10_000)
        .flat_map(|at| text_chunk("k", &at.to_string()))
        .collect();
    let large = text_chunk("k", &"x".repeat(9 << 20));
    for (what, chunks, most) in [
        ("a bomb", vec![chunk(*b"zTXt", &bomb)], 0),
        ("a wrong checksum", vec![wrong_checksum], 0),
        ("a chunk longer than the file", vec![endless], 0),
        (
            "no keyword",
            vec![
                chunk(*b"tEXt", b"abc"),
                chunk(*b"iTXt", b"k\0\x01"),
                chunk(*b"zTXt", b"k\0"),
            ],
            0,
        ),
        ("damaged packing", vec![chunk(*b"zTXt", b"k\0\0nonsense")], 0),
        ("thousands of texts", vec![many], 64),
        ("more text than is kept", vec![large], 0),
    ] {
        let foreign = read(&png_with(&chunks));
        assert!(
            foreign.texts.len() <= most,
            "{what}: {} texts",
            foreign.texts.len()
        );
    }
    let invalid = chunk(*b"iTXt", b"parameters\0\0\0\0\0\xff\xfeSteps: \xf0");
    assert!(
        read(&png_with(&[invalid])).text("parameters").is_some(),
        "invalid UTF-8 is kept as well as it can be"
    );
    let exif = exif_with(0x9286, 7, &unicode_comment(PARAMETERS, true), true);
    let files = [
        png_with(&[text_chunk("parameters", PARAMETERS)]),
        jpeg_with(0xe1, &[b"Exif\0\0", exif.as_slice()].concat()),
        webp_with(*b"EXIF", &exif),
    ];
    for file in files {
        for length in 0..file.len() {
            let _ = read(&file[..length]);
        }
        // Every length and offset wrong in turn.
        for at in 0..file.len().min(600) {
            let mut spoilt = file.clone();
            spoilt[at] ^= 0xff;
            let _ = read(&spoilt);
        }
    }
    for file in [
        b"".as_slice(),
        b"a text file",
        b"\x89PNG\r\n\x1a\n",
        &[0xff; 100],
        b"RIFF\xff\xff\xff\xffWEBP",
    ] {
        assert_eq!(read(file), Foreign::default());
    }
}
