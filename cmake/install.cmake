# What `cmake --install` puts where, so that others find it: the hub's program, and the client library and the engine for
# find_package(capstan) (capstan::client, capstan::amqp) and pkg-config (capstan-client).

include(CMakePackageConfigHelpers)

add_library(capstan::client ALIAS capstan_client)
add_library(capstan::amqp ALIAS capstan_amqp)
foreach(room base amqp auth client)
  set_target_properties(capstan_${room} PROPERTIES EXPORT_NAME ${room})
endforeach()

install(TARGETS capstan_client capstan_amqp capstan_auth capstan_base EXPORT capstan COMPONENT development)
install(DIRECTORY include/capstan DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/capstan)
install(EXPORT capstan NAMESPACE capstan:: DESTINATION ${package} COMPONENT development)
configure_package_config_file(cmake/capstan-config.cmake.in capstan-config.cmake INSTALL_DESTINATION ${package})
# Before 1.0 a minor version may change what was there; after that, only a major one.
write_basic_package_version_file(capstan-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/capstan-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/capstan-config-version.cmake
        DESTINATION ${package} COMPONENT development)
file(RELATIVE_PATH to_prefix /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p) # so that the tree may be moved
configure_file(cmake/capstan-client.pc.in capstan-client.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/capstan-client.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

if(CAPSTAN_HUB)
  install(TARGETS capstan RUNTIME COMPONENT hub)
  # What the program says of itself: manual pages, and completion for three shells.
  install(CODE "
    set(share \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}\")
    file(MAKE_DIRECTORY \${share}/bash-completion/completions \${share}/zsh/site-functions \${share}/fish/vendor_completions.d)
    function(of_program)
      execute_process(COMMAND \"$<TARGET_FILE:capstan>\" \${ARGN} COMMAND_ERROR_IS_FATAL ANY)
    endfunction()
    of_program(manual \${share}/man/man1)
    of_program(completion bash OUTPUT_FILE \${share}/bash-completion/completions/capstan)
    of_program(completion zsh OUTPUT_FILE \${share}/zsh/site-functions/_capstan)
    of_program(completion fish OUTPUT_FILE \${share}/fish/vendor_completions.d/capstan.fish)
  " COMPONENT hub)
endif()
