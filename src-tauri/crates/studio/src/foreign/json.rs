//! JSON as programs of other languages write it.

use serde_json::{Map, Value};

use super::facts::Facts;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// The object in `text`. Python writes `NaN` and `Infinity`, which JSON does not have: they are read as nothing.
pub(super) fn object(text: &str) -> Option<Object> {
    let text = text.trim_matches(['\0', ' ', '\n', '\r', '\t']);
    if !text.starts_with('{') {
        return None;
    }
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&without_python_numbers(text)))
        .ok()
}

fn without_python_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if !quoted
            && let Some(after) = ["NaN", "-Infinity", "Infinity"]
                .iter()
                .find_map(|word| rest.strip_prefix(word))
        {
            plain.push_str("null");
            rest = after;
            continue;
        }
        match letter {
            '"' if !escaped => quoted = !quoted,
            '\\' if quoted && !escaped => {
                escaped = true;
                plain.push(letter);
                rest = &rest[1..];
                continue;
            }
            _ => {}
        }
        escaped = false;
        plain.push(letter);
        rest = &rest[letter.len_utf8()..];
    }
    plain
}

/// A number, a word or `true` as text; nothing for what is empty, false or made of parts.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(true) => Some("yes".into()),
        _ => None,
    }
}

/// The first of these keys that says something.
pub(super) fn first(object: &Object, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| object.get(*key).and_then(plain))
}

/// A number, however it is written.
pub(super) fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

/// Adds what is neither understood nor empty, under its own name.
pub(super) fn remark_rest(facts: &mut Facts, object: &Object, understood: &[&str]) {
    for (key, value) in object {
        if !understood.contains(&key.as_str())
            && let Some(value) = plain(value)
        {
            facts.remark(key, &value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_python_are_read_as_nothing_and_words_stay() {
        let found = object(r#"{"a": NaN, "b": [-Infinity, 1], "c": "NaN \" Infinity"}"#).unwrap();
        assert_eq!(found["a"], Value::Null);
        assert_eq!(found["b"][1], 1);
        assert_eq!(found["c"], "NaN \" Infinity");
        for broken in [
            "",
            "{",
            "[1]",
            "{\"a\": }",
            "NaN",
            &"[".repeat(100_000),
            &"{\"a\":".repeat(100_000),
        ] {
            assert!(object(broken).is_none(), "`{broken:.20}` is no object");
        }
    }
}
