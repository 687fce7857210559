// Plays every file of a folder through the harness that is linked in: the fuzzer's own main where there is no fuzzer.
// Threads: one. Errors: the harness aborts on a finding; an empty or missing folder is an error.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    std::printf("%s\n", file.filename().c_str());
    std::fflush(stdout);  // the last line names the seed that ended the program
    // A copy of exact size: a look beyond it is an error of the address sanitizer.
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    static_cast<void>(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()));
  }
  std::printf("%zu seeds\n", files.size());
  return files.empty() ? 1 : 0;
}
