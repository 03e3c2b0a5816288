#include "cim/open_enumerations.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cim/enumeration_world_for_test.h"
#include "runtime/event.h"

namespace lunaria::cim {
namespace {

using Kind = EnumerationRequest::Kind;

class Pulls : public EnumerationWorld {
 protected:
  Pulls() {
    context.principal = "ann";
    context.role = Role::kOperator;
    for (std::uint32_t number = 0; number < 10; ++number) {
      objects.add(disk(number));
    }
  }
  ~Pulls() override { finish(enumerations.close_all()); }

  /// What an Open or a Pull answered: the number of objects, and '.' at the end of the sequence; or the status.
  std::string shown(const Result<PullProgress, Error>& progress, CollectingSink& sink) {
    if (!progress) {
      return status_of(progress);
    }
    id = progress->context;
    EXPECT_EQ(id.empty(), progress->end_of_sequence);
    for (const Instance& instance : sink.instances()) {
      seen.push_back(static_cast<std::uint32_t>(instance.find("Id")->as_unsigned().value()));
    }
    return std::to_string(sink.instances().size()) + (progress->end_of_sequence ? "." : "");
  }
  std::string open(OpenOptions options = {}, Kind kind = Kind::kInstances) {
    EnumerationRequest wanted{.kind = kind, .name_space = space, .class_name = "A_Disk"};
    CollectingSink sink;
    return shown(finish(enumerations.open(context, std::move(wanted), options, sink)), sink);
  }
  std::string pull(std::uint32_t count, PullContent content = PullContent::kInstancesWithPath) {
    CollectingSink sink;
    const std::string from = id;
    return shown(finish(enumerations.pull(context, space, content, from, count, sink)), sink);
  }
  runtime::Task<void> start_pull(InstanceSink& sink, std::optional<Result<PullProgress, Error>>& progress) {
    auto outcome = co_await enumerations.pull(context, space, PullContent::kInstancesWithPath, id, 5, sink);
    progress.emplace(std::move(outcome));
  }
  std::string close() { return status_of(enumerations.close(context, space, id)); }
  std::string count() {
    const auto left = finish(enumerations.count(context, space, id));
    return left ? std::to_string(*left) : status_of(left);
  }

  OpenEnumerations enumerations{shard, enumerator, {.open_max = 6, .open_per_principal_max = 4}};
  std::string id;
  std::vector<std::uint32_t> seen;
};

TEST_F(Pulls, DeliverEveryObjectOnceAndInOrder) {
  EXPECT_EQ(open(), "0");
  EXPECT_EQ(pull(4), "4");
  EXPECT_EQ(pull(0), "0") << "only says that the client is there";
  EXPECT_EQ(pull(1), "1");
  EXPECT_EQ(pull(100), "5.");
  EXPECT_EQ(seen, std::vector<std::uint32_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(enumerations.size(), 0U);
}

TEST_F(Pulls, FetchWhatAFilterAsksOfOtherInstances) {
  EnumerationRequest wanted{.kind = Kind::kInstances, .name_space = space, .class_name = "A_Disk"};
  wanted.query = {.language = "DMTF:FQL", .text = "InstanceOf('A_Disk.Id=' || NumericToString(Id + 1)).Id > 4"};
  CollectingSink sink;
  EXPECT_EQ(shown(finish(enumerations.open(context, std::move(wanted), {.object_count_max = 2}, sink)), sink), "2");
  EXPECT_EQ(pull(100), "3.");
  EXPECT_EQ(seen, std::vector<std::uint32_t>({4, 5, 6, 7, 8}));
}

TEST_F(Pulls, EndWithTheLastObjectAndNotOnePullLater) {
  EXPECT_EQ(open({.object_count_max = 10}), "10.");
  EXPECT_EQ(open({.object_count_max = 9}), "9");
  EXPECT_EQ(pull(1), "1.");
}

TEST_F(Pulls, MakeNoObjectBeforeSomebodyWantsIt) {
  EXPECT_EQ(open({.object_count_max = 2}), "2");
  EXPECT_EQ(objects.put_count(), 3U) << "one is looked at ahead";
  EXPECT_EQ(pull(3), "3");
  EXPECT_EQ(objects.put_count(), 6U);
  EXPECT_EQ(close(), "ok");
  EXPECT_EQ(objects.put_count(), 6U);
  EXPECT_EQ(gate.count(), 0U);
}

TEST_F(Pulls, OfNothingEndAtOnce) {
  EnumerationRequest wanted{.kind = Kind::kInstances, .name_space = space, .class_name = "A_System"};
  CollectingSink sink;
  EXPECT_EQ(shown(finish(enumerations.open(context, std::move(wanted), {}, sink)), sink), "0.");
}

TEST_F(Pulls, RefuseWhatCannotBeOpened) {
  EXPECT_EQ(open({.operation_timeout_s = 0}), "INVALID_OPERATION_TIMEOUT");
  EXPECT_EQ(open({.operation_timeout_s = 3601}), "INVALID_OPERATION_TIMEOUT");
  CollectingSink sink;
  EnumerationRequest unknown{.kind = Kind::kInstances, .name_space = space, .class_name = "A_None"};
  EXPECT_EQ(shown(finish(enumerations.open(context, std::move(unknown), {}, sink)), sink), "INVALID_CLASS");
  EnumerationRequest nowhere{.kind = Kind::kInstances, .name_space = NamespaceName("root/no"), .class_name = "A_Disk"};
  EXPECT_EQ(shown(finish(enumerations.open(context, std::move(nowhere), {}, sink)), sink), "INVALID_NAMESPACE");
  EXPECT_EQ(enumerations.size(), 0U);
}

TEST_F(Pulls, ExpireWhenNobodyPulls) {
  EXPECT_EQ(open({.operation_timeout_s = 5}), "0");
  world.run_for(std::chrono::milliseconds(4900));
  EXPECT_EQ(pull(1), "1") << "a Pull starts the time anew";
  world.run_for(std::chrono::milliseconds(4900));
  EXPECT_EQ(pull(1), "1");
  world.run_for(std::chrono::milliseconds(5100));
  EXPECT_EQ(enumerations.size(), 0U);
  EXPECT_EQ(pull(1), "INVALID_ENUMERATION_CONTEXT");
  EXPECT_EQ(open(), "0") << "and its place is free";
}

TEST_F(Pulls, KnowTheirContexts) {
  EXPECT_EQ(pull(1), "INVALID_ENUMERATION_CONTEXT");
  EXPECT_EQ(open(), "0");
  EXPECT_EQ(pull(1, PullContent::kPaths), "INVALID_ENUMERATION_CONTEXT");
  EXPECT_EQ(pull(1, PullContent::kInstances), "INVALID_ENUMERATION_CONTEXT");
  CollectingSink sink;
  EXPECT_EQ(status_of(finish(enumerations.pull(context, other_space, PullContent::kInstancesWithPath, id, 1, sink))),
            "INVALID_ENUMERATION_CONTEXT");
  context.principal = "eve";
  EXPECT_EQ(pull(1), "INVALID_ENUMERATION_CONTEXT") << "another user's";
  EXPECT_EQ(close(), "INVALID_ENUMERATION_CONTEXT");
  EXPECT_EQ(count(), "INVALID_ENUMERATION_CONTEXT");
  context.principal = "ann";
  const Role role = std::exchange(context.role, Role::kViewer);
  EXPECT_EQ(pull(1), "INVALID_ENUMERATION_CONTEXT") << "demoted since";
  context.role = role;
  EXPECT_EQ(close(), "ok");
  EXPECT_EQ(close(), "INVALID_ENUMERATION_CONTEXT");
  EXPECT_EQ(pull(1), "INVALID_ENUMERATION_CONTEXT");
  EXPECT_EQ(open({}, Kind::kInstanceNames), "0");
  EXPECT_EQ(pull(10, PullContent::kPaths), "10.");
}

TEST_F(Pulls, AreLimitedInNumber) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(open(), "0");
  }
  EXPECT_EQ(open(), "SERVER_LIMITS_EXCEEDED") << "one user leaves room for others";
  const std::string last = id;
  context.principal = "bob";
  EXPECT_EQ(open(), "0");
  EXPECT_EQ(open(), "0");
  EXPECT_EQ(open(), "SERVER_LIMITS_EXCEEDED");
  context.principal = "ann";
  id = last;
  EXPECT_EQ(close(), "ok");
  EXPECT_EQ(open(), "0");
}

TEST_F(Pulls, CountWhatIsLeft) {
  EXPECT_EQ(open({.object_count_max = 3}), "3");
  EXPECT_EQ(count(), "7");
  EXPECT_EQ(pull(5), "5");
  EXPECT_EQ(count(), "2");
}

TEST_F(Pulls, TellAnErrorAfterTheObjectsBeforeIt) {
  objects.fail_with(Error(Status::kFailed, "disk on fire"));
  EXPECT_EQ(open({.object_count_max = 4}), "4");
  EXPECT_EQ(pull(100), "6") << "what was found is not thrown away";
  EXPECT_EQ(pull(100), "FAILED");
  EXPECT_EQ(enumerations.size(), 0U) << "an error ends the enumeration";
}

TEST_F(Pulls, GoOnAfterAnErrorWhereThatWasAsked) {
  objects.fail_with(Error(Status::kFailed, "disk on fire"));  // of each of the two classes
  EXPECT_EQ(open({.continue_on_error = true, .object_count_max = 4}), "4");
  EXPECT_EQ(pull(100), "6");
  EXPECT_EQ(pull(100), "FAILED");
  EXPECT_EQ(enumerations.size(), 1U);
  EXPECT_EQ(pull(100), "FAILED") << "of the other class";
  EXPECT_EQ(pull(100), "0.");
}

/// Has room for one object at a time, and only when the test says so.
class SlowSink final : public InstanceSink {
 public:
  Delivery deliver(Instance&& /*instance*/) override {
    ++taken;
    return Delivery::kWait;
  }
  runtime::Task<bool> ready() override {
    co_await room.wait();
    co_return !is_gone;
  }
  int taken = 0;
  bool is_gone = false;
  runtime::Event room;
};

TEST_F(Pulls, AreAbandonedWhenClosedMeanwhile) {
  EXPECT_EQ(open(), "0");
  SlowSink slow;
  std::optional<Result<PullProgress, Error>> progress;
  shard.run([&] { runtime::spawn(gate, start_pull(slow, progress)); });
  EXPECT_EQ(slow.taken, 1);
  EXPECT_EQ(pull(1), "INVALID_ENUMERATION_CONTEXT") << "one Pull at a time";
  EXPECT_EQ(close(), "ok");
  EXPECT_EQ(close(), "INVALID_ENUMERATION_CONTEXT");
  EXPECT_FALSE(progress) << "the client is still being written to";
  shard.run([&] { slow.room.set(); });
  ASSERT_TRUE(world.run_until([&] { return progress.has_value(); }));
  EXPECT_EQ(status_of(*progress), "PULL_HAS_BEEN_ABANDONED");
  EXPECT_EQ(slow.taken, 1);
  EXPECT_EQ(enumerations.size(), 0U);
}

TEST_F(Pulls, EndWhenTheClientHasGone) {
  EXPECT_EQ(open(), "0");
  SlowSink slow;
  slow.is_gone = true;
  slow.room.set();
  EXPECT_EQ(status_of(finish(enumerations.pull(context, space, PullContent::kInstancesWithPath, id, 5, slow))),
            "PULL_HAS_BEEN_ABANDONED");
  EXPECT_EQ(enumerations.size(), 0U);
}

TEST_F(Pulls, EndWithTheirServer) {
  EXPECT_EQ(open(), "0");
  EXPECT_EQ(open({}, Kind::kInstanceNames), "0");
  finish(enumerations.close_all());
  EXPECT_EQ(enumerations.size(), 0U);
  EXPECT_EQ(open(), "SERVER_IS_SHUTTING_DOWN");
}

}  // namespace
}  // namespace lunaria::cim
