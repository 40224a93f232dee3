//! What other programs wrote into a picture: every text, kept to the letter, and the recipe that one of them tells.
//!
//! Pure: bytes in, facts out. Files come from anywhere, so nothing here trusts a length, a name or a link; every loop
//! and every unpacking is bounded, and what cannot be read is left out. Formats are known from the programs' public
//! documentation and sources.

pub(crate) mod a1111;
mod comfyui;
mod exif;
mod facts;
mod fooocus;
mod invokeai;
mod jpeg;
mod json;
mod png;
mod swarmui;
mod texts;
mod webp;

pub(crate) use facts::Facts;
pub(crate) use texts::Text;

use crate::api::RecipeWriter;
use crate::parameters::{A1111, SALON};
use texts::Texts;

/// What a picture carries beside its pixels.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Foreign {
    /// The program that made it, if it is known.
    pub(crate) tool: Option<RecipeWriter>,
    /// What it tells of its making; nothing of what Salon itself wrote, which is read whole.
    pub(crate) facts: Option<Facts>,
    /// Every text.
    pub(crate) texts: Vec<Text>,
}

/// Reads a picture file; a file of another kind carries nothing.
pub(crate) fn read(file: &[u8]) -> Foreign {
    let mut found = Texts::default();
    if png::is_one(file) {
        png::read(file, &mut found);
    } else if jpeg::is_one(file) {
        jpeg::read(file, &mut found);
    } else if webp::is_one(file) {
        webp::read(file, &mut found);
    }
    let texts = found.into_vec();
    let (tool, facts) = told_by(&texts);
    Foreign { tool, facts, texts }
}

impl Foreign {
    /// The first text of this keyword.
    pub(crate) fn text(&self, keyword: &str) -> Option<&str> {
        text(&self.texts, keyword)
    }
}

fn text<'a>(texts: &'a [Text], keyword: &str) -> Option<&'a str> {
    let found = texts.iter().find(|text| text.keyword == keyword);
    found.map(|text| text.text.as_str())
}

/// The program and what it tells. Of several recipes the most exact counts: what was resolved before what was drawn.
fn told_by(texts: &[Text]) -> (Option<RecipeWriter>, Option<Facts>) {
    use RecipeWriter::{A1111 as WebUi, ComfyUi, Fooocus, InvokeAi, Salon, SwarmUi};

    let find = |keyword| text(texts, keyword);
    if find(SALON).is_some() {
        return (Some(Salon), None);
    }
    if let Some(facts) = find("invokeai_metadata").and_then(invokeai::read) {
        return (Some(InvokeAi), Some(facts));
    }
    // JPEG and WebP have no chunk for it: there it is the comment.
    let parameters = [A1111, "UserComment", "Comment", "ImageDescription", "XPComment"];
    let parameters: Vec<&str> = parameters.into_iter().filter_map(find).collect();
    let first = |read: fn(&str) -> Option<Facts>| parameters.iter().find_map(|text| read(text));
    if let Some(facts) = first(swarmui::read) {
        return (Some(SwarmUi), Some(facts));
    }
    if let Some(facts) = first(fooocus::read) {
        return (Some(Fooocus), Some(facts));
    }
    let graph = [
        ("prompt", comfyui::read as fn(&str) -> _),
        ("workflow", comfyui::read_workflow),
    ];
    let graph = graph.map(|(keyword, read)| (find(keyword).filter(|text| comfyui::is_graph(text)), read));
    let drawn = graph.iter().any(|(text, _)| text.is_some());
    if let Some(facts) = first(a1111::read) {
        let is_fooocus = find("fooocus_scheme").is_some()
            || facts
                .field("Version")
                .is_some_and(|version| version.starts_with("Fooocus"));
        // ComfyUI's savers write it beside the graph.
        let tool = match (is_fooocus, drawn) {
            (true, _) => Fooocus,
            (false, true) => ComfyUi,
            (false, false) => WebUi,
        };
        return (Some(tool), Some(facts));
    }
    if drawn {
        let facts = graph.into_iter().find_map(|(text, read)| read(text?));
        return (Some(ComfyUi), facts);
    }
    let version_2 = find("sd-metadata").and_then(invokeai::read_version_2);
    if let Some(facts) = version_2.or_else(|| find("Dream").and_then(invokeai::read_dream)) {
        return (Some(InvokeAi), Some(facts));
    }
    (None, None)
}

#[cfg(test)]
mod tests;
