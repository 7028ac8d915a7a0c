//! `luacme account import`: folders as other clients leave them, with keys that are made here.

use std::fs;
use std::path::Path;

use acme_jose::{KeyType, PrivateKey, base64url};
use acme_testca::Resource;
use serde_json::{Value, json};

use crate::support::{Bench, tree};

/// A key whose account the CA knows, as PEM and as JWK; its URL. No trace of it is left in the folder of state.
fn known(bench: &Bench) -> (String, String, String) {
    let server = bench.ca.directory_url();
    let words = ["register", "--agree-tos", "--server", &server, "--dir", "elsewhere", "--ca-file", "ca.pem"];
    bench.bare(&words).succeeds();
    let read = |file: &str| fs::read_to_string(bench.beside("elsewhere").join(file)).unwrap();
    let pem = read("account.key");
    let jwk = PrivateKey::from_pem(&pem).unwrap().to_private_jwk().unwrap().to_string();
    let url = serde_json::from_str::<Value>(&read("account.json")).unwrap()["url"].as_str().unwrap().to_owned();
    (pem, jwk, url)
}

fn lay(folder: &Path, file: &str, content: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn an_account_of_every_client_is_taken_over_and_used() {
    for client in ["certbot", "lego", "lego-5", "lego-5-rc", "acme.sh", "dehydrated", "uacme", "lua-acme", "key", "jwk"]
    {
        let bench = Bench::start();
        let (pem, jwk, url) = known(&bench);
        let server = bench.ca.directory_url();
        let (address, other) = (server.strip_prefix("https://").unwrap(), bench.beside("other"));
        let host = address.split('/').next().unwrap().replace(':', "_");
        let stray = PrivateKey::generate(KeyType::P256).unwrap().to_pkcs8_pem().unwrap();
        let registration = json!({"body": {"status": "valid"}, "uri": url}).to_string();
        let (from, path, told) = match client {
            "certbot" => {
                let folder = format!("accounts/{address}/0123456789abcdef");
                lay(&other, &format!("{folder}/private_key.json"), &jwk);
                lay(&other, &format!("{folder}/regr.json"), &registration);
                lay(&other, "live/a.test/privkey.pem", &stray);
                (client, "other", true)
            }
            "lego" => {
                let folder = format!("accounts/{host}/you@example.com");
                lay(&other, &format!("{folder}/keys/you@example.com.key"), &pem);
                lay(&other, &format!("{folder}/account.json"), r#"{"email":"you@example.com","registration":{}}"#);
                lay(&other, "certificates/a.test.key", &stray);
                (client, "other", false)
            }
            "lego-5" | "lego-5-rc" => {
                let between = if client == "lego-5" { "" } else { "EC256/" };
                let folder = format!("accounts/{host}/you@example.com/{between}");
                lay(&other, &format!("{folder}you@example.com.key"), &pem);
                lay(&other, &format!("{folder}account.json"), &json!({"id": "x", "server": server}).to_string());
                lay(&other, "certificates/a.test.key", &stray);
                ("lego", "other", true)
            }
            "acme.sh" => {
                lay(&other, "ca/127.0.0.1/dir/account.key", &pem);
                lay(&other, "ca/127.0.0.1/dir/ca.conf", &format!("ACCOUNT_URL='{url}'\n"));
                lay(&other, "a.test_ecc/a.test.key", &stray);
                (client, "other", false)
            }
            "dehydrated" => {
                let folder = format!("accounts/{}", base64url::encode(format!("{server}\n").as_bytes()));
                lay(&other, &format!("{folder}/account_key.pem"), &pem);
                lay(&other, &format!("{folder}/account_id.json"), &json!({"url": url}).to_string());
                lay(&other, "certs/a.test/privkey.pem", &stray);
                (client, "other", true)
            }
            "uacme" => {
                lay(&other, "private/key.pem", &pem);
                lay(&other, "private/a.test/key.pem", &stray);
                (client, "other", false)
            }
            "lua-acme" => {
                lay(&other, "account.key", &pem);
                lay(&other, "account.json", &json!({"directory_url": server, "reg": {"url": url}}).to_string());
                lay(&other, "a.test.key", &stray);
                lay(&other, "a.test.json", r#"{"code":201}"#);
                (client, "other", true)
            }
            "key" => {
                lay(&other, "any.pem", &pem);
                ("key", "other/any.pem", false)
            }
            _ => {
                lay(&other, "any.json", &jwk);
                ("key", "other/any.json", false)
            }
        };
        let before = tree(&other);
        let words = ["account", "import", from, path];
        let asked = if told { &[][..] } else { &["--server", &server] };
        let run = bench.luacme(&[&words[..], asked].concat());
        run.succeeds().prints(&url);
        assert_eq!(tree(&other), before, "{client}: nothing of the other client is changed");
        let account: Value = serde_json::from_str(&bench.read("account.json")).unwrap();
        assert_eq!((&account["url"], &account["directory"]), (&json!(url), &json!(server)), "{client}");
        bench.getcert(&["a.test"]).succeeds();
        assert_eq!(bench.granted(Resource::NewAccount), 2, "{client}: one made by the other client, then found");
    }
}

#[test]
fn several_accounts_are_told_apart() {
    let bench = Bench::start();
    let (pem, _, url) = known(&bench);
    let other = bench.beside("other");
    let stray = PrivateKey::generate(KeyType::P256).unwrap().to_pkcs8_pem().unwrap();
    let server = bench.ca.directory_url();
    let folder = |url: &str| format!("accounts/{}", base64url::encode(format!("{url}\n").as_bytes()));
    lay(&other, &format!("{}/account_key.pem", folder(&server)), &pem);
    lay(&other, &format!("{}/account_key.pem", folder("https://ca.example/dir")), &stray);
    let run = bench.fails(2, &["account", "import", "dehydrated", "other"]).complains("https://ca.example/dir");
    assert!(run.stderr.contains(&server) && run.part("what to do").contains("--server"), "{}", run.stderr);
    bench.fails(2, &["account", "import", "dehydrated", "other", "--server", "https://third.example/"]);
    bench.luacme(&["account", "import", "dehydrated", "other", "--server", &server]).succeeds().prints(&url);
}

#[test]
fn a_folder_that_links_to_another_counts_once() {
    let bench = Bench::start();
    let (_, jwk, url) = known(&bench);
    let address = bench.ca.directory_url().strip_prefix("https://").unwrap().to_owned();
    let other = bench.beside("other");
    lay(&other, &format!("accounts/{address}/0123/private_key.json"), &jwk);
    std::os::unix::fs::symlink("0123", other.join(format!("accounts/{address}/4567"))).unwrap();
    bench.luacme(&["account", "import", "certbot", "other"]).succeeds().prints(&url);
}

#[test]
fn what_cannot_be_taken_over_changes_nothing() {
    let bench = Bench::start();
    let (pem, jwk, _) = known(&bench);
    let stray = PrivateKey::generate(KeyType::P256).unwrap().to_pkcs8_pem().unwrap();
    let other = bench.beside("other");
    for (file, content) in
        [("stray.pem", stray.as_str()), ("rubbish.pem", "rubbish"), ("half.json", &jwk[..jwk.len() / 2])]
    {
        lay(&other, file, content);
    }
    let server = bench.ca.directory_url();
    for (why, code, words, text) in [
        ("not there", 2, &["key", "nowhere"][..], "there is no nowhere"),
        ("nothing of that client", 2, &["certbot", "other"], "no account of certbot"),
        ("no key", 1, &["key", "other/rubbish.pem"], "cannot use the key in other/rubbish.pem"),
        ("half a key", 1, &["key", "other/half.json"], "cannot use the key in other/half.json"),
        ("a client nobody knows", 2, &["caddy", "other"], "certbot"),
        ("a key the CA does not know", 1, &["key", "other/stray.pem"], "knows no account"),
    ] {
        bench.fails(code, &[&["account", "import"], words, &["--server", &server]].concat()).complains(text);
        assert_eq!(tree(&bench.dir()).len(), 0, "{why}");
    }
    bench.register().succeeds();
    let before = tree(&bench.dir());
    lay(&other, "any.pem", &pem);
    let words = ["account", "import", "key", "other/any.pem", "--server", &server];
    bench.fails(1, &words).complains("already");
    assert_eq!(tree(&bench.dir()), before);
    bench.luacme(&[&words[..], &["--account", "state/second.json"]].concat()).succeeds();
    let words = [&words[..], &["--account", "state/third.json"]].concat();
    bench.fails(2, &words).complains("in use already");
}

#[test]
fn an_account_that_is_no_more_is_not_taken_over() {
    let bench = Bench::start();
    let (pem, ..) = known(&bench);
    bench.bare(&["account", "deactivate", "--yes", "--dir", "elsewhere", "--ca-file", "ca.pem"]).succeeds();
    lay(&bench.beside("other"), "any.pem", &pem);
    let words = ["account", "import", "key", "other/any.pem", "--server", &bench.ca.directory_url()];
    bench.fails(1, &words).complains("deactivated");
    assert_eq!(tree(&bench.dir()).len(), 0);
}
