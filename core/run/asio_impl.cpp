// The one unit that compiles Asio; every other one of the tree declares it only (BOOST_ASIO_SEPARATE_COMPILATION). TLS
// parts of Asio are not compiled anywhere: this library must not pull OpenSSL into sekisho-netd.
#include <boost/asio/impl/src.hpp>
