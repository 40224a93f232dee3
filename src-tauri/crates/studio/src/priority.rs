//! The generator steps back for the curator's hand.

/// Nice value of the generator's threads: well behind the window and the commands, before nothing at all.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Lowers this thread's priority, where the system lets a thread have one of its own. Threads it spawns inherit it.
pub(crate) fn lower_this_thread() {
    #[cfg(target_os = "linux")]
    {
        // On Linux a "process" here is a thread. Refusal costs smoothness only.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
    }
}

/// A pool for the numeric work, of as many threads as there are processors, at the lowered priority.
pub(crate) fn patient_pool() -> Option<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .thread_name(|index| format!("generator {index}"))
        .start_handler(|_| lower_this_thread())
        .build()
        .ok()
}
