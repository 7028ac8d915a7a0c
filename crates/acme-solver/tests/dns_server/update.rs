//! A primary server that keeps the updates it is sent, and signs its answers with a code of its own.

use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::TSIG;
use hickory_proto::rr::rdata::tsig::{TsigAlgorithm, TsigError};
use hickory_proto::rr::{DNSClass, RData, Record};
use hickory_proto::serialize::binary::BinEncoder;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The secret of the key, for the server.
pub(crate) const SECRET: &[u8] = b"secret";
/// The same as the client is given it.
pub(crate) const KEY: &str = "hmac-sha256:acme.key:c2VjcmV0";

/// The bare answer to an update.
pub(crate) fn outcome(update: &Message, code: ResponseCode) -> Message {
    let mut answer = Message::response(update.metadata.id, OpCode::Update);
    answer.metadata.response_code = code;
    answer
}

/// The answer with a signature made with this secret at the time of the update.
pub(crate) fn signed(answer: &Message, update: &Message, secret: &[u8]) -> Vec<u8> {
    signed_later(answer, update, secret, 0)
}

/// The answer with a signature made so many seconds after the update.
pub(crate) fn signed_later(answer: &Message, update: &Message, secret: &[u8], seconds: u64) -> Vec<u8> {
    let request = signature(update);
    let RData::TSIG(asked) = &request.data else { unreachable!() };
    let tsig =
        TSIG::new(TsigAlgorithm::HmacSha256, asked.time + seconds, 300, vec![], update.metadata.id, None, vec![]);
    let mut variables = Vec::new();
    tsig.emit_tsig_for_mac(&mut BinEncoder::new(&mut variables), &request.name).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    let length = u16::try_from(asked.mac.len()).unwrap().to_be_bytes();
    for part in [&length[..], &asked.mac, &answer.to_vec().unwrap(), &variables] {
        mac.update(part);
    }
    with_record(answer, &request, tsig.set_mac(mac.finalize().into_bytes().to_vec()))
}

/// The answer with the record that tells of an error, which is not signed (RFC 8945 §5.2).
pub(crate) fn unsigned(answer: &Message, update: &Message, error: TsigError) -> Vec<u8> {
    let tsig = TSIG::new(TsigAlgorithm::HmacSha256, 1, 300, vec![], update.metadata.id, Some(error), vec![]);
    with_record(answer, &signature(update), tsig)
}

fn signature(update: &Message) -> Record {
    update.additionals.last().unwrap().clone()
}

fn with_record(answer: &Message, request: &Record, tsig: TSIG) -> Vec<u8> {
    let mut record = Record::from_rdata(request.name.clone(), 0, RData::TSIG(tsig));
    record.dns_class = DNSClass::ANY;
    let mut answer = answer.clone();
    answer.add_additional(record);
    answer.to_vec().unwrap()
}
