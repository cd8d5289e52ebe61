# Warnings, sanitizers and the compiler cache: everything that is said to the compiler for all of our own code.

add_library(capstan_options INTERFACE)
target_compile_options(capstan_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wswitch -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wimplicit-fallthrough
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>:-Wshadow>) # not of the names in another file
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang") # GCC's own algorithms use what it has deprecated
  target_compile_options(capstan_options INTERFACE -Wno-deprecated-declarations)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these in the standard library's own headers once it inlines them at -O2 (gcc bugs 105329, 105651, 107852), and
  # the last in Asio's coroutine frames at -O1.
  target_compile_options(capstan_options INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
                                                   -Wno-maybe-uninitialized -Wno-dangling-pointer
                                                   -Wno-mismatched-new-delete)
  # A coroutine's frame holds its lambdas: GCC takes that for a fault wherever the coroutine does not stand in the main file.
  target_compile_options(capstan_options INTERFACE $<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-subobject-linkage>)
endif()

if(CAPSTAN_SANITIZE)
  add_compile_options(-fsanitize=${CAPSTAN_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CAPSTAN_SANITIZE})
  if(CAPSTAN_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  # GCC cannot see through a fence under the thread sanitizer and warns of it; Asio has one, and the sanitizer knows it.
  if(CAPSTAN_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The compiler cache must not mistake one precompiled header for another: the time macros are not used in this project.
  set(sloppiness pch_defines,time_macros,include_file_mtime,include_file_ctime)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=${sloppiness} ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()
