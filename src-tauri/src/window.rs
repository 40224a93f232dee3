//! The window itself.

use tauri::utils::config::Color;
use tauri::{App, WebviewUrl, WebviewWindowBuilder};

/// The label that the capability names.
pub const LABEL: &str = "main";

/// The darkest surface of the UI's dark theme (#121214), so that no white flash precedes the first paint.
const BACKGROUND: Color = Color(0x12, 0x12, 0x14, 0xff);

/// Opens the window of the project `title`.
pub fn open(app: &App, title: &str) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title(format!("Salon — {title}"))
        .inner_size(1280.0, 800.0)
        .min_inner_size(960.0, 600.0)
        .center()
        .background_color(BACKGROUND)
        .build()?;
    Ok(())
}
