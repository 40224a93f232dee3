//! `salon serve`: the studio for browsers on this machine, and for invited guests.

use std::path::PathBuf;

use salon_domain::Role;
use salon_server::{ServeError, ServeOptions, Serving, ShareError, ShareOptions, Sharing};
use salon_studio::api::{Invite, Nothing};
use salon_studio::{Studio, sample};
use serde::Serialize;

use super::curate::sign_in;
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
    shared: Option<Shared>,
}

/// The port that guests' bookmarks expect.
const USUAL_SHARE_PORT: u16 = 7311;

#[derive(Serialize)]
struct Shared {
    url: String,
    port: u16,
    fingerprint: String,
    invited: Vec<Invited>,
}

#[derive(Serialize)]
struct Invited {
    name: String,
    role: Role,
    link: String,
}

/// Serves until Ctrl-C.
pub fn serve(arguments: &Serve, output: Output) -> Result<(), Failure> {
    let options = |project| {
        let mut options = open::options(project, &arguments.machine);
        options.judge = true;
        options
    };
    let studio = match arguments.project.clone() {
        Some(project) => Studio::open(options(project))?,
        None => sample::open(options)?,
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
        let sharing = if arguments.share {
            Some(share(&studio, arguments).await?)
        } else {
            None
        };
        let shared = match &sharing {
            Some(sharing) => Some(Shared {
                url: sharing.url.clone(),
                port: sharing.address.port(),
                fingerprint: sharing.fingerprint.clone(),
                invited: invite(&studio, arguments)?,
            }),
            None => None,
        };
        let address = Address {
            shared,
            url: serving.url(),
            port: serving.address.port(),
            token: serving.token.text().to_owned(),
            project: status.path,
        };
        output.print(&address, lines);
        output.note(&format!(
            "Serving {} until Ctrl-C. The address holds the key: show it to nobody.",
            status.name
        ));
        if let Some(sharing) = sharing {
            let ended = sharing.stopped().await;
            ended.map_err(|fault| {
                Failure::new("internal", format!("sharing ended: {fault}"), "Start it again.")
            })?;
        }
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

fn lines(address: &Address) -> String {
    let mut lines = vec![address.url.clone()];
    if let Some(shared) = &address.shared {
        lines.push(format!("Shared at {}", shared.url));
        lines.push(format!("Certificate (SHA-256) {}", shared.fingerprint));
        for guest in &shared.invited {
            lines.push(format!("{}, {}: {}", guest.name, guest.role.word(), guest.link));
        }
    }
    lines.join("\n")
}

/// Shares on the port asked for; else on the usual one, or a free one when another studio has it.
async fn share(studio: &Studio, arguments: &Serve) -> Result<Sharing, Failure> {
    let on = |port| {
        let usual = ShareOptions::default();
        let options = ShareOptions {
            address: arguments.address.unwrap_or(usual.address),
            port,
            names: arguments.hosts.clone(),
            ui_dir: None,
        };
        salon_server::share(studio.clone(), options, interrupt::interrupted())
    };
    let first = on(arguments.share_port.unwrap_or(USUAL_SHARE_PORT)).await;
    let sharing = match first {
        Err(ShareError::Listen { .. }) if arguments.share_port.is_none() => on(0).await,
        answered => answered,
    };
    sharing.map_err(|fault| {
        Failure::new(
            "listen",
            fault,
            "`--address` takes an address of this machine, `--share-port 0` a free port.",
        )
    })
}

/// Invites the jurors named; each link is printed once.
fn invite(studio: &Studio, arguments: &Serve) -> Result<Vec<Invited>, Failure> {
    let by = arguments.by.clone().unwrap_or_default();
    sign_in(studio, &by, arguments.pin.as_ref())?;
    let invited = arguments.invited.iter().map(|name| {
        let invited = studio.invite(Invite {
            name: name.clone(),
            role: Role::Juror,
            hours: None,
            by: by.clone(),
        })?;
        Ok(Invited {
            name: invited.invitation.name,
            role: invited.invitation.role,
            link: invited.link,
        })
    });
    invited.collect()
}
