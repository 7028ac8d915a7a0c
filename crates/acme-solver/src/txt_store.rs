//! The seam to whoever keeps the TXT records of a zone: a name server, a provider's API, a program.

use acme_account::SolverError;
use acme_proto::TxtRecord;

/// Puts TXT records into the DNS and takes them away again.
pub trait TxtStore: Send + Sync {
    /// Adds records beside those that are there, also at the same name. Adding one that is there changes nothing. One result
    /// for each record, in the same order; of a record whose result is an error nothing stays.
    fn add(&self, records: &[TxtRecord]) -> Vec<Result<(), SolverError>>;

    /// Removes exactly these records, name and value, and no other. Without such a record it does nothing. One result for
    /// each record, in the same order; after an error the record may still be there.
    fn remove(&self, records: &[TxtRecord]) -> Vec<Result<(), SolverError>>;

    /// Where an alias (CNAME) of the record's name must lead, if the store keeps the record under another name. Without it
    /// nobody finds the record, however long one waits.
    fn alias(&self, record: &TxtRecord) -> Option<String> {
        let _ = record;
        None
    }
}
