//! Reads the modules of one file: the names that they define and import, and the paths that they use.

use std::collections::{BTreeMap, BTreeSet};

use crate::tokens::{Token, tokens};

/// A module's path from the crate's root, which is empty.
pub(crate) type Module = Vec<String>;

/// What one file holds.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) paths: Vec<UsedPath>,
    /// Of the file's own module and of those that are written within braces in it.
    pub(crate) scopes: BTreeMap<Module, Scope>,
}

/// What the names of one module stand for.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// The names that `use` brings in, and the paths that they stand for.
    pub(crate) imports: BTreeMap<String, Module>,
    pub(crate) globs: Vec<Module>,
    /// The names that are defined here.
    pub(crate) items: BTreeSet<String>,
}

/// A path from the crate's root that a file names.
#[derive(Debug)]
pub(crate) struct UsedPath {
    pub(crate) path: Module,
    pub(crate) line: usize,
}

impl Scope {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.items.contains(name) || self.imports.contains_key(name)
    }
}

/// The module that a file holds, by its name under `src`.
pub(crate) fn module_of(file: &str) -> Module {
    let name = file.trim_end_matches(".rs");
    let name = name.strip_suffix("/mod").unwrap_or(name);
    if name == "lib" {
        return Vec::new();
    }
    name.split('/').map(str::to_owned).collect()
}

/// Reads the source of the file that holds `module`.
pub(crate) fn read(source: &str, module: Module) -> Contents {
    let tokens = tokens(source);
    let mut reader = Reader {
        paths: Vec::new(),
        scopes: BTreeMap::from([(module.clone(), Scope::default())]),
        tokens: &tokens,
        children: children(&tokens),
        words: words_outside_of_uses(&tokens),
    };
    reader.read(module);
    Contents { paths: reader.paths, scopes: reader.scopes }
}

struct Reader<'r> {
    paths: Vec<UsedPath>,
    scopes: BTreeMap<Module, Scope>,
    tokens: &'r [Token<'r>],
    /// The modules that the file declares.
    children: BTreeSet<&'r str>,
    /// What the file names outside of its `use` items.
    words: BTreeSet<&'r str>,
}

/// One name that a `use` brings in.
#[derive(Debug)]
struct Import {
    path: Module,
    /// `None` for `*`.
    name: Option<String>,
    line: usize,
}

impl Reader<'_> {
    fn read(&mut self, root: Module) {
        // The modules that are written within braces here, each with the depth of its braces.
        let mut inline: Vec<(usize, Module)> = vec![(0, root)];
        let (mut at, mut depth) = (0, 0_usize);
        while let Some(token) = self.tokens.get(at) {
            let module = inline.last().map(|(_, module)| module.clone()).unwrap_or_default();
            match token.text {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    if inline.len() > 1 && inline.last().is_some_and(|(from, _)| *from > depth) {
                        inline.pop();
                    }
                }
                "mod" if self.text(at + 2) == "{" => {
                    let child: Module =
                        module.iter().cloned().chain([self.text(at + 1).to_owned()]).collect();
                    self.scopes.entry(child.clone()).or_default();
                    inline.push((depth + 1, child));
                    depth += 1;
                    at += 3;
                    continue;
                }
                "struct" | "enum" | "trait" | "union" | "fn" | "const" | "static" | "type"
                | "macro_rules"
                    if depth == inline.last().map_or(0, |(depth, _)| *depth) =>
                {
                    let mut words = self.tokens[at + 1..].iter().map(|token| token.text);
                    let name = words.find(|text| !matches!(*text, "!" | "mut" | "fn"));
                    let scope = self.scopes.entry(module).or_default();
                    scope.items.extend(name.map(str::to_owned));
                }
                "use" => {
                    at = self.import(at + 1, &module);
                    continue;
                }
                "crate" | "self" | "super" if self.text(at + 1) == "::" => {
                    let is_visibility = at > 1 && self.text(at - 1) == "in";
                    let line = token.line;
                    let (path, end) = self.path(at, &module);
                    if !is_visibility || self.text(at - 2) != "(" {
                        self.uses(path, line);
                    }
                    at = end;
                    continue;
                }
                name if self.text(at + 1) == "::" && self.children.contains(name) => {
                    let line = token.line;
                    let follows = at > 0 && self.text(at - 1) == "::";
                    let (path, end) = self.path(at, &module);
                    if !follows {
                        self.uses(path, line);
                    }
                    at = end;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn uses(&mut self, path: Module, line: usize) {
        self.paths.push(UsedPath { path, line });
    }

    /// A path outside of a `use`, and the index after it.
    fn path(&self, mut at: usize, module: &Module) -> (Module, usize) {
        let mut path = None;
        loop {
            let extended = extend(path, self.text(at), module);
            let next = self.text(at + 2);
            let goes_on = self.text(at + 1) == "::" && next.starts_with(|c: char| c != '<');
            if !goes_on {
                return (extended, at + 1);
            }
            path = Some(extended);
            at += 2;
        }
    }

    /// Reads the tree of a `use` that begins at `at`; returns the index after its `;`.
    fn import(&mut self, at: usize, module: &Module) -> usize {
        let end = self.tokens[at..].iter().position(|token| token.text == ";");
        let end = end.map_or(self.tokens.len(), |length| at + length);
        let first = self.text(at);
        let is_own = matches!(first, "crate" | "self" | "super");
        if !is_own && !self.children.contains(first) {
            return end + 1;
        }
        let mut imports = Vec::new();
        self.tree(at, end, None, module, &mut imports);
        for Import { path, name, line } in imports {
            // A re-export that the file itself does not name makes it no user of that file.
            let is_named = name.as_ref().is_some_and(|name| self.words.contains(&**name));
            let is_exported = self.is_exported(at);
            let scope = self.scopes.entry(module.clone()).or_default();
            match name {
                Some(name) => drop(scope.imports.insert(name, path.clone())),
                None => scope.globs.push(path.clone()),
            }
            if !is_exported || is_named {
                self.uses(path, line);
            }
        }
        end + 1
    }

    /// Whether the `use` whose path begins at `at` is `pub` in any degree.
    fn is_exported(&self, at: usize) -> bool {
        match self.text(at.saturating_sub(2)) {
            "pub" => true,
            ")" => {
                let before = self.tokens[..at - 1].iter().rev();
                before.take(6).any(|token| token.text == "pub")
            }
            _ => false,
        }
    }

    fn tree(
        &self,
        mut at: usize,
        end: usize,
        prefix: Option<&Module>,
        module: &Module,
        imports: &mut Vec<Import>,
    ) -> usize {
        let mut path = prefix.cloned();
        while at < end {
            let token = self.tokens[at];
            match token.text {
                "{" => {
                    at += 1;
                    while at < end && self.text(at) != "}" {
                        at = self.tree(at, end, path.as_ref(), module, imports);
                        if self.text(at) == "," {
                            at += 1;
                        }
                    }
                    return at + 1;
                }
                "*" => {
                    imports.push(Import {
                        path: path.unwrap_or_default(),
                        name: None,
                        line: token.line,
                    });
                    return at + 1;
                }
                "::" => at += 1,
                _ => {
                    let extended = extend(path, token.text, module);
                    at += 1;
                    if self.text(at) == "::" {
                        path = Some(extended);
                        continue;
                    }
                    let path = extended;
                    let mut name = path.last().cloned();
                    if self.text(at) == "as" {
                        name = Some(self.text(at + 1).to_owned());
                        at += 2;
                    }
                    imports.push(Import { path, name, line: token.line });
                    return at;
                }
            }
        }
        at
    }
}

fn children<'s>(tokens: &[Token<'s>]) -> BTreeSet<&'s str> {
    let declared = tokens.windows(2).filter_map(|two| match two {
        [keyword, name] if keyword.text == "mod" => Some(name.text),
        _ => None,
    });
    declared.collect()
}

fn words_outside_of_uses<'s>(tokens: &[Token<'s>]) -> BTreeSet<&'s str> {
    let mut words = BTreeSet::new();
    let mut in_use = false;
    for token in tokens {
        match token.text {
            "use" => in_use = true,
            ";" => in_use = false,
            text if !in_use => drop(words.insert(text)),
            _ => {}
        }
    }
    words
}

/// Adds one segment to a path, which becomes one from the crate's root.
fn extend(path: Option<Module>, segment: &str, module: &Module) -> Module {
    match (path, segment) {
        (_, "crate") => Vec::new(),
        (None, "self") => module.clone(),
        (Some(path), "self") => path,
        (path, "super") => {
            let mut path = path.unwrap_or_else(|| module.clone());
            path.pop();
            path
        }
        (path, name) => {
            let mut path = path.unwrap_or_else(|| module.clone());
            path.push(name.to_owned());
            path
        }
    }
}
