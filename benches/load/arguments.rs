//! The command line.

use std::{path::PathBuf, time::Duration};

use crate::{
    Result,
    options::Options,
    peers,
    scenarios::{ALL, Scenario, compare, compare::Comparison},
};

/// What is to be run.
#[derive(Default)]
pub struct Plan {
    pub scenarios: Vec<&'static Scenario>,
    /// Only those that are named.
    pub comparisons: Vec<&'static Comparison>,
    pub options: Options,
}

pub enum Parsed {
    Run(Plan),
    /// Nothing to measure, only this to say.
    Show(String),
}

impl Plan {
    /// Reads the arguments after the program's name.
    ///
    /// `cargo bench` adds `--bench` to what the user wrote. `cargo test
    /// --benches` adds nothing, and must not spend minutes here: without
    /// `--bench` and without a scenario there is nothing to do.
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Parsed> {
        let Self { mut scenarios, mut comparisons, mut options } = Self::default();
        let mut server: Option<PathBuf> = None;
        let mut by_cargo_bench = false;
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().ok_or_else(|| format!("{argument} needs a value (see --help)"));
            match argument.as_str() {
                "--bench" => by_cargo_bench = true,
                "--test" => return Ok(Parsed::Show("load: nothing to test".into())),
                "--help" | "-h" => return Ok(Parsed::Show(help())),
                "--json" => options.json = true,
                "--seconds" => options.measured = seconds(&value()?)?,
                "--repeat" => options.repeat = repeat(&value()?)?,
                "--tls" => options.tls = true,
                "--postgres" => options.postgres = true,
                "--deflate" => options.deflate = true,
                "--content" => options.content = content(&value()?)?,
                "--server" => server = Some(value()?.into()),
                "--data-dir" => options.data_root = value()?.into(),
                "--readers" => options.readers = readers(&value()?)?,
                "--against" => options.against = against(&value()?)?,
                name => match comparison(name) {
                    Some(comparison) => comparisons.push(comparison),
                    None => scenarios.push(scenario(name)?),
                },
            }
        }
        if scenarios.is_empty() && comparisons.is_empty() {
            if !by_cargo_bench {
                return Ok(Parsed::Show("load: nothing to measure (see --help)".into()));
            }
            scenarios = ALL.iter().filter(|scenario| !scenario.on_request).collect();
        }
        options.server = server.map_or_else(parlor_benches::built, Ok)?;
        // The server is started in its data directory.
        options.server = std::path::absolute(&options.server)?;
        options.data_root = std::path::absolute(&options.data_root)?;
        std::fs::create_dir_all(&options.data_root)?;
        Ok(Parsed::Run(Self { scenarios, comparisons, options }))
    }
}

fn scenario(name: &str) -> Result<&'static Scenario> {
    let known = ALL.iter().find(|scenario| scenario.name == name);
    Ok(known.ok_or_else(|| format!("there is no scenario or option {name:?} (see --help)"))?)
}

fn comparison(name: &str) -> Option<&'static Comparison> {
    compare::ALL.iter().find(|comparison| comparison.name == name)
}

fn against(text: &str) -> Result<Vec<String>> {
    let names: Vec<String> = text.split(',').map(str::to_string).collect();
    for name in &names {
        if !peers::ALL.iter().any(|peer| peer.name == name) {
            let known: Vec<&str> = peers::ALL.iter().map(|peer| peer.name).collect();
            return Err(format!("--against takes {}, not {name:?}", known.join(",")).into());
        }
    }
    Ok(names)
}

fn readers(text: &str) -> Result<Vec<usize>> {
    let number =
        |text: &str| text.parse().map_err(|_| format!("--readers takes numbers, not {text:?}"));
    Ok(text.split(',').map(number).collect::<std::result::Result<_, _>>()?)
}

fn seconds(text: &str) -> Result<Duration> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("--seconds takes 0.1 to 3600, not {text:?}").into()),
    }
}

fn repeat(text: &str) -> Result<usize> {
    match text.parse() {
        Ok(repeat @ 1..=100) => Ok(repeat),
        _ => Err(format!("--repeat takes 1 to 100, not {text:?}").into()),
    }
}

/// Up to what the server takes by default.
fn content(text: &str) -> Result<usize> {
    match text.parse() {
        Ok(bytes @ 32..=16_384) => Ok(bytes),
        _ => Err(format!("--content takes 32 to 16384, not {text:?}").into()),
    }
}

fn help() -> String {
    let mut text = String::from(
        "cargo bench --bench load -- [scenario…] [options]\n\n\
         \x20 --json           one JSON object per line on stdout, the tables on stderr\n\
         \x20 --seconds N      how long each case is measured (5)\n\
         \x20 --repeat N       runs of each case, the medians are shown (1)\n\
         \x20 --tls            everything over TLS, with a certificate of its own\n\
         \x20 --postgres       on the PostgreSQL of scripts/with-services, not on SQLite\n\
         \x20 --deflate        agrees on permessage-deflate\n\
         \x20 --content BYTES  content of a message (100)\n\
         \x20 --server PATH    the server's executable (the one cargo has built)\n\
         \x20 --data-dir PATH  where the servers keep their data meanwhile (below target)\n\
         \x20 --against A,B    compare with these only\n\
         \x20 --readers A,B    compare fan-outs into so many only\n\n\
         Scenarios (without a name: all but those marked *)\n",
    );
    for scenario in ALL {
        let mark = if scenario.on_request { "*" } else { " " };
        text.push_str(&format!(" {mark}{:<14} {}\n", scenario.name, scenario.about));
    }
    text.push_str("\nComparisons (only when named)\n");
    for comparison in compare::ALL {
        text.push_str(&format!("  {:<14} {}\n", comparison.name, comparison.about));
    }
    text
}
