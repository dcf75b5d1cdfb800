//! The commands: each turns its arguments into an exit code.

mod args;
mod check;
mod exit;
mod finish;
mod intel;
mod interfaces;
mod observe;
mod print;
mod replay;
mod run;
mod setup;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, CliCommand};
use exit::{Exit, Failure};

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are not errors. A closed pipe is ignored.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = error.print();
            return exit.into();
        }
    };
    let result = match args.command {
        CliCommand::Replay(args) => replay::replay(args),
        CliCommand::Run(args) => run::run(args),
        CliCommand::Check(args) => check::check(&args),
        CliCommand::Intel(args) => intel::intel(args),
        CliCommand::Interfaces => interfaces::list(),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(Failure { message, exit }) => {
            if let Some(message) = message {
                print::note(message);
            }
            exit.into()
        }
    }
}
