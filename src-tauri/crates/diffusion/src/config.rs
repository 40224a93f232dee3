//! Reading `config.json` so that nothing in it is overlooked: every field is taken, limited to the values that are
//! understood, declared to be without effect, or refused by name.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{DiffusionError, Result};

/// The fields of one configuration that have not been dealt with yet.
pub(crate) struct Fields {
    part: &'static str,
    left: Map<String, Value>,
}

impl Fields {
    /// `part` names the configuration in messages.
    pub fn new(part: &'static str, json: &Value) -> Result<Self> {
        let Value::Object(left) = json else {
            return Err(DiffusionError::config(
                part,
                "config.json",
                "is not a JSON object",
            ));
        };
        Ok(Self {
            part,
            left: left.clone(),
        })
    }

    /// An error about one field of this configuration.
    pub fn error(&self, field: &str, reason: impl Into<String>) -> DiffusionError {
        DiffusionError::config(self.part, field, reason)
    }

    /// The field's value; `None` where it is absent or null.
    pub fn take<T: DeserializeOwned>(&mut self, field: &str) -> Result<Option<T>> {
        match self.left.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|error| self.error(field, format!("cannot be used: {error}"))),
        }
    }

    /// The field as it stands; `None` where it is absent.
    pub fn take_raw(&mut self, field: &str) -> Option<Value> {
        self.left.remove(field)
    }

    /// A field for which null is a value of its own, which is not supported.
    pub fn refuse_null(&mut self, field: &str) -> Result<()> {
        match self.left.get(field) {
            Some(Value::Null) => Err(self.error(field, "is null; this feature is not supported")),
            _ => Ok(()),
        }
    }

    /// The field's value, or the default of the reference implementation.
    pub fn take_or<T: DeserializeOwned>(&mut self, field: &str, default: T) -> Result<T> {
        Ok(self.take(field)?.unwrap_or(default))
    }

    /// A field that may only have this value (or be absent or null): anything else is not implemented.
    pub fn only(&mut self, field: &str, understood: impl Into<Value>) -> Result<()> {
        let understood = understood.into();
        match self.left.remove(field) {
            None | Some(Value::Null) => Ok(()),
            Some(value) if value == understood => Ok(()),
            Some(value) if value.as_f64().is_some() && value.as_f64() == understood.as_f64() => Ok(()),
            Some(value) => Err(self.error(
                field,
                format!("is {value}, which is not supported; only {understood} is"),
            )),
        }
    }

    /// A feature that is not implemented: the field must be absent, null or false.
    pub fn refuse(&mut self, fields: &[&str]) -> Result<()> {
        for field in fields {
            match self.left.remove(*field) {
                None | Some(Value::Null | Value::Bool(false)) => {}
                Some(Value::Array(values)) if values.iter().all(|value| *value == Value::Bool(false)) => {}
                Some(value) => {
                    return Err(self.error(field, format!("is {value}; this feature is not supported")));
                }
            }
        }
        Ok(())
    }

    /// Fields that do not change what is computed.
    pub fn without_effect(&mut self, fields: &[&str]) {
        for field in fields {
            self.left.remove(*field);
        }
    }

    /// Refuses what is left, except notes that begin with an underscore.
    pub fn finish(self) -> Result<()> {
        match self.left.iter().find(|(field, _)| !field.starts_with('_')) {
            None => Ok(()),
            Some((field, value)) => {
                let reason =
                    format!("(value {value}) is not known; this model needs something not built here yet");
                Err(self.error(field, reason))
            }
        }
    }
}

/// A value for all blocks, or one for each.
pub(crate) fn per_block(fields: &Fields, field: &str, value: &Value, blocks: usize) -> Result<Vec<usize>> {
    let number = |value: &Value| value.as_u64().filter(|n| *n > 0).map(|n| n as usize);
    let values = match value {
        Value::Array(values) => values.iter().map(number).collect(),
        one => number(one).map(|n| vec![n; blocks]),
    };
    match values {
        Some(values) if values.len() == blocks => Ok(values),
        _ => Err(fields.error(
            field,
            format!("is {value}, but must be a positive number or {blocks} of them"),
        )),
    }
}

/// Side of the pictures or latents that a network was trained on: a number, or height and width.
pub(crate) fn largest_side(fields: &mut Fields, field: &str, default: usize) -> Result<usize> {
    let value = fields.take_or(field, Value::from(default))?;
    let side = match &value {
        Value::Array(sides) => sides.iter().map(Value::as_u64).max().flatten(),
        one => one.as_u64(),
    };
    match side {
        Some(side @ 1..=65_536) => Ok(side as usize),
        _ => Err(fields.error(
            field,
            format!("is {value}, but must be a side between 1 and 65536"),
        )),
    }
}

/// Checks that group normalisation is possible.
pub(crate) fn check_groups(fields: &Fields, groups: usize, channels: &[usize]) -> Result<()> {
    match channels
        .iter()
        .find(|channels| groups == 0 || *channels % groups != 0)
    {
        None => Ok(()),
        Some(channels) => {
            let reason = format!("is {groups}, which does not divide the {channels} channels of a block");
            Err(fields.error("norm_num_groups", reason))
        }
    }
}

/// Bounds what a configuration can make us allocate before a single weight is compared.
pub(crate) fn check_size(fields: &Fields, field: &str, values: &[usize], largest: usize) -> Result<()> {
    match values.iter().find(|value| **value == 0 || **value > largest) {
        None => Ok(()),
        Some(value) => Err(fields.error(field, format!("is {value}, but must be between 1 and {largest}"))),
    }
}
