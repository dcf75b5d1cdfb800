//! The command line of the generator.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use minewatch_generator::{load, pcap, story};

/// Writes protocol-correct captures of cryptocurrency mining, to test sensors
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the sample captures, each with its story beside it
    Stories { folder: PathBuf },
    /// Write long downloads, about 900 bytes a packet: a capture without mining, to measure with
    Bulk {
        file: PathBuf,
        #[arg(long, default_value_t = 1_000_000_000)]
        bytes: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Write many open connections with small messages: the same, for tables of flows
    Flows {
        file: PathBuf,
        #[arg(long, default_value_t = 1_000_000)]
        flows: u32,
        #[arg(long, default_value_t = 8_000_000)]
        packets: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> io::Result<()> {
    match Arguments::parse().command {
        Command::Stories { folder } => stories(&folder),
        Command::Bulk { file, bytes, seed } => stream(&file, |out| load::bulk(out, bytes, seed)),
        Command::Flows { file, flows, packets, seed } => {
            stream(&file, |out| load::flows(out, flows, packets, seed))
        }
    }
}

fn stream(file: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    write(&mut out)?;
    out.flush()
}

fn stories(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for story in story::all() {
        let path = folder.join(story.name);
        let mut out = BufWriter::new(File::create(path.with_extension("pcap"))?);
        pcap::write(&mut out, story.link_type, &story.frames)?;
        out.flush()?;
        fs::write(path.with_extension("txt"), format!("{}\n", story.told))?;
    }
    Ok(())
}
