//! A layer's folder as variants: what its files and nested folders can come to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use salon_domain::Trait;

use super::config::{LayerEntry, Settings};
use super::problems::Problems;
use super::{ArtFile, Engine, Part, Place, Variant, names};
use crate::BlendMode;
use crate::files::{file_name, sorted_entries, without_number};

/// Nested folders multiply; more variants than this are a mistake.
const MOST_VARIANTS: usize = 20_000;
/// How deep folders inside a layer are followed.
const DEEPEST: usize = 8;
const PICTURES: [&str; 5] = ["png", "webp", "svg", "jpg", "jpeg"];
const OTHER_PICTURES: [&str; 7] = ["gif", "bmp", "tif", "tiff", "avif", "heic", "psd"];

/// Reads the layers of one project.
pub(super) struct Folders<'a> {
    pub root: &'a Path,
    pub layers: &'a Path,
    pub engine: Engine,
    pub delimiter: &'a str,
    pub overrides: &'a BTreeMap<String, String>,
    /// The name of the variant that is nothing.
    pub empty: Option<&'a str>,
    pub problems: &'a mut Problems,
    pub files: Vec<ArtFile>,
    known: BTreeMap<PathBuf, usize>,
}

/// One way through a layer's folders.
#[derive(Clone)]
struct Way {
    share: f64,
    names: Vec<String>,
    /// The last weighted name.
    chosen: Option<String>,
    steps: Vec<Step>,
}

#[derive(Clone)]
struct Step {
    /// nftchef sorts what one layer draws by the length of this.
    address: String,
    part: Part,
    trait_of: Option<Trait>,
}

/// What holds in a folder of nftchef's.
#[derive(Clone)]
struct Inherited {
    blend: BlendMode,
    opacity: f32,
    z: i32,
}

struct Element {
    path: PathBuf,
    name: String,
    weight: Option<f64>,
    z: Option<i32>,
    is_folder: bool,
}

impl<'a> Folders<'a> {
    pub fn new(root: &'a Path, layers: &'a Path, settings: &'a Settings, problems: &'a mut Problems) -> Self {
        Self {
            root,
            layers,
            engine: settings.engine,
            delimiter: &settings.delimiter,
            overrides: &settings.overrides,
            empty: settings.empty.as_deref(),
            problems,
            files: Vec::new(),
            known: BTreeMap::new(),
        }
    }

    /// The place of `entry`; what is wrong with it is told, and it is left out where nothing can be drawn.
    pub fn place(&mut self, entry: &LayerEntry, config: &str) -> Option<Place> {
        let folder = self.layers.join(&entry.name);
        let inside = !entry.name.is_empty()
            && Path::new(&entry.name)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !inside || !folder.is_dir() {
            let place = if entry.line > 0 {
                format!("{config}:{}", entry.line)
            } else {
                config.to_owned()
            };
            let message = format!(
                "layer \"{}\" has no folder {}; create it, or take the layer out of layersOrder",
                entry.name,
                self.shown(&folder)
            );
            self.problems.fault(place, message);
            return None;
        }
        let trait_type = match (&entry.trait_type, self.engine) {
            (Some(name), _) => name.clone(),
            (None, Engine::Folder) => without_number(&entry.name).to_owned(),
            (None, _) => entry.name.clone(),
        };
        let mut variants = match self.engine {
            Engine::NftChef => self.nested(entry, &folder)?,
            _ => self.flat(entry, &folder, &trait_type)?,
        };
        if variants.is_empty() {
            let message =
                "the layer's folder holds no pictures; add at least one, or take it out of layersOrder";
            self.problems.fault(self.shown(&folder), message);
            return None;
        }
        if variants.iter().all(|variant| variant.weight <= 0.0) {
            let message =
                "nothing of this layer can ever be drawn: all its weights are 0; raise at least one";
            self.problems.fault(self.shown(&folder), message);
            return None;
        }
        for variant in &mut variants {
            if variant.names.is_empty() {
                variant.names.push(variant.name.clone());
            }
        }
        Some(Place {
            layer: entry.name.clone(),
            trait_type,
            bypass_dna: entry.bypass_dna,
            variants,
        })
    }

    fn shown(&self, path: &Path) -> String {
        let relative = path.strip_prefix(self.root).unwrap_or(path);
        relative.to_string_lossy().replace('\\', "/")
    }

    /// The number of the file `path`, shared by everything that uses it.
    pub fn file(&mut self, path: &Path) -> usize {
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        let number = self.files.len();
        self.files.push(ArtFile {
            path: path.to_path_buf(),
            shown: self.shown(path),
        });
        self.known.insert(path.to_path_buf(), number);
        number
    }

    /// What is in a folder, with everything that is no picture told and left out.
    fn elements(&mut self, folder: &Path) -> Option<Vec<Element>> {
        let entries = match sorted_entries(folder) {
            Ok(entries) => entries,
            Err(fault) => {
                self.problems.fault(self.shown(folder), fault.to_string());
                return None;
            }
        };
        let mut elements = Vec::new();
        for path in entries {
            let Some(file) = file_name(&path).map(str::to_owned) else {
                continue;
            };
            let is_folder = path.is_dir();
            if is_folder && self.engine == Engine::HashLips {
                let message = "a folder inside a layer is left out: HashLips has no nested layers";
                self.problems.warn(self.shown(&path), message);
                continue;
            }
            if !is_folder && !self.is_picture(&path, &file) {
                continue;
            }
            let (stem, odd) = if is_folder {
                (file.as_str(), false)
            } else {
                names::stem(&file)
            };
            let (name, weight, z) = match self.engine {
                Engine::NftChef => names::nftchef(stem, self.delimiter),
                _ => {
                    let (name, weight) = names::hashlips(stem, self.delimiter);
                    (name, Some(weight), None)
                }
            };
            let name = name.trim().to_owned();
            if odd && !is_folder && self.engine != Engine::Folder && !stem.contains(self.delimiter) {
                let message = format!(
                    "the engine cuts four characters off and would call this \"{}\"; here it is \"{name}\"",
                    &file.get(..file.len() - 4).unwrap_or_default()
                );
                self.problems.warn(self.shown(&path), message);
            }
            if name.is_empty() {
                let message = format!("it has no name before the {}; rename it", self.delimiter);
                self.problems.fault(self.shown(&path), message);
                continue;
            }
            if let Some(weight) = weight
                && !self.weight_is_sound(&path, stem, weight)
            {
                continue;
            }
            elements.push(Element {
                path,
                name,
                weight,
                z,
                is_folder,
            });
        }
        self.tell_twins(&elements);
        Some(elements)
    }

    fn is_picture(&mut self, path: &Path, file: &str) -> bool {
        let extension = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        if PICTURES.contains(&extension.as_str()) {
            return true;
        }
        if OTHER_PICTURES.contains(&extension.as_str()) {
            let message = "this kind of picture is not read; save it as PNG, WebP or SVG";
            self.problems.fault(self.shown(path), message);
        } else if !matches!(file, "Thumbs.db" | "desktop.ini") {
            let message = "it is no picture and is left out; move it out of the layer's folder";
            self.problems.warn(self.shown(path), message);
        }
        false
    }

    fn weight_is_sound(&mut self, path: &Path, stem: &str, weight: f64) -> bool {
        if !weight.is_finite() || weight < 0.0 {
            let message = format!(
                "its weight is {weight}; write a number from 0 up behind the {}",
                self.delimiter
            );
            self.problems.fault(self.shown(path), message);
            return false;
        }
        if weight == 0.0 {
            self.problems
                .warn(self.shown(path), "its weight is 0, so it is never drawn");
        } else if !stem.contains(self.delimiter) && names::stem(stem).0.trim().parse::<f64>().is_ok() {
            let message = format!(
                "its name is a number, which counts as its weight ({weight}); write {stem}{}1 for 1",
                self.delimiter
            );
            self.problems.warn(self.shown(path), message);
        }
        true
    }

    fn tell_twins(&mut self, elements: &[Element]) {
        let mut seen = BTreeMap::new();
        for element in elements.iter().filter(|element| element.weight.is_some()) {
            if let Some(first) = seen.insert(element.name.to_lowercase(), &element.path) {
                let message = format!(
                    "it is the trait \"{}\", and so is {}; rename one, or their rarity is counted together",
                    element.name,
                    self.shown(first)
                );
                self.problems.warn(self.shown(&element.path), message);
            }
        }
    }

    /// One variant per file, as `HashLips` has it; bare folders may be nested, and their files then stand side by side.
    fn flat(&mut self, entry: &LayerEntry, folder: &Path, trait_type: &str) -> Option<Vec<Variant>> {
        let mut folders = vec![(folder.to_path_buf(), 0)];
        let mut variants = Vec::new();
        while let Some((folder, depth)) = folders.pop() {
            for element in self.elements(&folder)? {
                if element.is_folder {
                    if depth < DEEPEST {
                        folders.push((element.path, depth + 1));
                    }
                    continue;
                }
                let file = self.file(&element.path);
                variants.push(Variant {
                    weight: element.weight.unwrap_or(1.0),
                    names: vec![element.name.clone()],
                    parts: vec![Part {
                        file,
                        blend: entry.blend,
                        opacity: entry.opacity,
                        z: 0,
                    }],
                    traits: vec![Trait {
                        trait_type: trait_type.to_owned(),
                        value: element.name.clone(),
                    }],
                    name: element.name,
                    fallback: false,
                });
            }
        }
        Some(variants)
    }

    /// Every way through nftchef's nested folders.
    fn nested(&mut self, entry: &LayerEntry, folder: &Path) -> Option<Vec<Variant>> {
        let start = Way {
            share: 1.0,
            names: Vec::new(),
            chosen: None,
            steps: Vec::new(),
        };
        let inherited = Inherited {
            blend: entry.blend,
            opacity: entry.opacity,
            z: 0,
        };
        let lineage = vec!["layers".to_owned(), entry.name.clone()];
        let ways = self.ways(entry, folder, &lineage, "0", &inherited, vec![start])?;
        let variants = ways.into_iter().map(|mut way| {
            way.steps.sort_by_key(|step| step.address.len());
            let mut types = BTreeSet::new();
            let traits = way
                .steps
                .iter()
                .filter_map(|step| step.trait_of.clone())
                .filter(|one| types.insert(one.trait_type.clone()))
                .collect();
            Variant {
                name: way.chosen.unwrap_or_else(|| entry.name.clone()),
                names: way.names,
                weight: way.share,
                parts: way.steps.into_iter().map(|step| step.part).collect(),
                traits,
                fallback: false,
            }
        });
        Some(variants.collect())
    }

    fn ways(
        &mut self,
        entry: &LayerEntry,
        folder: &Path,
        lineage: &[String],
        address: &str,
        inherited: &Inherited,
        mut ways: Vec<Way>,
    ) -> Option<Vec<Way>> {
        if lineage.len() > DEEPEST {
            let message = format!("folders are nested deeper than {DEEPEST} levels; lay some of them out");
            self.problems.fault(self.shown(folder), message);
            return None;
        }
        let elements = self.elements(folder)?;
        let total: f64 = elements.iter().filter_map(|element| element.weight).sum();
        let mut alternatives = Vec::new();
        let mut drawn = false;
        for (index, element) in elements.iter().enumerate() {
            let address = format!("{address}.{index}");
            let of_name = entry.sublayers.get(&element.name);
            let here = Inherited {
                blend: of_name.map_or(inherited.blend, |of| of.blend.unwrap_or_default()),
                opacity: of_name.map_or(inherited.opacity, |of| of.opacity.unwrap_or(1.0)),
                z: element.z.unwrap_or(inherited.z),
            };
            let mut inside = lineage.to_vec();
            inside.push(folder_name(&element.path));
            match (element.weight, element.is_folder) {
                (None, true) => ways = self.ways(entry, &element.path, &inside, &address, &here, ways)?,
                (None, false) => {
                    let step = self.step(entry, element, lineage, address, &here);
                    for way in &mut ways {
                        way.names.push(element.name.clone());
                        way.steps.insert(0, step.clone());
                    }
                }
                (Some(_), _) => drawn = true,
            }
        }
        for (index, element) in elements.iter().enumerate() {
            let Some(weight) = element.weight else { continue };
            let address = format!("{address}.{index}");
            let of_name = entry.sublayers.get(&element.name);
            let here = Inherited {
                blend: of_name.map_or(inherited.blend, |of| of.blend.unwrap_or_default()),
                opacity: of_name.map_or(inherited.opacity, |of| of.opacity.unwrap_or(1.0)),
                z: element.z.unwrap_or(inherited.z),
            };
            // At the root the weights themselves stand for shares, so that reports show what was written.
            let share = if lineage.len() == 2 {
                weight
            } else {
                weight / total
            };
            let mut chosen = ways.clone();
            for way in &mut chosen {
                way.share *= share;
                way.names.push(element.name.clone());
                way.chosen = Some(element.name.clone());
            }
            if element.is_folder {
                let mut inside = lineage.to_vec();
                inside.push(folder_name(&element.path));
                chosen = self.ways(entry, &element.path, &inside, &address, &here, chosen)?;
            } else if self.empty != Some(element.name.as_str()) {
                let step = self.step(entry, element, lineage, address, &here);
                for way in &mut chosen {
                    way.steps.push(step.clone());
                }
            }
            alternatives.extend(chosen);
            if alternatives.len() > MOST_VARIANTS {
                let message =
                    format!("its nested folders come to more than {MOST_VARIANTS} variants; split the layer");
                self.problems.fault(self.shown(folder), message);
                return None;
            }
        }
        Some(if drawn { alternatives } else { ways })
    }

    fn step(
        &mut self,
        entry: &LayerEntry,
        element: &Element,
        lineage: &[String],
        address: String,
        here: &Inherited,
    ) -> Step {
        let part = Part {
            file: self.file(&element.path),
            blend: here.blend,
            opacity: here.opacity,
            z: here.z,
        };
        Step {
            address,
            part,
            trait_of: Some(self.trait_of(entry, element, lineage)),
        }
    }

    /// A weighted file is a value of the folder it lies in; a required one stands for that folder, a value of the one above.
    /// Folders with a weight are values themselves and are passed over, once.
    fn trait_of(&mut self, entry: &LayerEntry, element: &Element, lineage: &[String]) -> Trait {
        let up = usize::from(element.weight.is_none());
        let at = |up: usize| lineage.len().checked_sub(1 + up).and_then(|at| lineage.get(at));
        let mut parent = at(up);
        if parent.is_some_and(|name| name.contains(self.delimiter)) {
            parent = at(up + 1).or(parent);
        }
        let parent = parent.cloned().unwrap_or_default();
        let trait_type = entry
            .sublayers
            .get(&parent)
            .and_then(|of| of.trait_type.clone())
            .or_else(|| entry.trait_type.clone());
        if trait_type.is_none() && lineage.len() == 2 && element.weight.is_none() {
            let message = "a required file right in a layer's folder gets the trait type \"layers\" from the engine; give the layer a trait";
            self.problems.warn(self.shown(&element.path), message);
        }
        let value = match element.weight {
            Some(_) => element.name.clone(),
            None => {
                let folder = lineage.last().map(String::as_str).unwrap_or_default();
                names::nftchef(folder, self.delimiter).0.to_owned()
            }
        };
        Trait {
            trait_type: trait_type.unwrap_or(parent),
            value: self.overrides.get(&value).cloned().unwrap_or(value),
        }
    }
}

fn folder_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
