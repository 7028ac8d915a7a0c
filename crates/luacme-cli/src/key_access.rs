//! Who may read the private key of a certificate.

use std::fmt;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Whom a private key belongs to, and who may read it. What is not said is as for any file that is the owner's alone.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyAccess {
    /// Its permissions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<KeyMode>,
    /// A user by name or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    /// A group by name or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
}

/// The permissions of a private key: never any for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct KeyMode(u32);

impl KeyAccess {
    /// Whether nothing is said.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses users and groups that are not known, before anything is asked for.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.ids().map(drop)
    }

    /// Gives a file its owner, then opens it for those who may read it.
    pub(crate) fn give(&self, file: &Path) -> Result<(), Failure> {
        let (owner, group) = self.ids()?;
        if owner.is_some() || group.is_some() {
            chown(file, owner, group).map_err(|error| Failure::file("change the owner of", file, error))?;
        }
        let KeyMode(mode) = self.mode.unwrap_or(KeyMode(0o600));
        fs::set_permissions(file, Permissions::from_mode(mode))
            .map_err(|error| Failure::file("change the mode of", file, error))
    }

    fn ids(&self) -> Result<(Option<u32>, Option<u32>), Failure> {
        let id = |name: &Option<String>, kind: &str, list: &str| match name {
            Some(name) => id(name, Path::new(list)).map(Some).ok_or_else(|| unknown(kind, name, list)),
            None => Ok(None),
        };
        Ok((id(&self.owner, "user", "/etc/passwd")?, id(&self.group, "group", "/etc/group")?))
    }
}

/// A number, or what stands third in the line of that name (passwd(5), group(5)).
fn id(name: &str, list: &Path) -> Option<u32> {
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    let text = fs::read_to_string(list).ok()?;
    let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    lines.find(|fields| fields.first() == Some(&name)).and_then(|fields| fields.get(2)?.parse().ok())
}

fn unknown(kind: &str, name: &str, list: &str) -> Failure {
    Failure::usage(
        format!("there is no {kind} {name:?} in {list}"),
        format!("give a {kind} that is there, or its number if it is kept elsewhere"),
    )
}

impl FromStr for KeyMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match u32::from_str_radix(text, 8) {
            Ok(mode) if mode & 0o007 != 0 => Err("a private key is not for everybody: let a group read it".to_owned()),
            Ok(mode @ 0o400..=0o770) if mode & 0o400 != 0 => Ok(Self(mode)),
            _ => Err("give a mode like 0600 or 0640".to_owned()),
        }
    }
}

impl fmt::Display for KeyMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl TryFrom<String> for KeyMode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<KeyMode> for String {
    fn from(mode: KeyMode) -> Self {
        mode.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_for_everybody() {
        for (why, text, want) in [
            ("its owner's alone", "0600", Some("0600")),
            ("a group's too", "640", Some("0640")),
            ("not to be written", "0400", Some("0400")),
            ("everybody's", "0644", None),
            ("to be listed by everybody", "0601", None),
            ("nobody's", "0", None),
            ("with the bit that changes users", "4600", None),
            ("not octal", "0680", None),
            ("in letters", "u=rw", None),
        ] {
            assert_eq!(text.parse::<KeyMode>().ok().map(|mode| mode.to_string()).as_deref(), want, "{why}");
        }
    }

    #[test]
    fn names_are_looked_up() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("group");
        fs::write(&list, "root:x:0:\nssl-cert:x:109:www-data\nbroken:x\n").unwrap();
        for (why, name, want) in [
            ("by name", "ssl-cert", Some(109)),
            ("by number, listed or not", "4711", Some(4711)),
            ("not there", "ssl", None),
            ("without a number", "broken", None),
        ] {
            assert_eq!(id(name, &list), want, "{why}");
        }
    }
}
