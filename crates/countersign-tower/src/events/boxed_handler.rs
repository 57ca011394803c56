use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;

/// The future of a handler's response, of the same type as that of axum's own handlers.
pub(super) type HandlerFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler of any type, for the state `S`.
pub(super) struct BoxedHandler<S>(Arc<dyn ErasedHandler<S>>);

impl<S: 'static> BoxedHandler<S> {
    pub(super) fn new<H: Handler<T, S>, T: 'static>(handler: H) -> Self {
        Self(Arc::new(WithExtractors { handler, extractors: PhantomData }))
    }

    pub(super) fn call(&self, request: Request, state: S) -> HandlerFuture {
        self.0.call(request, state)
    }
}

impl<S> Clone for BoxedHandler<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

trait ErasedHandler<S>: Send + Sync {
    fn call(&self, request: Request, state: S) -> HandlerFuture;
}

/// A handler with the types of its extractors, by which axum tells handlers apart.
struct WithExtractors<H, T> {
    handler: H,
    extractors: PhantomData<fn() -> T>,
}

impl<H: Handler<T, S>, T: 'static, S: 'static> ErasedHandler<S> for WithExtractors<H, T> {
    fn call(&self, request: Request, state: S) -> HandlerFuture {
        boxed(self.handler.clone().call(request, state))
    }
}

/// Boxes a future unless it is boxed already, as that of every function is: a second box would cost an
/// allocation for each request.
fn boxed(future: impl Future<Output = Response> + Send + 'static) -> HandlerFuture {
    let mut future = Some(future);
    let slot: &mut dyn Any = &mut future;
    if let Some(boxed) = slot.downcast_mut::<Option<HandlerFuture>>().and_then(Option::take) {
        return boxed;
    }
    match future {
        Some(future) => Box::pin(future),
        None => unreachable!("only a boxed future is taken out of its slot"),
    }
}
