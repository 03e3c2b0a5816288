#include "cim/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "cim/datetime.h"
#include "cim/name.h"
#include "cim/object_path.h"

namespace lunaria::cim {
namespace {

TEST(Name, ComparesWithoutRegardToCase) {
  EXPECT_TRUE(name_equal("WT_Disk", "wt_dISK"));
  EXPECT_FALSE(name_equal("WT_Disk", "WT_Disks"));
  EXPECT_EQ(name_hash("WT_Disk"), name_hash("wt_disk"));
  EXPECT_TRUE(name_compare("abc", "ABD") < 0);
  EXPECT_TRUE(name_compare("ab", "ABC") < 0);
}

TEST(Name, KnowsIdentifiers) {
  EXPECT_TRUE(is_valid_name("_a1"));
  EXPECT_TRUE(is_valid_name("\xC3\xA9t\xC3\xA9"));
  EXPECT_FALSE(is_valid_name(""));
  EXPECT_FALSE(is_valid_name("1a"));
  EXPECT_FALSE(is_valid_name("a-b"));
}

TEST(NamespaceName, NormalisesSeparatorsAndInterop) {
  EXPECT_EQ(NamespaceName("Root\\CIMV2"), NamespaceName("root/cimv2"));
  EXPECT_EQ(NamespaceName("//Root///x/").text(), "Root/x");
  EXPECT_EQ(NamespaceName("Interop"), NamespaceName("root/interop"));
  EXPECT_EQ(NamespaceHash()(NamespaceName("INTEROP")), NamespaceHash()(NamespaceName("root/interop")));
  EXPECT_FALSE(NamespaceName("root/interop2") == NamespaceName("interop"));
  EXPECT_TRUE(NamespaceName("/").empty());
}

struct TextCase {
  Type type;
  const char* text;
  const char* canonical;  // null: refused
};

class ValueText : public testing::TestWithParam<TextCase> {};

TEST_P(ValueText, ReadsWhatIsAValueAndNothingElse) {
  const TextCase& row = GetParam();
  const auto value = Value::parse(row.type, row.text);
  ASSERT_EQ(value.has_value(), row.canonical != nullptr) << row.text;
  if (value) {
    EXPECT_EQ(value->type(), row.type);
    EXPECT_EQ(value->to_text(), row.canonical);
    EXPECT_EQ(*Value::parse(row.type, value->to_text()), *value);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Integers, ValueText,
    testing::Values(TextCase{Type::kUint8, "0", "0"}, TextCase{Type::kUint8, "255", "255"},
                    TextCase{Type::kUint8, "256", nullptr}, TextCase{Type::kUint8, "-1", nullptr},
                    TextCase{Type::kUint8, "-0", "0"}, TextCase{Type::kUint8, "+7", "7"},
                    TextCase{Type::kUint8, "", nullptr}, TextCase{Type::kUint8, " 1", nullptr},
                    TextCase{Type::kUint8, "1 ", nullptr}, TextCase{Type::kUint8, "1.0", nullptr},
                    TextCase{Type::kUint8, "0xff", "255"}, TextCase{Type::kUint8, "0x100", nullptr},
                    TextCase{Type::kUint8, "0x", nullptr}, TextCase{Type::kUint8, "+", nullptr},
                    TextCase{Type::kUint8, "--1", nullptr}, TextCase{Type::kUint8, "010", "10"},
                    TextCase{Type::kUint16, "65535", "65535"}, TextCase{Type::kUint16, "65536", nullptr},
                    TextCase{Type::kUint32, "4294967295", "4294967295"}, TextCase{Type::kUint32, "4294967296", nullptr},
                    TextCase{Type::kUint64, "18446744073709551615", "18446744073709551615"},
                    TextCase{Type::kUint64, "18446744073709551616", nullptr}, TextCase{Type::kSint8, "-128", "-128"},
                    TextCase{Type::kSint8, "-129", nullptr}, TextCase{Type::kSint8, "127", "127"},
                    TextCase{Type::kSint8, "128", nullptr}, TextCase{Type::kSint16, "-32769", nullptr},
                    TextCase{Type::kSint32, "2147483648", nullptr},
                    TextCase{Type::kSint64, "-9223372036854775808", "-9223372036854775808"},
                    TextCase{Type::kSint64, "-9223372036854775809", nullptr},
                    TextCase{Type::kSint64, "9223372036854775807", "9223372036854775807"},
                    TextCase{Type::kSint64, "9223372036854775808", nullptr}));

INSTANTIATE_TEST_SUITE_P(
    Others, ValueText,
    testing::Values(TextCase{Type::kBoolean, "tRuE", "TRUE"}, TextCase{Type::kBoolean, "FALSE", "FALSE"},
                    TextCase{Type::kBoolean, "1", nullptr}, TextCase{Type::kBoolean, "", nullptr},
                    TextCase{Type::kReal64, "1.5", "1.5"}, TextCase{Type::kReal64, "-1.5E+3", "-1500.0"},
                    TextCase{Type::kReal64, "2", "2.0"}, TextCase{Type::kReal64, ".5", "0.5"},
                    TextCase{Type::kReal64, "1e300", "1.0e+300"}, TextCase{Type::kReal64, "1e400", nullptr},
                    TextCase{Type::kReal64, "INF", "INF"}, TextCase{Type::kReal64, "-INF", "-INF"},
                    TextCase{Type::kReal64, "infinity", nullptr}, TextCase{Type::kReal64, "nan", nullptr},
                    TextCase{Type::kReal64, "0x1", nullptr}, TextCase{Type::kReal64, "1.5x", nullptr},
                    TextCase{Type::kReal64, "-", nullptr}, TextCase{Type::kReal32, "0.1", "0.1"},
                    TextCase{Type::kReal32, "1e39", nullptr}, TextCase{Type::kChar16, "a", "a"},
                    TextCase{Type::kChar16, "\xC3\xA9", "\xC3\xA9"},
                    TextCase{Type::kChar16, "\xE2\x82\xAC", "\xE2\x82\xAC"},
                    TextCase{Type::kChar16, "\xF0\x9F\x98\x80", nullptr}, TextCase{Type::kChar16, "\xC0\x80", nullptr},
                    TextCase{Type::kChar16, "\xED\xA0\x80", nullptr}, TextCase{Type::kChar16, "ab", nullptr},
                    TextCase{Type::kChar16, "", nullptr}, TextCase{Type::kString, "", ""},
                    TextCase{Type::kString, "a\nb", "a\nb"}, TextCase{Type::kReference, "root/x:A.B=1", "root/x:A.B=1"},
                    TextCase{Type::kReference, "not a path", nullptr}, TextCase{Type::kEmbeddedInstance, "x", nullptr},
                    TextCase{Type::kNone, "x", nullptr}));

INSTANTIATE_TEST_SUITE_P(
    Datetimes, ValueText,
    testing::Values(TextCase{Type::kDatetime, "20260102030405.678901+060", "20260102030405.678901+060"},
                    TextCase{Type::kDatetime, "20260102030405.678901-300", "20260102030405.678901-300"},
                    TextCase{Type::kDatetime, "00000101000000.000000+000", "00000101000000.000000+000"},
                    TextCase{Type::kDatetime, "99991231235959.999999+999", "99991231235959.999999+999"},
                    TextCase{Type::kDatetime, "20240229000000.000000+000", "20240229000000.000000+000"},
                    TextCase{Type::kDatetime, "20250229000000.000000+000", nullptr},
                    TextCase{Type::kDatetime, "20260002000000.000000+000", nullptr},
                    TextCase{Type::kDatetime, "20261301000000.000000+000", nullptr},
                    TextCase{Type::kDatetime, "20260100000000.000000+000", nullptr},
                    TextCase{Type::kDatetime, "20260101240000.000000+000", nullptr},
                    TextCase{Type::kDatetime, "20260101006000.000000+000", nullptr},
                    TextCase{Type::kDatetime, "20260101000060.000000+000", nullptr},
                    TextCase{Type::kDatetime, "20260101000000.000***+000", "20260101000000.000***+000"},
                    TextCase{Type::kDatetime, "20260101******.******+000", "20260101******.******+000"},
                    TextCase{Type::kDatetime, "**************.******+000", "**************.******+000"},
                    TextCase{Type::kDatetime, "2026010*******.******+000", nullptr},
                    TextCase{Type::kDatetime, "20260101**0000.000000+000", nullptr},
                    TextCase{Type::kDatetime, "20260101000000.000000:001", nullptr},
                    TextCase{Type::kDatetime, "20260101000000.000000+00", nullptr},
                    TextCase{Type::kDatetime, "20260101000000.000000+0000", nullptr},
                    TextCase{Type::kDatetime, "20260101000000,000000+000", nullptr},
                    TextCase{Type::kDatetime, "20260101000000.000000+***", nullptr},
                    TextCase{Type::kDatetime, "", nullptr},
                    TextCase{Type::kDatetime, "00000001132312.000000:000", "00000001132312.000000:000"},
                    TextCase{Type::kDatetime, "99999999235959.999999:000", "99999999235959.999999:000"},
                    TextCase{Type::kDatetime, "00000001******.******:000", "00000001******.******:000"},
                    TextCase{Type::kDatetime, "********000000.000000:000", nullptr},
                    TextCase{Type::kDatetime, "0000****000000.000000:000", nullptr},
                    TextCase{Type::kDatetime, "00000001240000.000000:000", nullptr},
                    TextCase{Type::kDatetime, "00000001132312.000000:001", nullptr}));

TEST(Value, ReadsNotANumber) {
  const auto value = Value::parse(Type::kReal64, "NaN");
  ASSERT_TRUE(value);
  EXPECT_TRUE(std::isnan(value->as_real().value()));
  EXPECT_EQ(value->to_text(), "NaN");
}

TEST(Value, TellsAbsentFromNull) {
  EXPECT_TRUE(Value().is_absent());
  EXPECT_TRUE(Value().is_null());
  EXPECT_FALSE(Value::null(Type::kUint8).is_absent());
  EXPECT_TRUE(Value::null(Type::kUint8).is_null());
  EXPECT_FALSE(Value() == Value::null(Type::kUint8));
  EXPECT_FALSE(Value::null(Type::kUint8, true) == Value::null(Type::kUint8));
  EXPECT_FALSE(Value("").is_null());
}

TEST(Value, ComparesIntegersByNumberAndNothingAcrossFamilies) {
  EXPECT_EQ(Value(std::uint8_t{5}), Value(std::int64_t{5}));
  EXPECT_EQ(Value(std::uint8_t{5}).hash(), Value(std::int64_t{5}).hash());
  EXPECT_FALSE(Value(std::uint64_t{0xFFFFFFFFFFFFFFFF}) == Value(std::int64_t{-1}));
  EXPECT_FALSE(Value(std::uint8_t{1}) == Value("1"));
  EXPECT_FALSE(Value(std::uint8_t{1}) == Value(true));
  EXPECT_FALSE(Value(static_cast<Char16>(1)) == Value(true));
  EXPECT_FALSE(Value("a") == Value("A"));
}

TEST(Value, HoldsArraysWithNullElements) {
  const Value array = Value::array(Type::kString, {Value("a"), Value::null(Type::kString)});
  ASSERT_EQ(array.elements().size(), 2U);
  EXPECT_TRUE(array.elements()[1].is_null());
  EXPECT_EQ(array, Value::array(Type::kString, {Value("a"), Value::null(Type::kString)}));
  EXPECT_FALSE(array == Value::array(Type::kString, {Value("a")}));
  EXPECT_EQ(Value::array_of(std::vector<std::uint16_t>{2, 3}).type(), Type::kUint16);
  EXPECT_FALSE(Value::array(Type::kString, {}).is_null());
}

TEST(Value, ConvertsOnlyWhereItFits) {
  EXPECT_EQ(Value(std::uint64_t{255}).converted_to(Type::kUint8)->type(), Type::kUint8);
  EXPECT_FALSE(Value(std::uint64_t{256}).converted_to(Type::kUint8));
  EXPECT_FALSE(Value(std::int64_t{-1}).converted_to(Type::kUint64));
  EXPECT_FALSE(Value(std::int64_t{-129}).converted_to(Type::kSint8));
  EXPECT_FALSE(Value("1").converted_to(Type::kUint8));
  EXPECT_FALSE(Value(std::uint64_t{1}).converted_to(Type::kString));
  EXPECT_FALSE(Value(true).converted_to(Type::kUint8));
  EXPECT_FALSE(Value("x").converted_to(Type::kDatetime));
  EXPECT_TRUE(Value("00000000000000.000000:000").converted_to(Type::kDatetime));
  EXPECT_EQ(Value::null(Type::kString).converted_to(Type::kUint8)->type(), Type::kUint8);
  const Value mixed = Value::array(Type::kUint64, {Value(std::uint64_t{1}), Value(std::uint64_t{300})});
  EXPECT_FALSE(mixed.converted_to(Type::kUint8));
  EXPECT_EQ(mixed.converted_to(Type::kUint16)->type(), Type::kUint16);
}

TEST(DateTime, IsEqualByMomentWhateverTheOffset) {
  const auto here = DateTime::parse("20260102030405.000000+060");
  const auto there = DateTime::parse("20260102020405.000000+000");
  ASSERT_TRUE(here && there);
  EXPECT_EQ(*here, *there);
  EXPECT_EQ(Value(*here).hash(), Value(*there).hash());
  EXPECT_FALSE(*here == *DateTime::parse("20260102020405.00000*+000"));
}

TEST(DateTime, ComparesAsFarAsFieldsAreKnown) {
  const auto at = [](const char* text) { return DateTime::parse(text).value(); };
  EXPECT_EQ(DateTime::compare(at("20260101000000.000000+000"), at("20260102000000.000000+000")),
            std::strong_ordering::less);
  EXPECT_EQ(DateTime::compare(at("202602********.******+000"), at("202601********.******+000")),
            std::strong_ordering::greater);
  EXPECT_EQ(DateTime::compare(at("202601********.******+000"), at("20260115000000.000000+000")), std::nullopt);
  EXPECT_EQ(DateTime::compare(at("00000001000000.000000:000"), at("20260115000000.000000+000")), std::nullopt);
}

TEST(DateTime, ClampsWhatCannotBeWritten) {
  using std::chrono::microseconds;
  EXPECT_EQ(DateTime::interval(microseconds(-1)).to_string(), "00000000000000.000000:000");
  EXPECT_EQ(DateTime::interval(microseconds::max()).to_string(), "99999999235959.999999:000");
  const auto late = std::chrono::sys_time<microseconds>::max();
  EXPECT_EQ(DateTime::timestamp(late).to_string(), "99991231235959.999999+000");
  EXPECT_EQ(DateTime::timestamp({}, std::chrono::minutes(-60)).to_string(), "19691231230000.000000-060");
  EXPECT_EQ(DateTime::timestamp({}, std::chrono::minutes(5000)).utc_offset(), std::chrono::minutes(999));
}

struct PathCase {
  const char* text;
  const char* canonical;  // null: refused
};

class ObjectPathText : public testing::TestWithParam<PathCase> {};

TEST_P(ObjectPathText, ReadsPathsAndNothingElse) {
  const auto path = ObjectPath::parse(GetParam().text);
  ASSERT_EQ(path.has_value(), GetParam().canonical != nullptr) << GetParam().text;
  if (path) {
    EXPECT_EQ(path->canonical(), GetParam().canonical);
    const auto again = ObjectPath::parse(path->to_string());
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, *path);
    EXPECT_EQ(again->hash(), path->hash());
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ObjectPathText,
    testing::Values(PathCase{"root/wmi:WT_Disk.WTD=1", "root/wmi:wt_disk.wtd=1"}, PathCase{"WT_Disk", "wt_disk"},
                    PathCase{"interop:CIM_X", "root/interop:cim_x"},
                    PathCase{"root\\wmi:WT_General=@", "root/wmi:wt_general=@"},
                    PathCase{"//host:5988/Root/x:A.B=\"c\"", "root/x:a.b=\"c\""},
                    PathCase{"\\\\HOST\\root\\x:A.B=\"c\"", "root/x:a.b=\"c\""},
                    PathCase{"https://[::1]:5989/Root/x:A", "root/x:a"}, PathCase{"/Root/x:A", "root/x:a"},
                    PathCase{"A.Z=TRUE,B=-5,C='x',D=1.5,E=0x10", "a.b=-5,c='x',d=1.5,e=16,z=TRUE"},
                    PathCase{"A.K=\"a\\\"b\\\\c,d=e\"", "a.k=\"a\\\"b\\\\c,d=e\""}, PathCase{"A.K=\"\"", "a.k=\"\""},
                    PathCase{"A.R=\"root/x:B.C=\\\"d\\\"\"", "a.r=\"root/x:B.C=\\\"d\\\"\""}, PathCase{"", nullptr},
                    PathCase{":A", nullptr}, PathCase{"root/x:", nullptr}, PathCase{"root/x:A.", nullptr},
                    PathCase{"A.B", nullptr}, PathCase{"A.B=", nullptr}, PathCase{"A.B=x", nullptr},
                    PathCase{"A.B=\"c", nullptr}, PathCase{"A.B=\"c\"d", nullptr}, PathCase{"A.B=1,", nullptr},
                    PathCase{"A.B=1,b=2", nullptr}, PathCase{"A.1=2", nullptr}, PathCase{"A.B='xy'", nullptr},
                    PathCase{"A.B=\"c\\", nullptr}, PathCase{"A=@x", nullptr}, PathCase{"//host", nullptr},
                    PathCase{"///Root/x:A", nullptr}, PathCase{"//host/A", nullptr}, PathCase{"1A.B=1", nullptr},
                    PathCase{"A.B=18446744073709551616", nullptr}, PathCase{"A.B=1e3", "a.b=1000.0"}));

TEST(ObjectPath, ComparesAsTheStandardSays) {
  const auto path = [](const char* text) { return ObjectPath::parse(text).value(); };
  const ObjectPath disk = path("root/x:A.B=1,C=\"d\"");
  EXPECT_EQ(disk, path("ROOT/X:a.c=\"d\",b=1"));
  EXPECT_EQ(disk.hash(), path("ROOT/X:a.c=\"d\",b=1").hash());
  EXPECT_FALSE(disk == path("root/x:A.B=\"1\",C=\"d\""));
  EXPECT_FALSE(disk == path("root/x:A.B=1,C=\"D\""));
  EXPECT_FALSE(disk == path("root/y:A.B=1,C=\"d\""));
  EXPECT_FALSE(disk == path("root/x:A.B=1"));
  EXPECT_FALSE(path("A") == path("A=@"));
  EXPECT_FALSE(path("//h/Root/x:A") == path("root/x:A"));
  EXPECT_TRUE(ObjectPath::equal_ignoring_host(path("//h/Root/x:A"), path("root/x:A")));
}

TEST(ObjectPath, ComparesReferenceKeysAsPaths) {
  const auto with = [](const char* text) {
    return ObjectPath(NamespaceName("root/x"), "A", {{"R", Value(ObjectPath::parse(text).value())}});
  };
  EXPECT_EQ(with("root/x:B.C=1,D=2"), with("ROOT/x:b.d=2,c=1"));
  EXPECT_EQ(with("root/x:B.C=1,D=2").hash(), with("ROOT/x:b.d=2,c=1").hash());
  EXPECT_EQ(with("root/x:B.C=1,D=2").canonical(), with("ROOT/x:b.d=2,c=1").canonical());
  EXPECT_FALSE(with("root/x:B.C=1") == with("root/x:B.C=2"));
}

TEST(ObjectPath, ComparesKeysThatAreMomentsByWhenTheyAre) {
  const auto with = [](const char* text) {
    return ObjectPath(NamespaceName("root/x"), "A", {{"When", Value(DateTime::parse(text).value())}});
  };
  const ObjectPath noon = with("20260101120000.000000+060");
  for (const char* same : {"20260101110000.000000+000", "20260101130000.000000+120"}) {
    EXPECT_EQ(noon, with(same));
    EXPECT_EQ(noon.hash(), with(same).hash());
    EXPECT_EQ(noon.canonical(), with(same).canonical());
  }
  EXPECT_NE(noon.canonical(), with("20260101120000.000000+000").canonical());
  EXPECT_NE(with("00000001000000.000000:000").canonical(), with("00000002000000.000000:000").canonical());
}

}  // namespace
}  // namespace lunaria::cim
