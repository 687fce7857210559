// What sekishod makes of its configuration.
#include "programs/sekishod/settings.hpp"

#include "base/site_config_parse.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sekisho::programs {
namespace {

TEST(Settings, PoolsAndSeatsBecomeTheBrokersOfTheirZones) {
  const auto config = load_site_config(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
  ASSERT_TRUE(config.value);
  const auto zones = hypervisor_zones(*config.value);
  ASSERT_EQ(zones.size(), 1U);
  EXPECT_EQ(zones[0].zone, registry::Zone::internet_business);
  ASSERT_EQ(zones[0].pools.size(), 1U);
  const desktops::Pool& pool = zones[0].pools[0];
  EXPECT_EQ(pool.name, "win11");
  EXPECT_EQ(pool.manager, "desks");
  EXPECT_EQ(pool.model, "win11");
  EXPECT_EQ(pool.account, "maint");
  EXPECT_EQ(pool.desktops, std::vector<std::string>{"vdi-02"});
  EXPECT_EQ(pool.spare, 1U);
  EXPECT_EQ(pool.starts_at_once, 2U);
  EXPECT_EQ(pool.start, Seconds{20});
  EXPECT_EQ(pool.boot_limit, Seconds{300});
  ASSERT_EQ(pool.seats.size(), 2U);
  EXPECT_EQ(pool.seats[0].desktop, "vdi-01");
  EXPECT_EQ(pool.seats[0].mac, "52:54:00:20:00:11");
  EXPECT_EQ(pool.seats[0].address, "10.20.0.11");
  EXPECT_EQ(pool.seats[0].port, 0) << "its screen is hyperd's alone";
  EXPECT_EQ(pool.seats[1].desktop, "");
}

}  // namespace
}  // namespace sekisho::programs
