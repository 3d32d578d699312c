//! The records of a CSV text, one after the other, so that a quote which is never closed costs its
//! own line and not the rest of the list.

use csv::StringRecord;

/// Bytes of a record, at most.
const LONGEST: usize = 64 << 10;

/// Walks through the records; empty lines are passed over.
pub(super) struct Records<'a> {
    text: &'a str,
    delimiter: u8,
    /// Where the next record begins, and the number of that line.
    at: usize,
    line: u64,
}

/// The end of a record, or why there is none.
enum End {
    At(usize),
    /// A quote that opens at this byte is not closed.
    Unclosed(usize),
    TooLong,
}

impl<'a> Records<'a> {
    pub(super) fn new(text: &'a str, delimiter: u8) -> Self {
        Self { text, delimiter, at: 0, line: 1 }
    }

    /// Goes on to this byte.
    fn pass(&mut self, to: usize) {
        let passed = &self.text.as_bytes()[self.at..to];
        self.line += passed.iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.at = to;
    }

    /// Where the record that begins here ends.
    fn end(&self) -> End {
        let mut cell = Cell::Start;
        for (i, &byte) in self.text.as_bytes().iter().enumerate().skip(self.at) {
            if i - self.at > LONGEST {
                return match cell {
                    Cell::Quoted { open, .. } => End::Unclosed(open),
                    _ => End::TooLong,
                };
            }
            let line_end = matches!(byte, b'\n' | b'\r');
            cell = match (cell, byte) {
                (Cell::Start, b'"') => Cell::Quoted { open: i, broken: false },
                (Cell::Quoted { open, broken }, b'"') => Cell::Closed { open, broken },
                (Cell::Quoted { open, broken }, _) => {
                    Cell::Quoted { open, broken: broken || line_end }
                }
                // Two quotes are one within the cell.
                (Cell::Closed { open, broken }, b'"') => Cell::Quoted { open, broken },
                _ if line_end => return End::At(i),
                (_, byte) if byte == self.delimiter => Cell::Start,
                // This quote opens a cell of a later line: the one before was never closed.
                (Cell::Closed { open, broken: true }, _) => return End::Unclosed(open),
                _ => Cell::Plain,
            };
        }
        match cell {
            Cell::Quoted { open, .. } => End::Unclosed(open),
            _ => End::At(self.text.len()),
        }
    }

    /// Where the line with this byte in it ends.
    fn line_end(&self, from: usize) -> usize {
        let rest = &self.text.as_bytes()[from..];
        rest.iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .map_or(self.text.len(), |end| from + end)
    }
}

/// What the present cell is.
#[derive(Clone, Copy)]
enum Cell {
    Start,
    Plain,
    /// With the place of its quote, and whether there was a line break in it.
    Quoted {
        open: usize,
        broken: bool,
    },
    Closed {
        open: usize,
        broken: bool,
    },
}

impl Iterator for Records<'_> {
    /// A line number with the cells, or with what is wrong there.
    type Item = (u64, Result<StringRecord, String>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = &self.text.as_bytes()[self.at..];
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        self.pass(self.at + blank);
        if self.at == self.text.len() {
            return None;
        }
        let line = self.line;
        match self.end() {
            End::At(end) => {
                let record = cells(&self.text[self.at..end], self.delimiter);
                self.pass(end);
                Some((line, record))
            }
            End::Unclosed(open) => {
                self.pass(open);
                let line = self.line;
                let end = self.line_end(open);
                let opened: String = self.text[open..end].chars().take(20).collect();
                self.pass(end);
                Some((
                    line,
                    Err(format!("the quote that opens `{}` is not closed", opened.trim_end())),
                ))
            }
            End::TooLong => {
                self.pass(self.line_end(self.at));
                Some((line, Err(format!("longer than {} KiB", LONGEST >> 10))))
            }
        }
    }
}

/// The cells of one record.
fn cells(text: &str, delimiter: u8) -> Result<StringRecord, String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .buffer_capacity(text.len().clamp(1, LONGEST))
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
    fn cells_may_hold_line_breaks() {
        check(
            "a,\"b\nc\"\r\n\r\nd,\"e\r\n\r\nf\"\"\"\ng,h",
            &[(1, &["a", "b\nc"]), (4, &["d", "e\r\n\r\nf\""]), (7, &["g", "h"])],
        );
    }

    #[test]
    fn a_quote_that_is_not_closed_costs_its_line() {
        check(
            "a,b\nc,\"d\ne,f\ng,h\n",
            &[(1, &["a", "b"]), (2, &[]), (3, &["e", "f"]), (4, &["g", "h"])],
        );
        // Another quoted cell seems to close it.
        check("c,\"d\ne,\"f\"\ng,h", &[(1, &[]), (2, &["e", "f"]), (3, &["g", "h"])]);
        // It opens behind a cell of several lines.
        check("\"a\nb\",\"c\nd,e\n", &[(2, &[]), (3, &["d", "e"])]);
        let error = read("a,b\nc,\"d, e\nf,g").remove(1).1.unwrap_err();
        assert_eq!(error, "the quote that opens `\"d, e` is not closed");
    }

    #[test]
    fn stray_quotes_within_a_line_are_text() {
        check("a\"b,\"c\"d\ne,f", &[(1, &["a\"b", "cd"]), (2, &["e", "f"])]);
    }

    #[test]
    fn what_is_too_long_is_passed_over() {
        let long = "x".repeat(70_000);
        check(&format!("{long}\na"), &[(1, &[]), (2, &["a"])]);
        check(&format!("a,\"{long}\"\nb,c"), &[(1, &[]), (2, &["b", "c"])]);
    }

    proptest::proptest! {
        /// Whatever stands there, every record is taken once and the end is reached.
        #[test]
        fn every_text_ends(text in "[ab\"\",\n\r]{0,60}") {
            let lines = text.matches('\n').count() as u64 + 1;
            let found = read(&text);
            assert!(found.len() as u64 <= text.len() as u64);
            assert!(found.windows(2).all(|pair| pair[0].0 <= pair[1].0));
            assert!(found.iter().all(|(line, _)| *line <= lines));
        }

        /// What a writer writes is read back as it was.
        #[test]
        fn written_records_come_back(rows in proptest::collection::vec(
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
