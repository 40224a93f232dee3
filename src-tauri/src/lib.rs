//! The desktop shell: one window over the studio's API.
//!
//! It owns the window, the native dialogs, the picture protocol and the event pump. It must hold no rule of the
//! studio, no SQL and no tensor: every answer comes from [`salon_studio::dispatch`].

mod commands;
mod events;
mod pictures;
mod startup;
mod window;

use std::process::ExitCode;

use tauri::RunEvent;

/// Opens the studio in a window and returns when it is closed.
pub fn run() -> ExitCode {
    match startup::open().and_then(show) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            fault.tell();
            ExitCode::FAILURE
        }
    }
}

fn show(opened: startup::Opened) -> Result<(), startup::Fault> {
    let startup::Opened { studio, title } = opened;
    let closing = studio.clone();
    let app = tauri::Builder::default()
        .manage(studio.clone())
        .invoke_handler(tauri::generate_handler![
            commands::rpc,
            commands::choose_folder,
            commands::choose_file
        ])
        .register_asynchronous_uri_scheme_protocol(pictures::SCHEME, pictures::answer)
        .setup(move |app| {
            window::open(app, &title)?;
            events::pump(app.handle().clone(), &studio);
            Ok(())
        })
        .build(tauri::generate_context!())
        .map_err(|fault| startup::Fault::window(&fault))?;
    app.run(move |_, event| {
        if matches!(event, RunEvent::Exit) {
            // The batch under way stops at its next step; its slots are made again, with the same seeds, next time.
            closing.close();
        }
    });
    Ok(())
}
