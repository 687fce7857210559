// Reads the built pages of one place into memory, at start, before the sandbox closes: a running relay opens no file of
// its pages. Threads: any. Ranges: 64 files of 4 MiB, 16 MiB together; names of pages.hpp, whose ending has a type;
// symbolic links and everything else that is no plain file are refused. Errors: relay.pages, with the file in detail.
#pragma once
#include "screens/pages.hpp"

#include <sekisho/sdk/result.hpp>

#include <string>

namespace sekisho::relay {

[[nodiscard]] Result<screens::StaticFiles> load_static_files(const std::string& directory);

}  // namespace sekisho::relay
