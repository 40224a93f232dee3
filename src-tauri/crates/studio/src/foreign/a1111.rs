//! A1111's web UI and its kin (Forge, SD.Next, Civitai): a text of prompt, negative prompt and one line of fields.

use super::facts::Facts;

/// Takes `text` apart; nothing when it is no such recipe.
pub(crate) fn read(text: &str) -> Option<Facts> {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let last = lines.iter().rposition(|line| line.starts_with("Steps: "))?;
    let negative = lines[..last]
        .iter()
        .position(|line| line.starts_with("Negative prompt:"));
    let prompt = lines[..negative.unwrap_or(last)].join("\n");
    let negative_prompt = negative.map_or_else(String::new, |at| lines[at..last].join("\n"));
    let negative_prompt = negative_prompt.trim_start_matches("Negative prompt:").trim();
    let (prompt, loras) = without_loras(&prompt);
    Some(Facts {
        prompt,
        negative_prompt: negative_prompt.into(),
        loras,
        fields: fields_of(&lines[last..].join(" ")),
    })
}

/// `name: value, name: "a value, with commas"`.
fn fields_of(line: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut rest = line.trim();
    while let Some((name, after)) = rest.split_once(':') {
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = unescaped_quote(quoted);
                (
                    quoted[..end].replace("\\\"", "\"").replace("\\\\", "\\"),
                    &quoted[end..],
                )
            }
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        fields.push((name.trim().to_owned(), value));
        rest = next
            .trim_start_matches('"')
            .trim_start()
            .trim_start_matches(',')
            .trim_start();
    }
    fields
}

/// Where the quotation ends.
fn unescaped_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' if !escaped => return at,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The prompt without `<lora:name:weight>` and what they say. Of the weights after the first (for parts) none is read.
pub(super) fn without_loras(prompt: &str) -> (String, Vec<(String, f64)>) {
    let (mut text, mut loras) = (String::new(), Vec::new());
    let mut rest = prompt;
    while let Some(at) = rest.find("<lora:") {
        text.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('>') else {
            rest = &rest[at..];
            break;
        };
        let mut parts = rest[at + "<lora:".len()..at + end].split(':');
        let name = parts.next().unwrap_or_default().trim();
        let weight = parts
            .next()
            .map_or(Some(1.0), |weight| weight.trim().parse().ok());
        if !name.is_empty() {
            loras.push((name.to_owned(), weight.unwrap_or(1.0)));
        }
        rest = &rest[at + end + 1..];
    }
    text.push_str(rest);
    (text.trim().to_owned(), loras)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_quotes_and_foreign_words_are_kept_apart() {
        let text = "a (fox:1.2),\nby a lake <lora:ink:0.5:0.7>\nNegative prompt: blur,\nowl\n\
                    Steps: 28, Sampler: Euler a, Lora hashes: \"ink: ab, gold: \\\"cd\\\"\", Wild: yes";
        let facts = read(text).unwrap();
        assert_eq!(facts.prompt, "a (fox:1.2),\nby a lake");
        assert_eq!(facts.negative_prompt, "blur,\nowl");
        assert_eq!(facts.loras, [("ink".into(), 0.5)]);
        assert_eq!(facts.field("lora hashes"), Some("ink: ab, gold: \"cd\""));
        assert_eq!(facts.field("Wild"), Some("yes"), "after a quotation it goes on");
        assert_eq!(read("a holiday picture"), None, "no recipe, no guess");
    }

    #[test]
    fn a_bracket_that_never_closes_stays_in_the_prompt() {
        assert_eq!(
            without_loras("a <lora:ink fox"),
            ("a <lora:ink fox".into(), vec![]),
            "nothing is lost"
        );
    }
}
