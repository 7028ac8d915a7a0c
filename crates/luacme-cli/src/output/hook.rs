//! What the user sees of the hooks of a certificate.

use serde_json::json;

use super::{Channel, Output, line, note};
use crate::failure::one_line;
use crate::hooks::Moment;

impl Output {
    /// A hook is run now; what it writes comes after this.
    pub(crate) fn hook_begins(&self, moment: Moment, command: &str) {
        match &*self.channel {
            Channel::Quiet | Channel::Json { .. } => {}
            _ => self.suspend(|| note(&one_line(&format!("{} {command}", moment.name())))),
        }
    }

    /// A hook has ended. Why it failed stands in the error, too.
    pub(crate) fn hook_ended(&self, moment: Moment, command: &str, failed: Option<&str>) {
        if let Channel::Json { .. } = &*self.channel {
            let event = moment.name().replace([' ', '-'], "_");
            line(&json!({"event": event, "command": command, "failed": failed}).to_string());
        }
    }
}
