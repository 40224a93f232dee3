//! What a field of a JSON document may be, said where it is not.

use salon_domain::Trait;
use serde_json::Value;

use super::faults::Faults;

/// How long a text may be.
#[derive(Clone, Copy)]
pub(super) enum Most {
    Bytes(usize),
    Characters(usize),
}

impl Most {
    fn broken_by(self, text: &str) -> Option<String> {
        let (length, most, unit) = match self {
            Self::Bytes(most) => (text.len(), most, "bytes"),
            Self::Characters(most) => (text.chars().count(), most, "characters"),
        };
        (length > most).then(|| {
            format!(
                "{length} {unit}, of which there may be {most}: \"{}\"",
                shown(text)
            )
        })
    }
}

/// Enough of a text to know it by.
pub(super) fn shown(text: &str) -> String {
    let mut cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// One document under its rules.
pub(super) struct Rules<'a> {
    pub(super) token: Option<u64>,
    pub(super) place: &'a str,
    pub(super) faults: &'a mut Faults,
}

impl Rules<'_> {
    pub(super) fn fault(&mut self, field: &str, fault: impl Into<String>) {
        let place = if field.is_empty() {
            self.place.to_owned()
        } else {
            format!("{}, {field}", self.place)
        };
        self.faults.note(self.token, place, fault);
    }

    /// A text that must be there and say something.
    pub(super) fn required(&mut self, document: &Value, key: &str, most: Option<Most>) -> String {
        match document.get(key) {
            Some(Value::String(text)) if !text.trim().is_empty() => self.measured(key, text, most),
            Some(Value::String(_)) => {
                self.fault(key, "is empty");
                String::new()
            }
            Some(_) => {
                self.fault(key, "must be a text");
                String::new()
            }
            None => {
                self.fault(key, "is missing");
                String::new()
            }
        }
    }

    /// A text that may be absent or empty.
    pub(super) fn optional(&mut self, document: &Value, key: &str, most: Option<Most>) -> String {
        match document.get(key) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => self.measured(key, text, most),
            Some(_) => {
                self.fault(key, "must be a text");
                String::new()
            }
        }
    }

    pub(super) fn measured(&mut self, key: &str, text: &str, most: Option<Most>) -> String {
        if let Some(fault) = most.and_then(|most| most.broken_by(text)) {
            self.fault(key, fault);
        }
        text.to_owned()
    }

    /// A place on the network that marketplaces resolve.
    pub(super) fn address(&mut self, document: &Value, key: &str) {
        let found = self.required(document, key, None);
        self.resolvable(key, &found);
    }

    pub(super) fn resolvable(&mut self, key: &str, address: &str) {
        const KNOWN: [&str; 5] = ["ipfs://", "ar://", "https://", "http://", "data:"];
        if !address.is_empty() && !KNOWN.iter().any(|scheme| address.starts_with(scheme)) {
            let scheme = "must begin with ipfs://, ar://, https:// or data:";
            self.fault(key, format!("\"{}\" {scheme}", shown(address)));
        }
    }

    /// The attributes, sorted. `texts`: numbers are refused, as Sugar does.
    pub(super) fn attributes(&mut self, document: &Value, texts: bool) -> Vec<Trait> {
        let Some(found) = document.get("attributes") else {
            return vec![];
        };
        let Some(list) = found.as_array() else {
            self.fault("attributes", "must be a list");
            return vec![];
        };
        let mut traits = Vec::with_capacity(list.len());
        for (index, attribute) in list.iter().enumerate() {
            let field = format!("attributes[{index}]");
            let trait_type = match attribute.get("trait_type") {
                Some(Value::String(text)) => text.clone(),
                None if !texts => String::new(),
                _ => {
                    self.fault(&field, "trait_type must be a text");
                    continue;
                }
            };
            let value = match attribute.get("value") {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Number(number)) if !texts => number.to_string(),
                Some(Value::Bool(told)) if !texts => told.to_string(),
                Some(_) => {
                    self.fault(&field, "value must be a text");
                    continue;
                }
                None => {
                    self.fault(&field, "has no value");
                    continue;
                }
            };
            if let Some(kind) = attribute.get("display_type").and_then(Value::as_str)
                && !["number", "boost_number", "boost_percentage", "date", "string"].contains(&kind)
            {
                self.fault(&field, format!("display_type \"{}\" is unknown", shown(kind)));
            }
            traits.push(Trait::new(trait_type, value));
        }
        traits.sort();
        traits
    }
}
