//! `src/config.js` of `HashLips` and nftchef: what it says, and where it says something that cannot be read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::problems::Problems;
use super::script::{self, Data, Script, Value};
use super::{Background, Engine, Naming};
use crate::BlendMode;
use crate::error::LayersError;

/// Where both engines keep it.
pub(super) const CONFIG: &str = "src/config.js";
/// Their tables of modes; what they say counts, slips included.
const MODE_TABLES: [&str; 2] = ["constants/blend_mode.js", "src/blendMode.js"];
const LARGEST_FILE: u64 = 1 << 20;
const LARGEST_SIDE: f64 = 8192.0;
pub(super) const MOST_EDITIONS: u64 = 1_000_000;

/// One entry of `layersOrder`.
#[derive(Debug, Default)]
pub(super) struct LayerEntry {
    pub name: String,
    pub line: u32,
    pub trait_type: Option<String>,
    pub blend: BlendMode,
    pub opacity: f32,
    pub bypass_dna: bool,
    pub sublayers: BTreeMap<String, Sublayer>,
}

/// What nftchef's `sublayerOptions` say of one nested folder.
#[derive(Debug, Clone, Default)]
pub(super) struct Sublayer {
    pub trait_type: Option<String>,
    pub blend: Option<BlendMode>,
    pub opacity: Option<f32>,
}

#[derive(Debug)]
pub(super) struct ConfigurationEntry {
    pub editions: u64,
    pub layers: Vec<LayerEntry>,
    pub naming: Naming,
}

/// A name and those that must not, or must, come with it.
#[derive(Debug)]
pub(super) struct NameRule {
    pub key: String,
    pub names: Vec<String>,
    pub line: u32,
}

/// The whole file.
#[derive(Debug)]
pub(super) struct Settings {
    pub engine: Engine,
    pub size: (u32, u32),
    pub smoothing: bool,
    pub name: String,
    pub base_uri: String,
    pub first_number: u64,
    pub shuffle: bool,
    pub background: Option<Background>,
    pub delimiter: String,
    pub configurations: Vec<ConfigurationEntry>,
    pub incompatible: Vec<NameRule>,
    pub forced: Vec<NameRule>,
    pub overrides: BTreeMap<String, String>,
    /// The name of the variant that is nothing.
    pub empty: Option<String>,
}

/// Reads the configuration in `root`.
pub(super) fn read(root: &Path, problems: &mut Problems) -> crate::Result<Settings> {
    let text = read_text(&root.join(CONFIG))?;
    let known = BTreeMap::from([
        ("MODE".to_owned(), modes(root)),
        ("NETWORK".to_owned(), object(&[("eth", "eth"), ("sol", "sol")])),
    ]);
    let script = script::read(&text, known);
    let mut reader = Reader { script, problems };
    Ok(reader.settings(&text))
}

fn read_text(path: &Path) -> crate::Result<String> {
    let length = fs::metadata(path).map_err(LayersError::io(path))?.len();
    if length > LARGEST_FILE {
        return Err(LayersError::Config {
            path: path.to_path_buf(),
            problem: format!("{length} bytes are more than the {LARGEST_FILE} that a configuration may have"),
        });
    }
    let bytes = fs::read(path).map_err(LayersError::io(path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn object(entries: &[(&str, &str)]) -> Value {
    let entries = entries.iter().map(|(key, text)| {
        let data = Data::Text((*text).to_owned());
        ((*key).to_owned(), Value { line: 1, data })
    });
    Value {
        line: 1,
        data: Data::Object(entries.collect()),
    }
}

/// The project's own table of modes, else the one that `HashLips` ships, slip included: `sourceAtop` is "source-out" there.
fn modes(root: &Path) -> Value {
    for table in MODE_TABLES {
        if let Ok(text) = read_text(&root.join(table))
            && let Some(modes) = script::read(&text, BTreeMap::new()).constants.remove("MODE")
        {
            return modes;
        }
    }
    let camel: Vec<(String, &str)> = BlendMode::ALL
        .iter()
        .map(|(mode, name)| {
            let mut words = name.split('-');
            let mut key = words.next().unwrap_or_default().to_owned();
            for word in words {
                key.extend(word.chars().take(1).flat_map(char::to_uppercase));
                key.push_str(word.get(1..).unwrap_or_default());
            }
            let name = if *mode == BlendMode::SourceAtop {
                "source-out"
            } else {
                name
            };
            (key, name)
        })
        .collect();
    let entries: Vec<(&str, &str)> = camel.iter().map(|(key, name)| (key.as_str(), *name)).collect();
    object(&entries)
}

struct Reader<'problems> {
    script: Script,
    problems: &'problems mut Problems,
}

fn at(line: u32) -> String {
    format!("{CONFIG}:{line}")
}

impl Reader<'_> {
    fn constant(&self, name: &str) -> Option<Value> {
        let value = self.script.constants.get(name)?;
        (value.data != Data::Null).then(|| value.clone())
    }

    /// A value that is not what it should be is told, and counts as absent.
    fn wrong(&mut self, value: &Value, key: &str, wanted: &str) {
        let message = match &value.data {
            Data::Unread(code) => format!("{key} is code ({code}), which is not run; write {wanted}"),
            _ => format!("{key} should be {wanted}"),
        };
        self.problems.fault(at(value.line), message);
    }

    fn text(&mut self, value: Option<&Value>, key: &str) -> Option<String> {
        let value = value?;
        match &value.data {
            Data::Text(text) => Some(text.clone()),
            Data::Number(number) => Some(number.to_string()),
            _ => {
                self.wrong(value, key, "a text");
                None
            }
        }
    }

    /// Texts that no picture depends on: code there is a warning.
    fn words(&mut self, value: Option<&Value>, key: &str) -> String {
        let Some(value) = value else { return String::new() };
        if let Data::Text(text) = &value.data {
            return text.clone();
        }
        let message = match &value.data {
            Data::Unread(code) => format!("{key} is code ({code}), which is not run; it stays empty"),
            _ => format!("{key} is no text; it stays empty"),
        };
        self.problems.warn(at(value.line), message);
        String::new()
    }

    fn number(&mut self, value: Option<&Value>, key: &str) -> Option<f64> {
        let value = value?;
        match value.data {
            Data::Number(number) if number.is_finite() => Some(number),
            _ => {
                self.wrong(value, key, "a number");
                None
            }
        }
    }

    fn flag(&mut self, value: Option<&Value>, key: &str) -> bool {
        let Some(value) = value else { return false };
        match value.data {
            Data::Bool(flag) => flag,
            _ => {
                self.wrong(value, key, "true or false");
                false
            }
        }
    }

    fn settings(&mut self, text: &str) -> Settings {
        let nftchef = [
            "incompatible",
            "forcedCombinations",
            "traitValueOverrides",
            "emptyLayerName",
            "hashImages",
        ]
        .iter()
        .any(|key| self.script.constants.contains_key(*key));
        let engine = if nftchef {
            Engine::NftChef
        } else {
            Engine::HashLips
        };
        let format = self.constant("format");
        let part = |key| format.as_ref().and_then(|format: &Value| format.get(key));
        let size = (
            self.side(part("width"), "format.width"),
            self.side(part("height"), "format.height"),
        );
        let smoothing = part("smoothing").is_none_or(|value| value.data != Data::Bool(false));
        let prefix = self.constant("namePrefix");
        let name = self.words(prefix.as_ref(), "namePrefix");
        let description = self.constant("description");
        let description = self.words(description.as_ref(), "description");
        let base_uri = self.constant("baseUri");
        let base_uri = self.words(base_uri.as_ref(), "baseUri");
        let network = self.constant("network");
        let solana = network.is_some_and(|network| network.data == Data::Text("sol".into()));
        let shuffle = self.constant("shuffleLayerConfigurations");
        let shuffle = self.flag(shuffle.as_ref(), "shuffleLayerConfigurations");
        let delimiter = self.constant("rarityDelimiter");
        let delimiter = self
            .text(delimiter.as_ref(), "rarityDelimiter")
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "#".into());
        if let Some(extra) = self.constant("extraAttributes")
            && matches!(extra.data, Data::Unread(_))
        {
            self.problems.warn(
                at(extra.line),
                "extraAttributes is a function, which is not run: its attributes are left out",
            );
        }
        let slip = "sourceAtop paints as \"source-out\", as the engine's own table has it; write \"source-atop\" to mean it";
        if let Some(position) = text.find("MODE.sourceAtop")
            && self.script.constants["MODE"]
                .get("sourceAtop")
                .map(|mode| &mode.data)
                == Some(&Data::Text("source-out".into()))
        {
            let line = 1 + text[..position].matches('\n').count();
            self.problems.warn(format!("{CONFIG}:{line}"), slip);
        }
        let shared = Naming {
            prefix: name.clone(),
            description,
            ..Naming::default()
        };
        Settings {
            engine,
            size,
            smoothing,
            base_uri,
            first_number: u64::from(!solana),
            shuffle,
            background: self.background(engine),
            delimiter,
            configurations: self.configurations(&shared),
            incompatible: self.name_rules("incompatible"),
            forced: self.name_rules("forcedCombinations"),
            overrides: self.overrides(),
            empty: nftchef.then(|| self.empty_name()),
            name,
        }
    }

    fn empty_name(&mut self) -> String {
        let empty = self.constant("emptyLayerName");
        self.text(empty.as_ref(), "emptyLayerName")
            .unwrap_or_else(|| "NONE".into())
    }

    fn side(&mut self, value: Option<&Value>, key: &str) -> u32 {
        match self.number(value, key) {
            Some(side) if (1.0..=LARGEST_SIDE).contains(&side) && side.fract() == 0.0 => side as u32,
            Some(side) => {
                let message =
                    format!("{key} is {side}; choose a whole number of pixels from 1 to {LARGEST_SIDE}");
                self.problems
                    .fault(at(value.map_or(1, |value| value.line)), message);
                1
            }
            None if value.is_none() => {
                let message =
                    format!("{key} is missing; write `const format = {{ width: 1000, height: 1000 }};`");
                self.problems.fault(CONFIG, message);
                1
            }
            None => 1,
        }
    }

    fn background(&mut self, engine: Engine) -> Option<Background> {
        let background = self.constant("background")?;
        let wanted = background.get("generate").cloned();
        if !self.flag(wanted.as_ref(), "background.generate") {
            return None;
        }
        let brightness = background.get("brightness").cloned();
        let brightness = self.text(brightness.as_ref(), "background.brightness");
        let brightness = match brightness
            .as_deref()
            .map(|text| text.trim_end_matches('%').trim().parse::<f32>())
        {
            Some(Ok(percent)) if (0.0..=100.0).contains(&percent) => percent / 100.0,
            None => 0.8,
            Some(_) => {
                let message = "background.brightness should be a percentage (\"80%\")";
                self.problems.fault(at(background.line), message);
                0.8
            }
        };
        let fixed = background.get("static").cloned();
        let mut colour = None;
        if self.flag(fixed.as_ref(), "background.static") {
            let default = background.get("default").cloned();
            let text = self
                .text(default.as_ref(), "background.default")
                .unwrap_or_default();
            colour = hex_colour(&text);
            if colour.is_none() {
                let message = format!("background.default is \"{text}\"; write a colour as #rrggbb");
                self.problems.fault(at(background.line), message);
            }
        }
        Some(Background {
            colour,
            brightness,
            last: engine == Engine::NftChef,
        })
    }

    fn configurations(&mut self, shared: &Naming) -> Vec<ConfigurationEntry> {
        let Some(list) = self.constant("layerConfigurations") else {
            self.problems.fault(
                CONFIG,
                "layerConfigurations is missing; write `const layerConfigurations = [{ growEditionSizeTo: 10, layersOrder: [{ name: \"Background\" }] }];`",
            );
            return Vec::new();
        };
        let Data::List(entries) = &list.data else {
            self.wrong(&list, "layerConfigurations", "a list");
            return Vec::new();
        };
        if entries.is_empty() {
            self.problems
                .fault(at(list.line), "layerConfigurations is empty; add at least one");
        }
        let mut grown = 0;
        entries
            .iter()
            .map(|entry| {
                let up_to = self.grows_to(entry, grown);
                let editions = up_to - grown;
                grown = up_to;
                ConfigurationEntry {
                    editions,
                    layers: self.layers(entry),
                    naming: self.naming(entry, shared),
                }
            })
            .collect()
    }

    /// `growEditionSizeTo` counts from the start of the collection.
    fn grows_to(&mut self, entry: &Value, grown: u64) -> u64 {
        let size = self.number(entry.get("growEditionSizeTo"), "growEditionSizeTo");
        match size {
            Some(size) if size > grown as f64 && size <= MOST_EDITIONS as f64 && size.fract() == 0.0 => {
                size as u64
            }
            Some(size) if size >= 0.0 && size <= grown as f64 && grown > 0 => {
                self.problems.warn(
                    at(entry.line),
                    format!("this configuration makes nothing: growEditionSizeTo is {size}, and {grown} editions are there already (it counts from the start)"),
                );
                grown
            }
            Some(size) => {
                let message =
                    format!("growEditionSizeTo is {size}; choose a whole number from 1 to {MOST_EDITIONS}");
                self.problems.fault(at(entry.line), message);
                grown
            }
            None => {
                if entry.get("growEditionSizeTo").is_none() {
                    self.problems.fault(
                        at(entry.line),
                        "growEditionSizeTo is missing; say how many editions to make",
                    );
                }
                grown
            }
        }
    }

    fn naming(&mut self, entry: &Value, shared: &Naming) -> Naming {
        let prefix = entry.get("namePrefix");
        let description = entry.get("descriptionOverwrite");
        Naming {
            prefix: match prefix {
                Some(_) => self.words(prefix, "namePrefix"),
                None => shared.prefix.clone(),
            },
            suffix: entry
                .get("nameSuffix")
                .map(|suffix| self.words(Some(suffix), "nameSuffix")),
            reset: self.flag(entry.get("resetNameIndex"), "resetNameIndex"),
            description: match description {
                Some(_) => self.words(description, "descriptionOverwrite"),
                None => shared.description.clone(),
            },
        }
    }

    fn layers(&mut self, entry: &Value) -> Vec<LayerEntry> {
        let Some(order) = entry.get("layersOrder") else {
            self.problems.fault(
                at(entry.line),
                "layersOrder is missing; list the layers from the back to the front",
            );
            return Vec::new();
        };
        let Data::List(layers) = &order.data else {
            self.wrong(order, "layersOrder", "a list of layers");
            return Vec::new();
        };
        if layers.is_empty() {
            self.problems.fault(
                at(order.line),
                "layersOrder is empty; list the layers from the back to the front",
            );
        }
        layers.iter().filter_map(|layer| self.layer(layer)).collect()
    }

    fn layer(&mut self, layer: &Value) -> Option<LayerEntry> {
        let Some(name) = layer.get("name") else {
            self.problems
                .fault(at(layer.line), "a layer has no name; write { name: \"Folder\" }");
            return None;
        };
        let name = self.text(Some(name), "name")?;
        let nothing = Value {
            line: layer.line,
            data: Data::Null,
        };
        let options = layer.get("options").unwrap_or(&nothing);
        // HashLips keeps these under options, nftchef beside the name.
        let of = |key: &str| options.get(key).or_else(|| layer.get(key));
        let trait_type = of("displayName").or_else(|| of("trait"));
        Some(LayerEntry {
            line: layer.line,
            trait_type: trait_type.and_then(|name| self.text(Some(name), "displayName")),
            blend: self.blend(of("blend"), &name).unwrap_or_default(),
            opacity: self.opacity(of("opacity"), &name).unwrap_or(1.0),
            bypass_dna: self.flag(of("bypassDNA"), "bypassDNA"),
            sublayers: self.sublayers(layer.get("sublayerOptions")),
            name,
        })
    }

    fn sublayers(&mut self, options: Option<&Value>) -> BTreeMap<String, Sublayer> {
        let Some(options) = options else {
            return BTreeMap::new();
        };
        let Data::Object(entries) = &options.data else {
            self.wrong(options, "sublayerOptions", "an object");
            return BTreeMap::new();
        };
        let mut sublayers = BTreeMap::new();
        for (name, of) in entries {
            let sublayer = Sublayer {
                trait_type: of.get("trait").and_then(|value| self.text(Some(value), "trait")),
                blend: self.blend(of.get("blend"), name),
                opacity: self.opacity(of.get("opacity"), name),
            };
            sublayers.insert(name.clone(), sublayer);
        }
        sublayers
    }

    fn blend(&mut self, value: Option<&Value>, layer: &str) -> Option<BlendMode> {
        let value = value?;
        let name = match &value.data {
            Data::Text(name) => name.clone(),
            _ => {
                self.wrong(value, "blend", "the name of a canvas mode, such as \"multiply\"");
                return None;
            }
        };
        let mode = BlendMode::named(&name);
        if mode.is_none() {
            let message = format!(
                "\"{name}\" is no mode of the canvas, so layer \"{layer}\" is painted over what is below it"
            );
            self.problems.warn(at(value.line), message);
        }
        mode
    }

    fn opacity(&mut self, value: Option<&Value>, layer: &str) -> Option<f32> {
        let line = value?.line;
        let opacity = self.number(value, "opacity")?;
        if (0.0..=1.0).contains(&opacity) {
            return Some(opacity as f32);
        }
        let message =
            format!("opacity {opacity} of layer \"{layer}\" is not between 0 and 1, so it counts as 1");
        self.problems.warn(at(line), message);
        None
    }

    /// `{ name: [names] }`.
    fn name_rules(&mut self, key: &str) -> Vec<NameRule> {
        let Some(rules) = self.constant(key) else {
            return Vec::new();
        };
        let Data::Object(entries) = &rules.data else {
            self.wrong(&rules, key, "an object of lists");
            return Vec::new();
        };
        let mut all = Vec::new();
        for (name, others) in entries {
            let Data::List(names) = &others.data else {
                self.wrong(others, key, "a list of names");
                continue;
            };
            let names = names.iter().filter_map(|one| self.text(Some(one), key)).collect();
            all.push(NameRule {
                key: name.clone(),
                names,
                line: others.line,
            });
        }
        all
    }

    fn overrides(&mut self) -> BTreeMap<String, String> {
        let Some(overrides) = self.constant("traitValueOverrides") else {
            return BTreeMap::new();
        };
        let Data::Object(entries) = &overrides.data else {
            self.wrong(&overrides, "traitValueOverrides", "an object of texts");
            return BTreeMap::new();
        };
        entries
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), self.text(Some(value), "traitValueOverrides")?)))
            .collect()
    }
}

/// `#rgb` or `#rrggbb`.
pub(super) fn hex_colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.trim().strip_prefix('#')?;
    if !digits.is_ascii() {
        return None;
    }
    let byte = |text: &str| u8::from_str_radix(text, 16).ok();
    match digits.len() {
        3 => Some([
            byte(&digits[..1])? * 17,
            byte(&digits[1..2])? * 17,
            byte(&digits[2..])? * 17,
        ]),
        6 => Some([byte(&digits[..2])?, byte(&digits[2..4])?, byte(&digits[4..])?]),
        _ => None,
    }
}
