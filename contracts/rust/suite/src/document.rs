//! What a family's document says, to be compared with its sources.

/// Numbers and names of the errors in the section `## Errors` of a document, in its order.
pub fn errors(document: &str) -> Vec<(u32, String)> {
    let section = document.split("## Errors").nth(1).unwrap().split("## Events").next().unwrap();
    let row = |line: &str| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let number = cells.next()?.parse().ok()?;
        Some((number, cells.next()?.trim_matches('`').to_owned()))
    };
    section.lines().filter_map(row).collect()
}
