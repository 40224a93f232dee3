//! Everything that can be wrong with a layers folder or an order, each naming the thing and the next step.

use std::path::PathBuf;

/// Why layers could not be read, composed or rendered.
#[derive(Debug, thiserror::Error)]
pub enum LayersError {
    /// A file or folder could not be read or written.
    #[error("{}: {source}; check that it exists and that you may access it", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An edition could not be written as a PNG.
    #[error("edition {edition} cannot become a PNG: {source}; check the size and the texts that go into it")]
    Unwritable {
        /// Its number.
        edition: u64,
        /// What is wrong.
        source: png::EncodingError,
    },
    /// `layers.json` is not what it should be.
    #[error("{}: {problem}; see the README beside the house layers for the format", path.display())]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A layer named in `layersOrder` has no folder.
    #[error("layer \"{layer}\" has no folder {}; create it, or remove the layer from layersOrder", path.display())]
    MissingLayer {
        /// The layer.
        layer: String,
        /// The folder that was looked for.
        path: PathBuf,
    },
    /// A layers folder holds no layers, or a layer no pictures.
    #[error("{} holds no {wanted}; add at least one", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
        /// What should be in it.
        wanted: &'static str,
    },
    /// The number after `#` is not a weight.
    #[error("{}: \"{weight}\" is not a weight; write a whole number from 0 to 1000000 after the #", path.display())]
    BadWeight {
        /// The file.
        path: PathBuf,
        /// What stands where the weight should.
        weight: String,
    },
    /// All weights of a layer are zero.
    #[error("layer \"{layer}\" can never be drawn: all its weights are 0; raise at least one")]
    NoWeight {
        /// The layer.
        layer: String,
    },
    /// Two files of one layer give the same trait.
    #[error("{} and {} are both the trait \"{value}\"; rename or remove one", first.display(), second.display())]
    Duplicate {
        /// The trait's name.
        value: String,
        /// The file that came first.
        first: PathBuf,
        /// The file that repeats it.
        second: PathBuf,
    },
    /// A picture of a layer cannot be used.
    #[error("{}: {problem}; repair or replace the picture", path.display())]
    BadPicture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A caption word belongs to two traits.
    #[error("\"{words}\" could mean {first} or {second}; give one of them other words in layers.json")]
    AmbiguousWords {
        /// The words.
        words: String,
        /// One meaning.
        first: String,
        /// The other.
        second: String,
    },
    /// A chosen trait does not exist.
    #[error("there is no trait \"{trait_type}: {value}\"; {hint}")]
    UnknownTrait {
        /// The layer asked for.
        trait_type: String,
        /// The value asked for.
        value: String,
        /// What there is instead.
        hint: String,
    },
    /// A choice leaves a layer open or names it twice.
    #[error("a picture needs exactly one \"{layer}\" trait, found {found}; name one of each layer")]
    WrongChoice {
        /// The layer.
        layer: String,
        /// How many of it were chosen.
        found: usize,
    },
    /// The asked size is outside what is rendered.
    #[error("cannot render at {size} pixels; choose a size from {smallest} to {largest}")]
    Size {
        /// The size asked for.
        size: u32,
        /// The smallest size.
        smallest: u32,
        /// The largest size.
        largest: u32,
    },
    /// The asked number of pictures is zero or absurd.
    #[error("cannot render {count} pictures; choose from 1 to {largest}")]
    Count {
        /// The number asked for.
        count: u64,
        /// The largest number.
        largest: u64,
    },
    /// A collection has faults that stand in the way.
    #[error("{}: {problem}{}", path.display(), more(*others))]
    Faulty {
        /// The file of the first one.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// How many other faults there are.
        others: usize,
    },
    /// A one-of-one cannot stand where it is to stand.
    #[error("{}: {problem}", path.display())]
    OneOfOne {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// There are not as many different editions.
    #[error(
        "only {made} of {asked} editions can be different ({possible} combinations in all); add traits, lower the number, or let a layer bypass the DNA"
    )]
    Exhausted {
        /// Editions ordered.
        asked: u64,
        /// Editions that were found.
        made: u64,
        /// Combinations that the layers and rules allow.
        possible: u128,
    },
    /// Quotas that cannot be kept.
    #[error("{problem}")]
    Impossible {
        /// Which, and what is in their way.
        problem: String,
    },
    /// A collection that is appended to cannot be read.
    #[error("{}: {problem}; append to a folder that was rendered, or write to a new one", path.display())]
    Metadata {
        /// Its metadata.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A cancel token stopped the work.
    #[error("stopped after {done} of {count} pictures; run the same order again to make the rest")]
    Cancelled {
        /// Pictures written before the stop.
        done: u64,
        /// Pictures ordered.
        count: u64,
    },
}

fn more(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " (and one more problem; `salon layers check` lists both)".into(),
        others => format!(" (and {others} more problems; `salon layers check` lists all)"),
    }
}

impl LayersError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
