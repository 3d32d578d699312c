//! A CSV reader that recovers from unclosed quotes: only the line with the quote is lost, not the
//! rest of the list.

use csv::StringRecord;

/// Bytes of a record at most.
const MAX_RECORD: usize = 64 << 10;

/// An iterator over the records. Empty lines are skipped.
pub(super) struct Records<'a> {
    text: &'a str,
    delimiter: u8,
    /// Offset of the next record.
    at: usize,
    /// Its line number.
    line: u64,
}

/// The end of a record, or the reason why it has none.
enum End {
    At(usize),
    /// The quote at this offset is not closed.
    Unclosed(usize),
    TooLong,
}

impl<'a> Records<'a> {
    pub(super) fn new(text: &'a str, delimiter: u8) -> Self {
        Self { text, delimiter, at: 0, line: 1 }
    }

    /// Advances to an offset.
    fn advance(&mut self, to: usize) {
        let skipped = &self.text.as_bytes()[self.at..to];
        self.line += skipped.iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.at = to;
    }

    /// The end of the record that starts at the current offset.
    fn end(&self) -> End {
        let mut cell = Cell::Start;
        for (i, &byte) in self.text.as_bytes().iter().enumerate().skip(self.at) {
            if i - self.at > MAX_RECORD {
                return match cell {
                    Cell::Quoted { open, .. } => End::Unclosed(open),
                    _ => End::TooLong,
                };
            }
            let line_end = matches!(byte, b'\n' | b'\r');
            cell = match (cell, byte) {
                (Cell::Start, b'"') => Cell::Quoted { open: i, multiline: false },
                (Cell::Quoted { open, multiline }, b'"') => Cell::Closed { open, multiline },
                (Cell::Quoted { open, multiline }, _) => {
                    Cell::Quoted { open, multiline: multiline || line_end }
                }
                // A doubled quote stands for one quote within the cell.
                (Cell::Closed { open, multiline }, b'"') => Cell::Quoted { open, multiline },
                _ if line_end => return End::At(i),
                (_, byte) if byte == self.delimiter => Cell::Start,
                // The quote that seemed to close the cell starts a cell of a later line.
                (Cell::Closed { open, multiline: true }, _) => return End::Unclosed(open),
                _ => Cell::Plain,
            };
        }
        match cell {
            Cell::Quoted { open, .. } => End::Unclosed(open),
            _ => End::At(self.text.len()),
        }
    }

    /// The end of the line that contains this offset.
    fn line_end(&self, from: usize) -> usize {
        let rest = &self.text.as_bytes()[from..];
        rest.iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .map_or(self.text.len(), |end| from + end)
    }
}

/// The state of the current cell.
#[derive(Clone, Copy)]
enum Cell {
    Start,
    Plain,
    /// Within quotes, of which the first is at `open`; `multiline` after a line break.
    Quoted {
        open: usize,
        multiline: bool,
    },
    /// After what may be the closing quote.
    Closed {
        open: usize,
        multiline: bool,
    },
}

impl Iterator for Records<'_> {
    /// A line number with the cells, or with the reason why the line cannot be used.
    type Item = (u64, Result<StringRecord, String>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = &self.text.as_bytes()[self.at..];
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        self.advance(self.at + blank);
        if self.at == self.text.len() {
            return None;
        }
        let line = self.line;
        match self.end() {
            End::At(end) => {
                let record = cells(&self.text[self.at..end], self.delimiter);
                self.advance(end);
                Some((line, record))
            }
            End::Unclosed(open) => {
                self.advance(open);
                let line = self.line;
                let end = self.line_end(open);
                let opened: String = self.text[open..end].chars().take(20).collect();
                self.advance(end);
                Some((line, Err(format!("unclosed quote: `{}`", opened.trim_end()))))
            }
            End::TooLong => {
                self.advance(self.line_end(self.at));
                Some((line, Err(format!("longer than {} KiB", MAX_RECORD >> 10))))
            }
        }
    }
}

/// The cells of one record.
fn cells(text: &str, delimiter: u8) -> Result<StringRecord, String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .buffer_capacity(text.len().clamp(1, MAX_RECORD))
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    reader.read_record(&mut record).map_err(|e| e.to_string())?;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::Records;

    fn read(text: &str) -> Vec<(u64, Result<Vec<String>, String>)> {
        let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
        Records::new(text, b',').map(|(line, record)| (line, record.map(cells))).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[(u64, &[&str])]) {
        let found = read(text);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((line, record), (number, cells)) in found.iter().zip(expected) {
            assert_eq!(line, number, "{found:?}");
            match record {
                Ok(record) => assert_eq!(record, cells),
                Err(reason) => assert!(cells.is_empty(), "{reason}"),
            }
        }
    }

    #[test]
    fn cells_may_contain_line_breaks() {
        check(
            "a,\"b\nc\"\r\n\r\nd,\"e\r\n\r\nf\"\"\"\ng,h",
            &[(1, &["a", "b\nc"]), (4, &["d", "e\r\n\r\nf\""]), (7, &["g", "h"])],
        );
    }

    #[test]
    fn unclosed_quote_loses_only_its_line() {
        check(
            "a,b\nc,\"d\ne,f\ng,h\n",
            &[(1, &["a", "b"]), (2, &[]), (3, &["e", "f"]), (4, &["g", "h"])],
        );
        // The quote of another cell seems to close it.
        check("c,\"d\ne,\"f\"\ng,h", &[(1, &[]), (2, &["e", "f"]), (3, &["g", "h"])]);
        // It follows a cell of several lines.
        check("\"a\nb\",\"c\nd,e\n", &[(2, &[]), (3, &["d", "e"])]);
        let error = read("a,b\nc,\"d, e\nf,g").remove(1).1.unwrap_err();
        assert_eq!(error, "unclosed quote: `\"d, e`");
    }

    #[test]
    fn stray_quotes_within_a_line_are_text() {
        check("a\"b,\"c\"d\ne,f", &[(1, &["a\"b", "cd"]), (2, &["e", "f"])]);
    }

    #[test]
    fn long_records_are_skipped() {
        let long = "x".repeat(70_000);
        check(&format!("{long}\na"), &[(1, &[]), (2, &["a"])]);
        check(&format!("a,\"{long}\"\nb,c"), &[(1, &[]), (2, &["b", "c"])]);
    }

    proptest::proptest! {
        /// Any text is read to its end, and no record is read twice.
        #[test]
        fn reads_any_text_to_its_end(text in "[ab\"\",\n\r]{0,60}") {
            let lines = text.matches('\n').count() as u64 + 1;
            let found = read(&text);
            assert!(found.len() as u64 <= text.len() as u64);
            assert!(found.windows(2).all(|pair| pair[0].0 <= pair[1].0));
            assert!(found.iter().all(|(line, _)| *line <= lines));
        }

        /// Records written by the `csv` crate are read back unchanged.
        #[test]
        fn written_records_round_trip(rows in proptest::collection::vec(
            proptest::collection::vec("[a\",;\n\r é]{0,6}", 2), 1..6))
        {
            let mut writer = csv::Writer::from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let found: Vec<Vec<String>> = read(&text).into_iter().map(|(_, r)| r.unwrap()).collect();
            assert_eq!(found, rows);
        }
    }
}
