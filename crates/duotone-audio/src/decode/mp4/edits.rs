use super::boxes::{u32_at, u64_at};

/// The part of a track that its edit list selects, in ticks of the track's clock.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edit {
    pub(super) start: u64,
    /// `None` means the track's end.
    pub(super) end: Option<u64>,
    /// Whether the list has several parts. This one then extends from the first to the last.
    pub(super) several: bool,
}

/// Reads the content of an edit list (`elst`), whose durations are in units of `movie_scale` ticks
/// per second and whose starts are in units of `track_scale`. Empty edits, which delay a track
/// relative to others, are ignored.
pub(super) fn read(list: &[u8], movie_scale: u32, track_scale: u32) -> Option<Edit> {
    let long = *list.first()? == 1;
    let bytes = if long { 20 } else { 12 };
    let entries = list.get(8..)?.chunks_exact(bytes).take(u32_at(list, 4)? as usize);
    let mut whole: Option<Edit> = None;
    for entry in entries {
        let (duration, start) = if long {
            (u64_at(entry, 0)?, u64_at(entry, 8)?.cast_signed())
        } else {
            (u64::from(u32_at(entry, 0)?), i64::from(u32_at(entry, 4)?.cast_signed()))
        };
        let Ok(start) = u64::try_from(start) else { continue };
        let end = match duration {
            0 => None,
            _ => Some(start.checked_add(rescaled(duration, movie_scale, track_scale)?)?),
        };
        whole = Some(match whole {
            None => Edit { start, end, several: false },
            Some(before) => Edit {
                start: before.start.min(start),
                end: before.end.zip(end).map(|(a, b)| a.max(b)),
                several: true,
            },
        });
    }
    whole
}

/// Converts ticks to those of another clock, rounded.
pub(super) fn rescaled(ticks: u64, from: u32, to: u32) -> Option<u64> {
    let scaled = u128::from(ticks) * u128::from(to) + u128::from(from / 2);
    u64::try_from(scaled.checked_div(u128::from(from))?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(u32, i32)]) -> Vec<u8> {
        let mut list = vec![0; 4];
        list.extend(u32::to_be_bytes(entries.len() as u32));
        for (duration, start) in entries {
            list.extend(duration.to_be_bytes());
            list.extend(start.to_be_bytes());
            list.extend([0, 1, 0, 0]);
        }
        list
    }

    #[test]
    fn reads_one_part_and_ignores_its_delay() {
        let edit = read(&list(&[(500, -1), (1500, 1024)]), 1000, 44_100);
        assert_eq!(edit, Some(Edit { start: 1024, end: Some(67_174), several: false }));
        assert_eq!(read(&list(&[(0, 7)]), 1000, 8000).unwrap().end, None);
        assert_eq!(read(&list(&[(500, -1)]), 1000, 44_100), None);
        assert_eq!(read(&list(&[(500, 1)]), 0, 44_100), None);
        assert_eq!(read(&[], 1000, 44_100), None);
    }

    #[test]
    fn several_parts_become_one() {
        let edit = read(&list(&[(1000, 500), (1000, 5000), (10, 10)]), 1000, 1000);
        assert_eq!(edit, Some(Edit { start: 10, end: Some(6000), several: true }));
    }
}
