//! The command line of the generator.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use minewatch_generator::{pcap, story};

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
}

fn main() -> io::Result<()> {
    match Arguments::parse().command {
        Command::Stories { folder } => stories(&folder),
    }
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
