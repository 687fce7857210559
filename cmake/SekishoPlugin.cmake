# sekisho_add_plugin(<category> <name> SOURCES … [LINK …] [TEST_SOURCES …] [TEST_LINK …])
# Called once, from plugins/<category>/<name>/CMakeLists.txt. Makes
#   <name>            the plugin: ${SEKISHO_PLUGIN_DIR}/<name>.so, hidden visibility, and its manifest <name>.json beside it
#   <name>_objects    all SOURCES but plugin.cpp, for unit tests and simulators
#   <name>_test       the TEST_SOURCES, when there are any (ctest label unit)
#   <name>_load_test  when <name>_load_test.cpp exists: the real .so through loader and conformance kit (ctest label load)
add_custom_target(sekisho_plugins)  # all of them
set(SEKISHO_PLUGIN_CATEGORIES access_paths authenticators posture_checks console_drivers)

function(sekisho_add_plugin category name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK;TEST_SOURCES;TEST_LINK" ${ARGN})
  if(NOT category IN_LIST SEKISHO_PLUGIN_CATEGORIES)
    message(FATAL_ERROR "plugin ${name}: unknown category ${category}, known: ${SEKISHO_PLUGIN_CATEGORIES}")
  endif()
  if(NOT name MATCHES "^[a-z0-9_]+$")
    message(FATAL_ERROR "plugin name ${name}: only a-z, 0-9 and _")
  endif()
  if(NOT "plugin.cpp" IN_LIST A_SOURCES)
    message(FATAL_ERROR "plugin ${name}: SOURCES must name plugin.cpp (the SEKISHO_PLUGIN line)")
  endif()

  # What every plugin links: the shared core library behind the SDK, and for access paths the strict HTTP parser.
  set(common sekisho::options sekisho::base nlohmann_json::nlohmann_json ${A_LINK})
  if(category STREQUAL "access_paths" AND TARGET sekisho::net)
    list(APPEND common sekisho::net)
  endif()

  set(inner ${A_SOURCES})
  list(REMOVE_ITEM inner plugin.cpp)
  if(inner)
    add_library(${name}_objects STATIC ${inner})
    set_target_properties(${name}_objects PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    target_link_libraries(${name}_objects PUBLIC ${common})
    target_include_directories(${name}_objects PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  else()
    add_library(${name}_objects INTERFACE)
    target_link_libraries(${name}_objects INTERFACE ${common})
    target_include_directories(${name}_objects INTERFACE "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()

  add_library(${name} MODULE plugin.cpp)
  set_target_properties(${name} PROPERTIES PREFIX "" OUTPUT_NAME "${name}" CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON LIBRARY_OUTPUT_DIRECTORY "${SEKISHO_PLUGIN_DIR}")
  target_link_libraries(${name} PRIVATE ${name}_objects)
  # The manifest is read by hosts before the library is opened; it is made from the finished library.
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND sekisho-make-manifest "$<TARGET_FILE:${name}>" "${SEKISHO_PLUGIN_DIR}/${name}.json" ${name} ${category}
    VERBATIM)
  add_dependencies(${name} sekisho-make-manifest)
  add_dependencies(sekisho_plugins ${name})
  # Not the templates. The installed file differs (its search path), so its manifest is made anew.
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "/plugins/${category}/")
    set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN/..")
    install(TARGETS ${name} LIBRARY DESTINATION lib/sekisho/plugins)
    install(CODE "set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/sekisho/plugins\")
      execute_process(COMMAND \"$<TARGET_FILE:sekisho-make-manifest>\" \"\${folder}/${name}.so\"
        \"\${folder}/${name}.json\" ${name} ${category} COMMAND_ERROR_IS_FATAL ANY)")
  endif()

  if(A_TEST_SOURCES)
    sekisho_add_test(${name}_test SOURCES ${A_TEST_SOURCES} LINK ${name}_objects ${A_TEST_LINK})
  endif()
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${name}_load_test.cpp" AND TARGET sekisho::conformance)
    sekisho_add_test(${name}_load_test SOURCES ${name}_load_test.cpp LINK sekisho::conformance LABELS load)
    add_dependencies(${name}_load_test ${name})
  endif()
endfunction()

# sekisho_plugin_folder(<category>/<name>): one line per plugin in plugins/CMakeLists.txt.
set(SEKISHO_PLUGINS "" CACHE STRING "Build only these plugins, e.g. password;email_code; empty: all")
function(sekisho_plugin_folder folder)
  get_filename_component(name "${folder}" NAME)
  if(SEKISHO_PLUGINS AND NOT name IN_LIST SEKISHO_PLUGINS)
    return()
  endif()
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
    add_subdirectory("${folder}")
  endif()
endfunction()
