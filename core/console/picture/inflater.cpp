#include "console/picture/inflater.hpp"

#include <sekisho/sdk/result.hpp>

#include <zlib.h>

#include <limits>
#include <new>

namespace sekisho::picture {

struct Inflater::Impl {
  Impl() {
    if (::inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  }
  ~Impl() { ::inflateEnd(&stream); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  z_stream stream{};
};

Inflater::Inflater() = default;
Inflater::~Inflater() = default;

std::size_t Inflater::inflate(rfb::View& in, std::span<std::byte> out) {
  if (broken_ || out.empty() || (in.empty() && !impl_)) return 0;
  if (!impl_) impl_ = std::make_unique<Impl>();
  z_stream& stream = impl_->stream;
  SEKISHO_ASSERT(in.size() <= std::numeric_limits<uInt>::max() && out.size() <= std::numeric_limits<uInt>::max());
  // zlib only reads what next_in points to.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int end = ::inflate(&stream, Z_SYNC_FLUSH);
  // The streams of RFB never end by themselves.
  broken_ = end != Z_OK && end != Z_BUF_ERROR;
  in = in.subspan(in.size() - stream.avail_in);
  return out.size() - stream.avail_out;
}

void Inflater::reset() {
  broken_ = impl_ && ::inflateReset(&impl_->stream) != Z_OK;
}

}  // namespace sekisho::picture
