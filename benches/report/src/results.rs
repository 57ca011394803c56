//! Raw results: what each contender needed in each round.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::number::median;
use crate::{Result, Run};

/// A quantity of one contender in one case.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Series {
    /// The work, such as `axum, 1 KiB, 32 connections`.
    pub case: String,
    /// The contender.
    pub contender: String,
    /// The quantity and its unit, such as `cpu_us`.
    pub quantity: String,
    /// The value of each round.
    pub rounds: Vec<f64>,
}

/// The results of one program or of several.
///
/// The first contender of a case is its baseline.
#[derive(Clone, Debug)]
pub struct Results {
    run: Run,
    series: Vec<Series>,
}

impl Results {
    /// Creates results without any series.
    #[must_use]
    pub const fn new(run: Run) -> Self {
        Self { run, series: Vec::new() }
    }

    /// Returns the machine, the versions and the conditions.
    #[must_use]
    pub const fn run(&self) -> &Run {
        &self.run
    }

    /// Returns the machine, the versions and the conditions, to add to them.
    pub const fn run_mut(&mut self) -> &mut Run {
        &mut self.run
    }

    /// Adds a series, with its values rounded to five significant digits.
    pub fn add(&mut self, case: &str, contender: &str, quantity: &str, rounds: &[f64]) {
        self.series.push(Series {
            case: case.to_owned(),
            contender: contender.to_owned(),
            quantity: quantity.to_owned(),
            rounds: rounds.iter().map(|value| rounded(*value)).collect(),
        });
    }

    /// Returns the names of the cases that begin with `prefix`, in the order of the measurement.
    #[must_use]
    pub fn cases(&self, prefix: &str) -> Vec<&str> {
        distinct(self.series.iter().map(|series| &*series.case), prefix)
    }

    /// Returns the contenders of a case, its baseline first.
    #[must_use]
    pub fn contenders(&self, case: &str) -> Vec<&str> {
        let series = self.series.iter().filter(|series| series.case == case);
        distinct(series.map(|series| &*series.contender), "")
    }

    /// Returns the median over the rounds.
    #[must_use]
    pub fn value(&self, case: &str, contender: &str, quantity: &str) -> Option<f64> {
        median(self.rounds(case, contender, quantity)?.iter().copied())
    }

    /// Returns the median of the ratios within a round.
    #[must_use]
    pub fn ratio(&self, case: &str, own: &str, base: &str, quantity: &str) -> Option<f64> {
        let own = self.rounds(case, own, quantity)?;
        let base = self.rounds(case, base, quantity)?;
        median(own.iter().zip(base).map(|(own, base)| own / base))
    }

    /// Returns the value of each round.
    #[must_use]
    pub fn rounds(&self, case: &str, contender: &str, quantity: &str) -> Option<&[f64]> {
        let is_it = |series: &&Series| {
            (&*series.case, &*series.contender, &*series.quantity) == (case, contender, quantity)
        };
        self.series.iter().find(is_it).map(|series| &*series.rounds)
    }

    /// Writes a line of JSON for the run and one for each series.
    ///
    /// # Errors
    ///
    /// An error if the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        let mut lines = serde_json::to_string(&self.run)? + "\n";
        for series in &self.series {
            lines += &(serde_json::to_string(series)? + "\n");
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(file, lines)?)
    }

    /// Reads the files of one run from a folder.
    ///
    /// # Errors
    ///
    /// An error if there are none, a file is malformed, or the files are of different machines or versions.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            files.push(entry?.path());
        }
        files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        files.sort();
        let mut all: Option<Self> = None;
        for file in files {
            let results = Self::parse(&fs::read_to_string(&file)?)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            match &mut all {
                Some(all) => all.merge(results)?,
                None => all = Some(results),
            }
        }
        all.ok_or_else(|| format!("{}: no results", folder.display()).into())
    }

    fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let run = serde_json::from_str(lines.next().ok_or("the file is empty")?)?;
        let series = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Self { run, series })
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.run.merge(other.run)?;
        self.series.extend(other.series);
        Ok(())
    }
}

/// Returns the different names that begin with `prefix`, in the order of their first appearance.
fn distinct<'n>(names: impl Iterator<Item = &'n str>, prefix: &str) -> Vec<&'n str> {
    let mut found = Vec::new();
    for name in names.filter(|name| name.starts_with(prefix)) {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Rounds to five significant digits: more would be noise.
fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::{Results, rounded};
    use crate::Run;

    fn results() -> Results {
        let mut results = Results::new(Run::default());
        results.add("case", "bare", "ns", &[100.0, 200.0, 400.0]);
        results.add("case", "own", "ns", &[150.0, 220.0, 480.0]);
        results
    }

    #[test]
    fn a_ratio_is_the_median_of_the_ratios_within_a_round() {
        assert_eq!(results().ratio("case", "own", "bare", "ns"), Some(1.2));
        assert_eq!(results().ratio("case", "own", "other", "ns"), None);
    }

    #[test]
    fn contenders_are_in_the_order_of_the_measurement() {
        assert_eq!(results().contenders("case"), ["bare", "own"]);
    }

    #[test]
    fn values_are_rounded_to_five_digits() {
        assert_eq!([1_234_567.0, 0.012_345_678, 20.0].map(rounded), [1_234_600.0, 0.012_346, 20.0]);
    }
}
