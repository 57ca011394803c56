//! The command line that all programs share.

use std::path::PathBuf;

use report::{Column, Results, Run, table, targets};

use crate::Result;

/// A program that measures, prints its results and writes them on request.
#[derive(Debug)]
pub struct Program {
    /// Whether `--quick` asks for fewer rounds.
    pub is_quick: bool,
    /// The arguments that are not options.
    pub words: Vec<String>,
    /// What has been measured.
    pub results: Results,
    out: Option<PathBuf>,
}

impl Program {
    /// Reads the arguments: `--quick`, `--out FOLDER`, and words.
    ///
    /// # Errors
    ///
    /// An error if the folder is missing or an option is unknown.
    pub fn new() -> Result<Self> {
        let (mut is_quick, mut out, mut words) = (false, None, Vec::new());
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match &*argument {
                "--quick" => is_quick = true,
                "--out" => out = Some(arguments.next().ok_or("`--out` needs a folder")?.into()),
                option if option.starts_with('-') => {
                    return Err(format!("unknown option `{option}`").into());
                }
                _ => words.push(argument),
            }
        }
        Ok(Self { is_quick, words, results: Results::new(Run::new(is_quick)), out })
    }

    /// Returns the usual number of rounds, or that of a quick run.
    #[must_use]
    pub const fn rounds(&self, usual: usize, quick: usize) -> usize {
        if self.is_quick { quick } else { usual }
    }

    /// Records and prints a sentence about the conditions.
    pub fn note(&mut self, sentence: &str) {
        println!("{sentence}");
        self.results.run_mut().conditions.insert(sentence.to_owned());
    }

    /// Prints the table of these cases.
    pub fn print(&self, heading: &str, cases: &[&str], columns: &[Column]) {
        println!("\n## {heading}\n\n{}", table(&self.results, cases, columns).trim_end());
    }

    /// Prints the targets that the results are about, and writes `FOLDER/<name>.jsonl`.
    ///
    /// # Errors
    ///
    /// An error if the file cannot be written.
    pub fn finish(self, name: &str) -> Result<()> {
        println!("\n## Targets\n\n{}", targets(&self.results).trim_end());
        match self.out {
            Some(folder) => self.results.write(&folder.join(name).with_extension("jsonl")),
            None => Ok(()),
        }
    }
}
