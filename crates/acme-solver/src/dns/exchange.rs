//! One message to one server and back: over UDP, and over TCP when the answer does not fit (RFC 1035 §4.2, RFC 7766).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};

use crate::deadline::{Deadline, timed_out};

/// What came back, as a message and as it stood on the wire.
pub(super) struct Reply {
    pub(super) message: Message,
    pub(super) octets: Vec<u8>,
}

/// Sends over UDP, and again over TCP when the answer is truncated; or over TCP alone.
pub(super) fn exchange(request: &Message, server: SocketAddr, tcp: bool, deadline: Deadline) -> io::Result<Reply> {
    let octets = request.to_vec().map_err(io::Error::other)?;
    if !tcp {
        let reply = over_udp(request, &octets, server, deadline)?;
        if !reply.message.metadata.truncation {
            return Ok(reply);
        }
    }
    over_tcp(request, &octets, server, deadline)
}

fn over_udp(request: &Message, octets: &[u8], server: SocketAddr, deadline: Deadline) -> io::Result<Reply> {
    let socket = connect_udp(server)?;
    socket.send(octets)?;
    let mut buffer = [0; 4096];
    let mut others = 0_u32;
    loop {
        let received = receive(&socket, &mut buffer, deadline);
        let length = received.map_err(|why| if others > 0 { only_others(why, others) } else { why })?;
        // What is not the answer may be forged: only time ends the wait for the true one (RFC 5452 §9.1).
        match read(&buffer[..length], request) {
            Some(reply) => return Ok(reply),
            None => others = others.saturating_add(1),
        }
    }
}

/// Each socket gets a port of its own from the system, at random (RFC 5452 §9.2).
fn connect_udp(server: SocketAddr) -> io::Result<UdpSocket> {
    let any = match server {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    // Without IPv6 this fails, with an error that has no name.
    let socket = UdpSocket::bind(any).map_err(|why| io::Error::new(io::ErrorKind::AddrNotAvailable, why))?;
    socket.connect(server)?;
    Ok(socket)
}

fn receive(socket: &UdpSocket, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
    socket.set_read_timeout(Some(deadline.left()?))?;
    socket.recv(buffer).map_err(timed_out)
}

fn only_others(why: io::Error, others: u32) -> io::Error {
    io::Error::new(why.kind(), format!("{why}; {others} messages came that are no answers to the question"))
}

fn over_tcp(request: &Message, octets: &[u8], server: SocketAddr, deadline: Deadline) -> io::Result<Reply> {
    let stream = TcpStream::connect_timeout(&server, deadline.left()?)?;
    let length = u16::try_from(octets.len()).map_err(io::Error::other)?;
    deadline.write_all(&stream, &[&length.to_be_bytes(), octets].concat())?;
    let mut length = [0; 2];
    read_exact(&stream, &mut length, deadline)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    read_exact(&stream, &mut answer, deadline)?;
    read(&answer, request)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "what came is no answer to the question"))
}

fn read_exact(stream: &TcpStream, mut buffer: &mut [u8], deadline: Deadline) -> io::Result<()> {
    while !buffer.is_empty() {
        match deadline.read(stream, buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => buffer = &mut buffer[count..],
        }
    }
    Ok(())
}

/// The answer to the request, if these octets are one.
fn read(octets: &[u8], request: &Message) -> Option<Reply> {
    let message = Message::from_vec(octets).ok().filter(|message| answers(message, request))?;
    Some(Reply { message, octets: octets.to_vec() })
}

fn answers(reply: &Message, request: &Message) -> bool {
    let (told, asked) = (&reply.metadata, &request.metadata);
    // The question may be left out of a refusal, and of the answer to an update (RFC 2136 §3.8).
    let may_be_bare =
        told.op_code == OpCode::Update || !matches!(told.response_code, ResponseCode::NoError | ResponseCode::NXDomain);
    told.id == asked.id
        && told.message_type == MessageType::Response
        && told.op_code == asked.op_code
        && (reply.queries == request.queries || (may_be_bare && reply.queries.is_empty()))
}
