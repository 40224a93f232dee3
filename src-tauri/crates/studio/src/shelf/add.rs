//! What enters and leaves a models folder: copies that appear whole or not at all, and removals of exactly one thing.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use salon_domain::CancelToken;

use crate::api::{AddModel, AddProgress, AddedModel, ApiError, ErrorCode, ModelSummary};

use super::content::is_pickle;
use super::{Content, EMBEDDINGS, LORAS, ModelShelf, WILDCARDS, beside, ending, stamp};

/// Bytes copied between two looks at the cancel token.
const TOGETHER: usize = 4 << 20;

/// Longest name, in bytes: what file systems take, with room for an ending.
const LONGEST_NAME: usize = 200;

/// What is to be copied where.
struct Copy {
    kind: &'static str,
    name: String,
    /// Sources with their places below the target; the empty path is the target itself.
    files: Vec<(PathBuf, PathBuf, u64)>,
    /// Place below a models folder.
    place: PathBuf,
}

impl ModelShelf {
    /// Copies a model, a LoRA, an embedding or a wildcard list into the last models folder that can be written: the
    /// user's own. `report` hears of it every few megabytes.
    pub(crate) fn add(
        &self,
        order: &AddModel,
        report: &mut dyn FnMut(&AddProgress),
        cancel: &CancelToken,
    ) -> Result<AddedModel, ApiError> {
        let copy = self.planned(order)?;
        let folder = self.writable_folder()?;
        let target = folder.join(&copy.place);
        if target.exists() {
            return Err(taken(&copy, &target));
        }
        let parent = target.parent().unwrap_or(&folder).to_path_buf();
        // A dot hides it from every list, and the same file system makes the rename one step.
        let incoming = parent.join(format!(
            ".incoming-{}-{}",
            std::process::id(),
            copy.name.replace('/', "-")
        ));
        let copied = copy_all(&copy, &incoming, report, cancel).and_then(|()| {
            if target.exists() {
                return Err(taken(&copy, &target));
            }
            // What explains a checkpoint is there before it.
            for file in beside(&order.path) {
                let to = target.with_extension(ending(&file));
                fs::copy(&file, &to).map_err(|fault| unwritable(&to, &fault))?;
            }
            fs::rename(&incoming, &target).map_err(|fault| unwritable(&target, &fault))
        });
        if copied.is_err() {
            remove(&incoming);
        }
        copied?;
        Ok(AddedModel {
            kind: copy.kind.into(),
            name: copy.name,
            path: target,
        })
    }

    /// What `order` comes down to, after everything that can be refused without writing.
    fn planned(&self, order: &AddModel) -> Result<Copy, ApiError> {
        let path = &order.path;
        if !path.exists() {
            return Err(ApiError::new(
                ErrorCode::NotFound,
                format!("{} does not exist", path.display()),
                &["Name a diffusers folder or a weight file."],
            ));
        }
        let own = path.canonicalize().unwrap_or_else(|_| path.clone());
        let own = if own.is_dir() {
            own.file_name()
        } else {
            own.file_stem()
        };
        let own = own.unwrap_or_default().to_string_lossy().into_owned();
        let name = checked_name(order.name.as_deref().map_or(own.as_str(), str::trim))?;
        let file = |kind, folder: &str| {
            let place = Path::new(folder).join(format!("{name}.{}", ending(path)));
            let bytes = path.metadata().map_or(0, |about| about.len());
            let files = vec![(path.clone(), PathBuf::new(), bytes)];
            Ok(Copy {
                kind,
                name: name.clone(),
                files,
                place,
            })
        };
        if path.is_dir() {
            self.refuse_unusable(path, &name)?;
            let stamp = stamp(path).map_err(|fault| unwritable(path, &fault))?;
            // Pickles beside safetensors are left behind: they are never opened.
            let data = stamp.into_iter().filter(|(file, ..)| !is_pickle(file));
            let files = data.map(|(file, bytes, _)| {
                let inside = file.strip_prefix(path).unwrap_or(&file).to_path_buf();
                (file, inside, bytes)
            });
            return Ok(Copy {
                kind: "model",
                files: files.collect(),
                place: PathBuf::from(&name),
                name,
            });
        }
        match self.content(path) {
            Some(Content::Model) => {
                self.refuse_unusable(path, &name)?;
                file("model", "")
            }
            Some(Content::Lora(_)) => file("LoRA", LORAS),
            Some(Content::Embedding { .. }) => file("embedding", EMBEDDINGS),
            Some(Content::Unusable(fault) | Content::BrokenLora(fault)) => {
                Err(ApiError::new(ErrorCode::Model, fault, &[]))
            }
            None if ending(path) == "txt" => file("wildcard list", WILDCARDS),
            None => Err(ApiError::invalid_request(format!(
                "{} is no model: name a diffusers folder, a .safetensors or .gguf file, or a wildcard list (.txt)",
                path.display()
            ))),
        }
    }

    /// A model that cannot be used, or whose name is taken, is not worth copying.
    fn refuse_unusable(&self, path: &Path, name: &str) -> Result<(), ApiError> {
        if let Some(first) = self.list().into_iter().find(|model| model.name == name) {
            return Err(ApiError::invalid_request(format!(
                "there is a model `{name}` already ({}): choose another name, or remove that one first",
                first.path.display()
            )));
        }
        match self.look_at(name, path).fault {
            None => Ok(()),
            Some(fault) => Err(ApiError::new(
                ErrorCode::Model,
                format!("{} cannot be used: {fault}", path.display()),
                &[],
            )),
        }
    }

    /// The last models folder that can be written, made when it is missing.
    fn writable_folder(&self) -> Result<PathBuf, ApiError> {
        let mut fault = None;
        for folder in self.folders.iter().rev() {
            let trial = folder.join(format!(".trial-{}", std::process::id()));
            let tried = fs::create_dir_all(folder).and_then(|()| File::create(&trial));
            let _ = fs::remove_file(&trial);
            match tried {
                Ok(_) => return Ok(folder.clone()),
                Err(found) => fault = fault.or(Some(unwritable(folder, &found))),
            }
        }
        Err(fault.unwrap_or_else(|| ApiError::invalid_request("no models folder is known: name one")))
    }

    /// Takes the model, LoRA or embedding called `name`, or lying at the path `name`, out of its models folder. Touches
    /// nothing else; what is a link is unlinked and stays where it really lies.
    pub(crate) fn remove(&self, name: &str) -> Result<(), ApiError> {
        let models = self.list();
        let loras = self.loras(&[]);
        let embeddings = self.embeddings();
        let known = models
            .iter()
            .map(|model| (&model.name, &model.path))
            .chain(loras.iter().map(|lora| (&lora.name, &lora.path)))
            .chain(
                embeddings
                    .iter()
                    .map(|embedding| (&embedding.name, &embedding.path)),
            );
        let named: Vec<&PathBuf> = known
            .filter(|(known, path)| *known == name || *path == Path::new(name))
            .map(|(_, path)| path)
            .collect();
        match named.as_slice() {
            [] => Err(self.missing(name)),
            [path] => take_away(path),
            [first, second, ..] => Err(ApiError::invalid_request(format!(
                "`{name}` is the name of {} and of {}: name the path of the one to remove",
                first.display(),
                second.display()
            ))),
        }
    }

    /// The model that [`ModelShelf::remove`] would take away for `name`, if it is a model.
    pub(crate) fn model_to_remove(&self, name: &str) -> Option<ModelSummary> {
        self.list()
            .into_iter()
            .find(|model| model.name == name || model.path == Path::new(name))
    }
}

fn checked_name(name: &str) -> Result<String, ApiError> {
    let plain = !name.contains(['\\', '\0', ':']) && !name.starts_with('.');
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(_)), None) if plain && name.len() <= LONGEST_NAME => Ok(name.into()),
        _ => Err(ApiError::invalid_request(format!(
            "`{name}` is no name for a model: choose one without slashes and colons that does not begin with a dot"
        ))),
    }
}

fn copy_all(
    copy: &Copy,
    incoming: &Path,
    report: &mut dyn FnMut(&AddProgress),
    cancel: &CancelToken,
) -> Result<(), ApiError> {
    let mut progress = AddProgress {
        name: copy.name.clone(),
        done: 0,
        total: copy.files.iter().map(|(_, _, bytes)| bytes).sum(),
    };
    let mut buffer = vec![0; TOGETHER];
    for (source, inside, _) in &copy.files {
        let target = if inside.as_os_str().is_empty() {
            incoming.to_path_buf()
        } else {
            incoming.join(inside)
        };
        let opened = target
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| File::create(&target));
        let mut writer = opened.map_err(|fault| unwritable(&target, &fault))?;
        let mut reader = File::open(source).map_err(|fault| unwritable(source, &fault))?;
        loop {
            if cancel.is_cancelled() {
                return Err(ApiError::new(
                    ErrorCode::Cancelled,
                    "stopped as asked; nothing was added",
                    &[],
                ));
            }
            let read = reader
                .read(&mut buffer)
                .map_err(|fault| unwritable(source, &fault))?;
            if read == 0 {
                break;
            }
            writer
                .write_all(&buffer[..read])
                .map_err(|fault| unwritable(&target, &fault))?;
            progress.done += read as u64;
            report(&progress);
        }
        writer.sync_all().map_err(|fault| unwritable(&target, &fault))?;
    }
    Ok(())
}

/// Out of sight in one step, then gone, with what explains it.
fn take_away(path: &Path) -> Result<(), ApiError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let hidden = path.with_file_name(format!(".removed-{}-{name}", std::process::id()));
    let explained = beside(path);
    fs::rename(path, &hidden).map_err(|fault| unwritable(path, &fault))?;
    remove(&hidden);
    for file in &explained {
        remove(file);
    }
    Ok(())
}

/// Removes a file, a link or a folder. What cannot be removed stays hidden.
fn remove(path: &Path) {
    let is_folder = fs::symlink_metadata(path).is_ok_and(|about| about.is_dir());
    let removed = if is_folder {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    if let Err(fault) = removed
        && fault.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), "not removed: {fault}");
    }
}

fn taken(copy: &Copy, target: &Path) -> ApiError {
    ApiError::invalid_request(format!(
        "there is a {} `{}` already ({}): choose another name, or remove that one first",
        copy.kind,
        copy.name,
        target.display()
    ))
}

fn unwritable(path: &Path, fault: &io::Error) -> ApiError {
    ApiError::new(
        ErrorCode::Storage,
        format!("{}: {fault}", path.display()),
        &["Check the folder's permissions and the free space."],
    )
}
