//! What needs no project: rendering layers, naming content, verifying a bundle. For the command line.

use std::path::{Path, PathBuf};

use image::DynamicImage;
use salon_bundle::Watch;
use salon_domain::CancelToken;
use salon_layers::{Collection, CollectionOrder, Engine, LayerSet, LayersError, Wishes};

use crate::api::{ApiError, ErrorCode, LayersProblem, VerificationReport, VerifyRequest};
use crate::check_layers::problem;

pub use crate::check_layers::check_layers;
pub use salon_bundle::{CarFile, CarVersion, CidReport, Profile, Progress as BundleProgress};
use salon_layers::RenderOrder;

impl From<LayersError> for ApiError {
    fn from(error: LayersError) -> Self {
        let code = match &error {
            LayersError::Cancelled { .. } => ErrorCode::Cancelled,
            LayersError::Io { .. } => ErrorCode::Storage,
            _ => ErrorCode::InvalidRequest,
        };
        Self::new(code, error.to_string(), &[])
    }
}

/// What to render of a layer project, and where to.
#[derive(Debug, Clone, Default)]
pub struct RenderLayers {
    /// The project's folder.
    pub folder: PathBuf,
    /// How many editions; as many as the project's configuration says where absent.
    pub count: Option<u64>,
    /// Which of the many possible collections.
    pub seed: u64,
    /// Width in pixels; the project's own where absent.
    pub width: Option<u32>,
    /// Where the pictures go.
    pub out: PathBuf,
    /// Goes on with the collection that is in `out`.
    pub append: bool,
    /// Writes `preview.png`, small pictures of the first editions on one sheet.
    pub preview: bool,
    /// Writes `preview.gif`, the first editions one after the other.
    pub film: bool,
}

/// What was rendered.
#[derive(Debug, Clone)]
pub struct RenderedLayers {
    /// Pictures written.
    pub count: u64,
    /// Pictures that were there already.
    pub kept: u64,
    /// What is worth knowing of the project.
    pub warnings: Vec<LayersProblem>,
    /// The sheet, when one was asked for.
    pub preview: Option<PathBuf>,
    /// The film, when one was asked for.
    pub film: Option<PathBuf>,
}

/// House art at this width, unless somebody says otherwise.
const HOUSE_WIDTH: u32 = 512;
/// Pictures on a preview, and how they stand there.
const PREVIEWED: usize = 50;
const PREVIEW_COLUMNS: u32 = 10;
const PREVIEW_WIDTH: u32 = 128;
/// Pictures of a film, how large, and how long each is seen.
const FILMED: usize = 20;
const FILM_WIDTH: u32 = 320;
const FILM_MILLISECONDS: u32 = 500;

/// Renders a layer project into a folder. `report` hears the number done and of how many, from any thread.
///
/// House art without wishes is rendered with its captions, as the house model's training has it.
pub fn render_layers(
    order: &RenderLayers,
    report: &(dyn Fn(u64, u64) + Sync),
    cancel: &CancelToken,
) -> Result<RenderedLayers, ApiError> {
    let collection = Collection::read(&order.folder)?;
    let count = order.count.unwrap_or_else(|| collection.editions());
    let report = |done| report(done, count);
    // Captions are of the house's own draws; what is appended to or filmed is a collection like any other.
    let captioned = collection.engine() == Engine::House
        && *collection.wishes() == Wishes::default()
        && !order.append
        && !order.film;
    let film = order.film.then(|| order.out.join("preview.gif"));
    let preview = order.preview.then(|| order.out.join("preview.png"));
    let mut kept = 0;
    let sheet = if captioned {
        let plain = RenderOrder {
            count,
            seed: order.seed,
            size: order.width.unwrap_or(HOUSE_WIDTH),
            out_dir: order.out.clone(),
        };
        let set = LayerSet::load(&order.folder)?;
        salon_layers::render_many(&set, &plain, &report, cancel)?;
        let shown = count.min(PREVIEWED as u64) as u32;
        match &preview {
            Some(_) => Some(salon_layers::contact_sheet(&set, shown, order.seed, PREVIEW_WIDTH)?.into()),
            None => None,
        }
    } else {
        let wanted = CollectionOrder {
            count: order.count,
            seed: order.seed,
            width: order.width,
            out_dir: order.out.clone(),
            append: order.append,
        };
        let (summary, editions) = collection.render(&wanted, &report, cancel)?;
        kept = summary.kept;
        if let Some(path) = &film {
            let shown = &editions[..editions.len().min(FILMED)];
            collection.film(shown, FILM_WIDTH, FILM_MILLISECONDS, path, cancel)?;
        }
        let shown = &editions[..editions.len().min(PREVIEWED)];
        match &preview {
            Some(_) => Some(DynamicImage::from(collection.sheet(
                shown,
                PREVIEW_COLUMNS,
                PREVIEW_WIDTH,
                cancel,
            )?)),
            None => None,
        }
    };
    if let (Some(path), Some(sheet)) = (&preview, sheet) {
        let told = |fault| ApiError::new(ErrorCode::Storage, format!("{}: {fault}", path.display()), &[]);
        sheet.save(path).map_err(told)?;
    }
    let warnings = collection.problems().iter().map(problem).collect();
    Ok(RenderedLayers {
        count,
        kept,
        warnings,
        preview,
        film,
    })
}

/// The root CID of the file or folder `path`; with `car`, its blocks as a CAR file too.
pub fn content_id(
    path: &Path,
    profile: Profile,
    car: Option<CarFile<'_>>,
    report: &(dyn Fn(BundleProgress) + Sync),
    cancel: &CancelToken,
) -> Result<CidReport, ApiError> {
    Ok(salon_bundle::cid_of_path(
        path,
        profile,
        car,
        Watch::new(report, cancel),
    )?)
}

/// Verifies a bundle's folder or a CAR. What is wrong with it is in the report, not an error.
pub fn verify_bundle(request: &VerifyRequest) -> Result<VerificationReport, ApiError> {
    Ok(salon_bundle::verify(&request.path, Watch::new(&|_| (), &CancelToken::new()))?.into())
}
