// Pulled enumerations over the wire.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cim/limits.h"
#include "wbem/cimxml/decode_response.h"
#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/world_for_test.h"

namespace lunaria::wbem::cimxml {
namespace {

using ::testing::HasSubstr;

class CimXmlPulls : public CimXmlWorld, public testing::Test {
 protected:
  CimXmlPulls() {
    for (std::uint32_t id = 0; id < 25; ++id) {
      provider.add(disk(id));
    }
  }

  /// Sends what our own client would, and reads the answer as it does.
  ResponseMessage call(const Operation& operation) {
    body = exchange(http_post({operation_name(operation)}, encode_request(operation, space, "1"))).body;
    const auto document = XmlDocument::parse(body);
    EXPECT_TRUE(document) << body;
    const auto response = decode_response(document->root());
    EXPECT_TRUE(response) << response.error();
    context.clear();
    for (const DecodedParameter& parameter : response->parameters) {
      if (parameter.name == "EnumerationContext") {
        context = std::string(parameter.value.string_or_empty());
      } else if (parameter.name == "EndOfSequence") {
        is_at_end = parameter.value.as_bool().value();
      }
    }
    return *response;
  }
  OpenEnumeration open(cim::EnumerationRequest::Kind kind, std::uint32_t count) const {
    OpenEnumeration operation;
    operation.request = {.kind = kind, .name_space = space, .class_name = "T_Disk"};
    operation.options.object_count_max = count;
    return operation;
  }

  std::string body;
  std::string context;
  bool is_at_end = false;
};

TEST_F(CimXmlPulls, BringInstancesWithTheirPaths) {
  ResponseMessage answer = call(open(cim::EnumerationRequest::Kind::kInstances, 10));
  EXPECT_EQ(answer.instances.size(), 10U);
  EXPECT_FALSE(is_at_end);
  answer = call(PullEnumeration{cim::PullContent::kInstancesWithPath, context, 10});
  ASSERT_EQ(answer.instances.size(), 10U);
  EXPECT_EQ(answer.instances[0].path->to_string(), "//x/root/test:T_Disk.System=\"h\",Id=10");
  answer = call(PullEnumeration{cim::PullContent::kInstancesWithPath, context, 10});
  EXPECT_EQ(answer.instances.size(), 5U);
  EXPECT_TRUE(is_at_end);
  EXPECT_EQ(context, "");
  EXPECT_THAT(body, HasSubstr("</IRETURNVALUE><PARAMVALUE NAME=\"EndOfSequence\" PARAMTYPE=\"boolean\">"));
}

TEST_F(CimXmlPulls, WriteInstancesAsTheOpenSaid) {
  OpenEnumeration operation = open(cim::EnumerationRequest::Kind::kInstances, 1);
  operation.request.include_class_origin = true;
  operation.request.options.properties = cim::PropertyList(std::vector<std::string>{"Label"});
  call(operation);
  call(PullEnumeration{cim::PullContent::kInstancesWithPath, context, 1});
  EXPECT_THAT(body, HasSubstr("<PROPERTY NAME=\"Label\" TYPE=\"string\" CLASSORIGIN=\"T_Disk\">"));
  EXPECT_THAT(body, testing::Not(HasSubstr("NAME=\"Size\"")));
}

TEST_F(CimXmlPulls, BringPaths) {
  ResponseMessage answer = call(open(cim::EnumerationRequest::Kind::kInstanceNames, 0));
  EXPECT_EQ(answer.paths.size(), 0U);
  answer = call(PullEnumeration{cim::PullContent::kPaths, context, 1000});
  EXPECT_EQ(answer.paths.size(), 25U);
  EXPECT_TRUE(is_at_end);
}

TEST_F(CimXmlPulls, AreCountedAndClosed) {
  call(open(cim::EnumerationRequest::Kind::kInstances, 10));
  const std::string opened = context;
  EXPECT_EQ(call(CountEnumeration{opened}).return_value->string_or_empty(), "15");
  EXPECT_FALSE(call(CloseEnumeration{opened}).error);
  EXPECT_EQ(call(PullEnumeration{cim::PullContent::kInstancesWithPath, opened, 1}).error->status,
            cim::Status::kInvalidEnumerationContext);
}

// A server that keeps what nobody fetches runs out of memory: three hundred enumerations, each left alone.
TEST_F(CimXmlPulls, ThatAreAbandonedKeepNothing) {
  std::size_t refused = 0;
  for (int i = 0; i < 300; ++i) {
    const ResponseMessage answer = call(open(cim::EnumerationRequest::Kind::kInstances, 1));
    refused += answer.error ? 1 : 0;
    if (answer.error) {
      EXPECT_EQ(answer.error->status, cim::Status::kServerLimitsExceeded);
    }
  }
  EXPECT_EQ(enumerations.size(), cim::limits::kOpenEnumerationsPerPrincipalMax);
  EXPECT_EQ(refused, 300 - cim::limits::kOpenEnumerationsPerPrincipalMax);
  world.run_for(std::chrono::seconds(cim::limits::kOperationTimeoutDefaultS + 1));
  EXPECT_EQ(enumerations.size(), 0U);
  EXPECT_FALSE(call(open(cim::EnumerationRequest::Kind::kInstances, 1)).error);
}

TEST_F(CimXmlPulls, DoNotKeepTheObjectManagerFromStopping) {
  call(open(cim::EnumerationRequest::Kind::kInstances, 1));
  EXPECT_EQ(admission.inside(), 0U) << "between two Pulls nobody is inside";
}

}  // namespace
}  // namespace lunaria::wbem::cimxml
