//! `luacme keyauth`: what answers challenges of the account, without asking the CA anything.

use acme_jose::Signer as _;
use acme_proto::{KeyAuthorization, Token};
use acme_solver::http01::WebServer;
use clap::ValueEnum;
use serde_json::json;

use crate::Done;
use crate::arguments::{Keyauth, Shared};
use crate::failure::Failure;
use crate::output::Output;
use crate::state::State;

pub(crate) fn run(shared: &Shared, verb: &Keyauth, output: &Output) -> Result<Done, Failure> {
    let thumbprint = State::locate(shared)?.key()?.public_key().thumbprint();
    if let Some(text) = &verb.token {
        let token = Token::parse(text).map_err(|_| {
            Failure::usage(
                format!("{text:?} is not a token"),
                "give the token of a challenge: letters, digits, - and _",
            )
        })?;
        let answer = KeyAuthorization::new(&token, &thumbprint);
        let object = json!({
            "event": "key_authorization", "token": token.as_str(), "key_authorization": answer.as_str(),
            "txt": answer.dns_txt(),
        });
        output.answer(object, answer.as_str());
        return Ok(Done::Complete);
    }
    match verb.web_server {
        Some(server) => {
            let lines = WebServer::from(server).lines(&thumbprint);
            let object = json!({"event": "web_server", "lines": lines, "place": WebServer::from(server).place()});
            output.answer(object, lines.trim_end());
        }
        None => {
            let text = thumbprint.to_string();
            output.answer(json!({"event": "thumbprint", "thumbprint": text}), &text);
        }
    }
    Ok(Done::Complete)
}

/// A web server that can answer http-01 by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WebServerArgument {
    Nginx,
    Apache,
    Caddy,
    Haproxy,
}

impl From<WebServerArgument> for WebServer {
    fn from(argument: WebServerArgument) -> Self {
        match argument {
            WebServerArgument::Nginx => Self::Nginx,
            WebServerArgument::Apache => Self::Apache,
            WebServerArgument::Caddy => Self::Caddy,
            WebServerArgument::Haproxy => Self::HaProxy,
        }
    }
}
