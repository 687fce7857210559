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
endfunction()

# sekisho_add_test(<name> SOURCES … LINK … [LABELS unit|load|needs_root …]): a GoogleTest program, in ctest.
# Target `unit_tests` builds what the labels unit and load run and nothing more; the sanitizer presets build only that.
add_custom_target(unit_tests)
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
  if("unit" IN_LIST A_LABELS OR "load" IN_LIST A_LABELS)
    add_dependencies(unit_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${A_LABELS}" TIMEOUT ${A_TIMEOUT})
endfunction()

# sekisho_add_program(<name> SOURCES … LINK …): a program under bin/.
function(sekisho_add_program name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE sekisho::options ${A_LINK})
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

include(SekishoFuzz)
include(SekishoPlugin OPTIONAL)
