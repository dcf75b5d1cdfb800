//! The command line of the generator.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use minewatch_generator::capture::{self, Capture, Order, Segmentation};
use minewatch_generator::dialect::Dialect;
use minewatch_generator::disguise::Disguise;
use minewatch_generator::link::Link;
use minewatch_generator::network::Network;
use minewatch_generator::{load, look_alike, matrix, story, truth};

/// Writes protocol-correct captures of cryptocurrency mining, with the truth beside them, to test
/// sensors
#[derive(Parser)]
#[command(name = "minewatch-generator", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// One capture to order
    Capture(Box<Ordered>),
    /// Every dialect with every disguise, and one on every link and in every cut
    Matrix {
        folder: PathBuf,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// A small capture of every dialect
    Golden { folder: PathBuf },
    /// Traffic that looks like mining and is none
    LookAlikes { folder: PathBuf },
    /// Published incidents retold, each with its story beside it
    Stories { folder: PathBuf },
    /// Long downloads, about 900 bytes a packet: a capture without mining, to measure with
    Bulk {
        file: PathBuf,
        #[arg(long, default_value_t = 1_000_000_000)]
        bytes: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Visits to web sites, about 700 bytes a packet and a new flow every nine: the same, for new flows
    Web {
        file: PathBuf,
        #[arg(long, default_value_t = 50_000)]
        visits: u32,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Many open connections with small messages: the same, for tables of flows
    Flows {
        file: PathBuf,
        #[arg(long, default_value_t = 1_000_000)]
        flows: u32,
        #[arg(long, default_value_t = 8_000_000)]
        packets: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// What can be ordered
    List,
}

#[derive(Args)]
struct Ordered {
    #[arg(long)]
    dialect: Dialect,
    /// May be given several times, or separated by commas; proxies are nested in this order
    #[arg(long, value_delimiter = ',', hide_possible_values = true)]
    disguise: Vec<Disguise>,
    #[arg(long, default_value = "ethernet")]
    link: Link,
    #[arg(long, default_value = "v4")]
    ip: Network,
    #[arg(long, default_value = "message")]
    segmentation: Segmentation,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Miners on the same chain hear of blocks at the same moments; the seed if not given
    #[arg(long)]
    chain: Option<u64>,
    /// Shares that the miner submits
    #[arg(long, default_value_t = 20)]
    shares: usize,
    /// Hashes per second
    #[arg(long, value_parser = positive)]
    hashrate: Option<f64>,
    /// Seconds between shares that the pool aims at
    #[arg(long, default_value = "15", value_parser = positive)]
    share_gap: f64,
    /// A name that the client looks up first
    #[arg(long)]
    pool_name: Option<String>,
    /// The capture; its truth gets the extension .json
    #[arg(long, default_value = "mining.pcap")]
    out: PathBuf,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("is no number above zero".into()),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("minewatch-generator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> io::Result<()> {
    match command {
        Command::Capture(ordered) => capture(*ordered),
        Command::Matrix { folder, seed } => {
            let orders = [matrix::disguises(seed), matrix::links(seed)].concat();
            written(matrix::write(&folder, &orders)?.len(), &folder)
        }
        Command::Golden { folder } => {
            written(matrix::write(&folder, &matrix::golden())?.len(), &folder)
        }
        Command::LookAlikes { folder } => look_alikes(&folder),
        Command::Stories { folder } => stories(&folder),
        Command::Bulk { file, bytes, seed } => stream(&file, |out| load::bulk(out, bytes, seed)),
        Command::Web { file, visits, seed } => stream(&file, |out| load::web(out, visits, seed)),
        Command::Flows { file, flows, packets, seed } => {
            stream(&file, |out| load::flows(out, flows, packets, seed))
        }
        Command::List => {
            list();
            Ok(())
        }
    }
}

fn written(captures: usize, folder: &Path) -> io::Result<()> {
    eprintln!("{captures} captures in {}", folder.display());
    Ok(())
}

fn capture(ordered: Ordered) -> io::Result<()> {
    let order = Order {
        dialect: ordered.dialect,
        disguises: ordered.disguise,
        link: ordered.link,
        network: ordered.ip,
        segmentation: ordered.segmentation,
        seed: ordered.seed,
        chain: ordered.chain.unwrap_or(ordered.seed),
        shares: ordered.shares,
        hashrate: ordered.hashrate,
        share_gap: ordered.share_gap,
        pool_name: ordered.pool_name,
    };
    let file = ordered.out.file_name().map(|name| name.to_string_lossy().into_owned());
    let capture = capture::record(&order, &file.unwrap_or_default()).map_err(io::Error::other)?;
    matrix::write_one(&ordered.out, &capture)
}

fn look_alikes(folder: &Path) -> io::Result<()> {
    let captures = look_alike::all();
    for (name, capture) in &captures {
        matrix::write_one(&folder.join(name).with_extension("pcap"), capture)?;
    }
    let truths: Vec<truth::File> = captures.into_iter().map(|(_, c)| c.truth).collect();
    matrix::write_truths(folder, &truths)?;
    written(truths.len(), folder)
}

fn stories(folder: &Path) -> io::Result<()> {
    for story in story::all() {
        let path = folder.join(story.name).with_extension("pcap");
        let file = format!("{}.pcap", story.name);
        let mut truth = truth::File::of(&file, story.link_type, &story.frames, &story.streams);
        truth.told = Some(story.told.into());
        let (link_type, frames) = (story.link_type, story.frames);
        matrix::write_one(&path, &Capture { link_type, frames, truth })?;
        std::fs::write(path.with_extension("txt"), format!("{}\n", story.told))?;
    }
    Ok(())
}

fn stream(file: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    write(&mut out)?;
    out.flush()
}

fn list() {
    section::<Dialect>("Dialects");
    section::<Disguise>("Disguises");
    section::<Link>("Links");
    section::<Network>("IP");
    section::<Segmentation>("Segmentation");
    println!("Look-alikes");
    for (name, capture) in look_alike::all() {
        println!("  {name:<21} {}", capture.truth.told.unwrap_or_default());
    }
}

fn section<T: clap::ValueEnum>(title: &str) {
    println!("{title}");
    for value in T::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value) {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        println!("{}", format!("  {:<21} {help}", value.get_name()).trim_end());
    }
    println!();
}
