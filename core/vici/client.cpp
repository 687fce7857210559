#include "vici/client.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::vici {
namespace {

constexpr std::chrono::seconds kListenWithin(5);
constexpr std::size_t kPeerWords = 200;

std::size_t size_of(const Section& section) {
  std::size_t bytes = 0;
  for (const Item& item : section.items()) {
    bytes += item.name.size() + 8;
    if (const auto* value = std::get_if<std::string>(&item.held)) {
      bytes += value->size();
    } else if (const auto* list = std::get_if<std::vector<std::string>>(&item.held)) {
      for (const std::string& each : *list) bytes += each.size() + 8;
    } else {
      bytes += size_of(std::get<Section>(item.held));
    }
  }
  return bytes;
}

/// Commands that can fail say so; those that only list say nothing.
Result<Section> judged(Section answer) {
  if (!answer.has("success") || answer.is("success", "yes")) return answer;
  return fail("vici.refused", "charon refused", std::string(answer.text("errmsg").substr(0, kPeerWords)));
}

}  // namespace

std::vector<Happening> Client::opened(Instant now) {
  std::vector<Happening> out;
  if (open_) lose(fail("vici.closed", "another connection takes its place"), out, false);
  open_ = true;
  reader_ = PacketReader();
  output_.clear();
  for (const std::string& event : wanted_) {
    put_in_line({.id = 0, .step = Step::listen, .request = {.command = event}, .until = now + kListenWithin});
  }
  send_next(out, now);
  return out;
}

std::vector<Happening> Client::closed(Instant) {
  std::vector<Happening> out;
  if (open_) lose(fail("vici.closed", "the connection is gone"), out, true);
  return out;
}

std::vector<Happening> Client::listen(const std::string& event, Instant now) {
  std::vector<Happening> out;
  if (!wanted_.insert(event).second || !open_) return out;
  put_in_line({.id = 0, .step = Step::listen, .request = {.command = event}, .until = now + kListenWithin});
  send_next(out, now);
  return out;
}

Client::Asked Client::ask(Request request, Instant now) {
  Asked asked{next_++};
  const auto refuse = [&](Error error) {
    asked.happened.emplace_back(Done{asked.id, std::move(error)});
    return asked;
  };
  if (!open_) return refuse(fail("vici.closed", "there is no connection"));
  if (line_.size() >= limits_.waiting) return refuse(fail("vici.too_many", "too many requests wait"));
  // Whatever cannot be sent is told now, not when its turn comes.
  Bytes trial;
  if (auto fits = encode({PacketType::request, request.command, request.message}, trial); !fits) {
    return refuse(fits.error());
  }
  Pending pending;
  pending.id = asked.id;
  pending.step = request.stream.empty() ? Step::command : Step::begin;
  pending.until = now + request.within;
  pending.request = std::move(request);
  put_in_line(std::move(pending));
  send_next(asked.happened, now);
  return asked;
}

void Client::put_in_line(Pending pending) {
  // Registrations go first: what happens after an answer must already be heard.
  const auto rank = [](const Pending& p) { return p.step == Step::listen ? 0 : p.request.urgent ? 1 : 2; };
  const auto place = std::ranges::find_if(line_, [&](const Pending& other) { return rank(other) > rank(pending); });
  line_.insert(place, std::move(pending));
}

void Client::send(const Packet& packet) {
  SEKISHO_ASSERT(bool(encode(packet, output_)));
}

void Client::send_next(std::vector<Happening>& out, Instant now) {
  while (open_ && !busy_ && !line_.empty()) {
    Pending next = std::move(line_.front());
    line_.pop_front();
    if (next.until <= now) {
      if (next.step == Step::listen) return lose(fail("vici.timed_out", "a registration had no turn"), out, true);
      out.emplace_back(Done{next.id, fail("vici.timed_out", "its turn did not come")});
      continue;
    }
    if (next.step == Step::listen) {
      send({.type = PacketType::event_register, .name = next.request.command});
    } else if (next.step == Step::begin) {
      send({.type = PacketType::event_register, .name = next.request.stream});
    } else {
      send({PacketType::request, next.request.command, std::move(next.request.message)});
    }
    next.until = now + next.request.within;
    busy_ = std::move(next);
  }
}

void Client::finish(std::vector<Happening>& out) {
  Pending done = *std::exchange(busy_, std::nullopt);
  if (done.step == Step::listen) return;
  if (done.too_many) done.rows.clear(), done.answer = fail("vici.too_many", "a list is too long");
  out.emplace_back(Done{done.id, *std::move(done.answer), std::move(done.rows)});
}

void Client::take(Packet packet, std::vector<Happening>& out, Instant now) {
  if (packet.type == PacketType::event) {
    if (busy_ && busy_->step == Step::command && packet.name == busy_->request.stream) {
      busy_->row_bytes += size_of(packet.message);
      busy_->too_many = busy_->too_many || busy_->rows.size() >= limits_.rows || busy_->row_bytes > limits_.row_bytes;
      if (!busy_->too_many) busy_->rows.push_back(std::move(packet.message));
    } else if (wanted_.contains(packet.name)) {
      out.emplace_back(Heard{std::move(packet.name), std::move(packet.message)});
    }
    // What nobody wanted may come late, between unregistering and its confirmation.
    return;
  }
  const auto unexpected = [&] { lose(fail("vici.malformed", "an answer that nothing asked for"), out, true); };
  if (!busy_) return unexpected();
  const bool confirms = packet.type == PacketType::event_confirm || packet.type == PacketType::unknown_event;
  const bool answers = packet.type == PacketType::response || packet.type == PacketType::unknown_command;
  if (busy_->step == Step::command ? !answers : !confirms) return unexpected();
  if (packet.type == PacketType::unknown_event) {
    const Error error =
        fail("vici.unknown_event", busy_->step == Step::listen ? busy_->request.command : busy_->request.stream);
    if (busy_->step == Step::listen) return lose(error, out, true);
    if (busy_->step == Step::end) return unexpected();
    busy_->answer = error;
    return finish(out);
  }
  switch (busy_->step) {
    case Step::listen:
      return finish(out);
    case Step::begin:
      busy_->step = Step::command;
      send({PacketType::request, busy_->request.command, std::move(busy_->request.message)});
      return;
    case Step::command:
      if (packet.type == PacketType::unknown_command) {
        busy_->answer = fail("vici.unknown_command", busy_->request.command);
      } else {
        busy_->answer = judged(std::move(packet.message));
      }
      // An event that is wanted for itself as well stays registered.
      if (busy_->request.stream.empty() || wanted_.contains(busy_->request.stream)) return finish(out);
      busy_->step = Step::end;
      send({.type = PacketType::event_unregister, .name = busy_->request.stream});
      return;
    case Step::end:
      return finish(out);
  }
  static_cast<void>(now);
}

void Client::lose(Error why, std::vector<Happening>& out, bool say_so) {
  open_ = false;
  output_.clear();
  reader_ = PacketReader();
  const auto fail_one = [&](const Pending& pending) {
    if (pending.step != Step::listen) out.emplace_back(Done{pending.id, why});
  };
  if (const auto busy = std::exchange(busy_, std::nullopt)) fail_one(*busy);
  for (const Pending& pending : std::exchange(line_, {})) fail_one(pending);
  if (say_so) out.emplace_back(Lost{std::move(why)});
}

std::vector<Happening> Client::feed(View bytes, Instant now) {
  std::vector<Happening> out;
  if (!open_) return out;
  std::vector<Packet> packets;
  const auto read = reader_.feed(bytes, packets);
  for (Packet& packet : packets) {
    if (!open_) return out;
    take(std::move(packet), out, now);
    send_next(out, now);
  }
  if (open_ && !read) lose(read.error(), out, true);
  return out;
}

std::vector<Happening> Client::tick(Instant now) {
  std::vector<Happening> out;
  if (!open_) return out;
  if (busy_ && busy_->until <= now) {
    lose(fail("vici.timed_out", "charon did not answer " + busy_->request.command + " in time"), out, true);
    return out;
  }
  for (auto each = line_.begin(); each != line_.end();) {
    if (each->until > now) {
      ++each;
      continue;
    }
    if (each->step == Step::listen) {
      lose(fail("vici.timed_out", "a registration had no turn"), out, true);
      return out;
    }
    out.emplace_back(Done{each->id, fail("vici.timed_out", "its turn did not come")});
    each = line_.erase(each);
  }
  return out;
}

std::optional<Instant> Client::next_deadline() const {
  std::optional<Instant> next;
  const auto earlier = [&](Instant at) { next = next ? std::min(*next, at) : at; };
  if (busy_) earlier(busy_->until);
  for (const Pending& pending : line_) earlier(pending.until);
  return next;
}

Bytes Client::take_output() {
  return std::exchange(output_, {});
}

}  // namespace sekisho::vici
