//! Reads a project of any engine into a [`Collection`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::config::{self, CONFIG, ConfigurationEntry, LayerEntry, MOST_EDITIONS, Settings};
use super::folder::Folders;
use super::problems::{Problem, Problems, Severity};
use super::rules::{Compiler, meant, place_named};
use super::wishes::{LayerWish, WISHES, Wishes};
use super::{ArtFile, Collection, Configuration, Engine, Naming, Part, Place, Variant};
use crate::error::LayersError;
use crate::files::{file_name, sorted_entries};
use crate::{LayerSet, Result};

/// Pictures of house art and of SVG folders, unless somebody says otherwise.
const USUAL_SIZE: u32 = 512;
const HOUSE: &str = "layers.json";

impl Collection {
    /// Reads the project in `dir`: a `HashLips` or nftchef project (`src/config.js` and `layers/`), house layers
    /// (`layers.json`), or a bare folder of layer folders, stacked by name.
    ///
    /// What is wrong with it is in [`Collection::problems`], by file. An error is only what leaves nothing to read: a folder
    /// that is not there, or a file that cannot be parsed at all.
    pub fn read(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let wishes = Wishes::read(dir)?;
        let mut problems = Problems::default();
        let mut collection = if dir.join(CONFIG).is_file() {
            let settings = config::read(dir, &mut problems)?;
            engine_project(dir, &settings, &wishes, &mut problems)
        } else if dir.join(HOUSE).is_file() {
            house(dir, &wishes)?
        } else {
            bare(dir, &wishes, &mut problems)?
        };
        collection.apply_wishes(wishes, &mut problems);
        collection.problems = problems.all;
        collection.check_sizes();
        collection.check_space();
        Ok(collection)
    }

    /// The first fault, as an error that counts the others.
    pub fn sound(&self) -> Result<()> {
        let mut faults = self
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Fault);
        let Some(Problem { place, message, .. }) = faults.next() else {
            return Ok(());
        };
        Err(LayersError::Faulty {
            path: self.root.join(place),
            problem: message.clone(),
            others: faults.count(),
        })
    }

    /// Layer wishes, then everything that names traits.
    fn apply_wishes(&mut self, wishes: Wishes, problems: &mut Problems) {
        for (layer, wish) in &wishes.layers {
            let mut found = false;
            for configuration in &mut self.configurations {
                if let Some(at) = place_named(&configuration.places, layer) {
                    found = true;
                    apply(&mut configuration.places[at], wish, problems);
                }
            }
            if !found {
                problems.fault(WISHES, format!("\"{layer}\" is no layer; correct the name"));
            }
        }
        let mut compiler = Compiler::new(&mut self.configurations, problems);
        compiler.excluded = std::mem::take(&mut self.excluded);
        compiler.wishes(&wishes.rules);
        self.excluded = compiler.excluded;
        let named = wishes
            .quotas
            .iter()
            .map(|quota| &quota.of)
            .chain(wishes.order.iter().map(|order| &order.when));
        for name in named {
            if !self
                .configurations
                .iter()
                .any(|one| meant(&one.places, name).is_some())
            {
                problems.fault(WISHES, format!("no layer has {name}; correct the name"));
            }
        }
        for layer in wishes.order.iter().flat_map(|order| [&order.layer, &order.of]) {
            if !self
                .configurations
                .iter()
                .any(|one| place_named(&one.places, layer).is_some())
            {
                problems.fault(WISHES, format!("\"{layer}\" is no layer; correct the name"));
            }
        }
        for one in &wishes.ones {
            let path = self.root.join(&one.file);
            let inside = Path::new(&one.file)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)));
            if !inside || !path.is_file() {
                let message = format!(
                    "the one-of-one {} is not there; put it into the project's folder",
                    one.file
                );
                problems.fault(WISHES, message);
            }
            self.files.push(ArtFile {
                path,
                shown: one.file.clone(),
            });
        }
        self.wishes = wishes;
    }

    /// Reads how large every picture is; one that cannot be read is a fault.
    fn check_sizes(&mut self) {
        let mut problems = Problems {
            all: std::mem::take(&mut self.problems),
        };
        for file in &self.files {
            match crate::canvas::picture_size(&file.path) {
                Ok(None) => {}
                Ok(Some(size)) if size == self.size => {}
                Ok(Some((width, height))) => {
                    let (wide, high) = self.size;
                    let same_shape =
                        u64::from(width) * u64::from(high) == u64::from(height) * u64::from(wide);
                    let how = if same_shape { "scaled" } else { "stretched" };
                    problems.warn(
                        file.shown.clone(),
                        format!("it is {width}x{height} and is {how} to {wide}x{high}"),
                    );
                }
                Err(_) if !file.path.exists() => {}
                Err(problem) => {
                    problems.fault(file.shown.clone(), format!("{problem}; repair or replace it"));
                }
            }
        }
        self.problems = problems.all;
    }
}

fn apply(place: &mut Place, wish: &LayerWish, problems: &mut Problems) {
    if let Some(name) = &wish.name {
        for one in place.variants.iter_mut().flat_map(|variant| &mut variant.traits) {
            if one.trait_type == place.trait_type {
                one.trait_type.clone_from(name);
            }
        }
        place.trait_type.clone_from(name);
    }
    if let Some(bypass) = wish.bypass_dna {
        place.bypass_dna = bypass;
    }
    for part in place.variants.iter_mut().flat_map(|variant| &mut variant.parts) {
        part.blend = wish.blend.unwrap_or(part.blend);
        part.opacity = wish.opacity.unwrap_or(part.opacity);
    }
    if wish
        .opacity
        .is_some_and(|opacity| !(0.0..=1.0).contains(&opacity))
    {
        problems.fault(
            WISHES,
            format!("the opacity of \"{}\" must be between 0 and 1", place.layer),
        );
    }
    if let Some(chance) = wish.chance {
        if !(chance > 0.0 && chance <= 1.0) {
            let message = format!("the chance of \"{}\" must be above 0 and at most 1", place.layer);
            problems.fault(WISHES, message);
            return;
        }
        let total: f64 = place.variants.iter().map(|variant| variant.weight).sum();
        if chance < 1.0 {
            place.variants.push(Variant {
                name: "None".into(),
                names: Vec::new(),
                weight: total * (1.0 - chance) / chance,
                parts: Vec::new(),
                traits: Vec::new(),
                fallback: false,
            });
        }
    }
}

fn engine_project(dir: &Path, settings: &Settings, wishes: &Wishes, problems: &mut Problems) -> Collection {
    let layers = dir.join("layers");
    let mut folders = Folders::new(dir, &layers, settings, problems);
    let configurations = settings
        .configurations
        .iter()
        .map(|entry| configuration(entry, &mut folders))
        .collect();
    let files = std::mem::take(&mut folders.files);
    let mut collection = Collection {
        root: dir.to_path_buf(),
        name: if settings.name.is_empty() {
            folder_name(dir)
        } else {
            settings.name.clone()
        },
        engine: settings.engine,
        size: wishes.size.unwrap_or(settings.size),
        smoothing: settings.smoothing,
        base_uri: settings.base_uri.clone(),
        first_number: settings.first_number,
        shuffle: settings.shuffle,
        background: settings.background.clone(),
        files,
        configurations,
        excluded: Vec::new(),
        wishes: Wishes::default(),
        house: None,
        problems: Vec::new(),
    };
    let mut compiler = Compiler::new(&mut collection.configurations, problems);
    compiler.incompatible(&settings.incompatible);
    compiler.forced(&settings.forced);
    collection.excluded = compiler.excluded;
    collection
}

fn configuration(entry: &ConfigurationEntry, folders: &mut Folders<'_>) -> Configuration {
    Configuration {
        editions: entry.editions,
        places: entry
            .layers
            .iter()
            .filter_map(|layer| folders.place(layer, CONFIG))
            .collect(),
        naming: entry.naming.clone(),
    }
}

fn bare(dir: &Path, wishes: &Wishes, problems: &mut Problems) -> Result<Collection> {
    let nested = dir.join("layers");
    let root = if nested.is_dir() {
        nested
    } else {
        dir.to_path_buf()
    };
    let mut layers = Vec::new();
    for path in sorted_entries(&root)? {
        if let (true, Some(name)) = (path.is_dir(), file_name(&path)) {
            layers.push(LayerEntry {
                name: name.to_owned(),
                opacity: 1.0,
                ..LayerEntry::default()
            });
        }
    }
    if layers.is_empty() {
        return Err(LayersError::Empty {
            path: root,
            wanted: "layer folders",
        });
    }
    let name = folder_name(dir);
    let mut settings = Settings {
        engine: Engine::Folder,
        size: (USUAL_SIZE, USUAL_SIZE),
        smoothing: true,
        base_uri: String::new(),
        first_number: 1,
        shuffle: false,
        background: None,
        delimiter: "#".into(),
        configurations: Vec::new(),
        incompatible: Vec::new(),
        forced: Vec::new(),
        overrides: BTreeMap::new(),
        empty: None,
        name: name.clone(),
    };
    settings.configurations.push(ConfigurationEntry {
        editions: asked(wishes),
        layers,
        naming: Naming {
            prefix: name,
            ..Naming::default()
        },
    });
    // Layers lie where they were found; everything else is as in an engine's project.
    let mut folders = Folders::new(dir, &root, &settings, problems);
    let configurations: Vec<Configuration> = settings
        .configurations
        .iter()
        .map(|entry| configuration(entry, &mut folders))
        .collect();
    let files = std::mem::take(&mut folders.files);
    settings.configurations.clear();
    let mut collection = engine_project(dir, &settings, wishes, problems);
    if let Some(size) = first_size(&files).filter(|_| wishes.size.is_none()) {
        collection.size = size;
    }
    collection.configurations = configurations;
    collection.files = files;
    Ok(collection)
}

/// What a collection is called that has no name of its own.
fn folder_name(dir: &Path) -> String {
    dir.canonicalize()
        .ok()
        .and_then(|dir| Some(dir.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_default()
}

fn asked(wishes: &Wishes) -> u64 {
    wishes.editions.unwrap_or_default().min(MOST_EDITIONS)
}

/// The size of the first picture that has one of its own.
fn first_size(files: &[ArtFile]) -> Option<(u32, u32)> {
    files
        .iter()
        .find_map(|file| crate::canvas::picture_size(&file.path).ok().flatten())
}

fn house(dir: &Path, wishes: &Wishes) -> Result<Collection> {
    let set = LayerSet::load(dir)?;
    let mut files: Vec<ArtFile> = Vec::new();
    let mut file_of = |path: &PathBuf| {
        files.push(ArtFile {
            shown: path
                .strip_prefix(dir)
                .unwrap_or(path)
                .to_string_lossy()
                .replace('\\', "/"),
            path: path.clone(),
        });
        files.len() - 1
    };
    let places = set
        .layers()
        .iter()
        .map(|layer| Place {
            layer: layer.name.clone(),
            trait_type: layer.name.clone(),
            bypass_dna: false,
            variants: layer
                .values
                .iter()
                .map(|value| Variant {
                    name: value.name.clone(),
                    names: vec![value.name.clone()],
                    weight: value.weight.into(),
                    parts: vec![Part {
                        file: file_of(&value.path),
                        blend: crate::BlendMode::SourceOver,
                        opacity: 1.0,
                        z: 0,
                    }],
                    traits: vec![salon_domain::Trait {
                        trait_type: layer.name.clone(),
                        value: value.name.clone(),
                    }],
                    fallback: false,
                })
                .collect(),
        })
        .collect();
    let naming = Naming {
        prefix: set.name().to_owned(),
        ..Naming::default()
    };
    Ok(Collection {
        root: dir.to_path_buf(),
        name: set.name().to_owned(),
        engine: Engine::House,
        size: wishes.size.unwrap_or((USUAL_SIZE, USUAL_SIZE)),
        smoothing: true,
        base_uri: String::new(),
        first_number: 1,
        shuffle: false,
        background: None,
        files,
        configurations: vec![Configuration {
            editions: asked(wishes),
            places,
            naming,
        }],
        excluded: Vec::new(),
        wishes: Wishes::default(),
        house: Some(set),
        problems: Vec::new(),
    })
}
