// Names Asio's loop without including Asio.
#pragma once

namespace boost::asio {
class io_context;
}
