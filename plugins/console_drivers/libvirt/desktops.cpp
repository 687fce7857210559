// Desktops: a transient domain over a fresh overlay, marked as ours, removed whole.
#include "connection.hpp"
#include "domain_xml.hpp"
#include "verbs.hpp"

#include <cstring>
#include <set>

namespace sekisho::libvirt {
namespace {

/// Deletes the overlay of this UUID in that pool; true when it is not there any more.
Result<void> delete_overlay(virConnectPtr connect, const std::string& pool_name, std::string_view uuid) {
  const Pool pool(virStoragePoolLookupByName(connect, pool_name.c_str()));
  if (!pool) return libvirt_error("look up the pool");
  const Volume volume(virStorageVolLookupByName(pool.get(), overlay_name(uuid).c_str()));
  if (!volume) {
    if (virGetLastErrorCode() == VIR_ERR_NO_STORAGE_VOL) return {};
    return libvirt_error("look up the overlay");
  }
  if (virStorageVolDelete(volume.get(), 0) != 0) return libvirt_error("delete the overlay");
  return {};
}

std::set<std::string> pools_of(const std::vector<Model>& models) {
  std::set<std::string> out;
  for (const Model& model : models) out.insert(model.pool);
  return out;
}

}  // namespace

std::string model_of(virDomainPtr domain) {
  const Text mark(virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, kMark, 0));
  return mark ? marked_model(mark.get()) : std::string();
}

Result<Machine> create_desktop(virConnectPtr connect, const Model& model, const DesktopOrder& order) {
  const Pool pool(virStoragePoolLookupByName(connect, model.pool.c_str()));
  if (!pool) return libvirt_error("look up the pool");
  const Volume overlay(virStorageVolCreateXML(pool.get(), overlay_xml(model, order.uuid).c_str(), 0));
  if (!overlay) return libvirt_error("make the overlay");
  const auto give_up = [&](Error error) {
    virStorageVolDelete(overlay.get(), 0);  // what cannot be removed now, machines() lists as stopped
    return error;
  };
  const Text path(virStorageVolGetPath(overlay.get()));
  if (!path) return give_up(libvirt_error("the overlay's path"));
  const char* hypervisor = virConnectGetType(connect);
  const bool test = hypervisor != nullptr && std::strcmp(hypervisor, "TEST") == 0;
  const Domain domain(virDomainCreateXML(connect, desktop_xml(model, order, path.get(), test).c_str(), 0));
  if (!domain) return give_up(libvirt_error("start the desktop"));
  return describe(domain.get());
}

Result<void> destroy_desktop(virConnectPtr connect, virDomainPtr domain, const std::vector<Model>& models,
                             std::string_view uuid) {
  if (domain != nullptr) {
    if (model_of(domain).empty()) return fail("console.refused", "not a desktop of this gate");
    // OPERATION_INVALID: it ended by itself a moment ago.
    if (virDomainDestroy(domain) != 0 && virGetLastErrorCode() != VIR_ERR_OPERATION_INVALID &&
        virGetLastErrorCode() != VIR_ERR_NO_DOMAIN) {
      return libvirt_error("end the desktop");
    }
  }
  for (const std::string& pool : pools_of(models)) {
    if (auto gone = delete_overlay(connect, pool, uuid); !gone) return gone.error();
  }
  return {};
}

Result<std::vector<Machine>> leftovers(virConnectPtr connect, const std::vector<Model>& models) {
  std::vector<Machine> out;
  for (const std::string& pool_name : pools_of(models)) {
    const Pool pool(virStoragePoolLookupByName(connect, pool_name.c_str()));
    if (!pool) return libvirt_error("look up the pool");
    virStorageVolPtr* list = nullptr;
    const int count = virStoragePoolListAllVolumes(pool.get(), &list, 0);
    if (count < 0) return libvirt_error("list the pool");
    const std::unique_ptr<virStorageVolPtr, Freed> keep(list);
    for (int i = 0; i < count; ++i) {
      const Volume volume(list[i]);
      const char* name = virStorageVolGetName(volume.get());
      const auto uuid = overlay_owner(name == nullptr ? "" : name);
      if (!uuid || Domain(virDomainLookupByUUIDString(connect, uuid->c_str()))) continue;
      out.push_back({.uuid = *uuid, .name = name, .state = MachineState::stopped, .answers = false});
    }
  }
  return out;
}

bool agent_answers(virDomainPtr domain) {
  long long seconds = 0;
  unsigned nanoseconds = 0;
  return virDomainGetTime(domain, &seconds, &nanoseconds, 0) == 0;
}

Result<void> set_account_password(virDomainPtr domain, const std::string& account, const Secret& password) {
  std::string plain(password.reveal());
  const int done = virDomainSetUserPassword(domain, account.c_str(), plain.c_str(), 0);
  wipe(plain.data(), plain.size());
  if (done == 0) return {};
  Error error = libvirt_error("set the account's password");
  error.peer.clear();  // an agent may repeat what it was told
  return error;
}

}  // namespace sekisho::libvirt
