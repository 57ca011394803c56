//! The modules of a crate, and which file uses which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::reader::{Module, Scope, UsedPath, module_of, read};

/// The source files of one crate.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// By the path under `src`.
    files: BTreeMap<String, Vec<UsedPath>>,
    /// Each module's file and names.
    modules: BTreeMap<Module, (String, Scope)>,
}

/// One file names another.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) line: usize,
    pub(crate) to: String,
}

impl Sources {
    /// Reads every file under `src`.
    pub(crate) fn read(src: &Path) -> Self {
        let mut sources = Vec::new();
        collect(src, src, &mut sources);
        assert!(!sources.is_empty(), "{} holds no source", src.display());
        Self::new(sources.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// From names under `src`, such as `verify/mod.rs`, and texts.
    pub(crate) fn new<'s>(sources: impl IntoIterator<Item = (&'s str, &'s str)>) -> Self {
        let mut new = Self::default();
        for (name, text) in sources {
            let contents = read(text, module_of(name));
            for (module, scope) in contents.scopes {
                new.modules.insert(module, (name.to_owned(), scope));
            }
            new.files.insert(name.to_owned(), contents.paths);
        }
        new
    }

    /// The modules that `lib.rs` declares, in its order.
    pub(crate) fn order(lib: &str) -> Vec<String> {
        let tokens = crate::tokens::tokens(lib);
        let declared = tokens.windows(3).filter_map(|three| match three {
            [keyword, name, end] if keyword.text == "mod" && end.text == ";" => Some(name.text),
            _ => None,
        });
        declared.map(str::to_owned).collect()
    }

    /// Every use of one file by another; a re-exported item counts as its defining file's.
    pub(crate) fn edges(&self) -> BTreeSet<Edge> {
        let mut edges = BTreeSet::new();
        for (from, paths) in &self.files {
            for UsedPath { path, line } in paths {
                if let Some(to) = self.defining_file(path)
                    && to != from
                {
                    edges.insert(Edge { from: from.clone(), line: *line, to: to.to_owned() });
                }
            }
        }
        edges
    }

    fn defining_file(&self, path: &[String]) -> Option<&str> {
        /// More re-exports of re-exports than there are.
        const STEPS: usize = 16;
        self.resolve(path, STEPS)
    }

    fn resolve(&self, path: &[String], steps: usize) -> Option<&str> {
        let steps = steps.checked_sub(1)?;
        let length = (0..=path.len()).rev().find(|end| self.modules.contains_key(&path[..*end]))?;
        let (file, scope) = &self.modules[&path[..length]];
        let Some(name) = path.get(length) else { return Some(file) };
        if !scope.items.contains(name) {
            let named = scope.imports.get(name).map(|import| {
                let rest = path[length + 1..].iter().cloned();
                import.iter().cloned().chain(rest).collect()
            });
            let globbed = scope.globs.iter().filter_map(|glob| {
                let defines = self.modules.get(glob).is_some_and(|(_, scope)| scope.has(name));
                defines.then(|| glob.iter().chain(&path[length..]).cloned().collect::<Module>())
            });
            for path in named.into_iter().chain(globbed) {
                if let Some(file) = self.resolve(&path, steps) {
                    return Some(file);
                }
            }
        }
        Some(file)
    }
}

fn collect(src: &Path, folder: &Path, sources: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(src, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(src).unwrap().to_str().unwrap().replace('\\', "/");
            sources.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}
