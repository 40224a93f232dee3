//! Reads a layers folder: `layers.json` where there is one, and the files of each layer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::art::{self, Art, Palette};
use crate::config::{Config, LayerEntry, Part, Role};
use crate::error::LayersError;
use crate::files::{
    bad, collect_pictures, file_name, name_and_weight, read_art, sorted_entries, without_number,
};
use crate::render::TileCache;
use crate::set::{Layer, LayerSet, Pass, Value};
use crate::{Result, parse};

/// The configuration's name, beside the `layers` folder.
const CONFIG: &str = "layers.json";

impl LayerSet {
    /// Reads the set in `dir`: either a folder with `layers/` (and `layers.json`), or a bare folder of layer folders,
    /// which are then stacked by name (`01-Background`, `02-Body`, …; the number is not part of the trait type).
    ///
    /// Every picture is parsed here, so that a broken one is an error now and not in the middle of a run.
    pub fn load(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let nested = dir.join("layers");
        let root = if nested.is_dir() {
            nested
        } else {
            dir.to_path_buf()
        };
        let config_path = dir.join(CONFIG);
        let config = if config_path.is_file() {
            read_config(&config_path)?
        } else {
            default_config(&root)?
        };
        let name = config
            .name
            .clone()
            .or_else(|| dir.file_name().map(|name| name.to_string_lossy().into_owned()))
            .unwrap_or_default();
        let (mut layers, passes) = read_layers(&config, &config_path, &root)?;
        if layers.is_empty() {
            return Err(LayersError::Empty {
                path: root,
                wanted: "layer folders",
            });
        }
        check_pictures(&layers)?;
        link_tints(&config, &config_path, &mut layers)?;
        let patterns = parse::patterns(&layers)?;
        Ok(Self {
            name,
            layers,
            passes,
            patterns,
            tiles: TileCache::default(),
        })
    }
}

fn read_config(path: &Path) -> Result<Config> {
    let text = fs::read_to_string(path).map_err(LayersError::io(path))?;
    serde_json::from_str(&text).map_err(|error| LayersError::Config {
        path: path.to_path_buf(),
        problem: error.to_string(),
    })
}

/// Without `layers.json`: every folder is a layer, stacked in the order of the names.
fn default_config(root: &Path) -> Result<Config> {
    let mut layers_order = Vec::new();
    for path in sorted_entries(root)? {
        if let (true, Some(name)) = (path.is_dir(), file_name(&path)) {
            layers_order.push(LayerEntry {
                name: name.to_owned(),
                ..LayerEntry::default()
            });
        }
    }
    Ok(Config {
        name: None,
        layers_order,
    })
}

fn read_layers(config: &Config, config_path: &Path, root: &Path) -> Result<(Vec<Layer>, Vec<Pass>)> {
    let problem = |problem: String| LayersError::Config {
        path: config_path.to_path_buf(),
        problem,
    };
    let mut layers: Vec<Layer> = Vec::new();
    let mut folders: Vec<&str> = Vec::new();
    for entry in config.layers_order.iter().filter(|entry| entry.part.is_none()) {
        if folders.contains(&entry.name.as_str()) {
            return Err(problem(format!(
                "layer \"{}\" stands twice in layersOrder",
                entry.name
            )));
        }
        let layer = read_layer(entry, root)?;
        if let Some(unknown) = entry
            .words
            .keys()
            .find(|name| layer.values.iter().all(|value| value.name != **name))
        {
            return Err(problem(format!(
                "words for \"{unknown}\", but layer \"{}\" has no such trait",
                entry.name
            )));
        }
        folders.push(&entry.name);
        layers.push(layer);
    }
    let mut passes = Vec::new();
    for entry in &config.layers_order {
        let Some(layer) = folders.iter().position(|name| *name == entry.name) else {
            return Err(problem(format!(
                "the back of \"{}\" is placed, but the layer itself is not",
                entry.name
            )));
        };
        let back = entry.part == Some(Part::Back);
        if !passes.contains(&Pass { layer, back }) {
            passes.push(Pass { layer, back });
        }
    }
    // A back that layersOrder does not place is painted right behind its own front.
    for layer in 0..layers.len() {
        let front = Pass { layer, back: false };
        if let (false, Some(at)) = (
            passes.contains(&Pass { layer, back: true }),
            passes.iter().position(|pass| *pass == front),
        ) {
            passes.insert(at, Pass { layer, back: true });
        }
    }
    Ok((layers, passes))
}

fn read_layer(entry: &LayerEntry, root: &Path) -> Result<Layer> {
    let folder = root.join(&entry.name);
    let inside_root = !entry.name.is_empty() && !entry.name.contains("..") && folder.starts_with(root);
    if !inside_root || !folder.is_dir() {
        return Err(LayersError::MissingLayer {
            layer: entry.name.clone(),
            path: folder,
        });
    }
    let name = entry
        .options
        .display_name
        .clone()
        .unwrap_or_else(|| without_number(&entry.name).to_owned());
    let mut files = Vec::new();
    collect_pictures(&folder, 0, &mut files)?;
    let mut seen: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut values = Vec::new();
    for path in files {
        let (value, weight) = name_and_weight(&path)?;
        if let Some(first) = seen.insert(value.to_lowercase(), path.clone()) {
            return Err(LayersError::Duplicate {
                value,
                first,
                second: path,
            });
        }
        let words = entry.words.get(&value).cloned().unwrap_or_default();
        let say = if words.say.is_empty() {
            vec![default_words(&value, &name, entry.role)]
        } else {
            words.say
        };
        let art = read_art(&path, entry.palette)?;
        values.push(Value {
            name: value,
            weight,
            art,
            say,
            also: words.also,
            coat: words.coat,
            path,
        });
    }
    if values.is_empty() {
        return Err(LayersError::Empty {
            path: folder,
            wanted: "SVG or PNG pictures",
        });
    }
    if values.iter().all(|value| value.weight == 0) {
        return Err(LayersError::NoWeight { layer: name });
    }
    values.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Layer {
        name,
        role: entry.role,
        values,
        noun: entry.noun.clone(),
        tints: None,
    })
}

/// How a value is said when nobody wrote words for it: colours and subjects by their name, the rest with their layer.
fn default_words(value: &str, layer: &str, role: Role) -> String {
    let value = value.to_lowercase();
    match role {
        Role::Coat | Role::Tint | Role::Setting | Role::Subject => value,
        Role::Has | Role::Wears => format!("{value} {}", layer.to_lowercase()),
    }
}

/// Parses every SVG once with the first colours of each palette, so that errors come with the file's name.
fn check_pictures(layers: &[Layer]) -> Result<()> {
    let firsts: Vec<&Palette> = layers
        .iter()
        .filter_map(|layer| match &layer.values.first()?.art {
            Art::Palette(colours) => Some(colours),
            _ => None,
        })
        .collect();
    for (layer, value) in layers
        .iter()
        .flat_map(|layer| layer.values.iter().map(move |value| (layer, value)))
    {
        match &value.art {
            Art::Raster(_) => {}
            Art::Vector { front, back, .. } => {
                for text in [front, back].into_iter().flatten() {
                    art::substitute(text, &firsts)
                        .and_then(|text| art::parse_svg(&text))
                        .map_err(|problem| bad(&value.path, problem))?;
                }
            }
            Art::Palette(colours) => {
                let names = |colours: &Palette| colours.keys().cloned().collect::<BTreeSet<_>>();
                if let Some(Value {
                    art: Art::Palette(first),
                    ..
                }) = layer.values.first()
                    && names(first) != names(colours)
                {
                    return Err(bad(
                        &value.path,
                        format!("it must name the same colours as \"{}\"", layer.values[0].name),
                    ));
                }
            }
        }
    }
    Ok(())
}

fn link_tints(config: &Config, config_path: &Path, layers: &mut [Layer]) -> Result<()> {
    let entries = config.layers_order.iter().filter(|entry| entry.part.is_none());
    for (at, entry) in entries.enumerate() {
        let Some(wanted) = &entry.tints else { continue };
        let target = layers.iter().position(|layer| layer.name == *wanted);
        layers[at].tints = Some(target.ok_or_else(|| LayersError::Config {
            path: config_path.to_path_buf(),
            problem: format!("\"{}\" tints \"{wanted}\", which is no layer", entry.name),
        })?);
    }
    Ok(())
}
