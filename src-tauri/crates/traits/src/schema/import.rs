//! A schema from JSON Schema.

use serde_json::{Map, Value as Json};

use super::{Display, Has, Rule, Schema, TraitType, Value};
use crate::{Result, TraitsError};

/// What an import gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The schema.
    pub schema: Schema,
    /// What stood there and has no place in it, each with where it stood.
    pub left_out: Vec<String>,
}

/// How many references may lead from one to the next.
const MOST_REFERENCES: usize = 16;

/// Keywords that say nothing of which traits there are.
const SILENT: &[&str] = &[
    "$schema",
    "$id",
    "$defs",
    "$comment",
    "definitions",
    "title",
    "description",
    "examples",
    "default",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "dependentRequired",
];

impl Schema {
    /// Reads a JSON Schema (drafts 6 to 2020-12) in either of the two shapes in use: an object whose properties are the
    /// traits, or token metadata whose `attributes` is an array of `{trait_type, value}`.
    ///
    /// `enum`, `const` and `oneOf` of constants become values; `number` and `integer` become numbers with their limits; the
    /// formats `date` and `date-time` and an `x-display-type` become display types; `required` and `dependentRequired`
    /// become what they say. Anything else is reported, not guessed at.
    ///
    /// # Errors
    /// [`TraitsError::JsonSchema`] with the place when it cannot be read, [`TraitsError::Schema`] when what it says is wrong.
    pub fn from_json_schema(text: &str) -> Result<Imported> {
        let root: Json = serde_json::from_str(text).map_err(|error| wrong("#", error.to_string()))?;
        let mut reading = Reading {
            root: &root,
            left_out: vec![],
        };
        let top = reading.object("#", &root)?;
        let attributes = top
            .get("properties")
            .and_then(|properties| properties.get("attributes"));
        let (traits, rules) = match attributes {
            Some(attributes) => (reading.attributes(attributes)?, vec![]),
            None => reading.properties(top)?,
        };
        if traits.is_empty() {
            return Err(wrong(
                "#",
                "it names no traits: give it `properties`, or `attributes` with `trait_type` and `value`"
                    .to_owned(),
            ));
        }
        let left_out = reading.left_out;
        let schema = Self::new(traits, rules).validated()?;
        Ok(Imported { schema, left_out })
    }
}

fn wrong(at: &str, why: String) -> TraitsError {
    TraitsError::JsonSchema {
        at: at.to_owned(),
        why,
    }
}

struct Reading<'a> {
    root: &'a Json,
    left_out: Vec<String>,
}

impl<'a> Reading<'a> {
    /// The object at a place, references followed.
    fn object(&self, at: &str, mut value: &'a Json) -> Result<&'a Map<String, Json>> {
        for _ in 0..MOST_REFERENCES {
            let object = value
                .as_object()
                .ok_or_else(|| wrong(at, "an object must stand there".to_owned()))?;
            let Some(reference) = object.get("$ref").and_then(Json::as_str) else {
                return Ok(object);
            };
            value = reference
                .strip_prefix('#')
                .and_then(|pointer| self.root.pointer(pointer))
                .ok_or_else(|| {
                    wrong(
                        at,
                        format!("`{reference}` leads nowhere in this file: put it under `$defs`"),
                    )
                })?;
        }
        Err(wrong(at, "its references lead in a circle: break it".to_owned()))
    }

    fn properties(&mut self, top: &'a Map<String, Json>) -> Result<(Vec<TraitType>, Vec<Rule>)> {
        for key in top.keys().filter(|key| !SILENT.contains(&key.as_str())) {
            self.left_out.push(format!("#/{key}"));
        }
        let required = strings(top.get("required"));
        let mut traits = vec![];
        if let Some(properties) = top.get("properties") {
            for (name, property) in self.object("#/properties", properties)? {
                let at = format!("#/properties/{name}");
                let mut one = self.trait_type(&at, name, property)?;
                one.required = required.contains(&name.as_str());
                traits.push(one);
            }
        }
        let mut rules = vec![];
        if let Some(dependent) = top.get("dependentRequired") {
            for (when, then) in self.object("#/dependentRequired", dependent)? {
                for then in strings(Some(then)) {
                    rules.push(Rule::Requires {
                        when: Has::any(when),
                        then: Has::any(then),
                    });
                }
            }
        }
        Ok((traits, rules))
    }

    /// The items of `attributes`, one schema for each trait type.
    fn attributes(&mut self, attributes: &'a Json) -> Result<Vec<TraitType>> {
        let at = "#/properties/attributes";
        let array = self.object(at, attributes)?;
        let items = array
            .get("items")
            .ok_or_else(|| wrong(at, "it has no `items`".to_owned()))?;
        let items_at = format!("{at}/items");
        let items = self.object(&items_at, items)?;
        let alternatives = ["oneOf", "anyOf"]
            .iter()
            .find_map(|key| items.get(*key).and_then(Json::as_array).map(|list| (*key, list)));
        let mut traits = vec![];
        if let Some((key, list)) = alternatives {
            for (place, item) in list.iter().enumerate() {
                let at = format!("{items_at}/{key}/{place}");
                let item = self.object(&at, item)?;
                traits.extend(self.attribute(&at, item)?);
            }
        } else {
            traits.extend(self.attribute(&items_at, items)?);
        }
        Ok(traits)
    }

    /// `{properties: {trait_type: const or enum, value: …}}`.
    fn attribute(&mut self, at: &str, item: &'a Map<String, Json>) -> Result<Vec<TraitType>> {
        let part = |name: &str| item.get("properties").and_then(|properties| properties.get(name));
        let (Some(names), Some(value)) = (part("trait_type"), part("value")) else {
            return Err(wrong(
                at,
                "its properties must have `trait_type` and `value`".to_owned(),
            ));
        };
        let names_at = format!("{at}/properties/trait_type");
        let names = constants(self.object(&names_at, names)?)
            .ok_or_else(|| wrong(&names_at, "give the trait type as `const` or `enum`".to_owned()))?;
        let display = part("display_type")
            .and_then(Json::as_object)
            .and_then(constants)
            .and_then(|words| display(words.first()?));
        let value_at = format!("{at}/properties/value");
        let mut traits = vec![];
        for name in names {
            let mut one = self.trait_type(&value_at, &name, value)?;
            if let Some(display) = display {
                one.display = display;
            }
            traits.push(one);
        }
        Ok(traits)
    }

    /// What one trait may be.
    fn trait_type(&mut self, at: &str, name: &str, property: &'a Json) -> Result<TraitType> {
        let property = self.object(at, property)?;
        let given = property.get("x-display-type").and_then(Json::as_str);
        let kind = property.get("type").and_then(Json::as_str);
        let limit = |key: &str| property.get(key).and_then(Json::as_f64);
        let mut one = TraitType {
            name: name.to_owned(),
            ..TraitType::default()
        };
        if let Some(words) = constants(property) {
            one.values = words
                .into_iter()
                .map(|name| Value { name, target: None })
                .collect();
        } else if kind == Some("boolean") {
            one = TraitType::of_words(name, ["true", "false"]);
        } else if matches!(kind, Some("number" | "integer")) {
            one.display = Display::Number;
            one.least = limit("minimum");
            one.most = limit("maximum");
        } else if matches!(
            property.get("format").and_then(Json::as_str),
            Some("date" | "date-time")
        ) {
            one.display = Display::Date;
        } else {
            return Err(wrong(
                at,
                format!("{name} may be anything: list its values as `enum`, or give it `type: number`"),
            ));
        }
        if let Some(word) = given {
            one.display = display(word).ok_or_else(|| {
                wrong(at, format!("`{word}` is no display type: say string, number, boost_number, boost_percentage or date"))
            })?;
        }
        for key in [
            "pattern",
            "not",
            "if",
            "allOf",
            "multipleOf",
            "exclusiveMinimum",
            "exclusiveMaximum",
        ] {
            if property.contains_key(key) {
                self.left_out.push(format!("{at}/{key}"));
            }
        }
        Ok(one)
    }
}

fn display(word: &str) -> Option<Display> {
    serde_json::from_value(Json::String(word.to_owned())).ok()
}

fn strings(list: Option<&Json>) -> Vec<&str> {
    let list = list.and_then(Json::as_array);
    list.into_iter().flatten().filter_map(Json::as_str).collect()
}

/// The words that `const`, `enum`, or `oneOf`/`anyOf` of constants allow.
fn constants(property: &Map<String, Json>) -> Option<Vec<String>> {
    let word = |value: &Json| match value {
        Json::String(word) => Some(word.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    if let Some(value) = property.get("const") {
        return word(value).map(|word| vec![word]);
    }
    if let Some(list) = property.get("enum").and_then(Json::as_array) {
        // A null says that the trait may be absent.
        return Some(list.iter().filter_map(word).collect());
    }
    let list = property
        .get("oneOf")
        .or_else(|| property.get("anyOf"))?
        .as_array()?;
    list.iter().map(|one| one.get("const").and_then(word)).collect()
}
