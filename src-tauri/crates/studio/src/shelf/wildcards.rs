//! Wildcard lists: text files of values, one a line, that templates draw from as `__name__`.

use std::fs;
use std::path::{Path, PathBuf};

use salon_domain::template::Wildcards;

use crate::api::{ApiError, WildcardSummary};

use super::{ModelShelf, WILDCARDS, entries};

/// Largest list that is read, in bytes.
const LARGEST: u64 = 8 << 20;

/// Folders inside `wildcards/` that are looked into.
const DEEPEST: usize = 3;

impl ModelShelf {
    /// Every list by its name: the file's without its ending, after the folders it lies in (`animals/birds`). The
    /// project's come before those of the models folders, and the first of a name is used.
    pub(crate) fn wildcards(&self) -> Result<Wildcards, ApiError> {
        let mut lists = Wildcards::new();
        for folder in self.more_wildcards.iter().chain(&self.folders) {
            collect(&folder.join(WILDCARDS), "", DEEPEST, &mut lists)?;
        }
        Ok(lists)
    }

    /// What hosts show of them.
    pub(crate) fn wildcard_summaries(&self) -> Result<Vec<WildcardSummary>, ApiError> {
        let lists = self
            .wildcards()?
            .into_iter()
            .map(|(name, values)| WildcardSummary {
                name,
                values: values.len() as u32,
            });
        Ok(lists.collect())
    }
}

fn collect(folder: &Path, prefix: &str, deep: usize, lists: &mut Wildcards) -> Result<(), ApiError> {
    for entry in entries(folder) {
        let stem = entry.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{prefix}{stem}");
        if entry.is_dir() {
            if deep > 0 {
                collect(&entry, &format!("{name}/"), deep - 1, lists)?;
            }
        } else if entry.extension().is_some_and(|ending| ending == "txt") && !lists.contains_key(&name) {
            lists.insert(name, values(&entry)?);
        }
    }
    Ok(())
}

fn values(file: &PathBuf) -> Result<Vec<String>, ApiError> {
    let told = |fault: &dyn std::fmt::Display| {
        ApiError::invalid_request(format!(
            "the wildcard list {} cannot be read ({fault}): save it as UTF-8 text, one value a line",
            file.display()
        ))
    };
    let about = fs::metadata(file).map_err(|fault| told(&fault))?;
    if about.len() > LARGEST {
        return Err(told(&format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    let text = fs::read_to_string(file).map_err(|fault| told(&fault))?;
    // Some editors begin a file with a mark of its byte order.
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let values = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(values.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_named_by_their_files_and_the_projects_come_first() {
        let (project, models) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |folder: &Path, name: &str, text: &str| {
            let file = folder.join(WILDCARDS).join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write(
            models.path(),
            "colour.txt",
            "\u{feff}# of furs\nred\n\n  teal  \n",
        );
        write(models.path(), "animals/birds.txt", "owl\n");
        write(models.path(), "notes.md", "no list\n");
        write(project.path(), "colour.txt", "gold\n");
        let shelf = ModelShelf::new(vec![models.path().into()]);
        let lists = shelf.wildcards().unwrap();
        assert_eq!(
            lists,
            Wildcards::from([
                ("animals/birds".into(), vec!["owl".into()]),
                ("colour".into(), vec!["red".into(), "teal".into()]),
            ]),
            "comments and blank lines are no values"
        );
        let shelf = shelf.with_wildcards_in(project.path().into());
        assert_eq!(
            shelf.wildcards().unwrap()["colour"],
            ["gold"],
            "the project's own list is used"
        );
        fs::write(models.path().join("wildcards/bad.txt"), [0xff, 0xfe, 0x00]).unwrap();
        let fault = shelf.wildcards().unwrap_err();
        assert!(fault.message.contains("bad.txt"), "{fault} names the file");
    }
}
