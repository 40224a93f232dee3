//! Ctrl-C: the first asks the work to stop at its next step, the second ends the process.

use std::process;

use salon_domain::CancelToken;

use crate::output::Failure;

/// What shells report for a program ended by Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// A token that is cancelled by Ctrl-C or a termination signal.
pub fn cancel_on_interrupt() -> Result<CancelToken, Failure> {
    let token = CancelToken::new();
    let watched = token.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|fault| {
            Failure::new(
                "internal",
                format!("signals cannot be watched: {fault}"),
                "Close some programs and try again.",
            )
        })?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            interrupted().await;
            watched.cancel();
            interrupted().await;
            process::exit(INTERRUPTED.into());
        });
    });
    Ok(token)
}

/// Waits for one Ctrl-C or termination signal. A platform that cannot watch signals waits for ever.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
