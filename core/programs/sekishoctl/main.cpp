// sekishoctl: the staff's shell tool. Commands stand in *_commands.cpp.
#include "programs/sekishoctl/commands.hpp"

int main(int argc, char** argv) {
  return sekisho::ctl::run(argc, argv);
}
