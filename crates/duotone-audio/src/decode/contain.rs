use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Does work that may panic on malformed input, as the decoding libraries do here and there;
/// `None` when it did.
///
/// Nothing is printed: the damage report tells of it in the user's words. Panics elsewhere are
/// printed as before.
pub(super) fn contained<T>(work: impl FnOnce() -> T) -> Option<T> {
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !CONTAINED.get() {
                print(panic);
            }
        }));
    });
    let outer = CONTAINED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CONTAINED.set(outer);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::{CONTAINED, contained};

    #[test]
    fn a_panic_becomes_none() {
        assert_eq!(contained(|| 1), Some(1));
        assert_eq!(contained(|| contained(|| panic!("inner")).or(Some(2))), Some(Some(2)));
        assert_eq!(contained(|| -> u8 { panic!("outer") }), None);
        assert!(!CONTAINED.get());
    }
}
