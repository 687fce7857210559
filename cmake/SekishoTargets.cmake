# sekisho_add_room(<room> [STATIC|SHARED] SOURCES … LINK …): one library per room, sekisho::<room>.
# Headers of a room are included as "<room>/x.hpp"; SDK headers as <sekisho/sdk/x.hpp>.
function(sekisho_add_room room)
  cmake_parse_arguments(A "STATIC" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  if(A_STATIC)
    add_library(sekisho_${room} STATIC ${A_SOURCES})
  else()
    add_library(sekisho_${room} SHARED ${A_SOURCES})
  endif()
  add_library(sekisho::${room} ALIAS sekisho_${room})
  target_include_directories(sekisho_${room} PUBLIC "${PROJECT_SOURCE_DIR}/core" "${PROJECT_SOURCE_DIR}/core/include")
  target_link_libraries(sekisho_${room} PUBLIC sekisho::options ${A_LINK} PRIVATE ${A_PRIVATE_LINK})
  if(NOT A_STATIC AND NOT room MATCHES "_testing$")
    set_target_properties(sekisho_${room} PROPERTIES INSTALL_RPATH "$ORIGIN")
    install(TARGETS sekisho_${room} LIBRARY DESTINATION lib/sekisho)
  endif()
endfunction()

# sekisho_add_test(<name> SOURCES … LINK … [LABELS unit|load|needs_root …]): a GoogleTest program, in ctest.
# Target `unit_tests` builds what the labels unit and load run and nothing more; the sanitizer presets build only that.
add_custom_target(unit_tests)
add_custom_target(threads_tests)
function(sekisho_add_test name)
  cmake_parse_arguments(A "" "TIMEOUT" "SOURCES;LINK;LABELS;DEFINITIONS" ${ARGN})
  if(NOT A_LABELS)
    set(A_LABELS unit)
  endif()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 120)
  endif()
  add_executable(${name} ${A_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  target_link_libraries(${name} PRIVATE sekisho::options ${A_LINK} GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE ${A_DEFINITIONS} SEKISHO_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    SEKISHO_PLUGIN_DIR="${SEKISHO_PLUGIN_DIR}")
  # The promises themselves run no faster for being optimised, and compile slower; fortified calls want optimisation.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O0 -Wno-cpp>)
  if("unit" IN_LIST A_LABELS OR "load" IN_LIST A_LABELS)
    add_dependencies(unit_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${A_LABELS}" TIMEOUT ${A_TIMEOUT})
endfunction()

# sekisho_tests_have_threads(<name> …): these, or the programs that they start, run more than one thread of ours; they get
# the label `threads` too, by which `./dev test` chooses what runs under TSan, and target `threads_tests` builds them.
function(sekisho_tests_have_threads)
  foreach(name ${ARGN})
    add_dependencies(threads_tests ${name})
    set_property(TEST ${name} APPEND PROPERTY LABELS threads)
  endforeach()
endfunction()

# sekisho_add_program(<name> SOURCES … LINK …): a program under bin/.
function(sekisho_add_program name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE sekisho::options ${A_LINK})
  set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/sekisho")
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

include(SekishoFuzz)
include(SekishoPlugin OPTIONAL)
