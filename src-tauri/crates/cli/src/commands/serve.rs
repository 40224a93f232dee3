//! `salon serve`: the studio for browsers on this machine.

use std::path::PathBuf;

use salon_server::{ServeError, ServeOptions, Serving};
use salon_studio::api::Nothing;
use salon_studio::{Studio, sample};
use serde::Serialize;

use crate::arguments::Serve;
use crate::interrupt;
use crate::open;
use crate::output::{Failure, Output};

/// The port that the interface's development server and people's bookmarks expect.
const USUAL_PORT: u16 = 7310;

#[derive(Serialize)]
struct Address {
    url: String,
    port: u16,
    token: String,
    project: PathBuf,
}

/// Serves until Ctrl-C.
pub fn serve(arguments: Serve, output: Output) -> Result<(), Failure> {
    let studio = match arguments.project {
        Some(project) => Studio::open(open::options(project, &arguments.machine))?,
        None => sample::open(|project| open::options(project, &arguments.machine))?,
    };
    let status = studio.project_status(Nothing {})?;
    if let Some(reason) = status.read_only {
        output.note(&format!("note: open for reading only: {reason}"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|fault| {
            Failure::new(
                "internal",
                format!("no threads can be started: {fault}"),
                "Close some programs and try again.",
            )
        })?;
    let served = runtime.block_on(async {
        let serving = listen(&studio, arguments.port).await?;
        let address = Address {
            url: serving.url(),
            port: serving.address.port(),
            token: serving.token.text().to_owned(),
            project: status.path,
        };
        output.print(&address, |address| address.url.clone());
        output.note(&format!(
            "Serving {} until Ctrl-C. The address holds the key: show it to nobody.",
            status.name
        ));
        serving
            .stopped()
            .await
            .map_err(|fault| Failure::new("internal", format!("serving ended: {fault}"), "Start it again."))
    });
    studio.close();
    served
}

/// Listens on the port asked for; else on the usual one, or a free one when another studio has it.
async fn listen(studio: &Studio, asked: Option<u16>) -> Result<Serving, Failure> {
    let on = |port| {
        salon_server::serve(
            studio.clone(),
            ServeOptions { port, ui_dir: None },
            interrupt::interrupted(),
        )
    };
    let first = on(asked.unwrap_or(USUAL_PORT)).await;
    let serving = match first {
        Err(ServeError::Listen { .. }) if asked.is_none() => on(0).await,
        answered => answered,
    };
    serving.map_err(|fault| {
        Failure::new(
            "listen",
            fault,
            "Another program may have the port; `--port 0` takes a free one.",
        )
    })
}
