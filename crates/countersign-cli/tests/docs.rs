//! Checks that `docs/cli.md` shows what the command prints: writes the page's files, runs its commands in a
//! shell, and compares each output with the page. With `BLESS=1` the page is updated instead.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");

/// A piece of the page: a line of text, or a fenced block.
enum Piece {
    Text(String),
    Block { info: String, lines: Vec<String> },
}

fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        pieces.push(match line.strip_prefix("```") {
            None => Piece::Text(line.to_owned()),
            Some(info) => Piece::Block {
                info: info.to_owned(),
                lines: lines
                    .by_ref()
                    .take_while(|line| *line != "```")
                    .map(str::to_owned)
                    .collect(),
            },
        });
    }
    pieces
}

/// Runs the commands of one block in one shell, and returns each with its output.
fn session(lines: &[String], folder: &Path) -> Vec<String> {
    const END: &str = "-- end of a command --\n";
    let commands: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(!commands.is_empty(), "a console block has no command");
    let mut script = String::from("exec 2>&1\n");
    for command in &commands {
        // `$?` in the next command is the exit code of this one.
        writeln!(script, "{command}\ncode=$?; echo; printf '%s' '{END}'; (exit $code)").unwrap();
    }
    let binaries = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", binaries.display());
    let shell = Command::new("sh")
        .arg("-c")
        .arg(script)
        .env_clear()
        .env("PATH", path)
        .current_dir(folder)
        .output();
    let printed = String::from_utf8(shell.unwrap().stdout).unwrap();
    let outputs = printed.split(END);
    let mut session = Vec::new();
    for (command, output) in commands.iter().zip(outputs) {
        session.push(format!("$ {command}"));
        session
            .extend(output.trim_end().lines().map(|line| line.trim_end_matches('\r').to_owned()));
    }
    session
}

#[test]
fn the_page_shows_what_the_command_prints() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("docs-cli");
    std::fs::create_dir_all(&folder).unwrap();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (mut written, mut sessions) = (String::new(), 0);
    for piece in pieces(&page) {
        let Piece::Block { info, lines } = piece else {
            let Piece::Text(line) = piece else { unreachable!() };
            writeln!(written, "{line}").unwrap();
            continue;
        };
        if let Some((_, name)) = info.split_once("file=") {
            std::fs::write(folder.join(name), lines.join("\n") + "\n").unwrap();
        }
        let shown = if info == "console" { session(&lines, &folder) } else { lines };
        sessions += usize::from(info == "console");
        writeln!(written, "```{info}\n{}\n```", shown.join("\n")).unwrap();
    }
    assert!(sessions > 4, "the page has only {sessions} sessions");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(PAGE, &written).unwrap();
    }
    for (number, (shown, printed)) in page.lines().zip(written.lines()).enumerate() {
        assert_eq!(printed, shown, "docs/cli.md, line {}: update it with BLESS=1", number + 1);
    }
    assert_eq!(page.len(), written.len(), "docs/cli.md: update it with BLESS=1");
}
