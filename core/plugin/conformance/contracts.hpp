// The contracts of the four kinds with hostile input, for an object that is already there: what <name>_load_test.cpp
// runs on what the loader made, and the Python bindings on a plugin that is written in Python and has no library.
// Threads: one. Errors: reported through GoogleTest.
#pragma once
#include <sekisho/sdk/authenticator.hpp>
#include <sekisho/sdk/console_driver.hpp>
#include <sekisho/sdk/path/access_path.hpp>
#include <sekisho/sdk/posture_check.hpp>

#include <string>
#include <vector>

namespace sekisho::conformance {

/// `secrets` may show up nowhere; `log_lines` is borrowed and looked at after every step.
void keep_contract(Authenticator& plugin, const std::vector<std::string>& secrets,
                   const std::vector<std::string>& log_lines);
/// `name`: what its results must be called.
void keep_contract(const PostureCheck& plugin, const std::string& name);
void keep_contract(ConsoleDriver& plugin);
/// `words`: pieces of its protocol for the hostile peer.
void keep_contract(AccessPath& path, const std::vector<std::string>& words);

}  // namespace sekisho::conformance
