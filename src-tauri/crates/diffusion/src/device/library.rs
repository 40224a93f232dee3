//! Whether NVIDIA's libraries are there. The bindings below candle load them by name when they are first used, and panic
//! where one is missing; so they are looked for here first, and what is missing is named.

use std::env;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::ffi::OsString;
use std::path::PathBuf;

use libloading::Library;

/// Names a folder with libraries that the system's loader does not find by itself.
const FOLDERS: &str = "SALON_CUDA_LIBRARIES";

/// A library, by the names that it has in the versions that will do.
struct Wanted {
    /// Without prefix, suffix and version.
    name: &'static str,
    /// As other systems call it.
    other: &'static str,
    /// Versions in the file's name, newest first.
    versions: &'static [&'static str],
    /// Where it comes from.
    source: &'static str,
}

const CUDA: [Wanted; 3] = [
    Wanted {
        name: "cuda",
        other: "nvcuda",
        versions: &["1"],
        source: "it comes with NVIDIA's driver",
    },
    Wanted {
        name: "cublas",
        other: "cublas",
        versions: &["13", "12"],
        source: "it is a part of CUDA 13",
    },
    Wanted {
        name: "curand",
        other: "curand",
        versions: &["10"],
        source: "it is a part of CUDA 13",
    },
];

/// Loads what candle computes with on NVIDIA's cards, for good; or says what is missing and where it comes from.
pub(super) fn load_cuda() -> Result<(), String> {
    CUDA.iter().try_for_each(load)
}

fn load(wanted: &Wanted) -> Result<(), String> {
    let names = wanted.names();
    let folders: Vec<PathBuf> =
        env::var_os(FOLDERS).map_or_else(Vec::new, |paths| env::split_paths(&paths).collect());
    let inside = folders
        .iter()
        .flat_map(|folder| names.iter().map(move |name| folder.join(name).into_os_string()));
    for place in inside.chain(names.iter().map(OsString::from)) {
        // SAFETY: what runs when these libraries are loaded is NVIDIA's own start-up code, as in every program that
        // links them.
        if let Ok(library) = unsafe { Library::new(&place) } {
            // Never unloaded: from here on the loader knows it by its name alone, which is how the bindings ask for it.
            std::mem::forget(library);
            return Ok(());
        }
    }
    Err(format!(
        "{} is not installed; {}. Where it lies in a folder of its own, {FOLDERS} names that",
        names[0], wanted.source
    ))
}

impl Wanted {
    /// File names, the one for messages first.
    fn names(&self) -> Vec<String> {
        if cfg!(windows) {
            let name = self.other;
            let versions = self.versions.iter();
            let versions = versions.map(|version| format!("{name}64_{version}{DLL_SUFFIX}"));
            return versions.chain([format!("{name}{DLL_SUFFIX}")]).collect();
        }
        let name = format!("{DLL_PREFIX}{}{DLL_SUFFIX}", self.name);
        let versions = self.versions.iter().map(|version| format!("{name}.{version}"));
        versions.chain([name.clone()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_missing_is_named_with_its_source() {
        let missing = Wanted {
            name: "salon-has-no-such-library",
            other: "salon-has-no-such-library",
            versions: &["7"],
            source: "it comes with nothing",
        };
        let reason = load(&missing).unwrap_err();
        for words in ["salon-has-no-such-library", "7", "it comes with nothing", FOLDERS] {
            assert!(reason.contains(words), "`{reason}` should say {words}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_library_that_is_there_is_found_by_its_version() {
        let present = Wanted {
            name: "c",
            other: "c",
            versions: &["6"],
            source: "it is there",
        };
        assert_eq!(
            load(&present),
            Ok(()),
            "the C library is loaded into every program"
        );
    }
}
