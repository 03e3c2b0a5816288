#include "block/loan.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace lunaria::block {

void Loan::take_copy() noexcept {
  if (loans_ != nullptr) {
    std::memcpy(copy_, bytes_.data(), bytes_.size());
    loans_->remove(*this);
    bytes_ = {copy_, bytes_.size()};
  }
}

void Loan::give_back() noexcept {
  if (loans_ != nullptr) {
    loans_->remove(*this);
  }
  bytes_ = {};
}

Loans::~Loans() {
  check(count_ == 0, "a volume recalls what it has lent before it goes");
}

void Loans::lend(std::uint64_t offset, std::span<std::byte> copy, Loan& loan) noexcept {
  check(!copy.empty() && copy.size() <= kLengthMax, "a loan has a length");
  check(copy.size() <= memory_.size() && offset <= memory_.size() - copy.size(), "the caller has checked the range");
  check(loan.bytes_.empty(), "one loan at a time");
  loan.loans_ = this;
  loan.bytes_ = memory_.subspan(offset, copy.size());
  loan.copy_ = copy.data();
  Loan*& first = bucket_of(loan);
  loan.next_ = first;
  loan.previous_ = nullptr;
  if (first != nullptr) {
    first->previous_ = &loan;
  }
  first = &loan;
  ++count_;
}

void Loans::remove(Loan& loan) noexcept {
  (loan.previous_ != nullptr ? loan.previous_->next_ : bucket_of(loan)) = loan.next_;
  if (loan.next_ != nullptr) {
    loan.next_->previous_ = loan.previous_;
  }
  loan.loans_ = nullptr;
  --count_;
}

void Loans::recall(std::uint64_t offset, std::uint64_t length) noexcept {
  if (count_ == 0 || length == 0) {
    return;
  }
  const std::uint64_t end = offset + length;
  const std::uint64_t first_granule = offset / kGranule - (offset >= kGranule ? 1 : 0);
  const std::uint64_t last_granule = std::min((end - 1) / kGranule, first_granule + kBuckets - 1);
  for (std::uint64_t granule = first_granule; granule <= last_granule; ++granule) {
    Loan* loan = buckets_[granule % kBuckets];
    while (loan != nullptr) {
      Loan* const next = loan->next_;
      const std::uint64_t begin = offset_of(*loan);
      if (begin < end && offset < begin + loan->bytes_.size()) {
        loan->take_copy();
      }
      loan = next;
    }
  }
}

}  // namespace lunaria::block
