// The SDK's plain values that several subjects share.
#include "bind.hpp"
#include "value.hpp"

namespace sekisho::python {

void bind_sdk_values(py::module_& m) {
  Value<Text>(m, "Text", "A sentence for people, in both languages.").field("ja", &Text::ja).field("en", &Text::en);
  Value<Refusal>(m, "Refusal", "The one shape of no.")
      .field("rule", &Refusal::rule)
      .field("code", &Refusal::code)
      .field("what", &Refusal::what)
      .field("why", &Refusal::why)
      .field("remedy", &Refusal::remedy);
  Value<Arrival>(m, "Arrival", "Where and as what somebody stands before the gate.")
      .field("path", &Arrival::path)
      .field("peer_address", &Arrival::peer_address)
      .field("peer_port", &Arrival::peer_port)
      .field("circuit", &Arrival::circuit)
      .field("user_agent", &Arrival::user_agent)
      .field("language", &Arrival::language)
      .field("tls_version", &Arrival::tls_version)
      .field("tls_cipher", &Arrival::tls_cipher)
      .bytes_list("certificate_chain", &Arrival::certificate_chain)
      .field("certificate_fault", &Arrival::certificate_fault)
      .field("form", &Arrival::form);
}

}  // namespace sekisho::python
