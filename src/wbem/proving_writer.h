#pragma once

// ProvingWriter: a response that also proves to the client who the server is (RFC 4559 4.1), whoever writes it.

#include <span>
#include <string_view>
#include <utility>

#include "http/handler.h"

namespace lunaria::wbem {

/// Adds one WWW-Authenticate field to the head; all else goes through. What it is given outlives it.
class ProvingWriter final : public http::ResponseWriter {
 public:
  /// `proof` is the field's value; empty: no field.
  ProvingWriter(http::ResponseWriter& writer, std::string_view proof) : writer_(writer), proof_(proof) {}

  void start(http::ResponseHead head) override {
    if (!proof_.empty()) {
      head.fields.add("WWW-Authenticate", proof_);
    }
    writer_.start(std::move(head));
  }
  bool started() const override { return writer_.started(); }
  runtime::Task<bool> write(std::span<const std::byte> bytes) override { return writer_.write(bytes); }
  runtime::Task<bool> flush() override { return writer_.flush(); }
  runtime::Task<bool> finish(http::Fields trailers) override { return writer_.finish(std::move(trailers)); }
  bool client_gone() const override { return writer_.client_gone(); }

 private:
  http::ResponseWriter& writer_;
  std::string_view proof_;
};

}  // namespace lunaria::wbem
