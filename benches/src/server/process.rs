//! A contender in a process of its own.

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::Result;
use crate::server::{Contender, actix_apps, axum_apps, processor};

/// The argument that makes the program serve a contender instead of measuring.
const SERVE: &str = "--serve";

/// The threads of a server.
const WORKERS: usize = 1;

/// The processor of the servers, among those that the program may use; that of the load is the first.
const PROCESSOR: usize = 1;

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    pub(super) address: SocketAddr,
}

impl Process {
    pub(super) fn start(contender: Contender, variables: &[(&str, String)]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([SERVE, contender.name()]);
        command.envs(variables.iter().map(|(name, value)| (*name, value)));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().ok_or("the server has no input")?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut output = BufReader::new(output).lines();
        let port = output.next().ok_or_else(|| format!("`{}` does not start", contender.name()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port?.parse()?));
        Ok(Self { child, input, output, address })
    }

    /// Returns the processor time that the server has used.
    pub(super) fn used(&mut self) -> Result<Duration> {
        writeln!(self.input)?;
        let nanos = self.output.next().ok_or("the server has ended")??;
        Ok(Duration::from_nanos(nanos.parse()?))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that the server has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Serves a contender if the arguments say so, until the standard input ends. Returns `false` if they do not.
///
/// Prints the port, then the processor time for each line of the input.
///
/// # Errors
///
/// An error if the server or its store cannot be started.
pub fn serve_contender() -> Result<bool> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(SERVE) {
        return Ok(false);
    }
    let name = arguments.next().unwrap_or_default();
    let contender = Contender::find(&name).ok_or_else(|| format!("no contender `{name}`"))?;
    // The program that measures reports that nothing is pinned.
    let _ = processor::pin(PROCESSOR);
    std::thread::spawn(|| {
        for _ in std::io::stdin().lines() {
            println!("{}", processor::used().unwrap_or_default().as_nanos());
        }
        std::process::exit(0);
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    match contender.framework() {
        "axum" => axum_apps::serve(contender, listener, WORKERS)?,
        _ => actix_apps::serve(contender, listener, WORKERS)?,
    }
    Ok(true)
}
