//! What a picture says of its making, in the words of A1111, which every other program's are brought to.

use serde::{Deserialize, Serialize};

/// Longest value of a field that nobody reads further, in characters.
const LONGEST_REMARK: usize = 200;

/// A recipe as a picture tells it: nothing is checked, nothing is looked up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) prompt: String,
    pub(crate) negative_prompt: String,
    /// LoRAs and their weights, in the order they are applied.
    pub(crate) loras: Vec<(String, f64)>,
    /// Everything else, by A1111's names ("Steps", "CFG scale", …), in the order it was told.
    pub(crate) fields: Vec<(String, String)>,
}

impl Facts {
    /// The first field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Adds a field, if there is something to say.
    pub(crate) fn tell(&mut self, name: &str, value: Option<impl Into<String>>) {
        let value = value.map(Into::into).filter(|value| !value.trim().is_empty());
        self.fields.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// Adds a field of another program's own, shortened when it is long.
    pub(crate) fn remark(&mut self, name: &str, value: &str) {
        let mut short: String = value.chars().take(LONGEST_REMARK).collect();
        if short.len() < value.len() {
            short.push('…');
        }
        self.tell(name, Some(short));
    }

    /// Adds the size.
    pub(crate) fn tell_size(&mut self, width: Option<String>, height: Option<String>) {
        if let (Some(width), Some(height)) = (width, height) {
            self.tell("Size", Some(format!("{width}x{height}")));
        }
    }

    /// Adds sampler and noise schedule.
    pub(crate) fn tell_sampler(&mut self, sampler: Option<String>, schedule: Option<String>) {
        let Some(sampler) = sampler else { return };
        let (name, own_schedule) = sampler_name(&sampler);
        self.tell("Sampler", Some(name));
        let schedule = schedule.filter(|schedule| schedule != "normal");
        let schedule = own_schedule.or(schedule.as_deref());
        self.tell("Schedule type", schedule.map(capitalized));
    }

    /// Whether anything at all is told.
    pub(crate) fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// The name of a model file: without folders and ending.
pub(crate) fn file_stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    [".safetensors", ".ckpt", ".gguf", ".pt", ".pth"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// A1111's name of a sampler as `ComfyUI`, `InvokeAI`, `SwarmUI` and Fooocus write it, and the schedule that it names.
fn sampler_name(written: &str) -> (String, Option<&'static str>) {
    let lower = written.to_lowercase();
    let plain = lower.strip_prefix("sample_").unwrap_or(&lower);
    let plain = plain.strip_prefix("k_").unwrap_or(plain);
    let (plain, schedule) = match plain.strip_suffix("_karras").or_else(|| plain.strip_suffix("_k")) {
        Some(plain) => (plain, Some("karras")),
        None => (plain, None),
    };
    let name = match plain {
        "euler" => "Euler",
        "euler_a" | "euler_ancestral" => "Euler a",
        "dpmpp_2m" => "DPM++ 2M",
        "ddim" => "DDIM",
        "uni_pc" | "unipc" | "uni_pc_bh2" => "UniPC",
        "lcm" => "LCM",
        _ => return (written.to_owned(), None),
    };
    (name.to_owned(), schedule)
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samplers_of_every_program_get_one_name() {
        let told = |sampler: &str, schedule: Option<&str>| {
            let mut facts = Facts::default();
            facts.tell_sampler(Some(sampler.into()), schedule.map(Into::into));
            let word = |name| facts.field(name).unwrap_or_default().to_owned();
            (word("Sampler"), word("Schedule type"))
        };
        for (found, expected) in [
            (told("euler_ancestral", Some("normal")), ("Euler a", "")),
            (told("k_euler_a", None), ("Euler a", "")),
            (told("dpmpp_2m", Some("karras")), ("DPM++ 2M", "Karras")),
            (told("dpmpp_2m_k", None), ("DPM++ 2M", "Karras")),
            (told("res_multistep", Some("simple")), ("res_multistep", "Simple")),
        ] {
            assert_eq!((found.0.as_str(), found.1.as_str()), expected);
        }
    }

    #[test]
    fn a_model_is_named_without_folders_and_ending() {
        assert_eq!(file_stem(r"xl\base/fox v1.2.safetensors"), "fox v1.2");
        assert_eq!(file_stem("fox v1.2"), "fox v1.2", "a dot is not an ending");
    }
}
