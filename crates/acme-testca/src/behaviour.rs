//! How the CA behaves, by name: what the protocol leaves open, and what it forbids but servers do.

/// What the number after a behaviour's name counts: `name=NUMBER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Amount {
    /// The CA is always so; naming it changes nothing.
    Always,
    /// On or off: no number.
    Switch,
    /// How many times it happens; without a number, so many times. Then the CA is its plain self again.
    Times(u64),
    /// In how many of 100 cases it happens, 0 to 100; without a number, in so many.
    Percent(u64),
    /// A number of these; without one, so many.
    Number(u64, &'static str),
}

/// What a behaviour is, as `--list` shows it.
struct Row {
    name: &'static str,
    amount: Amount,
    description: &'static str,
    servers: &'static str,
}

macro_rules! behaviours {
    ($($variant:ident, $name:literal, $amount:expr, $description:literal, $servers:literal;)*) => {
        /// One way in which the CA can differ from its plain self, or (see [`Amount::Always`]) always does from what a
        /// simple-minded client expects.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Behaviour {
            $(
                #[doc = concat!("`", $name, "`: ", $description, ". Seen at: ", $servers, ".")]
                $variant,
            )*
        }

        impl Behaviour {
            /// All of them, each once.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            fn row(self) -> Row {
                use Amount::{Always, Number, Percent, Switch, Times};
                match self {
                    $(Self::$variant => {
                        Row { name: $name, amount: $amount, description: $description, servers: $servers }
                    })*
                }
            }
        }
    };
}

impl Behaviour {
    /// Its name, as `eab-once`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What the CA does, in a line.
    pub fn description(self) -> &'static str {
        self.row().description
    }

    /// The CAs that were seen to do it.
    pub fn servers(self) -> &'static str {
        self.row().servers
    }

    /// What its number means, and which it is when none is given.
    pub fn amount(self) -> Amount {
        self.row().amount
    }
}

behaviours! {
    // Requests and nonces.
    UserAgentRequired, "user-agent-required", Always,
        "a request without User-Agent is refused, the directory too", "Buypass, Pebble 2.10";
    RandomPaths, "random-paths", Always, "all paths but the directory's are random", "Pebble";
    Shuffled, "shuffled", Always, "identifiers, authorizations and challenges come in any order", "Pebble";
    NoReasonPhrase, "no-reason-phrase", Always, "status lines have no reason phrase", "HTTP/2 front ends";
    NonceOnPostOnly, "nonce-on-post-only", Always, "only POST and newNonce answers have a nonce", "Pebble";
    KidExact, "kid-exact", Always, "kid must be the account URL to the letter, host name too", "Let's Encrypt";
    NonceRejection, "nonce-rejection", Percent(5), "good nonces are refused with badNonce", "Pebble";
    Restart, "restart", Number(3, "requests"),
        "all nonces are forgotten just before this signed request since the start", "Let's Encrypt, after a restart";
    BadNonceAs500, "bad-nonce-as-500", Times(1), "a nonce is refused with HTTP 500 and no problem type", "Dogtag";
    NoReplayNonce, "no-replay-nonce", Percent(100), "answers to POST have no Replay-Nonce", "acmeeh when busy";
    BadReplayNonce, "bad-replay-nonce", Percent(100), "answers to POST have a nonce that is not base64url", "tests";
    Nonce204, "nonce-204", Switch, "HEAD newNonce answers 204", "several";
    RateLimited, "rate-limited", Times(1), "newOrder is 429 rateLimited, Retry-After 60, with a help link",
        "Let's Encrypt";
    Paused, "paused", Switch, "newOrder is 429 rateLimited without Retry-After, with a URL a person must open",
        "Let's Encrypt";
    Busy, "busy", Times(1), "a signed request is 503 serverInternal, Retry-After 60", "Let's Encrypt";
    ServerInternal, "server-internal", Times(1), "newOrder is 500 serverInternal", "all";
    UserActionRequired, "user-action-required", Times(1),
        "newOrder is 403 userActionRequired: the terms have changed", "RFC 8555 §7.3.3";
    PostRedirect, "post-redirect", Times(1), "newOrder is answered with a 307 to another path", "load balancers";
    NullMembers, "null-members", Switch, "a request with a null member is refused", "ZeroSSL";

    // The directory.
    RandomDirectoryEntry, "random-directory-entry", Always, "the directory has a member that means nothing",
        "Let's Encrypt, acme2certifier";
    DirectoryNoPath, "directory-no-path", Switch, "the directory's URL has no path", "Sectigo";
    DirectoryRedirect, "directory-redirect", Number(1, "redirects"), "the directory is behind redirects", "several";
    DirectoryRedirectHttp, "directory-redirect-http", Switch, "the directory redirects to plain HTTP", "tests";
    Directory503, "directory-503", Times(1), "the directory is 503 with an HTML body", "all";
    HttpUrls, "http-urls", Switch, "the directory's URLs are plain HTTP", "servers behind a proxy";
    NoMeta, "no-meta", Switch, "the directory has no meta", "serles";
    NoTerms, "no-terms", Switch, "there are no terms of service", "private CAs";
    CaaIdentitiesNull, "caa-identities-null", Switch, "meta.caaIdentities is null", "several";
    NoKeyChange, "no-key-change", Switch, "the directory has no keyChange", "ZeroSSL";
    NoRevokeCert, "no-revoke-cert", Switch, "the directory has no revokeCert", "tests";
    NoRenewalInfo, "no-renewal-info", Switch, "the directory has no renewalInfo", "ZeroSSL";
    NoNewAuthz, "no-new-authz", Switch, "the directory has no newAuthz", "Let's Encrypt";
    NewAuthz404, "new-authz-404", Switch, "newAuthz is in the directory, but 404", "acme2certifier";

    // Accounts.
    EabOnce, "eab-once", Switch, "an external account key counts once: a second newAccount with it is refused",
        "ZeroSSL, Google";
    EabExpired, "eab-expired", Switch, "external account keys have lapsed", "Google, after 7 days";
    EabUnannounced, "eab-unannounced", Switch, "the binding is needed though the directory says not", "SSL.com";
    EabIgnored, "eab-ignored", Switch, "a binding is neither needed nor read nor reflected", "Let's Encrypt";
    ContactRequired, "contact-required", Switch,
        "newAccount without a contact is malformed, \"Contact information is missing\"", "acme2certifier";
    TermsMalformed, "terms-malformed", Switch, "terms not agreed to are malformed", "Let's Encrypt";
    ContactsIgnored, "contacts-ignored", Switch, "contacts are never echoed, their update is ignored with 200",
        "Let's Encrypt";
    ContactsWithoutMailto, "contacts-without-mailto", Switch, "contacts are echoed without mailto:", "serles";
    AccountReadFails, "account-read-fails", Switch, "POST-as-GET of the account is 500", "SSL.com";
    Deactivated401, "deactivated-401", Always, "a deactivated account is answered 401 unauthorized",
        "step-ca, RFC 8555 §7.3.6";
    Deactivated403, "deactivated-403", Switch, "a deactivated account is answered 403 unauthorized", "Let's Encrypt";
    KeyChange501, "key-change-501", Switch, "keyChange is 501 with the type rejectedIdentifier", "step-ca, Caddy";
    KeyChangeIgnored, "key-change-ignored", Switch,
        "keyChange onto the key of another account is 200 and changes nothing", "Pebble 2.10.1";
    NoOrdersList, "no-orders-list", Switch, "an account has no orders", "Let's Encrypt, Google, ZeroSSL";
    OrdersPage, "orders-page", Number(3, "orders"), "the orders list has pages of so many", "Pebble";
    OrdersBareArray, "orders-bare-array", Switch, "the orders list is an array, not an object", "step-ca, Caddy";
    OrdersString, "orders-string", Switch, "orders is a string in the orders list and in orders", "serles";
    OrdersNextLost, "orders-next-lost", Switch, "pages of the orders list have no link to the next", "acmeeh";
    OrdersNextLoop, "orders-next-loop", Switch, "the last page of the orders list leads to the first", "tests";

    // Orders.
    SameOrderAgain, "same-order-again", Switch, "the same names give the same order URL again, with 201",
        "Let's Encrypt";
    AuthorizationReuse, "authz-reuse", Percent(50), "a valid authorization is used again, the order may be ready",
        "Pebble";
    OrderLifetime, "order-lifetime", Number(3600, "seconds"), "an order expires so soon", "tests";
    AuthzLifetime, "authz-lifetime", Number(3600, "seconds"), "an authorization expires so soon", "tests";
    LeafLifetime, "leaf-lifetime", Number(6 * 86_400, "seconds"), "a certificate is good for so long",
        "short-lived profiles";
    DatesHonoured, "dates-honoured", Switch, "notBefore and notAfter are honoured, not malformed", "Google";
    IpNeedsProfile, "ip-needs-profile", Switch, "addresses only with the profile shortlived", "Let's Encrypt";
    PublicSuffixOnly, "public-suffix-only", Switch, "names must lie below a public suffix", "Let's Encrypt";
    ProfileRandom, "profile-random", Switch, "the profile is chosen at random if none is asked for", "Pebble";
    ProfileUnauthorized, "profile-unauthorized", Switch, "a refused profile is unauthorized", "Let's Encrypt";
    ProfileMalformed, "profile-malformed", Switch, "a refused profile is malformed", "Pebble";
    ProfileGone, "profile-gone", Times(1), "finalize is invalidProfile: the profile went away", "profiles draft §4";
    ReplacesRefused, "replaces-refused", Number(404, "as HTTP status"),
        "newOrder with replaces is refused: 404 and 400 malformed, 403 unauthorized, 409 alreadyReplaced, 500 serverInternal",
        "Let's Encrypt, for 404; Pebble 2.10.1, for 500";
    ReplacesConflict, "replaces-conflict", Switch, "newOrder with replaces is 409 of the type conflict", "old Boulder";
    ReplacesEmpty, "replaces-empty", Switch, "orders have \"replaces\": \"\"", "Telia";
    ReplacesIgnored, "replaces-ignored", Switch, "replaces is ignored and not reflected", "CAs without ARI";
    AuthorizationsNull, "authorizations-null", Switch, "authorizations is null once the order is not pending",
        "Telia, Venafi";
    AuthorizationsMissing, "authorizations-missing", Switch, "there are no authorizations once the order is not pending",
        "Entrust";
    FinalizeMissingOnceValid, "finalize-missing-once-valid", Switch, "a valid order has no finalize", "Entrust";
    CertificateMissing, "certificate-missing", Switch, "a valid order has no certificate", "tests";
    FailedOrderErrorNull, "failed-order-error-null", Switch, "the error of a failed order is null", "Let's Encrypt";
    NameDropped, "name-dropped", Switch, "an order for several names has one less", "tests";
    NoLocation, "no-location", Switch, "newOrder answers without Location", "tests";
    StaleOrderAfterAuthz, "stale-order-after-authz", Number(2, "reads"),
        "the order stays pending for so many reads after its authorizations are valid; finalize is orderNotReady",
        "Let's Encrypt";
    OrderNotReady, "order-not-ready", Times(1), "finalize of a ready order is orderNotReady", "Let's Encrypt, Dogtag";
    BadCsr, "bad-csr", Times(1), "finalize is badCSR; the order stays ready", "SSL.com";
    CnIpRefused, "cn-ip-refused", Switch, "a CSR whose CN holds an address is badCSR", "Let's Encrypt";
    FinalizeProcessing, "finalize-processing", Always, "finalize answers processing, without Location", "Pebble 2.9";
    FinalizeValidAtOnce, "finalize-valid-at-once", Switch, "finalize answers valid", "acmeeh";
    FinalizeFails, "finalize-fails", Times(1), "the order turns invalid after finalize, with an error", "all";
    LongProcessing, "long-processing", Number(5, "reads"), "the order stays processing for so many reads", "Google";
    NeverIssues, "never-issues", Switch, "the order stays processing for ever", "tests";

    // Authorizations and challenges.
    LongValidation, "long-validation", Number(3, "reads"),
        "a decided authorization stays pending for so many reads of it or its challenge", "Google, ZeroSSL";
    NeverDecides, "never-decides", Switch, "a validation never ends", "Actalis";
    PendingWhileValidating, "pending-while-validating", Switch, "a challenge under validation says pending",
        "Let's Encrypt";
    SecondChallengePostRefused, "second-challenge-post-refused", Switch,
        "a second POST to a challenge is 400 malformed", "SSL.com, Let's Encrypt";
    SecondChallengeHangs, "second-challenge-hangs", Switch,
        "a POST to another challenge of a valid authorization is never answered", "Pebble";
    FetchFourTimes, "fetch-four-times", Switch, "http-01 is fetched four times at once", "Let's Encrypt";
    ChallengeErrorWhilePending, "challenge-error-while-pending", Switch,
        "a failed challenge stays pending, with an error", "step-ca, Caddy";
    ChallengeErrorThenValid, "challenge-error-then-valid", Switch,
        "a challenge shows an error while processing and is decided all the same; see long-validation", "RFC 8555 §8.2";
    FailedAuthzNoError, "failed-authz-no-error", Switch, "a failed challenge has no error", "acme2certifier";
    ValidatesInPost, "validates-in-post", Switch,
        "the POST to a challenge waits for the validation, and is 400 when it fails", "serles";
    UnknownChallenge, "unknown-challenge", Switch, "authorizations offer a challenge of a new type without a token",
        "all, some day";
    TokenTraversal, "token-traversal", Switch, "tokens are ../../etc/passwd", "tests";
    PersistHashed, "persist-hashed", Switch, "dns-persist-01 is that of draft 02: issuerDomainNames, hashed accounturi",
        "draft-ietf-acme-dns-persist-02";
    RetryAfterChallenge, "retry-after-challenge", Number(5, "seconds"),
        "authorizations and challenges under validation come with Retry-After", "RFC 8555 §7.5.1";
    RetryAfterWhenValid, "retry-after-when-valid", Number(300, "seconds"),
        "an authorization that is valid comes with Retry-After", "Sectigo";

    // Waiting and times.
    RetryAfter, "retry-after", Number(0, "seconds"), "what Retry-After says while an order is processing", "all";
    NoRetryAfter, "no-retry-after", Switch, "there is no Retry-After anywhere", "several";
    RetryAfterDate, "retry-after-date", Switch, "Retry-After is an HTTP-date", "Pebble";
    RetryAfterHuge, "retry-after-huge", Switch, "Retry-After is 7800000 seconds", "Let's Encrypt";
    RetryAfterMalformed, "retry-after-malformed", Switch, "Retry-After is \"soon\"", "tests";
    DatesNull, "dates-null", Switch, "all dates are null", "several";
    OffsetTimestamps, "offset-timestamps", Switch, "timestamps end with +00:00", "acmeeh";

    // Certificates.
    AlternateChains, "alternate-chains", Number(2, "chains"), "so many other chains are offered (set before the start)",
        "Let's Encrypt, Pebble";
    RandomIssuer, "random-issuer", Switch, "each certificate is by any of three intermediates (set before the start)",
        "Let's Encrypt";
    ChainBlankLines, "chain-blank-lines", Switch, "there are blank lines between the certificates", "Let's Encrypt";
    ChainCrlf, "chain-crlf", Switch, "the lines of a chain end with CR LF", "RFC 8555 erratum 5983";
    ChainText, "chain-text", Switch, "there is text before each certificate", "private CAs";
    ChainWithKey, "chain-with-key", Switch, "there is a private key in the chain", "RFC 8555 §11.4";
    ChainWithRoot, "chain-with-root", Switch, "the chain ends with the root", "private CAs";
    ChainReversed, "chain-reversed", Switch, "the leaf is the last of the chain", "private CAs";
    ChainLeafOnly, "chain-leaf-only", Switch, "the chain is the leaf alone", "private CAs";
    ChainEmpty, "chain-empty", Switch, "the chain is empty", "tests";
    WrongLeaf, "wrong-leaf", Switch, "the certificate is for another key", "tests";
    WrongNames, "wrong-names", Switch, "the certificate is for another name", "tests";
    AlternateWrongLeaf, "alternate-wrong-leaf", Switch, "alternate chains are of another leaf", "tests";
    CertificateCutOff, "certificate-cut-off", Times(1), "a certificate is cut off within a chunk", "acme2certifier";
    CertKeyRevocation403, "cert-key-revocation-403", Switch, "a revocation signed by the certificate's key is 403",
        "acme2certifier";

    // Renewal information.
    AriRetryAfter, "ari-retry-after", Number(21_600, "seconds"), "the Retry-After of renewal information", "all";
    AriNoRetryAfter, "ari-no-retry-after", Switch, "renewal information has no Retry-After", "tests";
    AriExplanation, "ari-explanation", Switch, "renewal information has an explanationURL", "RFC 9773 §4.2";
    AriReversed, "ari-reversed", Switch, "the window ends before it starts", "tests";
    Ari503, "ari-503", Times(1), "renewal information is 503", "all";
    Ari404, "ari-404", Switch, "renewal information is 404 for every certificate", "tests";

    // Answers that are lost or damaged.
    AnswerLostNewAccount, "answer-lost-new-account", Times(1), "newAccount is done, the answer lost", "all";
    AnswerLostKeyChange, "answer-lost-key-change", Times(1), "keyChange is done, the answer lost", "all";
    AnswerLostNewOrder, "answer-lost-new-order", Times(1), "newOrder is done, the answer lost", "all";
    AnswerLostChallenge, "answer-lost-challenge", Times(1), "a challenge's POST is done, the answer lost", "all";
    AnswerLostFinalize, "answer-lost-finalize", Times(1), "finalize is done, the answer lost", "all";
    AnswerLostPoll, "answer-lost-poll", Times(1), "a read of an order or authorization has no answer", "Pebble 2.10.1";
    AnswerLostCertificate, "answer-lost-certificate", Times(1), "a read of a certificate has no answer", "all";
    AnswerLostRevoke, "answer-lost-revoke", Times(1), "revokeCert is done, the answer lost", "all";
    ClosesAfterAnswer, "closes-after-answer", Switch, "connections are closed after each answer, unannounced",
        "short keep-alive";
    Html504, "html-504", Times(1), "a read of an order or authorization is an HTML 504", "ZeroSSL";
    Html504NewOrder, "html-504-new-order", Times(1), "newOrder is done, the answer an HTML 504", "ZeroSSL";
    Html504Finalize, "html-504-finalize", Times(1), "finalize is done, the answer an HTML 504", "ZeroSSL";
    Html504Certificate, "html-504-certificate", Times(1), "a certificate is an HTML 504", "ZeroSSL";
    HtmlCertificate, "html-certificate", Times(1), "a certificate is HTML with status 200", "captive portals";
    HugeBody, "huge-body", Switch, "the answer to newOrder has 16 MiB", "tests";
    HugeDirectory, "huge-directory", Switch, "the directory has 16 MiB", "tests";
    DeepJson, "deep-json", Switch, "the answer to newOrder is nested 100000 deep", "tests";
    InvalidJson, "invalid-json", Switch, "the answer to newOrder is not JSON", "tests";
    TruncatedBody, "truncated-body", Times(1), "a read of an order is cut off", "all";
    UnknownUrlEmpty404, "unknown-url-empty-404", Switch, "an unknown URL is 404 with an empty body", "Pebble";
    RelativeLocation, "relative-location", Switch, "Location is a path", "several";
    UnquotedLink, "unquoted-link", Switch, "the rel of links is not quoted", "serles";

    // Problem documents.
    UnknownProblemType, "unknown-problem-type", Switch, "problems but badNonce are of an unknown ACME type", "all";
    ProblemTypeNotUrn, "problem-type-not-urn", Switch, "the types of problems but badNonce are no URNs",
        "acme2certifier";
    ProblemAboutBlank, "problem-about-blank", Switch, "the types of problems but badNonce are about:blank", "acmeeh";
    ProblemEscapes, "problem-escapes", Switch, "the details of problems have terminal escapes", "tests";
}
