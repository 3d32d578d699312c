//! Decoding libraries panic on some malformed files. One such file must not stop work on the
//! others.

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
    result.map_err(|_| Error::Malformed("the decoder failed; convert it to FLAC or WAV".into()))
}

/// Keeps decoders' panics, which become errors, from being printed. All other panics are printed as
/// before.
///
/// Wraps the process's panic hook, so only an application should call this, once, at startup.
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
            assert!(DECODING.get(), "still within the outer call");
            inner
        });
        assert!(matches!(nested, Ok(Err(Error::Malformed(_)))));
        assert!(!DECODING.get());
    }
}
