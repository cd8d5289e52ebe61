# capstan_room(NAME DEPS room... [PUBLIC library...] [APART pattern...]): one room of the house, src/NAME, as the static library
# capstan_NAME. Its sources are all .cpp files below its folder; its precompiled header, if it has one, is src/NAME/pch.hpp.
# Files of a room need the same headers and templates: compiled eight at a time (CAPSTAN_UNITY) they cost a third. APART are those
# that give what they keep to themselves the names that other files give to theirs; they are compiled each by itself.
function(capstan_room NAME)
  cmake_parse_arguments(ROOM "" "" "DEPS;PUBLIC;APART" ${ARGN})
  # Those who link the installed libraries see the public headers only.
  set(include_here $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
                   $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${NAME}/*.cpp)
  if(NOT sources) # a room of headers only
    add_library(capstan_${NAME} INTERFACE)
    target_include_directories(capstan_${NAME} INTERFACE ${include_here})
    target_link_libraries(capstan_${NAME} INTERFACE ${ROOM_DEPS} ${ROOM_PUBLIC})
    target_compile_features(capstan_${NAME} INTERFACE cxx_std_23)
    return()
  endif()
  add_library(capstan_${NAME} STATIC ${sources})
  target_include_directories(capstan_${NAME} PUBLIC ${include_here})
  target_link_libraries(capstan_${NAME} PUBLIC ${ROOM_DEPS} ${ROOM_PUBLIC} PRIVATE $<BUILD_INTERFACE:capstan_options>)
  target_compile_features(capstan_${NAME} PUBLIC cxx_std_23)
  if(CAPSTAN_UNITY)
    set_target_properties(capstan_${NAME} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    foreach(pattern ${ROOM_APART})
      file(GLOB apart CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${NAME}/${pattern})
      set_source_files_properties(${apart} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endforeach()
  endif()
  if(EXISTS ${PROJECT_SOURCE_DIR}/src/${NAME}/pch.hpp)
    target_precompile_headers(capstan_${NAME} PRIVATE ${PROJECT_SOURCE_DIR}/src/${NAME}/pch.hpp)
  endif()
endfunction()
