#pragma once
// Fields of performatives and of termini that may have several values (part 1, section 1.4: multiple="true"). Null and an array
// without elements say the same there, and Azure's newer Python client writes the latter without the constructor that it must have:
// e0 01 00. That is taken for the null which it stands for, in these fields only, and never handed on.

#include <capstan/amqp/decoder.hpp>

namespace capstan::amqp {

/// Steps over such a field; absent when it is an array of that kind. False, with the cursor where it was, when it is malformed.
bool skip_multiple(decoder& from, encoded_view& found);

/// The same with a source or target, whose own fields may be such arrays. They are still in what is found: see repeatable().
bool skip_terminus(decoder& from, encoded_view& found);

/// What skip_terminus found as it may be written again: well-formed, and otherwise as it came.
bytes repeatable(encoded_view terminus);

} // namespace capstan::amqp
