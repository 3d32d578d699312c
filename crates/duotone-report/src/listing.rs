use super::text::escape;
use super::{MARK, document, table};

/// Formats a table of texts as a page: a title, lines about the table, its column heads, and its rows. The
/// lines of a cell are separated by `\n`. A head that starts with `<` is that of a column of text. Clicking
/// a head sorts, if scripts are enabled.
#[must_use]
pub fn listing(title: &str, about: &[String], heads: &[&str], rows: &[Vec<String>]) -> String {
    let lines: String = about.iter().map(|line| format!("<p>{}</p>", escape(line))).collect();
    let mut body = format!(
        r#"<header><p class="brand">{MARK}<span>duotone</span></p><h1>{}</h1>{lines}</header>"#,
        escape(title)
    );
    let cell = |(head, text): (&&str, &String)| {
        let lines: Vec<String> = text.split('\n').map(escape).collect();
        let class = if head.starts_with('<') { r#" class="text""# } else { "" };
        format!("<td{class}>{}</td>", lines.join("<br>"))
    };
    let row = |row: &Vec<String>| heads.iter().zip(row).map(cell).collect();
    let rows: Vec<String> = rows.iter().map(row).collect();
    let table = table("Files", heads, &rows, "");
    body += &table.replacen("<table>", r#"<table class="sortable">"#, 1);
    document(&escape(title), &body)
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_are_escaped() {
        let rows = vec![vec!["<b>.mp3".to_owned(), "1\n2".to_owned()]];
        let page = super::listing("a & b", &["x < y".into()], &["<File", "Number"], &rows);
        assert!(page.contains("<h1>a &amp; b</h1><p>x &lt; y</p>"));
        assert!(page.contains(r#"<td class="text">&lt;b&gt;.mp3</td><td>1<br>2</td>"#));
    }
}
