//! What endpoints answer, and what their refusals mean.

use serde_json::Value;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The JSON it gave, or whatever it gave instead.
    pub text: String,
    /// Tokens that were sent, as it counted them.
    pub input_tokens: u64,
    /// Tokens that came back.
    pub output_tokens: u64,
}

fn parsed(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Err("it answered with nothing: try again, or take another model".into());
    }
    serde_json::from_str(text).map_err(|_| {
        let start: String = text.chars().take(80).collect();
        format!("its answer is no JSON (“{start}”): is the address that of an API?")
    })
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

pub(super) fn openai(text: &str) -> Result<Reply, String> {
    let value = parsed(text)?;
    let choice = &value["choices"][0];
    if let Some(refusal) = choice["message"]["refusal"].as_str() {
        return Err(format!("it refused: {}", shortened(refusal)));
    }
    if choice["finish_reason"] == "length" {
        return Err("its answer was cut off: make the texts shorter, or take a model that says less".into());
    }
    let content = choice["message"]["content"].as_str().unwrap_or_default();
    if content.trim().is_empty() {
        return Err("it answered with nothing: try again, or take another model".into());
    }
    Ok(Reply {
        text: content.into(),
        input_tokens: number(&value["usage"]["prompt_tokens"]),
        output_tokens: number(&value["usage"]["completion_tokens"]),
    })
}

pub(super) fn anthropic(text: &str) -> Result<Reply, String> {
    let value = parsed(text)?;
    match value["stop_reason"].as_str() {
        Some("max_tokens") => {
            return Err(
                "its answer was cut off: make the texts shorter, or take a model that says less".into(),
            );
        }
        Some("refusal") => return Err("it refused to write this".into()),
        _ => {}
    }
    let blocks = value["content"].as_array().cloned().unwrap_or_default();
    let said: String = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
    if said.trim().is_empty() {
        return Err("it answered with nothing: try again, or take another model".into());
    }
    Ok(Reply {
        text: said,
        input_tokens: number(&value["usage"]["input_tokens"]),
        output_tokens: number(&value["usage"]["output_tokens"]),
    })
}

/// What a status other than 200 means, with what the machine said of it.
pub(super) fn refusal(status: u16, text: &str, tried: u32) -> String {
    let said = serde_json::from_str::<Value>(text)
        .ok()
        .and_then(|value| value["error"]["message"].as_str().map(shortened))
        .unwrap_or_default();
    let meaning = match status {
        300..=399 => "it points elsewhere, and is not followed: write down the address that it means".into(),
        401 | 403 => "it does not take the key: set another".into(),
        404 => "it knows neither the address nor the model: check both".into(),
        429 => format!("it is busy, asked {tried} times: wait, or ask for less at once"),
        500..=599 => format!("it is in trouble (status {status}), asked {tried} times: try again later"),
        _ => format!("it refused with status {status}"),
    };
    if said.is_empty() {
        meaning
    } else {
        format!("{meaning}. It says: {said}")
    }
}

fn shortened(text: &str) -> String {
    let tidy = crate::texts::tidied(text);
    let mut short: String = tidy.chars().take(200).collect();
    if short.len() < tidy.len() {
        short.push('…');
    }
    short
}
