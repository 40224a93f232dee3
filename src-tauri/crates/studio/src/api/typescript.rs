//! The TypeScript twin of the API, as one file in a fixed order.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ts_rs::{Config, TS, TypeVisitor};

use super::{Event, command_types, visit_commands};

/// Declarations by name: each type that the API mentions, directly or through another.
struct Declarations {
    config: Config,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        let named = T::output_path().is_some();
        if named {
            let name = T::ident(&self.config);
            if self.found.contains_key(&name) {
                return;
            }
            let docs = T::docs().map_or_else(String::new, |docs| format!("{}\n", docs.trim_end()));
            let declaration = format!("{docs}export {}", T::decl(&self.config));
            self.found.insert(name, laid_out(&declaration));
        }
        T::visit_generics(self);
        T::visit_dependencies(self);
    }
}

/// One-line comments on one line, fields indented, the closing brace on its own line.
fn laid_out(declaration: &str) -> String {
    let mut text = String::new();
    let mut comment: Vec<&str> = Vec::new();
    let mut inside = false;
    for line in declaration.replace(", };", ",\n};").lines() {
        let indent = if inside && !line.starts_with('}') {
            "  "
        } else {
            ""
        };
        if line.starts_with("/**") {
            comment.clear();
        } else if let Some(words) = line.strip_prefix(" * ") {
            comment.push(words);
        } else if line == " */" {
            if let [words] = comment.as_slice() {
                let _ = writeln!(text, "{indent}/** {words} */");
            } else {
                let _ = writeln!(text, "{indent}/**");
                for words in &comment {
                    let _ = writeln!(text, "{indent} * {words}");
                }
                let _ = writeln!(text, "{indent} */");
            }
        } else if line != " *" {
            inside |= line.trim_end().ends_with(" = {");
            let _ = writeln!(text, "{indent}{}", line.trim_end());
        } else {
            comment.push("");
        }
    }
    text.trim_end().into()
}

/// The whole of `ui/src/api/generated.ts`: every type of the API in alphabetical order, then the commands.
///
/// Row ids, instants and seeds are `number` (seeds are bounded to what JSON carries exactly).
pub fn typescript() -> String {
    let mut declarations = Declarations {
        config: Config::new().with_large_int("number"),
        found: BTreeMap::new(),
    };
    visit_commands(&mut declarations);
    declarations.visit::<Event>();

    let mut text = String::from(
        "// Generated from src-tauri/crates/studio/src/api.rs; never edited by hand.\n\
         // Regenerate: UPDATE_GENERATED=1 cargo test -p salon-studio --test studio generated\n",
    );
    for declaration in declarations.found.values() {
        let _ = write!(text, "\n{declaration}\n");
    }
    text.push_str("\n/** Every command with what it takes and gives. */\nexport interface Commands {\n");
    for (name, request, response) in command_types(&declarations.config) {
        let _ = writeln!(text, "  {name}: {{ request: {request}; response: {response} }};");
    }
    text.push_str("}\n");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}
