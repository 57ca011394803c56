//! The results of every case with every driver.

use std::fmt;

use crate::case::Case;
use crate::driver::Driver;
use crate::run::Verdict;

pub(crate) struct Table<'t> {
    pub(crate) drivers: &'t [&'static dyn Driver],
    pub(crate) rows: Vec<Row<'t>>,
}

pub(crate) struct Row<'t> {
    pub(crate) case: &'t Case,
    /// The result with each driver; `None` if the case does not apply.
    pub(crate) cells: Vec<Option<Verdict>>,
}

impl Table<'_> {
    /// All failed cases.
    pub(crate) fn differences(&self) -> Vec<String> {
        let mut differences = Vec::new();
        for row in &self.rows {
            for (driver, cell) in self.drivers.iter().zip(&row.cells) {
                if let Some(Err(what)) = cell {
                    differences.push(format!("{} under {}: {what}", row.case.name, driver.name()));
                }
            }
        }
        differences
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.case.name.chars().count()).max().unwrap_or(0);
        write!(f, "{:width$}", "")?;
        for driver in self.drivers {
            write!(f, "  {}", driver.name())?;
        }
        for row in &self.rows {
            write!(f, "\n{:width$}", row.case.name)?;
            for (driver, cell) in self.drivers.iter().zip(&row.cells) {
                let mark = match cell {
                    None => "–",
                    Some(Ok(())) => "✓",
                    Some(Err(_)) => "✗",
                };
                write!(f, "  {mark:^width$}", width = driver.name().len())?;
            }
            for what in row.cells.iter().flatten().filter_map(|cell| cell.as_ref().err()) {
                write!(f, "\n    {what}")?;
            }
        }
        writeln!(f, "\n{} cases", self.rows.len())?;
        for row in &self.rows {
            if let Some((_, reason)) = row.case.not_over {
                writeln!(f, "– {}: {reason}", row.case.name)?;
            }
            for driver in self.drivers {
                if let Some(reason) = driver.skip_reason(&row.case.name) {
                    writeln!(f, "– {}: {reason}", row.case.name)?;
                }
            }
        }
        Ok(())
    }
}
