//! Thread pools of our own, since a process that forks leaves the threads of a shared one behind:
//! its child would wait for them for ever.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// More are refused, as on the command line: each takes memory, and no machine has more cores.
const MOST: i64 = 1024;

struct Kept {
    process: u32,
    threads: usize,
    pool: Arc<ThreadPool>,
}

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

/// The pool of this process with a number of threads; `None` is one for each core, and so is the −1
/// of scikit-learn.
pub(crate) fn pool(n_jobs: Option<i64>) -> Result<Arc<ThreadPool>, String> {
    let process = std::process::id();
    let threads = match n_jobs {
        // What the builder takes for all cores.
        None | Some(-1) => 0,
        Some(number @ 1..=MOST) => number as usize,
        Some(number) => {
            return Err(format!(
                "n_jobs={number}: it must be a number of threads from 1 to {MOST}, or -1 or None \
                 for all cores"
            ));
        }
    };
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
