//! The commands: arguments in, exit code out.

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
mod stop;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use exit::{Exit, Failure};

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are no errors; a closed pipe is the reader's choice.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = error.print();
            return exit.into();
        }
    };
    let result = match args.command {
        Command::Replay(args) => replay::replay(args),
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::check(&args),
        Command::Intel(args) => intel::intel(args),
        Command::Interfaces => interfaces::list(),
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
