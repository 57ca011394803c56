//! Where and with what the programs ran.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::Result;

/// The packages whose versions the page names.
const PACKAGES: [&str; 16] = [
    "actix-web",
    "axum",
    "axum-standardwebhooks",
    "countersign",
    "hmac",
    "hyper",
    "redis",
    "rusqlite",
    "serde_json",
    "sha2",
    "sqlx",
    "standardwebhooks",
    "svix",
    "tokio",
    "tower",
    "webhook-verify",
];

/// The machine, the versions and the conditions of a measurement.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Run {
    /// Whether there were fewer rounds than usual.
    pub is_quick: bool,
    /// The machine.
    pub machine: Machine,
    /// The versions of packages and servers.
    pub versions: BTreeMap<String, String>,
    /// Sentences about what was not as usual.
    pub conditions: BTreeSet<String>,
}

/// What a measurement depends on.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Machine {
    /// The model of the processor.
    pub processor: String,
    /// The number of cores.
    pub cores: usize,
    /// The kernel.
    pub kernel: String,
    /// The compiler.
    pub compiler: String,
}

impl Run {
    /// Returns this machine, with the versions of the packages in the lock file.
    #[must_use]
    pub fn new(is_quick: bool) -> Self {
        let versions = versions(include_str!("../../Cargo.lock"));
        Self { is_quick, machine: Machine::current(), versions, conditions: BTreeSet::new() }
    }

    /// Adds the run of another program.
    ///
    /// # Errors
    ///
    /// An error if the machine, a version or the number of rounds differs.
    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        if (self.is_quick, &self.machine) != (other.is_quick, &other.machine) {
            return Err("the results are of different machines, or quick and full ones".into());
        }
        for (name, version) in other.versions {
            if self.versions.get(&name).is_some_and(|known| *known != version) {
                return Err(format!("the results are of different versions of {name}").into());
            }
            self.versions.insert(name, version);
        }
        self.conditions.extend(other.conditions);
        Ok(())
    }
}

impl Machine {
    fn current() -> Self {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processors.lines().find_map(|line| line.strip_prefix("model name"));
        let model = model.and_then(|line| Some(line.split_once(':')?.1.trim()));
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            processor: model.unwrap_or(std::env::consts::ARCH).to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: format!("{} {}", std::env::consts::OS, kernel.trim()).trim_end().to_owned(),
            compiler: compiler().unwrap_or_default(),
        }
    }
}

/// Returns the version of the compiler, without its commit.
fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.split('(').next()?.trim().to_owned())
}

/// Returns the versions of [`PACKAGES`]; of several versions of a package, the latest.
fn versions(lock: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for package in lock.split("[[package]]") {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name));
            line?.strip_prefix(" = \"")?.strip_suffix('"')
        };
        if let (Some(name), Some(version)) = (field("name"), field("version"))
            && PACKAGES.contains(&name)
        {
            found.insert(name.to_owned(), version.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{PACKAGES, Run, versions};

    #[test]
    fn the_lock_file_lists_every_named_package() {
        let found = versions(include_str!("../../Cargo.lock"));
        assert_eq!(found.into_keys().collect::<Vec<_>>(), PACKAGES);
    }

    #[test]
    fn runs_of_different_versions_are_not_merged() {
        let run = |version: &str| Run {
            versions: [("axum".to_owned(), version.to_owned())].into(),
            ..Run::default()
        };
        let error = run("0.8.8").merge(run("0.8.9")).map_err(|error| error.to_string());
        assert_eq!(error, Err("the results are of different versions of axum".to_owned()));
        assert_eq!(run("0.8.9").merge(run("0.8.9")).map_err(|error| error.to_string()), Ok(()));
    }
}
