#include "seam/codec.hpp"

#include "seam/bar_fields.hpp"
#include "seam/fields.hpp"
#include "seam/hyper_fields.hpp"
#include "seam/rdp_fields.hpp"

#include <boost/pfr/core.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace sekisho::seam {
namespace {

// Filling and comparing walk the structs themselves (Boost.PFR), not the codec's lists: a list that forgets a member,
// or names it twice, makes the comparison fail.
class Filler {
 public:
  explicit Filler(unsigned seed) : random_(seed) {}
  unsigned below(unsigned bound) { return std::uniform_int_distribution<unsigned>(0, bound - 1)(random_); }

  void fill(bool& value) { value = below(2) == 1; }
  template <std::unsigned_integral N>
  void fill(N& value) {
    value = static_cast<N>(std::uniform_int_distribution<std::uint64_t>()(random_));
  }
  void fill(LoginForm& value) { value = static_cast<LoginForm>(below(3)); }
  void fill(SessionState& value) { value = static_cast<SessionState>(below(4)); }
  void fill(MachineState& value) { value = static_cast<MachineState>(below(5)); }
  void fill(PowerAction& value) { value = static_cast<PowerAction>(below(5)); }
  void fill(ScreenKind& value) { value = static_cast<ScreenKind>(below(3)); }
  void fill(CertificateFault& value) { value = static_cast<CertificateFault>(below(6)); }
  void fill(Place& value) { value = static_cast<Place>(below(2)); }
  void fill(std::string& value) {
    value.resize(below(33));
    for (char& c : value) c = static_cast<char>(below(256));
  }
  void fill(Secret& value) {
    std::string text;
    fill(text);
    value = Secret(std::move(text));
  }
  template <class T>
  void fill(std::vector<T>& values) {
    values.clear();
    for (unsigned n = below(4); n > 0; --n) fill(values.emplace_back());
  }
  void fill(Evidence& values) {
    for (unsigned n = below(4); n > 0; --n) {
      std::string name;
      fill(name);
      fill(values[name]);
    }
  }
  template <class... T>
  void fill(std::variant<T...>& value) {
    fill_kind(value, below(sizeof...(T)), std::index_sequence_for<T...>());
  }
  template <class T>
  requires std::is_aggregate_v<T>
  void fill(T& value) {
    boost::pfr::for_each_field(value, [this](auto& field) { fill(field); });
  }
  template <class V, std::size_t... I>
  void fill_kind(V& value, std::size_t kind, std::index_sequence<I...>) {
    static_cast<void>(((kind == I && (fill(value.template emplace<I>()), true)) || ...));
  }

 private:
  std::mt19937 random_;
};

template <class T>
requires std::equality_comparable<T> &&(!std::is_aggregate_v<T>)bool same(const T& a, const T& b) {
  return a == b;
}
bool same(const Secret& a, const Secret& b) {
  return a.reveal() == b.reveal();
}
bool same(const Evidence& a, const Evidence& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && same(x.second, y.second); });
}
template <class T>
requires std::is_aggregate_v<T>
bool same(const T& a, const T& b);
template <class... T>
bool same(const std::variant<T...>& a, const std::variant<T...>& b) {
  if (a.index() != b.index()) return false;
  return std::visit([&b](const auto& held) { return same(held, std::get<std::remove_cvref_t<decltype(held)>>(b)); }, a);
}
template <class T>
requires std::is_aggregate_v<T>
bool same(const T& a, const T& b) {
  bool equal = true;
  boost::pfr::for_each_field(a, [&]<class F>(const F& field, auto index) {
    equal = equal && same(field, boost::pfr::get<decltype(index)::value>(b));
  });
  return equal;
}

Message random_message(unsigned kind, unsigned seed) {
  Filler filler(seed);
  Message message;
  filler.fill_kind(message, kind, std::make_index_sequence<std::variant_size_v<Message>>());
  return message;
}

std::vector<std::byte> bytes_of(const Message& message) {
  const auto packet = encode(message);
  EXPECT_TRUE(packet) << (packet ? "" : packet.error().detail);
  if (!packet) return {};
  return {packet->bytes().begin(), packet->bytes().end()};
}

constexpr unsigned kKinds = std::variant_size_v<Message>;

}  // namespace

TEST(SeamCodec, CarriesEveryKindUnchanged) {
  for (unsigned kind = 0; kind < kKinds; ++kind) {
    for (unsigned seed = 0; seed < 200; ++seed) {
      const Message sent = random_message(kind, seed);
      const auto bytes = bytes_of(sent);
      const auto read = decode(bytes);
      ASSERT_TRUE(read) << "kind " << kind << ": " << read.error().detail;
      ASSERT_EQ(read->index(), kind);
      EXPECT_TRUE(same(sent, *read)) << "kind " << kind << " seed " << seed;
      EXPECT_EQ(bytes_of(*read), bytes);
    }
  }
}

TEST(SeamCodec, ComparisonOfTheseTestsSeesADifference) {
  const Message a = random_message(2, 7);
  Message b = random_message(2, 7);
  ASSERT_TRUE(same(a, b));
  std::get<Request>(b).number ^= 1;
  EXPECT_FALSE(same(a, b));
}

TEST(SeamCodec, ReadsEverySeedOfItsHarness) {
  std::size_t seeds = 0;
  for (const auto& file : std::filesystem::directory_iterator(SEKISHO_SOURCE_DIR "/core/seam/fuzz/seeds/seam")) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    EXPECT_TRUE(decode(std::as_bytes(std::span(text)))) << file.path();
    ++seeds;
  }
  EXPECT_GT(seeds, 30U);
}

TEST(SeamCodec, RefusesAPlaceThatIsNone) {
  auto bytes = bytes_of(ConsoleRequest{7, Place::console, "10.20.0.11", {}, ListServers{}});
  ASSERT_TRUE(decode(bytes));
  bytes.at(9) = std::byte{2};  // after the kind and the number
  EXPECT_FALSE(decode(bytes));
}

TEST(SeamCodec, RefusesAPacketCutAtAnyByte) {
  for (unsigned kind = 0; kind < kKinds; ++kind) {
    for (unsigned seed = 0; seed < 20; ++seed) {
      const auto bytes = bytes_of(random_message(kind, seed));
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        // A copy of exactly that size, so that a sanitizer sees every byte read too far.
        const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        const auto read = decode(cut);
        ASSERT_FALSE(read) << "kind " << kind << " cut at " << size;
        EXPECT_EQ(read.error().code, "seam.malformed");
      }
    }
  }
}

TEST(SeamCodec, RefusesTrailingBytes) {
  for (unsigned kind = 0; kind < kKinds; ++kind) {
    auto bytes = bytes_of(random_message(kind, kind));
    bytes.push_back(std::byte{0});
    EXPECT_FALSE(decode(bytes)) << kind;
  }
}

TEST(SeamCodec, ReadsFlippedBitsAsAnotherMessageOrNotAtAll) {
  for (unsigned kind = 0; kind < kKinds; ++kind) {
    auto bytes = bytes_of(random_message(kind, 3 + kind));
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      const auto flip = std::byte{static_cast<unsigned char>(1u << (bit % 8))};
      bytes[bit / 8] ^= flip;
      if (const auto read = decode(bytes)) {
        EXPECT_EQ(bytes_of(*read), bytes);  // one form for one meaning
      }
      bytes[bit / 8] ^= flip;
    }
  }
}

TEST(SeamCodec, ReadsGarbageWithoutHarm) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> bytes(std::uniform_int_distribution<std::size_t>(0, 64)(random));
    for (auto& byte : bytes) byte = static_cast<std::byte>(random() & 0xff);
    if (!bytes.empty()) bytes[0] = static_cast<std::byte>(std::to_integer<unsigned>(bytes[0]) % kKinds);
    if (const auto read = decode(bytes)) {
      EXPECT_EQ(bytes_of(*read), bytes);
    }
  }
}

TEST(SeamCodec, RefusesUnknownKinds) {
  EXPECT_FALSE(decode({}));
  for (unsigned kind = kKinds; kind < 256; ++kind) {
    EXPECT_FALSE(decode(std::vector<std::byte>{std::byte(kind)}));
    // the same inside: Request{number 0, kind}
    std::vector<std::byte> inner(10);
    inner[0] = std::byte{2}, inner[9] = std::byte(kind);
    EXPECT_FALSE(decode(inner));
  }
}

TEST(SeamCodec, RefusesHugeCountsBeforeItAllocates) {
  // DesiredNet{number, tun = "", rights count}
  std::vector<std::byte> packet(1 + 8 + 4 + 4);
  packet[0] = std::byte{6};
  for (std::uint32_t count : {1u, 4096u, 4097u, 0x7fffffffu, 0xffffffffu}) {
    for (int i = 0; i < 4; ++i) packet[13 + static_cast<std::size_t>(i)] = std::byte((count >> (8 * i)) & 0xff);
    EXPECT_FALSE(decode(packet)) << count;
  }
}

TEST(SeamCodec, RefusesWhatIsLongerThanItsCap) {
  EXPECT_TRUE(encode(Handover{std::string(kNameBytes, 'x'), ""}));
  EXPECT_FALSE(encode(Handover{std::string(kNameBytes + 1, 'x'), ""}));
  EXPECT_TRUE(encode(NetApplied{1, false, std::string(kTextBytes, 'x')}));
  EXPECT_FALSE(encode(NetApplied{1, false, std::string(kTextBytes + 1, 'x')}));

  PostureRequest report;
  report.body = std::string(kBodyBytes, 'x');
  EXPECT_TRUE(encode(Request{1, PostureRequest{"report", {}, {}, report.body}}));
  EXPECT_FALSE(encode(Request{1, PostureRequest{"report", {}, {}, report.body + "x"}}));

  Arrival arrival;
  arrival.certificate_chain.assign(kChainCertificates, std::string(kChainBytes / kChainCertificates, 'c'));
  EXPECT_TRUE(encode(Request{1, LogoutSession{{}, arrival}}));
  arrival.certificate_chain[3] += 'c';
  EXPECT_FALSE(encode(Request{1, LogoutSession{{}, arrival}}));
  arrival.certificate_chain.assign(kChainCertificates + 1, "c");
  EXPECT_FALSE(encode(Request{1, LogoutSession{{}, arrival}}));

  DesiredNet whole{1, "sekisho0", {}};
  whole.rights.resize(kKernelRights, KernelRight{"10.202.0.2", {{"10.202.0.1", 443, 6}, {"10.202.0.1", 5900, 6}}, 120});
  const auto over_the_packet = encode(whole);
  ASSERT_FALSE(over_the_packet);
  EXPECT_EQ(over_the_packet.error().detail, "a packet over its cap");
  whole.rights.resize(1500);
  EXPECT_TRUE(encode(whole));
}

TEST(SeamCodec, NoNameOfAMachineIsLongerThanAUuid) {
  const std::string uuid(36, 'a');
  EXPECT_TRUE(encode(HyperAsk{1, "my_number", "m", HyperLook{uuid}}));
  EXPECT_FALSE(encode(HyperAsk{1, "my_number", "m", HyperLook{uuid + "a"}}));
  EXPECT_FALSE(encode(HyperAsk{1, "my_number", "m", HyperDestroy{uuid + "a"}}));
  EXPECT_FALSE(encode(ScreenAsk{1, "my_number", "m", "S", uuid + "a", ScreenKind::screen, Secret("t")}));
  EXPECT_FALSE(encode(ScreenAsk{1, "my_number", "m", "S", uuid, ScreenKind::screen, Secret(std::string(65, 't'))}));
  HyperMachines whole;
  whole.machines.resize(kMachines, HyperMachine{uuid, std::string(256, 'n'), MachineState::running, true});
  EXPECT_TRUE(encode(HyperAnswer{1, "my_number", whole})) << "a full list is one packet";
}

TEST(SeamCodec, AsManyRdpRightsAndTriesAsAreAllowedAreOnePacket) {
  const std::string address = "203.0.113.255";
  DesiredRdp wanted{1, {}};
  wanted.rights.resize(kRdpRights, RdpRight{address, address, 120});
  EXPECT_TRUE(encode(wanted));
  wanted.rights.resize(kRdpRights + 1);
  EXPECT_FALSE(encode(wanted));
  RdpRefused refused;
  refused.tries.resize(kRdpTries, RdpTry{address, address, 17, 1, 1});
  EXPECT_TRUE(encode(refused));
  refused.tries.resize(kRdpTries + 1);
  EXPECT_FALSE(encode(refused));
}

TEST(SeamCodec, AsManyBarredSourcesAsAreAllowedAreOnePacket) {
  BarSources bars;
  bars.sources.resize(kBarredSources, BarredSource{"2001:db8:ffff:ffff::", 1200});
  EXPECT_TRUE(encode(bars));
  bars.sources.resize(kBarredSources + 1);
  EXPECT_FALSE(encode(bars));
}

TEST(SeamCodec, RefusesEvidenceOutOfOrderOrTwice) {
  Request request{1, BeginLogin{}};
  auto& evidence = std::get<BeginLogin>(request.body).evidence;
  evidence.emplace("a", Secret("1"));
  evidence.emplace("b", Secret("2"));
  auto bytes = bytes_of(std::move(request));
  ASSERT_TRUE(decode(bytes));
  const auto last_name = std::find(bytes.rbegin(), bytes.rend(), std::byte{'b'});
  ASSERT_NE(last_name, bytes.rend());
  *last_name = std::byte{'a'};
  EXPECT_FALSE(decode(bytes));
}

TEST(SeamCodec, RefusesChoicesAndFlagsThatDoNotExist) {
  auto applied = bytes_of(NetApplied{1, true, ""});
  applied[9] = std::byte{2};
  EXPECT_FALSE(decode(applied));
  auto granted = bytes_of(Reply{1, Granted{Secret("c"), "S", SessionState::ended}});
  granted.back() = std::byte{4};
  EXPECT_FALSE(decode(granted));
}

}  // namespace sekisho::seam
