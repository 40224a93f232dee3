//! What a file of a layer holds: an SVG with palette tokens, a raster picture, or a palette.
//!
//! A token is CSS: `var(--fur, #f08a35)`. The palette layers of a composition give `--fur` its colour; without one the
//! fallback after the comma counts, which is also what a browser shows when the file is opened by itself.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use image::RgbaImage;
use resvg::usvg::{self, roxmltree};

/// Colour names without their dashes, and their CSS colours.
pub(crate) type Palette = BTreeMap<String, String>;

/// The content of one file.
#[derive(Debug)]
pub(crate) enum Art {
    /// An SVG, cut into what is painted in the layer's place and what goes behind (`id="back"`).
    Vector {
        front: Option<String>,
        back: Option<String>,
        /// The tokens it names.
        tokens: BTreeSet<String>,
    },
    /// A picture with straight (not premultiplied) alpha.
    Raster(RgbaImage),
    /// Colours for the other layers.
    Palette(Palette),
}

const TOKEN: &str = "var(--";

/// `text` with every token replaced by the palette's colour or its own fallback; a token with neither is the error.
pub(crate) fn substitute<'text>(text: &'text str, palette: &[&Palette]) -> Result<Cow<'text, str>, String> {
    if !text.contains(TOKEN) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(TOKEN) {
        out.push_str(&rest[..start]);
        let inside = &rest[start + TOKEN.len()..];
        let end = inside.find(')').ok_or("a var(--…) token is not closed")?;
        let (name, fallback) = match inside[..end].split_once(',') {
            Some((name, fallback)) => (name.trim(), Some(fallback.trim())),
            None => (inside[..end].trim(), None),
        };
        let colour = palette
            .iter()
            .find_map(|colours| colours.get(name).map(String::as_str));
        out.push_str(colour.or(fallback).ok_or_else(|| {
            format!("no palette layer gives --{name}, and it has no fallback (write var(--{name}, #colour))")
        })?);
        rest = &inside[end + 1..];
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// The names of all tokens in `text`.
pub(crate) fn tokens(text: &str) -> BTreeSet<String> {
    text.split(TOKEN)
        .skip(1)
        .filter_map(|piece| piece.split([',', ')']).next())
        .map(|name| name.trim().to_owned())
        .collect()
}

/// Reads `--name: colour;` declarations out of an SVG's style element.
pub(crate) fn read_palette(text: &str) -> Result<Palette, String> {
    let document = roxmltree::Document::parse(text).map_err(|error| format!("not an SVG: {error}"))?;
    let style: String = document
        .descendants()
        .filter(|node| node.has_tag_name("style"))
        .flat_map(|node| node.children())
        .filter_map(|node| node.text())
        .collect();
    let palette: Palette = style
        .split(['{', '}', ';'])
        .filter_map(|declaration| declaration.trim().strip_prefix("--")?.split_once(':'))
        .map(|(name, colour)| (name.trim().to_owned(), colour.trim().to_owned()))
        .collect();
    if palette.is_empty() {
        return Err("a palette needs colours such as <style>:root { --fur: #f4893a; }</style>".into());
    }
    Ok(palette)
}

/// Cuts an SVG into its front and, when a top-level element has `id="back"`, its back. A part without a drawing is `None`.
pub(crate) fn split_parts(text: &str) -> Result<(Option<String>, Option<String>), String> {
    let document = roxmltree::Document::parse(text).map_err(|error| format!("not an SVG: {error}"))?;
    let root = document.root_element();
    if !root.has_tag_name(("http://www.w3.org/2000/svg", "svg")) {
        return Err("its root is not an <svg> of the SVG namespace".into());
    }
    // Nothing is left out in silence: these need fonts and decoders that the picture does not carry.
    for (name, instead) in [
        ("text", "convert it to paths"),
        ("image", "save the whole layer as PNG"),
        ("feImage", "draw it with shapes"),
    ] {
        if document
            .descendants()
            .any(|node| node.is_element() && node.tag_name().name() == name)
        {
            return Err(format!(
                "it holds a <{name}>, which would not be drawn; {instead}"
            ));
        }
    }
    let svg = |node: &roxmltree::Node<'_, '_>, name| node.has_tag_name(("http://www.w3.org/2000/svg", name));
    let children: Vec<_> = root
        .children()
        .filter(|node| node.is_element() && !svg(node, "defs") && !svg(node, "style"))
        .collect();
    let is_back = |node: &roxmltree::Node<'_, '_>| node.attribute("id") == Some("back");
    let keep = |wanted: bool| {
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        let mut drawn = false;
        for child in &children {
            if is_back(child) == wanted {
                drawn |= child
                    .descendants()
                    .any(|node| node.is_element() && !svg(&node, "g"));
            } else {
                out.push_str(&text[copied..child.range().start]);
                copied = child.range().end;
            }
        }
        out.push_str(&text[copied..]);
        drawn.then_some(out)
    };
    Ok((keep(false), keep(true)))
}

/// Parses SVG text without reading any file that it may point to.
pub(crate) fn parse_svg(text: &str) -> Result<usvg::Tree, String> {
    let options = usvg::Options {
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_data: usvg::ImageHrefResolver::default_data_resolver(),
            resolve_string: Box::new(|_, _| None),
        },
        ..usvg::Options::default()
    };
    usvg::Tree::from_str(text, &options).map_err(|error| error.to_string())
}
