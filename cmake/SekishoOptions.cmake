# Compiler options that every target of the tree takes through sekisho::options.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(SEKISHO_PLUGIN_DIR "${CMAKE_BINARY_DIR}/plugins")
set(SEKISHO_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, for example address,undefined")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Debug CACHE STRING "" FORCE)
endif()
# -O1 keeps the debug build quick to compile and fast enough for the labs; -g1 keeps objects small. Sanitizers at -O1 double
# the time to compile (a unit that parses JSON, address,undefined: 11 s, at -O0 5 s) and see fewer of the accesses.
if(SEKISHO_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
else()
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
endif()
# Full debug information doubles what the release build writes and links; -g1 names functions and lines for a profile.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

add_library(sekisho_options INTERFACE)
add_library(sekisho::options ALIAS sekisho_options)
target_compile_features(sekisho_options INTERFACE cxx_std_20)
target_compile_options(sekisho_options INTERFACE
  -Wall -Wextra -Wformat=2 -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror
  -fstack-protector-strong
  # At -O2 GCC 12 sees std::variant's other alternatives as uninitialised; the debug build keeps looking.
  $<$<CONFIG:RelWithDebInfo>:-Wno-maybe-uninitialized>)
# Never with sanitizers: their checks and the fortified calls overlap.
if(SEKISHO_SANITIZE)
  # Not null: AddressSanitizer stops there too. Not vptr: a quarter of the time to compile, with null, and it wants the
  # hidden type information of libraries.
  target_compile_options(sekisho_options INTERFACE -fsanitize=${SEKISHO_SANITIZE} -fno-sanitize=null,vptr
    -fno-omit-frame-pointer -fno-sanitize-recover=all -Wno-maybe-uninitialized)
  target_link_options(sekisho_options INTERFACE -fsanitize=${SEKISHO_SANITIZE})
  if(SEKISHO_SANITIZE MATCHES "thread")
    # TSan follows no fences (-Wtsan says so). Asio's add nothing to the locks around them; our own code uses none.
    target_compile_definitions(sekisho_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
else()
  target_compile_options(sekisho_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fcf-protection)
  target_link_options(sekisho_options INTERFACE -Wl,-z,relro,-z,now)
endif()
if(SEKISHO_FUZZ)
  # Clang for libFuzzer alone: GCC's warnings are the tree's.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function,vptr -fno-sanitize-recover=all
    -fno-omit-frame-pointer -w)
  add_link_options(-fsanitize=address,undefined)
endif()
target_compile_definitions(sekisho_options INTERFACE
  _GLIBCXX_ASSERTIONS BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_DYN_LINK BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED SPDLOG_COMPILED_LIB SPDLOG_SHARED_LIB SPDLOG_FMT_EXTERNAL)

find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Threads REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_package(GTest REQUIRED)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(CAPNG REQUIRED IMPORTED_TARGET libcap-ng)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(NFTABLES REQUIRED IMPORTED_TARGET libnftables)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)

# JSON's templates, compiled once; takes the same options, but cannot link sekisho::options, which links it.
add_library(sekisho_json_once STATIC "${PROJECT_SOURCE_DIR}/cmake/json_once/json_once.cpp")
foreach(what COMPILE_OPTIONS COMPILE_DEFINITIONS COMPILE_FEATURES)
  set_property(TARGET sekisho_json_once APPEND PROPERTY ${what} "$<TARGET_PROPERTY:sekisho_options,INTERFACE_${what}>")
endforeach()
target_include_directories(sekisho_json_once BEFORE PRIVATE "${PROJECT_SOURCE_DIR}/cmake/json_once")
target_include_directories(sekisho_options BEFORE INTERFACE "${PROJECT_SOURCE_DIR}/cmake/json_once")
target_link_libraries(sekisho_options INTERFACE sekisho_json_once)
