/// Evaluates an expression with a run-time number, or a pair of them, as constants:
/// `dispatch!(rows, [1, 2, 3] => R, self.tile::<V, R>(first))` compiles a copy of the expression for each
/// number in the list.
///
/// # Panics
/// If the number is not in the list.
#[macro_export]
macro_rules! dispatch {
    ($number:expr, [$($value:literal),+] => $name:ident, $call:expr) => {
        match $number {
            $($value => {
                const $name: usize = $value;
                $call
            })+
            other => unreachable!("nothing is compiled for {other}"),
        }
    };
    ($pair:expr, [$(($a:literal, $b:literal)),+] => ($first:ident, $second:ident), $call:expr) => {
        match $pair {
            $(($a, $b) => {
                const $first: usize = $a;
                const $second: usize = $b;
                $call
            })+
            other => unreachable!("nothing is compiled for {other:?}"),
        }
    };
}
