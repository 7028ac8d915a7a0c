//! `luacme`: obtain certificates from any ACME CA.
//!
//! This crate composes the others: it reads the command line, keeps state in files, talks to the terminal and gives exit
//! codes. It holds no protocol logic.

mod account;
mod acme_dns;
mod arguments;
mod attempt;
mod broken_way;
mod certificate_folder;
mod certificate_store;
mod chain_choice;
mod client;
mod command_line;
mod dehydrated;
mod deploy_hook;
mod directory;
mod doctor;
mod dry_run;
mod export;
mod external_account;
mod failure;
mod files;
mod getcert;
mod history;
mod hooks;
mod interruption;
mod issuance;
mod key_access;
mod key_type;
mod key_use;
mod keyauth;
mod lifetime;
mod order_request;
mod outlook;
mod output;
mod register;
mod renew;
mod renewal;
mod request_arguments;
mod request_key;
mod request_settings;
mod revoke;
mod revoked;
mod round;
mod run;
mod server;
mod service;
mod solver_arguments;
mod solver_choice;
mod solver_settings;
mod state;
mod status;
mod step;
mod timer;
mod wire_log;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Verb};

fn main() -> ExitCode {
    let arguments = Arguments::parse_from(arguments::lua_acme_grammar(std::env::args_os()));
    let output = output::Output::new(&arguments.shared);
    let outcome = match &arguments.verb {
        Verb::Register(verb) => register::run(&arguments.shared, verb, &output),
        Verb::Getcert(verb) => getcert::run(&arguments.shared, verb, &output),
        Verb::Status(verb) => status::run(&arguments.shared, verb, &output),
        Verb::Check(verb) => status::check(&arguments.shared, verb, &output),
        Verb::Run(verb) => run::run(&arguments.shared, verb, &output),
        Verb::Timer(verb) => timer::run(&arguments.shared, verb, &output),
        Verb::Renew(verb) => renew::run(&arguments.shared, verb, &output),
        Verb::Doctor(verb) => doctor::run(&arguments.shared, verb, &output),
        Verb::Step(verb) => step::run(&arguments.shared, verb, &output),
        Verb::Keyauth(verb) => keyauth::run(&arguments.shared, verb, &output),
        Verb::Account(verb) => account::run(&arguments.shared, verb, &output),
        Verb::Revoke(verb) => revoke::run(&arguments.shared, verb, &output),
        Verb::Export(verb) => export::run(&arguments.shared, verb),
        Verb::Directory => directory::run(&arguments.shared, &output),
    };
    interruption::await_end();
    match outcome {
        Ok(done) => done.exit_code(),
        Err(failure) => {
            explain(&arguments, &failure, &output);
            failure.exit.into()
        }
    }
}

/// For people the reasons come after the error; for programs the error is the last event.
fn explain(arguments: &Arguments, failure: &failure::Failure, output: &output::Output) {
    let reasons = || {
        if let Verb::Getcert(verb) = &arguments.verb {
            doctor::after_failure(&arguments.shared, verb, failure, output);
        }
    };
    if output.is_json() {
        reasons();
        output.failure(failure);
    } else {
        output.failure(failure);
        reasons();
    }
}

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// All is as it was asked for.
    Complete,
    /// A person must act, then run the same command again.
    AwaitsPerson,
    /// It was to find errors, and found some.
    FoundErrors,
    /// Of several things some failed, which has been told.
    SomeFailed(failure::Exit),
    /// What monitoring is told.
    Verdict(u8),
}

impl Done {
    fn exit_code(self) -> ExitCode {
        match self {
            Self::Complete => ExitCode::SUCCESS,
            Self::AwaitsPerson => ExitCode::from(3),
            Self::FoundErrors => ExitCode::FAILURE,
            Self::SomeFailed(exit) => exit.into(),
            Self::Verdict(code) => ExitCode::from(code),
        }
    }
}
