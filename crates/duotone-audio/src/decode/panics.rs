//! Decoding libraries panic on some malformed files: one file must not end the work on the others.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::error::Error;

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a decoder that may panic on malformed input; a panic becomes [`Error::Malformed`].
///
/// The panic's message is printed by the process's panic hook, unless the application has called
/// [`hide_decoder_panics`].
pub(super) fn catch_decoder_panic<T>(decode: impl FnOnce() -> T) -> Result<T, Error> {
    let outer = DECODING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(outer);
    result
        .map_err(|_| Error::Malformed("the decoder fails on it; convert it to FLAC or WAV".into()))
}

/// Keeps panics of decoders, which become errors, from being printed. All other panics are printed
/// as before.
///
/// Replaces the process's panic hook by one that calls it, so only an application should call this,
/// once, at its start.
pub fn hide_decoder_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !DECODING.get() {
                print(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::{DECODING, catch_decoder_panic};
    use crate::error::Error;

    #[test]
    fn a_panic_becomes_an_error() {
        assert_eq!(catch_decoder_panic(|| 1).unwrap(), 1);
        let nested = catch_decoder_panic(|| {
            let inner = catch_decoder_panic(|| -> u8 { panic!("inner") });
            assert!(DECODING.get(), "still within the outer one");
            inner
        });
        assert!(matches!(nested, Ok(Err(Error::Malformed(_)))));
        assert!(!DECODING.get());
    }
}
