// How jemalloc behaves in the programs that link it; the library looks for this name (jemalloc(3), "TUNING"). Few
// arenas: one thread of each program does most of the work. What is freed goes back to the kernel within a second, so
// that a burst of logins does not stay as memory. A word that the library does not know ends the program at its start.
extern "C" {
// NOLINTNEXTLINE(readability-identifier-naming): the library's name
const char* malloc_conf = "abort_conf:true,narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0";
}
