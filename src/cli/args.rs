//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use ipnet::IpNet;

use crate::config::{OutputFormat, SummaryStyle, THREADS, home_network};
use crate::model::record::EventKind;

/// Finds cryptocurrency mining in a network's traffic and names the inside host that mines.
#[derive(Debug, Parser)]
#[command(name = "minewatch", version, after_help = EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    pub command: CliCommand,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed while running, 2 wrong usage, \
3 part of the input could not be analysed, 78 wrong configuration.";

#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Analyse capture files, folders of them (in time order), or - for standard input
    Replay(ReplayArgs),
    /// Watch interfaces until SIGINT or SIGTERM
    Run(RunArgs),
    /// Check configuration and intelligence: what is wrong, with file, line and column
    Check(CheckArgs),
    /// Ask the intelligence, or check lists for it
    Intel(IntelArgs),
    /// List what can be captured here
    Interfaces,
}

#[derive(Debug, clap::Args)]
pub(super) struct ReplayArgs {
    /// Files (pcap or pcapng, also in gzip, zstd, lz4, xz, bzip2 or zip), folders, or -
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// Interface to watch; repeatable
    #[arg(short, long = "interface", value_name = "INTERFACE")]
    pub interfaces: Vec<String>,
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Options that win over the configuration file.
#[derive(Debug, clap::Args)]
pub(super) struct CommonArgs {
    /// Configuration file
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Format of alerts: eve or native
    #[arg(long, value_name = "FORMAT", value_parser = |text: &str| text.parse::<OutputFormat>())]
    pub format: Option<OutputFormat>,
    /// File to append alerts to, or - for standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Records beside alerts: dns, tls, quic, http, flow (comma separated)
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = |text: &str| text.parse::<EventKind>())]
    pub events: Vec<EventKind>,
    /// Worker threads
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u8).range(THREADS))]
    pub threads: Option<u8>,
    /// The site's own networks; repeatable
    #[arg(long, value_name = "CIDR", value_parser = home_network)]
    pub home_net: Vec<IpNet>,
    /// Summary on standard error: text, json or none
    #[arg(long, value_name = "STYLE", value_parser = |text: &str| text.parse::<SummaryStyle>())]
    pub summary: Option<SummaryStyle>,
    /// Only packets that match this filter, in tcpdump's language
    #[arg(short, long, value_name = "EXPRESSION")]
    pub filter: Option<String>,
    /// More intelligence: a file or folder; repeatable
    #[arg(long = "intel", value_name = "FILE")]
    pub intel_files: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// Configuration file; without it the built-in configuration is checked
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct IntelArgs {
    #[command(subcommand)]
    pub command: IntelCommand,
    /// Configuration file whose intelligence is asked
    #[arg(short, long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// More intelligence: a file or folder; repeatable
    #[arg(long = "intel", value_name = "FILE", global = true)]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum IntelCommand {
    /// Say what is known of names, addresses, endpoints or URLs; exit code 1 if of one nothing is
    Lookup {
        #[arg(required = true)]
        values: Vec<String>,
    },
    /// Say what is wrong with lists, line by line
    Lint {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Count what is loaded, with the date of each list
    Stats,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
