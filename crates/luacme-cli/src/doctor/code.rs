//! All that `luacme doctor` can find, by stable codes. `docs/doctor.md` has the same table.

use serde::Serialize;

/// How bad a finding is; the worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Certificates fail, or will.
    Error,
    /// Something may go wrong.
    Warning,
    /// Good to know.
    Info,
    /// As it should be.
    Ok,
}

impl Severity {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Ok => "ok",
        }
    }
}

/// What a code stands for.
struct Row {
    name: &'static str,
    severity: Severity,
    meaning: &'static str,
    fix: &'static str,
}

macro_rules! codes {
    ($($variant:ident, $name:literal, $severity:ident, $meaning:literal, $fix:literal;)*) => {
        /// What was found.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),*];

            const fn row(self) -> Row {
                match self {
                    $(Self::$variant => {
                        Row { name: $name, severity: Severity::$severity, meaning: $meaning, fix: $fix }
                    })*
                }
            }
        }
    };
}

impl Code {
    /// The code itself. It never changes its meaning.
    pub(crate) fn name(self) -> &'static str {
        self.row().name
    }

    pub(crate) fn severity(self) -> Severity {
        self.row().severity
    }

    /// What it means, without saying of what.
    pub(crate) fn meaning(self) -> &'static str {
        self.row().meaning
    }

    /// What to do; nothing where all is well.
    pub(crate) fn fix(self) -> Option<&'static str> {
        Some(self.row().fix).filter(|fix| !fix.is_empty())
    }
}

codes! {
    // This computer.
    PortFree, "port-free", Ok, "the port to listen on is free", "";
    PortHeld, "port-held", Error, "another program holds the port to listen on",
        "stop it while certificates are obtained, or use its web server with --webroot";
    PortInUse, "port-in-use", Info, "a program listens on the port that CAs look at",
        "if it is a web server, --webroot uses it; --standalone needs it stopped";
    PortForbidden, "port-forbidden", Error, "this user may not listen on the port",
        "run luacme as root";
    PortUnusable, "port-unusable", Error, "the address to listen on cannot be used",
        "give an address of this computer with --http-addr or --tls-addr";
    WebrootUnusable, "webroot-unusable", Error, "no file can be put into the web root",
        "give the folder that the web server shows, and run as somebody who may write there";
    WebrootServed, "webroot-served", Ok, "the web server shows what is put into the web root", "";
    WebrootNotServed, "webroot-not-served", Error, "the web server does not show what is put into the web root",
        "give the folder that it shows at http://NAME/ with --webroot";
    StandaloneReached, "standalone-reached", Ok, "the name leads to the listener", "";
    StandaloneNotReached, "standalone-not-reached", Error, "something else answers where our listener should",
        "let the name's address records, or the router's port 80, lead to this computer";
    StatelessSet, "stateless-set", Ok, "the web server answers by itself", "";
    StatelessNotSet, "stateless-not-set", Error, "the web server does not answer by itself",
        "put the lines that `luacme keyauth` prints into its configuration, and reload it";
    HttpAnswers, "http-answers", Ok, "the port that CAs look at can be reached", "";
    HttpRedirected, "http-redirected", Info, "the look for http-01 is redirected",
        "let /.well-known/acme-challenge/ be answered without a redirect";
    HttpSilent, "http-silent", Warning, "nothing answers on the port that CAs look at",
        "start a web server and let port 80 through the firewall, or prove control by DNS";
    HttpUnreachable, "http-unreachable", Error, "an IPv4 address does not answer",
        "let port 80 through the firewall, or correct the A record";
    TlsReached, "tls-reached", Ok, "the name leads to the listener for TLS", "";
    TlsNotReached, "tls-not-reached", Error, "something else answers where our listener for TLS should",
        "let the address records lead here, and what stands between pass acme-tls/1 on";
    TlsUnreachable, "tls-unreachable", Error, "the port for tls-alpn-01 cannot be reached",
        "let port 443 through the firewall, or correct the A record";
    Ipv6Unreachable, "ipv6-unreachable", Error, "an IPv6 address does not answer; CAs prefer IPv6",
        "let the server listen on IPv6 too, or take the AAAA record away";
    Ipv6Unchecked, "ipv6-unchecked", Info, "IPv6 cannot be checked: this computer has none",
        "run luacme doctor where there is IPv6";
    ClockRight, "clock-right", Ok, "this computer and the CA agree what time it is", "";
    ClockWrong, "clock-wrong", Warning, "this computer's clock differs from the CA's",
        "let the clock be set over the network (NTP)";
    FilesPrivate, "files-private", Ok, "nobody else can read the keys", "";
    KeyReadable, "key-readable", Error, "others can read a private key",
        "chmod 600 it, and replace the key if others are on this computer";
    FileForeign, "file-foreign", Warning, "a file of luacme's belongs to somebody else",
        "run luacme as one user always, and chown the file to that user";
    FileLinked, "file-linked", Warning, "a symbolic link stands where luacme keeps files",
        "put the file itself in its place";

    // DNS.
    DnsAgrees, "dns-agrees", Ok, "all name servers know the same addresses", "";
    DnsNxdomain, "dns-nxdomain", Error, "the name does not exist",
        "add an A or AAAA record for it, or leave the name out";
    DnsNoAddress, "dns-no-address", Error, "the name has no address",
        "add an A or AAAA record for it, or prove control by DNS";
    DnsServfail, "dns-servfail", Error, "DNS fails for the name",
        "look for broken DNSSEC or a zone that is not loaded, at https://dnsviz.net";
    DnsUnanswered, "dns-unanswered", Error, "no DNS server answers",
        "check the network, or name another server with --resolver";
    DnsAliasesBroken, "dns-aliases-broken", Error, "the aliases of the name lead nowhere",
        "correct the CNAME records";
    DnsZoneUnknown, "dns-zone-unknown", Error, "no zone, or no server of the zone, is found",
        "register the domain, and correct its NS records";
    DnsServerFailed, "dns-server-failed", Warning, "a name server of the zone does not answer as it should",
        "mend it, or take its NS record away";
    DnsServersDisagree, "dns-servers-disagree", Warning, "the name servers know different addresses",
        "wait for the zone transfer, or mend the server that lags";
    DnsDelegated, "dns-delegated", Info, "the challenge's name is kept elsewhere",
        "let the solver write there";
    DnsLeftoverTxt, "dns-leftover-txt", Warning, "there are TXT records of earlier challenges",
        "take them away, unless they belong to an order that is not finished";
    PersistExpiring, "persist-expiring", Warning, "a record for dns-persist-01 ends soon",
        "publish one with a later persistUntil";
    PersistExpired, "persist-expired", Error, "a record for dns-persist-01 has ended",
        "publish one with a later persistUntil, or take it away";
    AddressReserved, "address-reserved", Error, "no CA can reach the address",
        "let the name have public addresses alone, or prove control by DNS";
    CaaPermits, "caa-permits", Ok, "CAA records let this CA issue", "";
    CaaForbids, "caa-forbids", Error, "CAA records do not let this CA issue",
        "add a CAA record for this CA, or ask one that the records name";
    CaaOtherAccount, "caa-other-account", Error, "CAA records let this CA issue to another account alone",
        "put the account's URL into the record's accounturi, or use the account it names";
    CaaOtherMethod, "caa-other-method", Error, "CAA records do not let control be proven this way",
        "add the challenge type to the record's validationmethods, or choose one it names";
    CaaCritical, "caa-critical", Error, "a CAA record has a critical tag that CAs do not know",
        "take the record away, or its critical flag";
    CaaUnanswered, "caa-unanswered", Error, "CAA records cannot be read, so no CA may issue",
        "let the name servers answer questions for CAA records";
    CaaUnjudged, "caa-unjudged", Info, "there are CAA records, and the CA does not say its names",
        "see that one of them is for this CA";

    // The CA.
    CaAnswers, "ca-answers", Ok, "the CA's directory can be read", "";
    CaUnreachable, "ca-unreachable", Error, "the CA cannot be reached",
        "check --server and the network; a private CA needs --ca-file";
    CaUnusable, "ca-unusable", Error, "what answers is no ACME directory",
        "check --server: it must be the URL of an ACME directory";
    CaBindingNeeded, "ca-binding-needed", Warning, "new accounts need an external account binding",
        "get a key id and key from the CA's web site first";
    CaTerms, "ca-terms", Info, "the CA has terms of service",
        "read them; agree with --agree-tos";
    CaProfiles, "ca-profiles", Info, "the CA offers several kinds of certificates",
        "none: without a choice the CA takes its usual one";
    CaChallengesUnknown, "ca-challenges-unknown", Info, "only an order shows the challenge types",
        "run luacme getcert; if the CA offers none that fits, it says which it offers";
    AccountNone, "account-none", Info, "there is no account yet",
        "none: getcert registers one";
    AccountValid, "account-valid", Ok, "the CA knows the account", "";
    AccountUnknown, "account-unknown", Error, "the CA does not know the account",
        "check --server, or move the account file away and register anew";
    AccountNotValid, "account-not-valid", Error, "the account is deactivated or revoked",
        "move the account file and its key away and register anew";
    AccountUnchecked, "account-unchecked", Warning, "the CA does not show the account",
        "try again later; some CAs never do";

    Unfinished, "unfinished", Info, "some checks did not end in time",
        "run luacme doctor for fewer names";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_is_this_one() {
        let row = |code: &Code| {
            let (name, severity, meaning) = (code.name(), code.severity().as_str(), code.meaning());
            format!("| `{name}` | {severity} | {meaning} | {} |", code.fix().unwrap_or("").replace('|', "\\|"))
        };
        let want = Code::ALL.iter().map(row).collect::<Vec<_>>().join("\n");
        let found = include_str!("../../../../docs/doctor.md").split_once("|---|---|---|---|\n").unwrap().1;
        assert!(found.trim_end() == want, "the table in docs/doctor.md should be\n{want}");
    }

    #[test]
    fn what_is_wrong_has_a_fix_and_what_is_right_none() {
        for code in Code::ALL {
            assert_eq!(code.fix().is_none(), code.severity() == Severity::Ok, "{code:?}");
        }
    }

    #[test]
    fn every_code_is_provoked_by_a_test() {
        let tests = concat!(
            include_str!("../../tests/cli/doctor/ca.rs"),
            include_str!("../../tests/cli/doctor/dns.rs"),
            include_str!("../../tests/cli/doctor/local.rs"),
            include_str!("jobs.rs"),
            include_str!("ports.rs"),
            include_str!("state_files.rs"),
        );
        let untested: Vec<_> =
            Code::ALL.iter().map(|code| code.name()).filter(|name| !tests.contains(&format!("\"{name}\""))).collect();
        assert_eq!(untested, Vec::<&str>::new());
    }
}
