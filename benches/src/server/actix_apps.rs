//! The servers on actix-web.

use std::net::TcpListener;

use actix_web::{App, HttpResponse, HttpServer, web};
use countersign_actix::{Webhook, Webhooks};

use crate::server::Contender;
use crate::server::requests::{MAX_BODY, PATH};
use crate::{Event, Result, receiver};

pub(super) fn serve(contender: Contender, listener: TcpListener, workers: usize) -> Result<()> {
    println!("{}", listener.local_addr()?.port());
    let webhooks = match contender {
        Contender::ActixMemory => Some(Webhooks::new(receiver(1)?.build()?)),
        _ => None,
    };
    let configure = move |config: &mut web::ServiceConfig| {
        config.app_data(web::JsonConfig::default().limit(MAX_BODY));
        let resource = web::resource(PATH);
        match webhooks.clone() {
            Some(webhooks) => {
                config.service(resource.wrap(webhooks).route(web::post().to(handled)));
            }
            None => {
                config.service(resource.route(web::post().to(bare)));
            }
        }
    };
    let server = HttpServer::new(move || App::new().configure(configure.clone()));
    let server = server.workers(workers).disable_signals().listen(listener)?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

async fn bare(event: web::Json<Event>) -> HttpResponse {
    event.handle();
    HttpResponse::NoContent().finish()
}

async fn handled(Webhook(event): Webhook<Event>) -> HttpResponse {
    event.handle();
    HttpResponse::NoContent().finish()
}
