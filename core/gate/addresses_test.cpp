#include "gate/addresses.hpp"

#include <gtest/gtest.h>

namespace sekisho::gate {
namespace {

TEST(AddressPool, OneAddressHasOneOwnerAndComesBackLast) {
  AddressPool pool("10.202.0.1", 29);
  EXPECT_EQ(pool.free(), 5u);
  const auto first = pool.take();
  ASSERT_EQ(first, "10.202.0.2");
  EXPECT_FALSE(pool.take("10.202.0.2"));
  EXPECT_FALSE(pool.take("10.202.0.1"));
  EXPECT_FALSE(pool.take("10.202.0.7")) << "broadcast";
  EXPECT_TRUE(pool.take("10.202.0.4"));
  pool.give_back(*first);
  EXPECT_EQ(pool.take(), "10.202.0.3");
  EXPECT_EQ(pool.take(), "10.202.0.5");
  EXPECT_EQ(pool.take(), "10.202.0.6");
  EXPECT_EQ(pool.take(), "10.202.0.2");
  EXPECT_EQ(pool.take(), std::nullopt);
}

}  // namespace
}  // namespace sekisho::gate
