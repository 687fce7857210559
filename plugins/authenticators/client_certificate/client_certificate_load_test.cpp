// The real library through the real loader, and the conformance kit.
#include "plugin/conformance.hpp"
#include "testing/zoo.hpp"

namespace {

using namespace sekisho::client_certificate;

const zoo::Issued kRoot = zoo::issue(zoo::ca_spec("root"));

SEKISHO_CONFORMANCE("client_certificate", .files = {{"ca_file", kRoot.pem()}, {"crl_file", zoo::crl(kRoot, {})}});

}  // namespace
