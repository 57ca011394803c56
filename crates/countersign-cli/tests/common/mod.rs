//! Runs the built command, and checks everything that it prints.

#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

pub(crate) mod snake;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A secret in the format of most senders.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A call of the command.
pub(crate) struct Call {
    command: Command,
    input: Vec<u8>,
    secrets: Vec<String>,
}

/// The output and the exit code of a call.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Creates a call with arguments that are separated by spaces; `$SECRET` is set.
pub(crate) fn call(arguments: &str) -> Call {
    let arguments: Vec<_> = arguments.split_whitespace().collect();
    call_list(&arguments)
}

pub(crate) fn call_list(arguments: &[&str]) -> Call {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(arguments).env_clear().current_dir(env!("CARGO_TARGET_TMPDIR"));
    Call { command, input: Vec::new(), secrets: Vec::new() }.secret("SECRET", SECRET)
}

impl Call {
    pub(crate) fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds an argument that may not be text.
    pub(crate) fn raw(mut self, argument: &std::ffi::OsStr) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments that are separated by spaces.
    pub(crate) fn args(mut self, arguments: &str) -> Self {
        self.command.args(arguments.split_whitespace());
        self
    }

    /// Sets an environment variable to a secret, which must not be printed.
    pub(crate) fn secret(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self.never(value)
    }

    /// Adds a text that must not be printed, in any encoding.
    pub(crate) fn never(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Starts the command with pipes.
    pub(crate) fn start(mut self) -> Child {
        let command = self.command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs the command to its end, and checks that no secret is printed.
    #[track_caller]
    pub(crate) fn run(self) -> CommandOutput {
        let (input, secrets) = (self.input.clone(), self.secrets.clone());
        let mut child = self.start();
        let mut stdin = child.stdin.take().unwrap();
        // The command may not read all input, so the pipe may break.
        let writer = thread::spawn(move || _ = stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let code = output.status.code().unwrap_or_else(|| panic!("it ended by a signal"));
        let output = CommandOutput { code, out: text(output.stdout), err: text(output.stderr) };
        assert!(!output.err.contains("panicked"), "{}", output.err);
        for secret in secrets {
            output.assert_without(&secret);
        }
        output
    }
}

impl CommandOutput {
    /// Returns the JSON object that was printed.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks the exit code, and a piece of the output or of the error.
    #[track_caller]
    pub(crate) fn is(&self, code: i32, piece: &str) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.out.contains(piece) || self.err.contains(piece), "no `{piece}` in {self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn assert_without(&self, secret: &str) {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let bare = secret.strip_prefix("whsec_").unwrap_or(secret);
        for form in [secret, bare, &hex, &hex.to_uppercase(), &STANDARD.encode(secret)] {
            let all = format!("{}{}", self.out, self.err);
            assert!(!all.contains(form), "a secret was printed: {self:?}");
        }
    }
}

/// Creates a file for one test.
pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Returns a Stripe request that the command signed at the time `1700000000`.
pub(crate) fn signed_stripe(body: &str) -> String {
    let output = call("sign -s stripe --secret-env SECRET --now 1700000000 --to https://example.com/hook?a=1 --body")
        .arg(body)
        .run();
    assert_eq!(output.code, 0, "{output:?}");
    output.out
}
