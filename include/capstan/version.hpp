#pragma once
// Which version of the clients this is, for programs that are built with several. Semantic versioning: what these headers declare breaks
// only with the major version, and before 1.0 with the minor one.

/// For comparison by the preprocessor: 10,000 times the major version, 100 times the minor one, and the patch.
#define CAPSTAN_VERSION 100
/// The same for people.
#define CAPSTAN_VERSION_TEXT "0.1.0"
