//! The command line.

/// Something to read, and how long to wait between two readings at least.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) path: String,
    pub(crate) every_ms: u64,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) hz: u64,
    pub(crate) seconds: u64,
    /// Distance from the real-time grid, as a part of the interval.
    pub(crate) phase: f64,
    pub(crate) files: Vec<Target>,
    pub(crate) mounts: Vec<Target>,
    /// Time between two dumps of the listening sockets; `None` without them.
    pub(crate) listening_every_ms: Option<u64>,
    /// Time between two readings of the perf counters; `None` without them.
    pub(crate) counters_every_ms: Option<u64>,
}

impl Arguments {
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--hz" => arguments.hz = number(&value()?)?,
                "--seconds" => arguments.seconds = number(&value()?)?,
                "--phase" => arguments.phase = number(&value()?)?,
                "--listening" => arguments.listening_every_ms = Some(number(&value()?)?),
                "--counters" => arguments.counters_every_ms = Some(number(&value()?)?),
                "--mount" => arguments.mounts.push(target(&value()?)),
                flag if flag.starts_with("--") => return Err(format!("unknown flag {flag}")),
                path => arguments.files.push(target(path)),
            }
        }
        if !(1..=1000).contains(&arguments.hz) || arguments.seconds == 0 {
            return Err("--hz (1 to 1000) and --seconds are needed".to_owned());
        }
        if !(0.0..1.0).contains(&arguments.phase) {
            return Err("--phase is from 0 to below 1".to_owned());
        }
        Ok(arguments)
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("not a number: {text}"))
}

/// `PATH` or `PATH@MS`; an `@` that no number follows belongs to the path.
fn target(word: &str) -> Target {
    let limited = word.rsplit_once('@').and_then(|(path, every_ms)| Some((path, every_ms.parse().ok()?)));
    let (path, every_ms) = limited.unwrap_or((word, 0));
    Target { path: path.to_owned(), every_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn reads_files_mounts_and_their_periods() {
        let arguments = parse(
            "--hz 100 --seconds 5 --phase 0.5 --listening 10 --counters 0 --mount /mnt/a@b@1000 /proc/stat x@500",
        );
        let target = |path: &str, every_ms| Target { path: path.to_owned(), every_ms };
        let expected = Arguments {
            hz: 100,
            seconds: 5,
            phase: 0.5,
            files: vec![target("/proc/stat", 0), target("x", 500)],
            mounts: vec![target("/mnt/a@b", 1000)],
            listening_every_ms: Some(10),
            counters_every_ms: Some(0),
        };
        assert_eq!(arguments, Ok(expected));
    }

    #[test]
    fn refuses_what_it_cannot_do() {
        for line in ["", "--hz 0 --seconds 1", "--hz 1001 --seconds 1", "--hz 1", "--hz one", "--hz", "--who 1"] {
            assert!(parse(line).is_err(), "{line}");
        }
        assert!(parse("--hz 1 --seconds 1 --phase 1").is_err());
    }
}
