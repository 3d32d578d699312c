//! Thread pools of our own, since a process that forks leaves the threads of a shared one behind:
//! its child would wait for them for ever.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

struct Kept {
    process: u32,
    threads: usize,
    pool: Arc<ThreadPool>,
}

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

/// The pool of this process with a number of threads; `None` is one a core.
pub(crate) fn pool(threads: Option<usize>) -> Result<Arc<ThreadPool>, String> {
    let (process, threads) = (std::process::id(), threads.unwrap_or(0));
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = kept.as_ref().filter(|k| (k.process, k.threads) == (process, threads)) {
        return Ok(kept.pool.clone());
    }
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(|e| e.to_string())?;
    let pool = Arc::new(pool);
    let old = kept.replace(Kept { process, threads, pool: pool.clone() });
    // The parent's threads do not live here: there is nobody to stop.
    if let Some(old) = old.filter(|old| old.process != process) {
        std::mem::forget(old);
    }
    Ok(pool)
}
