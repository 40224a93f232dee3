//! The files of a layer: which there are, what their names say, and what is in them.

use std::fs;
use std::path::{Path, PathBuf};

use image::{ImageReader, Limits};

use crate::Result;
use crate::art::{self, Art};
use crate::error::LayersError;

/// A bigger SVG is a mistake (an embedded photograph), and would only cost time.
const LARGEST_SVG: u64 = 4 << 20;
/// Sides of a raster layer, in pixels.
const LARGEST_RASTER: u32 = 8192;
const LARGEST_WEIGHT: u32 = 1_000_000;
/// How deep folders inside a layer are followed.
const DEEPEST: usize = 8;

/// `name#weight.ext`, as `HashLips` writes it; without `#` the weight is 1.
pub(crate) fn name_and_weight(path: &Path) -> Result<(String, u32)> {
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let (name, weight) = match stem.rsplit_once('#') {
        None => (stem.as_str(), 1),
        Some((name, weight)) => match weight.trim().parse() {
            Ok(number) if number <= LARGEST_WEIGHT => (name, number),
            _ => {
                return Err(LayersError::BadWeight {
                    path: path.to_path_buf(),
                    weight: weight.to_owned(),
                });
            }
        },
    };
    let name = name.trim().to_owned();
    if name.is_empty() {
        return Err(bad(path, "it has no name before the #".into()));
    }
    Ok((name, weight))
}

/// `01-Background`, `2_Body` and `3 Eyes` without their numbers.
pub(crate) fn without_number(name: &str) -> &str {
    let rest = name.trim_start_matches(|c: char| c.is_ascii_digit());
    let bare = rest.trim_start_matches(['-', '_', '.', ' ']);
    if rest.len() < name.len() && bare.len() < rest.len() && !bare.is_empty() {
        bare
    } else {
        name
    }
}

/// The name of a file or folder, unless it is hidden.
pub(crate) fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str().filter(|name| !name.starts_with('.'))
}

/// What is in `dir`, by name: the system's own order differs between machines.
pub(crate) fn sorted_entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(LayersError::io(dir))? {
        paths.push(entry.map_err(LayersError::io(dir))?.path());
    }
    paths.sort();
    Ok(paths)
}

fn extension(path: &Path) -> String {
    path.extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

/// All SVG and PNG files in `dir` and its folders, by name. Other pictures are an error, other files are not looked at.
pub(crate) fn collect_pictures(dir: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    if depth > DEEPEST {
        return Err(bad(
            dir,
            format!("folders are nested deeper than {DEEPEST} levels"),
        ));
    }
    for path in sorted_entries(dir)? {
        if file_name(&path).is_none() {
            continue;
        }
        if path.is_dir() {
            collect_pictures(&path, depth + 1, files)?;
            continue;
        }
        match extension(&path).as_str() {
            "svg" | "png" => files.push(path),
            "jpg" | "jpeg" | "gif" | "webp" | "bmp" | "tif" | "tiff" | "avif" => {
                return Err(bad(
                    &path,
                    "layers are SVG or PNG (they need transparency)".into(),
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn bad(path: &Path, problem: String) -> LayersError {
    LayersError::BadPicture {
        path: path.to_path_buf(),
        problem,
    }
}

/// Reads one picture of a layer, or one palette.
pub(crate) fn read_art(path: &Path, palette: bool) -> Result<Art> {
    if extension(path) == "png" {
        if palette {
            return Err(bad(
                path,
                "a palette layer needs SVG files with colours in their style".into(),
            ));
        }
        let mut reader = ImageReader::open(path).map_err(LayersError::io(path))?;
        let mut limits = Limits::default();
        limits.max_image_width = Some(LARGEST_RASTER);
        limits.max_image_height = Some(LARGEST_RASTER);
        reader.limits(limits);
        reader.set_format(image::ImageFormat::Png);
        return Ok(Art::Raster(
            reader
                .decode()
                .map_err(|error| bad(path, error.to_string()))?
                .to_rgba8(),
        ));
    }
    let length = fs::metadata(path).map_err(LayersError::io(path))?.len();
    if length > LARGEST_SVG {
        return Err(bad(
            path,
            format!("{length} bytes of SVG are more than the {LARGEST_SVG} allowed"),
        ));
    }
    let text = fs::read_to_string(path).map_err(LayersError::io(path))?;
    if palette {
        return Ok(Art::Palette(
            art::read_palette(&text).map_err(|problem| bad(path, problem))?,
        ));
    }
    let (front, back) = art::split_parts(&text).map_err(|problem| bad(path, problem))?;
    Ok(Art::Vector {
        front,
        back,
        tokens: art::tokens(&text),
    })
}
