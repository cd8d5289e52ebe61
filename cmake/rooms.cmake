# capstan_room(NAME DEPS room... [PUBLIC library...]): one room of the house, src/NAME, as the static library capstan_NAME.
# Its sources are all .cpp files below its folder; its precompiled header, if it has one, is src/NAME/pch.hpp.
function(capstan_room NAME)
  cmake_parse_arguments(ROOM "" "" "DEPS;PUBLIC" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${NAME}/*.cpp)
  if(NOT sources) # a room of headers only
    add_library(capstan_${NAME} INTERFACE)
    target_include_directories(capstan_${NAME} INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(capstan_${NAME} INTERFACE ${ROOM_DEPS} ${ROOM_PUBLIC})
    return()
  endif()
  add_library(capstan_${NAME} STATIC ${sources})
  target_include_directories(capstan_${NAME} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(capstan_${NAME} PUBLIC ${ROOM_DEPS} ${ROOM_PUBLIC} PRIVATE capstan_options)
  if(EXISTS ${PROJECT_SOURCE_DIR}/src/${NAME}/pch.hpp)
    target_precompile_headers(capstan_${NAME} PRIVATE ${PROJECT_SOURCE_DIR}/src/${NAME}/pch.hpp)
  endif()
endfunction()
