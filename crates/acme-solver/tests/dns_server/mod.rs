//! A name server that answers every question as it is told, over UDP and TCP on one port.
#![allow(dead_code)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{CNAME, TXT};
use hickory_proto::rr::{Name, RData, Record};

/// What it answers with.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) records: Vec<Record>,
    pub(crate) code: ResponseCode,
    /// Over UDP only a truncated answer comes.
    pub(crate) truncate: bool,
    /// Before the true answer, one with a wrong id and one to another question come.
    pub(crate) forge: bool,
    /// Nothing comes over UDP.
    pub(crate) silent: bool,
}

impl Script {
    pub(crate) fn answers(records: Vec<Record>) -> Self {
        Self { records, code: ResponseCode::NoError, truncate: false, forge: false, silent: false }
    }
}

pub(crate) fn txt(name: &str, strings: &[&str]) -> Record {
    let data = TXT::new(strings.iter().map(|&string| string.to_owned()).collect());
    Record::from_rdata(Name::from_ascii(name).unwrap(), 1, RData::TXT(data))
}

pub(crate) fn alias(name: &str, target: &str) -> Record {
    Record::from_rdata(Name::from_ascii(name).unwrap(), 1, RData::CNAME(CNAME(Name::from_ascii(target).unwrap())))
}

pub(crate) struct DnsServer {
    pub(crate) address: SocketAddr,
    /// By which way each question came.
    pub(crate) asked: Arc<Mutex<Vec<&'static str>>>,
}

impl DnsServer {
    pub(crate) fn start(script: Script) -> Self {
        let (tcp, udp) = std::iter::repeat_with(|| {
            let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
            let udp = UdpSocket::bind(tcp.local_addr().unwrap());
            (tcp, udp)
        })
        .find_map(|(tcp, udp)| Some((tcp, udp.ok()?)))
        .unwrap();
        let address = tcp.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<_>>>::default();
        let (noted, over_udp) = (Arc::clone(&asked), script.clone());
        std::thread::spawn(move || serve_udp(&udp, &over_udp, &noted));
        let noted = Arc::clone(&asked);
        std::thread::spawn(move || serve_tcp(&tcp, &script, &noted));
        Self { address, asked }
    }

    pub(crate) fn asked(&self) -> Vec<&'static str> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve_udp(socket: &UdpSocket, script: &Script, asked: &Mutex<Vec<&'static str>>) {
    let mut buffer = [0; 512];
    while let Ok((length, client)) = socket.recv_from(&mut buffer) {
        asked.lock().unwrap().push("udp");
        let query = Message::from_vec(&buffer[..length]).unwrap();
        let mut reply = reply(&query, script);
        if script.forge {
            let mut wrong_id = reply.clone();
            wrong_id.metadata.id ^= 1;
            wrong_id.answers = vec![txt("_acme-challenge.a.test.", &["forged"])];
            let mut wrong_question = reply.clone();
            wrong_question.queries[0].set_name(Name::from_ascii("b.test.").unwrap());
            wrong_question.answers = vec![txt("_acme-challenge.a.test.", &["forged"])];
            for octets in [wrong_id.to_vec().unwrap(), wrong_question.to_vec().unwrap(), b"garbage".to_vec()] {
                socket.send_to(&octets, client).unwrap();
            }
        }
        if script.truncate {
            reply.metadata.truncation = true;
            reply.answers.clear();
        }
        if !script.silent {
            socket.send_to(&reply.to_vec().unwrap(), client).unwrap();
        }
    }
}

fn serve_tcp(listener: &TcpListener, script: &Script, asked: &Mutex<Vec<&'static str>>) {
    for mut stream in listener.incoming().flatten() {
        asked.lock().unwrap().push("tcp");
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut query).unwrap();
        let reply = reply(&Message::from_vec(&query).unwrap(), script).to_vec().unwrap();
        let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
        // In two pieces, as networks may deliver it.
        stream.write_all(&length).unwrap();
        stream.write_all(&reply).unwrap();
    }
}

fn reply(query: &Message, script: &Script) -> Message {
    let mut reply = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
    reply.metadata.response_code = script.code;
    reply.add_queries(query.queries.clone());
    reply.add_answers(script.records.clone());
    reply
}
