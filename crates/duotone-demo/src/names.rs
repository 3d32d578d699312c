const FIRST: [&str; 16] = [
    "Ada", "Bruno", "Clara", "Dmitri", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Kira",
    "Luca", "Mina", "Nils", "Olga", "Pavel",
];
const LAST: [&str; 16] = [
    "Hollow", "Marsh", "Quill", "Rook", "Sable", "Thorn", "Umber", "Vale", "Wren", "Yarrow", "Ash",
    "Brook", "Crane", "Dove", "Elm", "Frost",
];

/// The name of an artist; no two numbers share one.
pub(super) fn name(number: usize) -> String {
    let (first, round) = (number % 16, number / 16);
    let name = format!("{} {}", FIRST[first], LAST[(first + round) % 16]);
    if round < 16 { name } else { format!("{name} {}", round / 16 + 1) }
}
