# sekisho_sim_program(<name> LIBRARIES … OPTIONS … LINK_OPTIONS …): the simulator's program, compiled from the sources of
# these libraries with options of its own and linked as one, without a look-up between rooms. What a week never needs (SQL,
# recordings but what is journalled) is left out.
#
# The name that GCC gives to the counts of a unit (and to functions that only the unit knows) is made of -dumpdir and the
# unit's: the program that counts and the program that uses the counts must have the same, so it is that of the library.
function(sekisho_sim_program name)
  cmake_parse_arguments(A "" "" "LIBRARIES;OPTIONS;LINK_OPTIONS" ${ARGN})
  set(unused "/core/(store/(sql_|migrations|statements)|recording/(file|player|reader|recorder|screen|tiles|verify))")
  set(objects)
  set(parts)
  foreach(library ${A_LIBRARIES})
    get_target_property(sources ${library} SOURCES)
    get_target_property(folder ${library} SOURCE_DIR)
    list(TRANSFORM sources PREPEND "${folder}/" REGEX "^[^/]")
    list(FILTER sources EXCLUDE REGEX "${unused}")
    if(NOT sources)
      continue()
    endif()
    set(part ${name}_${library})
    add_library(${part} OBJECT EXCLUDE_FROM_ALL ${sources})
    foreach(what INCLUDE_DIRECTORIES COMPILE_DEFINITIONS COMPILE_OPTIONS)
      set_property(TARGET ${part} APPEND PROPERTY ${what} "$<TARGET_PROPERTY:${library},${what}>")
    endforeach()
    target_compile_options(${part} PRIVATE ${A_OPTIONS} -dumpdir "${library}/")
    list(APPEND parts ${part})
    list(APPEND objects "$<TARGET_OBJECTS:${part}>")
  endforeach()
  add_executable(${name} main.cpp memory.cpp ${objects})
  foreach(what INCLUDE_DIRECTORIES COMPILE_DEFINITIONS COMPILE_OPTIONS)
    set_property(TARGET ${name} APPEND PROPERTY ${what} "$<TARGET_PROPERTY:sekisho_sim,${what}>")
  endforeach()
  target_compile_options(${name} PRIVATE ${A_OPTIONS} -dumpdir "program/")
  target_link_options(${name} PRIVATE -no-pie ${A_OPTIONS} ${A_LINK_OPTIONS} -Wl,-z,relro,-z,now)
  target_link_libraries(${name} PRIVATE CLI11::CLI11 OpenSSL::Crypto ICU::uc Threads::Threads spdlog::spdlog fmt::fmt)
  # The compiler cache knows neither -dumpdir nor which counts belong to it.
  set_target_properties(${name} ${parts} PROPERTIES POSITION_INDEPENDENT_CODE OFF CXX_COMPILER_LAUNCHER "")
  set(${name}_parts ${parts} PARENT_SCOPE)
endfunction()
