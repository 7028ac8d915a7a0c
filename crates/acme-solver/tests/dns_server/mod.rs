//! Name servers that answer as they are told, over UDP and TCP on one port.
#![allow(dead_code)]

pub(crate) mod update;
pub(crate) mod zone;

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{CNAME, TXT};
use hickory_proto::rr::{Name, RData, Record};

/// What it answers with, whatever the question.
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

    fn reply(&self, query: &Message, over: Over) -> Vec<Vec<u8>> {
        let mut truth = reply(query);
        truth.metadata.response_code = self.code;
        match self.truncate && over == Over::Udp {
            true => truth.metadata.truncation = true,
            false => truth.answers.clone_from(&self.records),
        }
        let mut replies = if self.forge { forged(&truth) } else { Vec::new() };
        if !(self.silent && over == Over::Udp) {
            replies.push(truth.to_vec().unwrap());
        }
        replies
    }
}

fn forged(truth: &Message) -> Vec<Vec<u8>> {
    let mut forged = truth.clone();
    forged.answers = vec![txt("_acme-challenge.a.test.", &["forged"])];
    let mut wrong_id = forged.clone();
    wrong_id.metadata.id ^= 1;
    let mut wrong_question = forged.clone();
    wrong_question.queries[0].set_name(Name::from_ascii("b.test.").unwrap());
    let mut bare = forged.clone();
    bare.queries.clear();
    let mut question = forged.clone();
    question.metadata.message_type = MessageType::Query;
    let all = [wrong_id, wrong_question, bare, question];
    all.iter().map(|message| message.to_vec().unwrap()).chain([b"garbage".to_vec()]).collect()
}

/// The empty answer to a query.
pub(crate) fn reply(query: &Message) -> Message {
    let mut reply = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
    reply.add_queries(query.queries.clone());
    reply
}

pub(crate) fn txt(name: &str, strings: &[&str]) -> Record {
    let data = TXT::new(strings.iter().map(|&string| string.to_owned()).collect());
    Record::from_rdata(Name::from_ascii(name).unwrap(), 1, RData::TXT(data))
}

pub(crate) fn alias(name: &str, target: &str) -> Record {
    Record::from_rdata(Name::from_ascii(name).unwrap(), 1, RData::CNAME(CNAME(Name::from_ascii(target).unwrap())))
}

/// By which way a question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Udp,
    Tcp,
}

/// Makes the messages to send back of the message that came.
type Answering = dyn Fn(&Message, Over) -> Vec<Vec<u8>> + Send + Sync;

pub(crate) struct DnsServer {
    pub(crate) address: SocketAddr,
    asked: Asked,
}

type Asked = Arc<Mutex<Vec<(Over, Message)>>>;

impl DnsServer {
    pub(crate) fn start(script: Script) -> Self {
        Self::answering(move |query, over| script.reply(query, over))
    }

    pub(crate) fn answering(answering: impl Fn(&Message, Over) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        let find = || Self::at((Ipv4Addr::LOCALHOST, 0).into());
        std::iter::repeat_with(find).find_map(|bound| bound).unwrap().serve(Arc::new(answering))
    }

    /// Servers with the same answers, on one port of several addresses of loopback.
    pub(crate) fn on_one_port<const N: usize>(
        ips: [IpAddr; N],
        answering: impl Fn(usize) -> Arc<Answering>,
    ) -> [Self; N] {
        let find = || {
            let first = Self::at((ips[0], 0).into())?;
            let port = first.tcp.local_addr().unwrap().port();
            let others = ips[1..].iter().map(|ip| Self::at((*ip, port).into()));
            std::iter::once(Some(first)).chain(others).collect::<Option<Vec<_>>>()
        };
        let bound = std::iter::repeat_with(find).find_map(|bound| bound).unwrap();
        let serving = bound.into_iter().enumerate().map(|(number, bound)| bound.serve(answering(number)));
        serving.collect::<Vec<_>>().try_into().ok().unwrap()
    }

    fn at(address: SocketAddr) -> Option<Bound> {
        let tcp = TcpListener::bind(address).ok()?;
        let udp = UdpSocket::bind(tcp.local_addr().unwrap()).ok()?;
        Some(Bound { tcp, udp })
    }

    /// By which way each question came.
    pub(crate) fn asked(&self) -> Vec<Over> {
        self.messages().iter().map(|(over, _)| *over).collect()
    }

    /// The questions, as `name TYPE`.
    pub(crate) fn questions(&self) -> Vec<String> {
        let show = |message: &Message| format!("{} {}", message.queries[0].name(), message.queries[0].query_type());
        self.messages().iter().map(|(_, message)| show(message)).collect()
    }

    pub(crate) fn messages(&self) -> Vec<(Over, Message)> {
        self.asked.lock().unwrap().clone()
    }
}

struct Bound {
    tcp: TcpListener,
    udp: UdpSocket,
}

impl Bound {
    fn serve(self, answering: Arc<Answering>) -> DnsServer {
        let Self { tcp, udp } = self;
        let address = tcp.local_addr().unwrap();
        let asked = Asked::default();
        let (answering_udp, noted) = (Arc::clone(&answering), Arc::clone(&asked));
        std::thread::spawn(move || serve_udp(&udp, &*answering_udp, &noted));
        let noted = Arc::clone(&asked);
        std::thread::spawn(move || serve_tcp(&tcp, &*answering, &noted));
        DnsServer { address, asked }
    }
}

fn serve_udp(socket: &UdpSocket, answering: &Answering, asked: &Mutex<Vec<(Over, Message)>>) {
    let mut buffer = [0; 4096];
    while let Ok((length, client)) = socket.recv_from(&mut buffer) {
        let query = Message::from_vec(&buffer[..length]).unwrap();
        asked.lock().unwrap().push((Over::Udp, query.clone()));
        for octets in answering(&query, Over::Udp) {
            socket.send_to(&octets, client).unwrap();
        }
    }
}

fn serve_tcp(listener: &TcpListener, answering: &Answering, asked: &Mutex<Vec<(Over, Message)>>) {
    for mut stream in listener.incoming().flatten() {
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut query).unwrap();
        let query = Message::from_vec(&query).unwrap();
        asked.lock().unwrap().push((Over::Tcp, query.clone()));
        for reply in answering(&query, Over::Tcp) {
            send_in_pieces(&mut stream, &reply);
        }
    }
}

/// As networks may deliver it.
fn send_in_pieces(stream: &mut TcpStream, reply: &[u8]) {
    let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
    stream.write_all(&length).and_then(|()| stream.write_all(reply)).ok();
}
