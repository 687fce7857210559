// A few rights changed by netlink: all of a transaction or nothing, and as many as it may hold.
#include "netd/nft_elements.hpp"
#include "netd/testing/real_netd.hpp"

#include <endian.h>
#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::netd {
namespace {

using namespace testing;

const Right kOfMori{*parse_ipv4(kMori), 6, kEntrance}, kOfTani{*parse_ipv4(kTani), 6, kEntrance};

/// One session's element of a set, which may not be there.
NetlinkRequest element(std::uint16_t message, const std::string& set, const char* address) {
  nfgenmsg body{};
  body.nfgen_family = NFPROTO_INET;
  NetlinkRequest out(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message), NLM_F_CREATE, bytes_of(body));
  out.add_text(NFTA_SET_ELEM_LIST_TABLE, "sekisho");
  out.add_text(NFTA_SET_ELEM_LIST_SET, set);
  std::vector<std::byte> key(16);
  inet_pton(AF_INET, address, key.data());
  inet_pton(AF_INET, kGate, key.data() + 4);
  key[8] = std::byte{6};
  key[12] = std::byte{kEntrance >> 8};
  key[13] = std::byte{kEntrance & 0xff};
  const std::size_t list = out.begin(NFTA_SET_ELEM_LIST_ELEMENTS), one = out.begin(NFTA_LIST_ELEM),
                    of_key = out.begin(NFTA_SET_ELEM_KEY);
  out.add(NFTA_DATA_VALUE, key);
  out.end(of_key);
  out.add_value(NFTA_SET_ELEM_TIMEOUT, htobe64(9000));
  out.end(one);
  out.end(list);
  return out;
}

}  // namespace

TEST_F(InNamespace, ATransactionWithAnyBadRequestFailsAndLeavesNothing) {
  RealNetd house;
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER, "netd.nft");
  ASSERT_TRUE(socket);
  const auto commit = [&](std::size_t bad, bool absent) {
    std::vector<NetlinkRequest> requests;
    const char* addresses[] = {"10.202.0.7", "10.202.0.8", "10.202.0.9"};
    for (std::size_t i = 0; i < 3; ++i) {
      // Absent: an element that is to be deleted; otherwise a set that is none of ours.
      const std::uint16_t message = i == bad && absent ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM;
      requests.push_back(element(message, i == bad && !absent ? "rights_of_nobody" : "rights_internet", addresses[i]));
    }
    return socket->commit("test", NFNL_SUBSYS_NFTABLES, std::move(requests));
  };
  for (std::size_t bad = 0; bad < 3; ++bad) {
    for (const bool absent : {false, true}) {
      const auto done = commit(bad, absent);
      ASSERT_FALSE(done) << bad << absent;
      EXPECT_EQ(done.error().code, "netd.nft");
      EXPECT_TRUE(house.kernel->rights().empty()) << bad << absent;
    }
  }
  EXPECT_TRUE(commit(3, false)) << "what the failed ones were answered is not taken for its own";
  EXPECT_EQ(house.kernel->rights().size(), 3u);
}

TEST_F(InNamespace, AChangeThatFailsChangesNothing) {
  RealNetd house;
  auto elements = NftElements::open();
  ASSERT_TRUE(elements);
  const Rights mori{{kOfMori, std::chrono::seconds(9)}};
  ASSERT_TRUE(elements->change(house.paths[0], {}, mori));
  ASSERT_EQ(house.kernel->rights().size(), 1u);

  NetPath nowhere = house.paths[0];
  nowhere.name = "nowhere";
  EXPECT_FALSE(elements->change(nowhere, {kOfMori}, {{kOfTani, std::chrono::seconds(9)}}));
  EXPECT_FALSE(elements->change(house.paths[0], {kOfMori}, {{kOfTani, std::chrono::milliseconds(0)}}))
      << "the kernel takes no time for an endless one";
  const auto held = house.kernel->rights();
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0].right, kOfMori);

  EXPECT_TRUE(elements->change(house.paths[0], {kOfMori, kOfTani}, {})) << "also of what is not there";
  EXPECT_TRUE(house.kernel->rights().empty());
}

TEST_F(InNamespace, AsManyRightsAsOneTransactionTakesAreOne) {
  auto paths = test_paths();
  paths[0].prefix = 20;
  RealNetd house(paths);
  auto elements = NftElements::open();
  ASSERT_TRUE(elements);
  Rights all;
  for (std::uint32_t i = 0; i < NftElements::kMost; ++i) {
    all.emplace(Right{*parse_ipv4("10.202.1.0") + i, 6, kEntrance}, std::chrono::seconds(100));
  }
  for (int round = 0; round < 2; ++round) {
    const auto done = elements->change(paths[0], {}, all);
    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(house.kernel->rights().size(), NftElements::kMost);
  }
  std::set<Right> gone;
  for (const auto& [right, left] : all) gone.insert(right);
  ASSERT_TRUE(elements->change(paths[0], gone, {}));
  EXPECT_TRUE(house.kernel->rights().empty());
}

}  // namespace sekisho::netd
