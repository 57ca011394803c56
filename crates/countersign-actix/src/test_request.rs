use actix_web::test::TestRequest;
use countersign::testing::SignedRequest;

/// Makes actix's [`TestRequest`] from a request that the [test kit](countersign::testing) signed (feature
/// `testing`).
///
/// ```
/// use actix_web::{App, HttpResponse, test, web};
/// use countersign_actix::testing::{TestKeys, WebhookRequest};
/// use countersign_actix::time::FixedClock;
/// use countersign_actix::{Receiver, SignedTestRequest, Timestamp, Webhooks, senders};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let now = Timestamp::from_secs(1_770_000_000);
/// let config = senders::STRIPE.config();
/// let keys = TestKeys::new(&config.scheme()?, 1)?;
/// let receiver = Receiver::new(config.keys(keys.receiver())?);
/// let request = WebhookRequest::to("/webhooks/stripe")
///     .body(r#"{"id":"evt_1","type":"charge.succeeded"}"#)
///     .sign(receiver.scheme(), &keys.sender(), now)?;
///
/// let webhooks = Webhooks::new(receiver).clock(FixedClock::new(now));
/// let route = web::resource("/webhooks/stripe").wrap(webhooks);
/// let app = App::new().service(route.route(web::post().to(HttpResponse::Ok)));
/// let app = test::init_service(app).await;
/// let response = test::call_service(&app, test::TestRequest::signed(request).to_request()).await;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
pub trait SignedTestRequest {
    /// Returns a test request with the method, the target, the headers and the body of `request`.
    ///
    /// # Panics
    ///
    /// Panics if the target or a header that the test set is not valid in a request.
    fn signed(request: SignedRequest) -> Self;
}

impl SignedTestRequest for TestRequest {
    fn signed(request: SignedRequest) -> Self {
        let headers = request.headers().iter();
        let method = request.method().parse().unwrap_or_default();
        headers
            .fold(Self::default().method(method).uri(&request.target()), |built, (name, value)| {
                built.append_header((name.as_str(), value.as_str()))
            })
            .set_payload(request.body().clone())
    }
}
