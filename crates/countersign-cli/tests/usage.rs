//! Invalid command lines: the error is one line with the argument and what to do, without any value.

mod common;

use common::{CommandOutput, call, call_list};

/// Verifies that the error is one line on standard error.
#[track_caller]
fn is_one_line(output: &CommandOutput, piece: &str) {
    output.is(2, piece);
    assert_eq!((output.err.lines().count(), output.out.as_str()), (1, ""), "{output:?}");
    assert!(output.err.starts_with("error: "), "{output:?}");
}

#[test]
fn each_error_names_the_argument_and_what_to_do() {
    for (arguments, piece) in [
        ("verify --secret hunter2222", "`--secret`: is not known: did you mean `--secret-env`"),
        ("verify --secret=hunter2222", "`--secret`: is not known"),
        ("verify a hunter2222", "an argument: is not known: see `--help`"),
        ("verify -phunter2222", "`-p`: is not known"),
        ("verify --hunter2222", "an argument: is not known"),
        ("hunter2222", "the command: is not known"),
        ("verify --tolerance hunter2222", "`--tolerance`: has an invalid value: invalid"),
        ("verify --tolerance -5", "`--tolerance`: has an invalid value: invalid digit"),
        ("verify --now -5 -s stripe --secret-env SECRET", "`--now`: is not a time"),
        (
            "verify --format hunter2222",
            "`--format`: has an invalid value: use one of auto, http, har",
        ),
        ("verify --format", "`--format`: has no value: add one"),
        ("verify -H", "`--request-header`: has no value"),
        ("verify --scheme a -s b", "`--scheme`: cannot be used with `--sender`: leave one"),
        ("verify -s a -s b", "`--sender`: is given twice: give it once"),
        ("verify --entry 1 --jsonl", "`--entry`: cannot be used with `--jsonl`"),
        ("sign", "`--body`: is required"),
        ("send", "`<URL>`: is required"),
        ("completions hunter2222", "`<SHELL>`: has an invalid value: use one of bash,"),
        ("send http://x/ --speed 0", "`--speed`: has an invalid value: give a number"),
        ("send http://x/ --concurrency 77777", "`--concurrency`: has an invalid value: see `-"),
    ] {
        let output = call(arguments).never("hunter2222").never("77777").run();
        is_one_line(&output, piece);
    }
}

#[test]
fn with_json_it_is_one_object() {
    let output = call("verify --json --tolerance hunter2222").never("hunter2222").run();
    assert_eq!((output.code, output.err.as_str()), (2, ""));
    assert_eq!(output.json()["verdict"], "malformed_input");
    call("--json").run().is(2, "no command given; see `countersign --help`");
    // After `--` it is not a flag.
    is_one_line(&call("verify -- a --json").run(), "`--json`: is not known");
}

#[test]
fn help_and_version_are_printed() {
    call("--version").run().is(0, "countersign 0.");
    call("verify --help").run().is(0, "Usage: countersign verify");
    let bare = call_list(&[]).run();
    bare.is(2, "Usage: countersign");
    assert!(bare.err.lines().count() > 5);
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_utf_8_is_reported_in_one_line() {
    use std::os::unix::ffi::OsStrExt;
    let output = call("verify --sender").raw(std::ffi::OsStr::from_bytes(b"\xff")).run();
    is_one_line(&output, "is not UTF-8");
}
