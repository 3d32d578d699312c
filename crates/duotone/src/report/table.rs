use super::escape;

/// A table whose every cell is escaped. A heading that begins with `#` is a column of numbers, one
/// with `/` a column of paths.
pub(super) struct Table {
    kinds: Vec<char>,
    html: String,
}

impl Table {
    pub(super) fn new(headings: &[&str]) -> Self {
        let mut kinds = Vec::new();
        let mut html = String::from("<table>\n<thead><tr>");
        for heading in headings {
            let kind = heading.chars().next().filter(|c| "#/".contains(*c)).unwrap_or(' ');
            let class = if kind == '#' { " class=\"n\"" } else { "" };
            let words = heading.trim_start_matches(['#', '/']);
            html += &format!("<th{class} scope=\"col\">{}</th>", escape(words));
            kinds.push(kind);
        }
        html += "</tr></thead>\n<tbody>\n";
        Self { kinds, html }
    }

    pub(super) fn row(&mut self, best: bool, cells: &[String]) {
        self.html += if best { "<tr class=\"best\">" } else { "<tr>" };
        for (cell, kind) in cells.iter().zip(&self.kinds) {
            let class = match kind {
                '#' => " class=\"n\"",
                '/' => " class=\"path\"",
                _ => "",
            };
            self.html += &format!("<td{class}>{}</td>", escape(cell));
        }
        self.html += "</tr>\n";
    }

    pub(super) fn html(self) -> String {
        self.html + "</tbody>\n</table>"
    }
}
