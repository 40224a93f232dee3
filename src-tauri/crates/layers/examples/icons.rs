//! Renders the application's icon in every form that the desktop package needs: `icons ICON.svg OUT_DIR`.

use std::fs;
use std::path::Path;

use image::{ImageFormat, RgbaImage};
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8, Transform};
use resvg::usvg::{Options, Tree};

type AnyError = Box<dyn std::error::Error>;

fn render(tree: &Tree, size: u32) -> Result<Vec<u8>, AnyError> {
    let mut pixmap = Pixmap::new(size, size).ok_or("an icon needs a size")?;
    let scale = size as f32 / tree.size().width();
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    let straight = pixmap
        .pixels()
        .iter()
        .map(PremultipliedColorU8::demultiply)
        .flat_map(|colour| [colour.red(), colour.green(), colour.blue(), colour.alpha()])
        .collect();
    let picture = RgbaImage::from_raw(size, size, straight).ok_or("pixels do not fill the icon")?;
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

/// Windows' container: a header of 6 bytes, 16 per picture, then the PNGs.
fn ico(pictures: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut out = vec![0, 0, 1, 0];
    out.extend((pictures.len() as u16).to_le_bytes());
    let mut offset = 6 + 16 * pictures.len();
    for (size, png) in pictures {
        // 256 is written as 0.
        out.extend([*size as u8, *size as u8, 0, 0, 1, 0, 32, 0]);
        out.extend((png.len() as u32).to_le_bytes());
        out.extend((offset as u32).to_le_bytes());
        offset += png.len();
    }
    out.extend(pictures.iter().flat_map(|(_, png)| png));
    out
}

/// Apple's container: "icns" and the length, then a type, a length and a PNG each.
fn icns(pictures: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (kind, png) in pictures {
        body.extend(*kind);
        body.extend((png.len() as u32 + 8).to_be_bytes());
        body.extend(png);
    }
    let mut out = b"icns".to_vec();
    out.extend((body.len() as u32 + 8).to_be_bytes());
    out.extend(body);
    out
}

fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, out] = &arguments[..] else {
        return Err("usage: icons ICON.svg OUT_DIR".into());
    };
    let tree = Tree::from_str(&fs::read_to_string(source)?, &Options::default())?;
    let out = Path::new(out);
    fs::create_dir_all(out)?;
    for (name, size) in [
        ("32x32.png", 32),
        ("128x128.png", 128),
        ("128x128@2x.png", 256),
        ("icon.png", 512),
    ] {
        fs::write(out.join(name), render(&tree, size)?)?;
    }
    let windows = [16, 24, 32, 48, 64, 256]
        .into_iter()
        .map(|size| Ok((size, render(&tree, size)?)))
        .collect::<Result<Vec<_>, AnyError>>()?;
    fs::write(out.join("icon.ico"), ico(&windows))?;
    let apple = [
        (b"ic11", 32),
        (b"ic12", 64),
        (b"ic07", 128),
        (b"ic08", 256),
        (b"ic09", 512),
    ]
    .into_iter()
    .map(|(kind, size)| Ok((kind, render(&tree, size)?)))
    .collect::<Result<Vec<_>, AnyError>>()?;
    fs::write(out.join("icon.icns"), icns(&apple))?;
    Ok(())
}
