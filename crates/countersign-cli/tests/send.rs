//! `send`: real deliveries to a server of the test's own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};
use std::thread;

use common::{SECRET, call};
use countersign::time::{Clock, SystemClock};
use countersign::{Secret, senders};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

/// What a server received.
#[derive(Debug)]
struct Request {
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(header, _)| header == name).unwrap().1
    }
}

fn read(stream: &mut impl BufRead) -> Option<Request> {
    let (mut line, mut headers) = (String::new(), Vec::new());
    stream.read_line(&mut line).ok().filter(|length| *length > 0)?;
    loop {
        line.clear();
        stream.read_line(&mut line).ok().filter(|length| *length > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let mut request = Request { headers, body: String::new() };
    let mut body = vec![0; request.header("content-length").parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}

/// Serves until the test ends. `output` gives the status for each request, by its number from 0;
/// `None` never answers.
fn serve(
    listener: TcpListener,
    output: impl Fn(usize) -> Option<u16> + Send + Sync + 'static,
) -> Receiver<Request> {
    let (received, requests) = channel();
    let (output, count) = (Arc::new(output), Arc::new(AtomicUsize::new(0)));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (output, count, received) =
                (Arc::clone(&output), Arc::clone(&count), received.clone());
            thread::spawn(move || {
                let mut stream = BufReader::new(stream.unwrap());
                while let Some(request) = read(&mut stream) {
                    let number = count.fetch_add(1, Ordering::SeqCst);
                    let _ = received.send(request);
                    let Some(status) = output(number) else { continue };
                    let text = format!(
                        "HTTP/1.1 {status} x\r\nretry-after: 3600\r\ncontent-length: 2\r\n\r\nok"
                    );
                    if stream.get_mut().write_all(text.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    requests
}

fn server(
    output: impl Fn(usize) -> Option<u16> + Send + Sync + 'static,
) -> (SocketAddr, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    (listener.local_addr().unwrap(), serve(listener, output))
}

/// Does this with each connection, one after the other, and then closes it.
fn accept(each: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().for_each(|stream| each(stream.unwrap())));
    address
}

/// An address where nothing listens.
fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn send(address: SocketAddr, rest: &str) -> common::Call {
    call(&format!("send http://{address}/hook --secret-env SECRET {rest}"))
}

#[test]
fn a_failed_delivery_is_repeated_with_its_id_until_it_succeeds() {
    let (address, requests) = server(|number| Some(if number < 2 { 503 } else { 202 }));
    let output = send(address, "-s standard-webhooks --retry-delay 1").run();
    output
        .is(0, "1 of 1 delivered, 3 attempts")
        .is(0, "202: 1, 503: 2")
        .is(0, "again in 1.0 ms")
        .is(0, "p50 ");
    let requests: Vec<_> = requests.try_iter().collect();
    let ids: BTreeSet<_> = requests.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!((requests.len(), ids.len()), (3, 1));
}

#[test]
fn what_is_delivered_verifies() {
    let (address, requests) = server(|_| Some(200));
    send(address, "-s stripe")
        .arg("--body")
        .arg(r#"{"id":"{{id}}","n":{{number}},"at":{{now}}}"#)
        .run()
        .is(0, "1 of 1");
    let request = requests.recv().unwrap();
    let stripe = senders::STRIPE.keys(Secret::new(SECRET).unwrap()).unwrap();
    let receiver = countersign::Receiver::new(stripe);
    let delivery =
        receiver.verify(&request.headers, request.body.clone(), SystemClock.now()).unwrap();
    assert!(delivery.signed_id().unwrap().starts_with("evt_"));
    let body: Value = delivery.event().unwrap();
    assert_eq!(body["n"], 1);
    assert!(body["at"].as_u64().unwrap().abs_diff(SystemClock.now().as_secs()) < 60);
    assert_eq!(request.header("content-type"), "application/json");
}

#[test]
fn success_is_what_the_sender_counts_as_such() {
    let (address, requests) = server(|_| Some(201));
    let output = send(address, "-s omniai --header x-secret --retry-delay 1 --json").run();
    assert_eq!(output.code, 3, "{output:?}");
    let sums = output.json();
    assert_eq!(
        (&sums["delivered"], &sums["attempts"], &sums["responses"]),
        (&json!(0), &json!(4), &json!({ "201": 4 }))
    );
    assert_eq!(requests.recv().unwrap().header("x-secret"), SECRET);
    send(address, "-s stripe --retries 0").run().is(0, "1 of 1 delivered, 1 attempts");
}

#[test]
fn retries_follow_the_senders_schedule_scaled() {
    let (address, _requests) = server(|_| Some(500));
    let output = send(address, "-s svix --speed 10000000").run();
    output.is(3, "0 of 1 delivered, 8 attempts").is(3, "given up");
    assert!(!output.out.contains("assumed"), "{output:?}");
    let output = send(address, "-s stripe --speed 10000000 --retries 1").run();
    output
        .is(3, "0 of 1 delivered, 2 attempts")
        .is(3, "(assumed: the sender documents no schedule)");
    send(address, "-s github").run().is(3, "no retries").is(3, "1 attempts");
}

#[test]
fn what_asks_for_a_later_retry_gets_it_of_senders_that_heed_it() {
    // An hour, a million times as fast, is 3.6 ms; the first of their own delays is 5 s.
    let (address, _requests) = server(|_| Some(503));
    let flags = "--retries 1 --speed 1000000";
    send(address, &format!("-s standard-webhooks {flags}")).run().is(3, "again in 3.6 ms");
    send(address, &format!("-s stripe {flags}")).run().is(3, "again in 0.0 ms");
    let fixed = send(address, "-s standard-webhooks --retries 1 --retry-delay 2").run();
    fixed.is(3, "again in 2.0 ms");
}

#[test]
fn gone_ends_the_retries_of_senders_that_heed_it() {
    let (address, _requests) = server(|_| Some(410));
    let sent = |sender: &str| send(address, &format!("-s {sender} --retry-delay 1")).run();
    sent("standard-webhooks").is(3, "0 of 1 delivered, 1 attempts").is(3, "given up");
    sent("stripe").is(3, "0 of 1 delivered, 6 attempts");
    let toml = "name = \"acme\"\nalgorithm = \"hmac-sha256\"\n[signature]\nheader = \"x-acme\"\n[contract]\nretries = [5, 60]\n";
    let own = |extra: &str| {
        let path = common::file(&format!("gone-{}.toml", extra.len()), format!("{toml}{extra}\n"));
        send(address, &format!("--retry-delay 1 --scheme {}", path.display())).run()
    };
    own("").is(3, "0 of 1 delivered, 3 attempts");
    own("stops_at_410 = true").is(3, "0 of 1 delivered, 1 attempts");
}

#[test]
fn an_answer_after_the_deadline_is_none() {
    let (address, _requests) = server(|number| (number > 0).then_some(200));
    let output = send(address, "-s stripe --deadline 1 --retry-delay 1").run();
    output.is(0, "timed out").is(0, "200: 1, timed out: 1");
}

#[test]
fn a_redirect_is_no_success() {
    let (address, _requests) = server(|_| Some(302));
    send(address, "-s stripe --retries 0").run().is(3, "302: 1");
}

#[test]
fn events_differ_and_a_share_of_them_comes_twice() {
    let (address, requests) = server(|_| Some(200));
    let output =
        send(address, "-s stripe --times 40 --concurrency 4 --duplicate-share 0.25 --json").run();
    assert_eq!(output.code, 0, "{output:?}");
    let sums = output.json();
    assert_eq!((&sums["total"], &sums["delivered"]), (&json!(50), &json!(50)));
    let twins = sums["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|delivery| delivery["duplicate"] == true);
    assert_eq!(twins.count(), 10);
    let ids: Vec<_> = requests
        .try_iter()
        .map(|request| serde_json::from_str::<Value>(&request.body).unwrap()["id"].to_string())
        .collect();
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (50, 40));
}

#[test]
fn as_many_requests_are_under_way_as_asked_and_no_more() {
    let (barrier, now, most) =
        (Barrier::new(3), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let (address, _requests) = server(move |_| {
        seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // Three must be here before one is answered.
        barrier.wait();
        now.fetch_sub(1, Ordering::SeqCst);
        Some(200)
    });
    send(address, "-s stripe --times 12 --concurrency 3").run().is(0, "12 of 12 delivered");
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[test]
fn events_that_would_be_one_are_rejected() {
    let (address, _requests) = server(|_| Some(200));
    send(address, "-s github --times 2 --body {}")
        .run()
        .is(2, "the body: is the same for all events");
    send(address, "-s standard-webhooks --times 2 --body {}").run().is(0, "2 of 2 delivered");
}

#[test]
fn a_receiver_that_is_away_and_comes_back_gets_the_event() {
    let address = nowhere();
    let mut child = send(address, "-s stripe --retry-delay 5 --retries 100000").start();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("connection refused") {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "it gave up");
    }
    let _requests = serve(TcpListener::bind(address).unwrap(), |_| Some(200));
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("1 of 1 delivered"), "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_receiver_that_does_not_run_has_no_log_to_look_into() {
    let output = send(nowhere(), "-s stripe --retries 0").run();
    output.is(3, "connection refused: 1").is(3, "check that the receiver runs");
}

#[test]
fn a_connection_that_breaks_is_a_failed_attempt() {
    let address = accept(|stream| drop(read(&mut BufReader::new(stream))));
    let output = send(address, "-s stripe --retries 0").run();
    output.is(3, "connection broke: 1").is(3, "look into the receiver's log");
}

#[test]
fn a_connection_that_the_receiver_closes_after_its_answer_breaks_no_delivery() {
    let address = accept(|stream| {
        let mut stream = BufReader::new(stream);
        read(&mut stream);
        // It does not say that it closes.
        let output = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.get_mut().write_all(output).unwrap();
    });
    let output = send(address, "-s stripe --retries 0 --times 200 --concurrency 4").run();
    output.is(0, "200 of 200 delivered");
}

#[test]
fn a_port_that_is_none_is_rejected_and_not_taken_for_the_usual_one() {
    for (url, hint) in [
        ("http://127.0.0.1:99999/", "the URL: has the port 99999: ports are 1 to 65535"),
        ("http://127.0.0.1:0/", "the URL: has the port 0"),
        ("http://[::1]:65536/?a", "the URL: has the port 65536"),
        ("http://ann:pass@127.0.0.1:8o80", "the URL: has a port that is not a number"),
    ] {
        call("send -s stripe --secret-env SECRET").arg(url).run().is(2, hint);
    }
    call("send http://127.0.0.1:1/ -s stripe --secret-env SECRET --url https://a.example:70000/")
        .run()
        .is(2, "`--url`: has the port 70000");
}

#[test]
fn headers_that_the_connection_sets_are_rejected() {
    for header in ["Content-Length: 3", "transfer-encoding: chunked", "Host: evil", "connection: x"]
    {
        let name = header.split(':').next().unwrap().to_lowercase();
        call("send http://127.0.0.1:1/ -s stripe --secret-env SECRET -H")
            .arg(header)
            .run()
            .is(2, &format!("`--request-header`: `{name}` is set by the connection"));
    }
}

#[test]
fn a_url_that_cannot_be_delivered_to_is_malformed() {
    for url in ["example.com", "ftp://example.com/", "/hook", "http://", "https://exa mple.com"] {
        let call = call("send -s stripe --secret-env SECRET").arg(url);
        call.run().is(2, "the URL: is not an HTTP URL");
    }
    call("send -s stripe --secret-env SECRET http://127.0.0.1/ --speed 0")
        .run()
        .is(2, "give a number above 0");
    call("send -s stripe --secret-env SECRET http://127.0.0.1/ --times 0")
        .run()
        .is(2, "`--times`: has an invalid value");
    call("send -s stripe --secret-env SECRET http://127.0.0.1/ --duplicate-share 2")
        .run()
        .is(2, "from 0 to 1");
}

/// What `send` trusts in the tests below; `tls/` holds nothing that is used elsewhere.
const ROOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/root.pem");

#[test]
fn https_is_spoken_to_a_server_whose_root_is_trusted() {
    let folder = Path::new(ROOTS).parent().unwrap();
    let chain =
        CertificateDer::pem_file_iter(folder.join("server.pem")).unwrap().map(Result::unwrap);
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(chain.collect(), key).unwrap());
    let address = accept(move |stream| {
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = BufReader::new(rustls::StreamOwned::new(connection, stream));
        if read(&mut stream).is_some() {
            stream.get_mut().write_all(b"HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n").unwrap();
        }
    });
    let send =
        || call(&format!("send https://{address}/ -s stripe --secret-env SECRET --retries 0"));
    send().env("SSL_CERT_FILE", ROOTS).run().is(0, "1 of 1 delivered");
    // Its own certificate is no root.
    let other = folder.join("server.pem");
    send().env("SSL_CERT_FILE", other.to_str().unwrap()).run().is(3, "TLS failed: 1");
}

#[test]
fn plain_http_where_tls_is_expected_says_so() {
    let address = accept(|mut stream| {
        stream.write_all(b"HTTP/1.1 400 no\r\n\r\n").unwrap();
        // It closes when the other side does, so that the answer is not lost to a reset.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let call = call(&format!("send https://{address}/ -s stripe --secret-env SECRET --retries 0"));
    call.env("SSL_CERT_FILE", ROOTS).run().is(3, "TLS failed: 1");
}

#[test]
fn a_password_in_the_url_is_not_printed() {
    let (address, _requests) = server(|_| Some(200));
    let send = call("send -s stripe --secret-env SECRET");
    let send = send.arg(&format!("http://ann:pass-of-ann@{address}/hook")).never("pass-of-ann");
    send.run().is(0, &format!("to http://***@{address}/hook"));
}
