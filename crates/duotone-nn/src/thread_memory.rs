//! Working memory of threads, kept from one call to the next.

use std::cell::Cell;
use std::thread::LocalKey;

/// Calls `work` with this thread's memory. If it is lent already (while a call waits for other threads, another
/// one may start on this thread), `work` gets new memory.
pub(crate) fn lend<M: Default, T>(
    memory: &'static LocalKey<Cell<M>>,
    work: impl FnOnce(&mut M) -> T,
) -> T {
    let mut lent = memory.take();
    let result = work(&mut lent);
    memory.set(lent);
    result
}
