//! Behaviours switched on: `name` or `name=NUMBER`, and what is left of those that happen a number of times.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use crate::behaviour::{Amount, Behaviour};

/// A behaviour with its number. A [`Behaviour`] alone turns into one with the number that is usual for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    behaviour: Behaviour,
    number: u64,
}

impl Behaviour {
    /// This behaviour so many times, in so many percent of cases, …: see [`Behaviour::amount`]. Switches are off with
    /// 0 and on with any other number.
    pub fn with(self, number: u64) -> Setting {
        Setting { behaviour: self, number }
    }
}

impl From<Behaviour> for Setting {
    fn from(behaviour: Behaviour) -> Self {
        let number = match behaviour.amount() {
            Amount::Always | Amount::Switch => 1,
            Amount::Times(usual) | Amount::Percent(usual) | Amount::Number(usual, _) => usual,
        };
        behaviour.with(number)
    }
}

impl FromStr for Setting {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let (name, number) = text.split_once('=').map_or((text, None), |(name, number)| (name, Some(number)));
        let known = Behaviour::ALL.iter().find(|behaviour| behaviour.name() == name);
        let behaviour = *known.ok_or_else(|| SettingError::Unknown(name.to_string()))?;
        let bad = |expected| SettingError::Number { name: behaviour.name(), found: text.to_string(), expected };
        match (number, behaviour.amount()) {
            (None, _) => Ok(behaviour.into()),
            (Some(_), Amount::Always | Amount::Switch) => Err(bad("no number")),
            (Some(number), Amount::Percent(_)) => match number.parse() {
                Ok(percent @ 0..=100) => Ok(behaviour.with(percent)),
                _ => Err(bad("a percentage from 0 to 100")),
            },
            (Some(number), _) => number.parse().map(|number| behaviour.with(number)).map_err(|_| bad("a number")),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.behaviour.amount() {
            Amount::Always | Amount::Switch => f.write_str(self.behaviour.name()),
            _ => write!(f, "{}={}", self.behaviour.name(), self.number),
        }
    }
}

/// Why a text is no [`Setting`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// No behaviour has this name.
    #[error("no behaviour is called {0:?}: `acme-testca --list` shows them all")]
    Unknown(String),
    /// The number is none, or there should be none.
    #[error("found {found:?}, but {name} takes {expected}")]
    Number {
        /// The behaviour.
        name: &'static str,
        /// The whole text.
        found: String,
        /// What belongs after the name.
        expected: &'static str,
    },
}

/// The settings of one CA: of two for the same behaviour, the later counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings(HashMap<Behaviour, u64>);

impl Settings {
    pub(crate) fn set(&mut self, setting: Setting) {
        match (setting.behaviour.amount(), setting.number) {
            (Amount::Switch, 0) => self.unset(setting.behaviour),
            _ => drop(self.0.insert(setting.behaviour, setting.number)),
        }
    }

    pub(crate) fn unset(&mut self, behaviour: Behaviour) {
        self.0.remove(&behaviour);
    }

    /// Its number, if it is on.
    pub(crate) fn number(&self, behaviour: Behaviour) -> Option<u64> {
        self.0.get(&behaviour).copied()
    }

    /// Counts one down; false when none was left.
    pub(crate) fn take(&mut self, behaviour: Behaviour) -> bool {
        match self.0.get_mut(&behaviour) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn settings_are_read_and_written() {
        for (why, text, want) in [
            ("a switch", "nonce-204", Ok("nonce-204")),
            ("the usual number", "html-504", Ok("html-504=1")),
            ("times", "html-504=3", Ok("html-504=3")),
            ("percent", "nonce-rejection=50", Ok("nonce-rejection=50")),
            ("seconds", "retry-after=7", Ok("retry-after=7")),
            ("beyond 100 %", "nonce-rejection=101", Err("a percentage from 0 to 100")),
            ("no number", "retry-after=x", Err("a number")),
            ("a number for a switch", "nonce-204=2", Err("no number")),
            ("a number for what is always so", "shuffled=2", Err("no number")),
            ("unknown", "nonce-205", Err("--list")),
        ] {
            match (text.parse::<Setting>(), want) {
                (Ok(setting), Ok(want)) => assert_eq!(setting.to_string(), want, "{why}"),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{why}: {error}"),
                (found, _) => panic!("{why}: {found:?}"),
            }
        }
    }

    #[test]
    fn names_are_kebab_case_and_unique() {
        let names: HashSet<_> = Behaviour::ALL.iter().map(|behaviour| behaviour.name()).collect();
        assert_eq!(names.len(), Behaviour::ALL.len());
        let allowed = |name: &&str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert_eq!(names.iter().find(|name| !allowed(name)), None);
        for behaviour in Behaviour::ALL {
            assert_eq!(Setting::from(*behaviour).to_string().parse(), Ok(Setting::from(*behaviour)), "{behaviour:?}");
        }
    }

    #[test]
    fn what_happens_a_number_of_times_is_counted_down() {
        let mut settings = Settings::default();
        settings.set(Behaviour::Html504.with(2));
        let taken = std::array::from_fn(|_| settings.take(Behaviour::Html504));
        assert_eq!(taken, [true, true, false]);
    }
}
