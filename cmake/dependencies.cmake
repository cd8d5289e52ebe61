# Everything comes from Debian's packages; scripts/install-dependencies.sh installs them.

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
if(NOT CAPSTAN_HUB) # the clients need no more
  return()
endif()
find_package(CLI11 REQUIRED)
find_package(CURL REQUIRED)
find_package(tomlplusplus REQUIRED)

# Debian's librocksdb-dev ships a CMake package that wants every compression library's development files; the shared library does not.
find_library(ROCKSDB_LIBRARY rocksdb REQUIRED)
add_library(rocksdb::rocksdb UNKNOWN IMPORTED)
set_target_properties(rocksdb::rocksdb PROPERTIES IMPORTED_LOCATION ${ROCKSDB_LIBRARY})

find_library(ISAL_LIBRARY isal REQUIRED)
add_library(isal::isal UNKNOWN IMPORTED)
set_target_properties(isal::isal PROPERTIES IMPORTED_LOCATION ${ISAL_LIBRARY})

find_library(LMDB_LIBRARY lmdb REQUIRED)
add_library(lmdb::lmdb UNKNOWN IMPORTED)
set_target_properties(lmdb::lmdb PROPERTIES IMPORTED_LOCATION ${LMDB_LIBRARY})
