//! Rows that stay in their files: opened, read once, and trained on with progress on the terminal.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use splinterp::data::{Dataset, NormalisationKind, RowStream, Sequences, StreamOptions};
use splinterp::progress::Observer;

/// How test rows are drawn.
pub enum TestBy {
    /// Blocks of neighbouring rows.
    Row,
    /// Whole sequences, as the caller or the shapes of the files say them.
    Sequence(Option<Sequences>),
    /// Whole sequences where the shapes of the files say them, else blocks.
    Known,
}

/// How many test rows there are to be, and by which seed.
pub struct HoldOut {
    pub rows: usize,
    pub seed: u64,
    pub by: TestBy,
}

impl HoldOut {
    fn parts(self, all: &RowStream) -> Result<(RowStream, RowStream), Box<dyn Error>> {
        let known = match self.by {
            TestBy::Row => None,
            TestBy::Sequence(Some(given)) => Some(given),
            TestBy::Sequence(None) => Some(all.sequences().ok_or_else(|| {
                let name = all.name();
                format!("{name}: testBy=sequence takes arrays [batch, sequence, width], or sequence=ROWS or tokens=FILE")
            })?),
            TestBy::Known => all.sequences(),
        };
        let Some(sequences) = known else {
            eprintln!("test rows: blocks of neighbouring rows");
            return Ok(all.hold_out(self.rows, self.seed)?);
        };
        eprintln!("test rows: whole sequences");
        Ok(all.hold_out_sequences(self.rows, self.seed, &sequences)?)
    }
}

/// Rows to train on, and rows to test on that are in memory. The model sees both by the same normalisation.
pub async fn rows(
    path: &Path,
    options: StreamOptions,
    hold_out: HoldOut,
    kind: NormalisationKind,
) -> Result<(RowStream, Dataset), Box<dyn Error>> {
    let all = RowStream::open_path(path, options).await?;
    eprintln!("{}: {} rows of {} values", all.name(), all.rows(), all.cols());
    let (train, held_out) = hold_out.parts(&all)?;
    let mut progress = Terminal::new("means and deviations");
    let train = train.normalised(kind, &mut |done, total| progress.show(done, total)).await?;
    progress.end(train.rows());
    let test = held_out.load(&mut |_, _| ControlFlow::Continue(())).await?;
    Ok((train.clone(), train.normalise(test.rows)?))
}

/// Time between two lines.
const EVERY: Duration = Duration::from_millis(500);
/// The same where every line stays.
const EVERY_IN_A_FILE: Duration = Duration::from_secs(30);

/// Progress on the terminal: one line that is written over, or now and then a line where the output goes elsewhere.
pub struct Terminal {
    what: String,
    begun: Instant,
    shown: Instant,
    is_terminal: bool,
}

impl Terminal {
    pub fn new(what: impl Into<String>) -> Self {
        let now = Instant::now();
        Self { what: what.into(), begun: now, shown: now, is_terminal: std::io::stderr().is_terminal() }
    }

    pub fn show(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        let every = if self.is_terminal { EVERY } else { EVERY_IN_A_FILE };
        if self.shown.elapsed() >= every && done > 0 {
            self.shown = Instant::now();
            let share = done as f64 / total as f64;
            let left = self.begun.elapsed().as_secs_f64() * (1.0 - share) / share;
            let (start, end) = if self.is_terminal { ("\r", "\x1b[K") } else { ("", "\n") };
            eprint!("{start}{}: {:.1} %, {} left{end}", self.what, 100.0 * share, duration(left));
            let _ = std::io::stderr().flush();
        }
        ControlFlow::Continue(())
    }

    /// Says how many rows that were, and how fast they came.
    pub fn end(&self, rows: u64) {
        let seconds = self.begun.elapsed().as_secs_f64();
        let (start, end) = if self.is_terminal { ("\r", "\x1b[K") } else { ("", "") };
        let rate = rows as f64 / seconds;
        eprintln!("{start}{}: {rows} rows in {}, {rate:.0} rows a second{end}", self.what, duration(seconds));
    }
}

impl Observer for Terminal {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        self.show(done, total)
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.1} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// Most bytes of memory that this process has held, where the system tells (Linux).
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| 1024 * kilobytes)
}
