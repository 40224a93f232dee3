//! Which project is opened, and what is said when it cannot be.

use std::ffi::OsString;
use std::path::PathBuf;

use salon_studio::api::{ApiError, Nothing};
use salon_studio::{Studio, StudioOptions, sample};

/// A studio that is ready to be shown.
pub struct Opened {
    /// The studio.
    pub studio: Studio,
    /// The project's name, for the window's title.
    pub title: String,
}

/// Why there is no window, and the next step.
#[derive(Debug)]
pub struct Fault {
    message: String,
    hints: Vec<String>,
    /// Whether a dialog can be drawn at all.
    display: bool,
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self {
            message: error.message,
            hints: error.hints,
            display: true,
        }
    }
}

impl Fault {
    /// The web view did not come up.
    pub fn window(fault: &tauri::Error) -> Self {
        Self {
            message: format!("the window cannot be opened: {fault}"),
            hints: vec![SERVE_HINT.to_owned()],
            display: false,
        }
    }

    /// Says it on standard error, and in a dialog where one can be drawn.
    pub fn tell(&self) {
        eprintln!("error: {}", self.message);
        for hint in &self.hints {
            eprintln!("help: {hint}");
        }
        if self.display {
            rfd::MessageDialog::new()
                .set_level(rfd::MessageLevel::Error)
                .set_title("Salon cannot open")
                .set_description(format!("{}\n\n{}", self.message, self.hints.join("\n")))
                .show();
        }
    }
}

const SERVE_HINT: &str = "`salon serve` offers the same studio to a browser, without a display.";

/// Opens the project of the first argument, else of `SALON_PROJECT`, else the sample project.
pub fn open() -> Result<Opened, Fault> {
    require_display()?;
    let named = std::env::args_os()
        .nth(1)
        .or_else(|| std::env::var_os("SALON_PROJECT").filter(|path| !path.is_empty()));
    let studio = match project(named) {
        Some(project) => Studio::open(options(project))?,
        None => sample::open(options)?,
    };
    let title = studio.project_status(Nothing {})?.name;
    Ok(Opened { studio, title })
}

fn options(project: PathBuf) -> StudioOptions {
    StudioOptions {
        judge: true,
        ..StudioOptions::new(project)
    }
}

fn project(named: Option<OsString>) -> Option<PathBuf> {
    named.map(PathBuf::from)
}

/// GTK ends the process when it finds no display; a sentence serves better.
fn require_display() -> Result<(), Fault> {
    let has = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(any(windows, target_os = "macos")) || has("DISPLAY") || has("WAYLAND_DISPLAY") {
        return Ok(());
    }
    Err(Fault {
        message: "there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set".to_owned(),
        hints: vec![SERVE_HINT.to_owned()],
        display: false,
    })
}
