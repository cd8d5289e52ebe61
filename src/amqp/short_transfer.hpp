#pragma once
// The transfer of nearly every message, read and written at one go: field by field it takes several times as long, and there is one
// for each message. Whatever is not of this form goes the way of all performatives.
//
//   00 53 14  c0 size count  handle delivery-id delivery-tag message-format settled more null null
// resume aborted batchable
//
// That the bytes are those of the long way is tested.

#include <optional>

#include <capstan/amqp/performatives.hpp>

namespace capstan::amqp {

/// Behind the descriptor. None, and nothing is read, when it has another form or is malformed.
std::optional<transfer> read_short_transfer(decoder& from);

/// With its descriptor. False, and nothing is written, when it does not have this form.
bool write_short_transfer(encoder& to, const transfer& what);

} // namespace capstan::amqp
