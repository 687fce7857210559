# sekisho_add_fuzzer(<name> SOURCES fuzz_<name>.cpp … LINK … [SEEDS folder]): one libFuzzer harness and its seeds
# (seeds/<name> beside the first source unless SEEDS names another folder).
#   -DSEKISHO_FUZZ=ON (preset fuzz, clang): the program fuzzers/<name>, listed in fuzzers/list.txt for testbed/fuzz/run.py;
#                     sekisho_fuzzers is the target of all of them
#   otherwise:        fuzz_<name>_seeds, a unit test that plays the seeds, and what was found once, through the harness
option(SEKISHO_FUZZ "Build the fuzzers (needs clang)" OFF)
if(SEKISHO_FUZZ)
  add_custom_target(sekisho_fuzzers)
  file(WRITE "${CMAKE_BINARY_DIR}/fuzzers/list.txt" "")
endif()

function(sekisho_add_fuzzer name)
  cmake_parse_arguments(A "" "SEEDS" "SOURCES;LINK" ${ARGN})
  list(GET A_SOURCES 0 first)
  get_filename_component(folder "${first}" DIRECTORY)
  if(NOT A_SEEDS)
    set(A_SEEDS "${folder}/seeds/${name}")
  endif()
  get_filename_component(seeds "${A_SEEDS}" ABSOLUTE)
  if(NOT IS_DIRECTORY "${seeds}")
    message(FATAL_ERROR "fuzzer ${name}: no seeds in ${seeds}")
  endif()
  if(SEKISHO_FUZZ)
    add_executable(fuzz_${name} ${A_SOURCES})
    set_target_properties(fuzz_${name} PROPERTIES OUTPUT_NAME ${name}
      RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzzers")
    target_link_libraries(fuzz_${name} PRIVATE sekisho::options ${A_LINK})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(sekisho_fuzzers fuzz_${name})
    file(APPEND "${CMAKE_BINARY_DIR}/fuzzers/list.txt" "${name}\t${seeds}\n")
  else()
    add_executable(fuzz_${name}_seeds ${A_SOURCES} "${PROJECT_SOURCE_DIR}/testbed/fuzz/play_seeds.cpp")
    set_target_properties(fuzz_${name}_seeds PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    target_link_libraries(fuzz_${name}_seeds PRIVATE sekisho::options ${A_LINK})
    add_dependencies(unit_tests fuzz_${name}_seeds)
    add_test(NAME fuzz_${name}_seeds COMMAND fuzz_${name}_seeds "${seeds}")
    set_tests_properties(fuzz_${name}_seeds PROPERTIES LABELS unit TIMEOUT 120)
  endif()
endfunction()
