//! The SQL that docs/choosing-a-store.md shows, which must be the SQL that the stores run.

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/choosing-a-store.md");

/// Returns the words of the SQL block below the heading.
pub(crate) fn sql_of(heading: &str) -> String {
    let page = std::fs::read_to_string(PAGE).expect("the page is in the repository");
    let section = page.split_once(&format!("### {heading}\n")).expect("the page has the heading").1;
    let block = section.split_once("```sql\n").expect("the section has a block of SQL").1;
    let sql = block.split_once("```").expect("the block ends").0;
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the words of a file of SQL without its comments.
pub(crate) fn words_of(sql: &str) -> String {
    let lines = sql.lines().filter(|line| !line.starts_with("--"));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}
