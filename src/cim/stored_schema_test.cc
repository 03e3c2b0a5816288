#include "cim/stored_schema.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cim/instance_record.h"
#include "cim/limits.h"
#include "cim/mof/compiler.h"
#include "cim/mof/one_declaration.h"
#include "cim/object_store_for_test.h"
#include "cim/repository_provider.h"
#include "cim/run_for_test.h"

namespace lunaria::cim {
namespace {

constexpr const char* kShipped = R"(
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Abstract : boolean = false, Scope(class, association, indication), Flavor(Restricted);
Qualifier Description : string, Scope(any), Flavor(Translatable);
Qualifier Required : boolean = false, Scope(property);
[Abstract] class T_Base { [Key] uint32 Id; string Name; };
)";

std::string status_of(const Result<void, Error>& result) {
  return result ? "ok" : std::string(status_name(result.error().status)).substr(8);
}

/// An object manager's schema, as it stands after a start.
struct Started {
  explicit Started(MemoryObjectStore& objects) : store(objects) {
    EXPECT_TRUE(repository.add_namespace(interop));
    mof::MemorySourceLoader loader;
    loader.add("shipped", kShipped);
    const auto compiled = mof::Compiler(repository, loader, interop).compile("shipped");
    EXPECT_TRUE(compiled) << compiled.error().to_string();
    EXPECT_TRUE(run(schema.load()));
    context.role = Role::kAdministrator;
  }

  std::string create_namespace(const char* name) {
    return status_of(run(schema.create_namespace(context, name_of(name))));
  }
  std::string delete_namespace(const char* name) {
    return status_of(run(schema.delete_namespace(context, name_of(name))));
  }
  /// A declaration as a client would send it.
  static ClassDeclaration declared(const char* name, const char* superclass, std::vector<const char*> properties) {
    ClassDeclaration declaration;
    declaration.name = name;
    declaration.superclass = superclass;
    for (const char* property : properties) {
      declaration.properties.emplace_back().name = property;
    }
    return declaration;
  }
  std::string create(const NamespaceName& space, const ClassDeclaration& declaration) {
    return status_of(run(schema.create_class(context, space, declaration)));
  }
  std::string modify(const NamespaceName& space, const ClassDeclaration& declaration) {
    return status_of(run(schema.modify_class(context, space, declaration)));
  }
  std::string set_qualifier(const NamespaceName& space, const QualifierType& type) {
    return status_of(run(schema.set_qualifier_type(context, space, type)));
  }
  std::string remove(const NamespaceName& space, const char* name) {
    return status_of(run(schema.delete_class(context, space, name)));
  }
  bool is_served(const NamespaceName& space, const char* name) const { return providers.find(space, name) != nullptr; }
  static const NamespaceName& name_of(const char* name) {
    static NamespaceName last;
    last = NamespaceName(name);
    return last;
  }

  MemoryObjectStore& store;
  const NamespaceName interop{"root/interop"};
  Repository repository;
  ProviderTable providers;
  RepositoryProvider instances{repository, store, nullptr};
  MemoryLog log;
  StoredSchema schema{{repository, providers, instances, store, log}};
  OperationContext context;
};

TEST(StoredSchema, SurvivesARestart) {
  MemoryObjectStore store;
  const NamespaceName mine("root/mine");
  {
    Started first(store);
    EXPECT_EQ(first.create_namespace("root/mine"), "ok");
    EXPECT_EQ(first.create_namespace("ROOT/mine"), "ALREADY_EXISTS");
    EXPECT_EQ(first.create_namespace("root/ m"), "INVALID_PARAMETER");
    first.context.role = Role::kOperator;
    EXPECT_EQ(first.create_namespace("root/other"), "ACCESS_DENIED");
    EXPECT_EQ(first.delete_namespace("root/mine"), "ACCESS_DENIED");
    first.context.role = Role::kAdministrator;
    EXPECT_EQ(first.create(first.interop, Started::declared("T_Below", "T_Base", {"More"})), "ok");
    EXPECT_EQ(first.create(mine, Started::declared("T_Own", "", {"A"})), "ok");
    EXPECT_EQ(first.create(mine, Started::declared("T_Inner", "T_Own", {"B"})), "ok");
    EXPECT_EQ(first.modify(mine, Started::declared("T_Own", "", {"A", "C"})), "ok");
  }
  Started second(store);
  EXPECT_FALSE(second.log.contains("unreadable"));
  EXPECT_TRUE(second.repository.find_class(second.interop, "T_Below")->is_a("T_Base"));
  EXPECT_TRUE(second.repository.find_class(mine, "T_Inner")->find_property("C"));
  EXPECT_TRUE(second.is_served(mine, "T_Inner"));
  EXPECT_TRUE(second.is_served(second.interop, "T_Below"));
  EXPECT_FALSE(second.is_served(second.interop, "T_Base"));
  EXPECT_TRUE(second.repository.find_qualifier_type(mine, "Key")) << "namespaces have the standard qualifiers";
  EXPECT_EQ(second.delete_namespace("root/mine"), "NAMESPACE_NOT_EMPTY");
  EXPECT_EQ(second.remove(mine, "T_Own"), "CLASS_HAS_CHILDREN");
  EXPECT_EQ(second.remove(mine, "T_Inner"), "ok");
  EXPECT_EQ(second.remove(mine, "T_Own"), "ok");
  EXPECT_EQ(second.delete_namespace("root/mine"), "ok");
  Started third(store);
  EXPECT_FALSE(third.repository.has_namespace(mine));
}

struct Unwritable {
  const char* name;
  void (*change)(ClassDeclaration&);
};

PropertyDeclaration property_of(Type type, Value value) {
  PropertyDeclaration property;
  property.name = "P";
  property.type = type;
  property.is_array = value.is_array();
  property.default_value = std::move(value);
  return property;
}

void add(ClassDeclaration& cls, PropertyDeclaration property) {
  cls.properties.push_back(std::move(property));
}

// What the MOF of the store cannot say would be gone after a restart, and what builds upon it with it.
class UnwritableSchema : public testing::TestWithParam<Unwritable> {};

TEST_P(UnwritableSchema, IsRefused) {
  MemoryObjectStore store;
  Started started(store);
  ClassDeclaration declaration = Started::declared("T_Below", "T_Base", {"A"});
  GetParam().change(declaration);
  EXPECT_NE(started.create(started.interop, declaration), "ok");
  EXPECT_TRUE(store.schema().empty());
  EXPECT_EQ(started.create(started.interop, Started::declared("T_Below", "T_Base", {"A"})), "ok");
  EXPECT_NE(started.modify(started.interop, declaration), "ok");
  EXPECT_FALSE(Started(store).log.contains("unreadable"));
}

constexpr double kInfinite = std::numeric_limits<double>::infinity();

INSTANTIATE_TEST_SUITE_P(
    All, UnwritableSchema,
    testing::Values(
        Unwritable{"Infinity", [](auto& cls) { add(cls, property_of(Type::kReal64, Value(kInfinite))); }},
        Unwritable{"InfinityInAnArray",
                   [](auto& cls) {
                     add(cls, property_of(Type::kReal32, Value::array(Type::kReal64, {Value(1.0), Value(-kInfinite)})));
                   }},
        Unwritable{"NotANumber", [](auto& cls) { add(cls, property_of(Type::kReal32, Value(std::nan("")))); }},
        Unwritable{"TooLargeForReal32", [](auto& cls) { add(cls, property_of(Type::kReal32, Value(1.0e39))); }},
        Unwritable{"ManyElements",
                   [](auto& cls) {
                     std::vector<Value> many(limits::kMofArrayElementsMax + 1, Value(std::uint8_t{1}));
                     add(cls, property_of(Type::kUint8, Value::array(Type::kUint8, std::move(many))));
                   }},
        Unwritable{"LargeArray",
                   [](auto& cls) {
                     add(cls, property_of(Type::kUint8, Value::null(Type::kUint8, true)));
                     cls.properties.back().array_size = limits::kMofArrayElementsMax + 1;
                   }},
        Unwritable{"SizeWithoutArray",
                   [](auto& cls) {
                     add(cls, property_of(Type::kUint8, Value()));
                     cls.properties.back().array_size = 2;
                   }},
        Unwritable{"LongDescription",
                   [](auto& cls) {
                     cls.qualifiers.push_back(
                         {"Description", Value(std::string(limits::kMofStringBytesMax + 1, 'x')), {}});
                   }},
        Unwritable{"HalfACharacter",
                   [](auto& cls) { add(cls, property_of(Type::kChar16, Value(static_cast<Char16>(0xD800)))); }},
        Unwritable{"ReferenceReturned", [](auto& cls) { cls.methods.push_back({"M", Type::kReference, {}, {}}); }},
        Unwritable{"ReferenceWithoutClass",
                   [](auto& cls) {
                     cls.methods.push_back({"M", Type::kUint8, {property_of(Type::kReference, Value())}, {}});
                   }},
        Unwritable{"ReferenceToAKeyword",
                   [](auto& cls) {
                     cls.methods.push_back({"M", Type::kUint8, {property_of(Type::kReference, Value())}, {}});
                     cls.methods.back().parameters.back().object_class = "uint8";
                   }},
        Unwritable{"ControlCharacter", [](auto& cls) { add(cls, property_of(Type::kString, Value("\x01"))); }},
        Unwritable{"NotUtf8", [](auto& cls) { add(cls, property_of(Type::kString, Value("\xFF"))); }}),
    [](const auto& tested) { return tested.param.name; });

TEST(StoredSchema, KeepsWhatMofCanSay) {
  MemoryObjectStore store;
  ClassDeclaration all = Started::declared("T_All", "T_Base", {});
  all.qualifiers.push_back({"Description", Value("\x7F \"'\\ \xC3\xA4"), {false, false, false}});
  const auto with = [&all](const char* name, Type type, Value value) {
    all.properties.push_back(property_of(type, std::move(value)));
    all.properties.back().name = name;
  };
  with("Smallest", Type::kReal64, Value(std::numeric_limits<double>::denorm_min()));
  with("Largest", Type::kReal32, Value(std::numeric_limits<float>::max()));
  with("Zero", Type::kReal64, Value(-0.0));
  with("Large", Type::kUint64, Value(std::numeric_limits<std::uint64_t>::max()));
  with("Least", Type::kSint64, Value(std::numeric_limits<std::int64_t>::min()));
  with("Holes", Type::kString, Value::array(Type::kString, {Value::null(Type::kString), Value("a")}));
  with("None", Type::kReal32, Value::array(Type::kReal32, {}));
  with("Unset", Type::kBoolean, Value::null(Type::kBoolean, true));
  with("class", Type::kChar16, Value(static_cast<Char16>('\'')));
  all.properties.back().qualifiers.push_back({"Words", Value(), {}});
  QualifierType words{"Words", Type::kString, true, 0, Value::null(Type::kString, true), Scope::kProperty, {}};
  {
    Started first(store);
    EXPECT_EQ(first.set_qualifier(first.interop, words), "ok");
    EXPECT_EQ(first.create(first.interop, all), "ok");
    all = declaration_of(*first.repository.find_class(first.interop, "T_All"));
  }
  Started second(store);
  EXPECT_FALSE(second.log.contains("unreadable"));
  EXPECT_EQ(declaration_of(*second.repository.find_class(second.interop, "T_All")), all);
}

TEST(StoredSchema, KeepsQualifierDeclarationsAsTheyAre) {
  MemoryObjectStore store;
  const NamespaceName space("root/interop");
  QualifierType infinite{"Q", Type::kReal32, false, 0, Value(static_cast<float>(-kInfinite)), Scope::kAny, {}};
  QualifierType reference{"Q", Type::kReference, false, 0, Value::null(Type::kReference), Scope::kAny, {}};
  QualifierType nowhere{"Q", Type::kUint8, true, 3, Value::null(Type::kUint8, true), Scope::kNone, {}};
  {
    Started first(store);
    EXPECT_EQ(first.set_qualifier(space, infinite), "INVALID_PARAMETER");
    EXPECT_EQ(first.set_qualifier(space, reference), "INVALID_PARAMETER");
    EXPECT_EQ(first.set_qualifier(space, nowhere), "ok");
    EXPECT_EQ(first.set_qualifier(space, nowhere), "ok");
  }
  Started second(store);
  ASSERT_TRUE(second.repository.find_qualifier_type(space, "Q"));
  EXPECT_EQ(*second.repository.find_qualifier_type(space, "Q"), nowhere);
}

TEST(StoredSchema, TakesChangedClassesThatUseLaterQualifiers) {
  MemoryObjectStore store;
  ClassDeclaration changed = Started::declared("T_Below", "T_Base", {"A"});
  changed.qualifiers.push_back({"Late", Value(std::uint8_t{1}), {}});
  {
    Started first(store);
    EXPECT_EQ(first.create(first.interop, Started::declared("T_Below", "T_Base", {"A"})), "ok");
    EXPECT_EQ(first.set_qualifier(first.interop,
                                  {"Late", Type::kUint8, false, 0, Value::null(Type::kUint8), Scope::kAny, {}}),
              "ok");
    EXPECT_EQ(first.modify(first.interop, changed), "ok");
  }
  Started second(store);
  EXPECT_FALSE(second.log.contains("unreadable"));
  EXPECT_TRUE(second.repository.find_class(second.interop, "T_Below"));
}

TEST(StoredSchema, HasNoLimitForAllOfIt) {
  MemoryObjectStore store;
  const std::string text(900'000, 'x');
  {
    Started first(store);
    for (int i = 0; i < 20; ++i) {
      ClassDeclaration large = Started::declared(("T_Large" + std::to_string(i)).c_str(), "T_Base", {});
      large.qualifiers.push_back({"Description", Value(text), {}});
      EXPECT_EQ(first.create(first.interop, large), "ok");
    }
  }
  Started second(store);
  EXPECT_FALSE(second.log.contains("unreadable"));
  EXPECT_TRUE(second.repository.find_class(second.interop, "T_Large19"));
}

TEST(StoredSchema, RefusesReservedNames) {
  MemoryObjectStore store;
  Started started(store);
  EXPECT_EQ(started.create(started.interop, Started::declared("__Mine", "", {"A"})), "INVALID_PARAMETER");
  EXPECT_EQ(started.create(started.interop, Started::declared("_Mine", "", {"A"})), "ok");
}

TEST(StoredSchema, LeavesTheTypesOfStandardQualifiersAlone) {
  MemoryObjectStore store;
  const NamespaceName mine("root/mine");
  const QualifierType text{"Key", Type::kString, false, 0, Value::null(Type::kString), Scope::kAny, {}};
  const QualifierType flags{"Key", Type::kBoolean, true, 0, Value::null(Type::kBoolean, true), Scope::kAny, {}};
  const QualifierType wider{"Key", Type::kBoolean, false, 0, Value(false), Scope::kAny, {}};
  Started started(store);
  const auto key = [&started](const NamespaceName& space) {
    return started.repository.find_qualifier_type(space, "Key");
  };
  EXPECT_EQ(started.create_namespace("root/mine"), "ok");
  EXPECT_EQ(started.set_qualifier(mine, text), "INVALID_PARAMETER");
  EXPECT_EQ(started.set_qualifier(mine, flags), "INVALID_PARAMETER");
  EXPECT_EQ(started.set_qualifier(mine, wider), "ok");
  EXPECT_EQ(*key(mine), wider);
  EXPECT_TRUE(run(started.schema.delete_qualifier_type(started.context, mine, "Key")));
  ASSERT_TRUE(key(mine)) << "the standard one is there again";
  EXPECT_EQ(*key(mine), *key(started.interop));
  const QualifierType required{"Required", Type::kBoolean, false, 0, Value(false), Scope::kAny, {}};
  EXPECT_EQ(started.set_qualifier(started.interop, required), "NOT_SUPPORTED");
}

TEST(StoredSchema, BeginsNamespacesWithShippedQualifiersOnly) {
  MemoryObjectStore store;
  const NamespaceName mine("root/mine");
  const QualifierType own{"Own", Type::kUint8, false, 0, Value::null(Type::kUint8), Scope::kAny, {}};
  Started first(store);
  EXPECT_EQ(first.set_qualifier(first.interop, own), "ok");
  EXPECT_EQ(first.create_namespace("root/mine"), "ok");
  EXPECT_FALSE(first.repository.find_qualifier_type(mine, "Own"));
  Started second(store);
  EXPECT_FALSE(second.repository.find_qualifier_type(mine, "Own"));
}

TEST(StoredSchema, TakesQualifiersAwayWithTheirNamespace) {
  MemoryObjectStore store;
  const NamespaceName mine("root/mine");
  const QualifierType own{"Own", Type::kUint8, false, 0, Value::null(Type::kUint8), Scope::kAny, {}};
  {
    Started first(store);
    EXPECT_EQ(first.create_namespace("root/mine"), "ok");
    EXPECT_EQ(first.set_qualifier(mine, own), "ok");
    EXPECT_EQ(first.delete_namespace("root/mine"), "ok");
    EXPECT_TRUE(store.schema().empty());
    EXPECT_EQ(first.create_namespace("root/mine"), "ok");
  }
  Started second(store);
  EXPECT_FALSE(second.log.contains("unreadable"));
  EXPECT_FALSE(second.repository.find_qualifier_type(mine, "Own"));
}

TEST(StoredSchema, LeavesTheShippedSchemaAlone) {
  MemoryObjectStore store;
  Started started(store);
  EXPECT_EQ(started.modify(started.interop, Started::declared("T_Base", "", {"Id"})), "NOT_SUPPORTED");
  EXPECT_EQ(started.remove(started.interop, "T_Base"), "NOT_SUPPORTED");
  EXPECT_EQ(started.delete_namespace("root/interop"), "NOT_SUPPORTED");
  EXPECT_EQ(started.delete_namespace("root/none"), "NOT_FOUND");
  EXPECT_EQ(status_of(run(started.schema.delete_qualifier_type(started.context, started.interop, "Description"))),
            "NOT_SUPPORTED");
  EXPECT_TRUE(store.schema().empty());
}

TEST(StoredSchema, LooksAtTheInstancesThatAreThere) {
  MemoryObjectStore store;
  Started started(store);
  EXPECT_EQ(started.create(started.interop, Started::declared("T_Below", "T_Base", {"A", "B"})), "ok");
  ASSERT_TRUE(run(store.insert({started.interop, "T_Below"}, {"k", "record"})));
  EXPECT_EQ(started.remove(started.interop, "T_Below"), "CLASS_HAS_INSTANCES");
  EXPECT_EQ(started.modify(started.interop, Started::declared("T_Below", "T_Base", {"A"})), "CLASS_HAS_INSTANCES");
  EXPECT_EQ(started.modify(started.interop, Started::declared("T_Below", "T_Base", {"A", "B", "C"})), "ok");
  ClassDeclaration abstract = Started::declared("T_Below", "T_Base", {"A", "B", "C"});
  abstract.qualifiers.push_back({"Abstract", Value(true), {}});
  EXPECT_EQ(started.modify(started.interop, abstract), "CLASS_HAS_INSTANCES");
  ASSERT_TRUE(*run(store.erase({started.interop, "T_Below"}, "k")));
  EXPECT_EQ(started.modify(started.interop, abstract), "ok");
  EXPECT_FALSE(started.is_served(started.interop, "T_Below"));
}

/// What a class is declared as, from its MOF.
ClassDeclaration parsed(const std::string& text) {
  const auto read = mof::read_one_declaration(text);
  EXPECT_TRUE(read && read->cls) << text;
  return read && read->cls ? *read->cls : ClassDeclaration();
}

constexpr const char* kMoreQualifiers[] = {
    "Qualifier EmbeddedInstance : string, Scope(property);",
    "Qualifier EmbeddedObject : boolean = false, Scope(property);",
    "Qualifier MaxLen : uint32, Scope(property);",
    "Qualifier Structure : boolean = false, Scope(class), Flavor(Restricted);",
    "Qualifier Association : boolean = false, Scope(association), Flavor(DisableOverride);",
};

/// An object manager with classes that hold each other, and one instance of T_Holder, T_List and T_Link.
struct Embedding : Started {
  explicit Embedding(MemoryObjectStore& objects) : Started(objects) {
    for (const char* text : kMoreQualifiers) {
      const auto read = mof::read_one_declaration(text);
      EXPECT_TRUE(read && read->qualifier_type);
      EXPECT_EQ(set_qualifier(interop, *read->qualifier_type), "ok");
    }
    for (const char* text : {"class T_Inner { uint8 A; string B; };", "class T_Unused { uint8 A; };",
                             "class T_Holder { [Key] string K; [EmbeddedInstance(\"T_Inner\")] string E; string N; };",
                             "class T_List { [Key] string K; [EmbeddedObject] string E[]; };",
                             "[Association] class T_Link { [Key] T_Holder REF From; [Key] T_Holder REF To; };"}) {
      EXPECT_EQ(create(interop, parsed(text)), "ok") << text;
    }
  }
  ClassPtr cls(const char* name) const { return repository.find_class(interop, name); }
  void insert(const char* key, const Instance& instance) {
    ASSERT_TRUE(run(store.insert({interop, instance.class_name()}, {key, *encode_instance(instance)})));
  }
  Value inner(Type type) const {
    Instance instance(cls("T_Inner"));
    EXPECT_TRUE(instance.set("B", Value("hello")));
    return Value(std::make_shared<const Instance>(instance), type);
  }
  Instance holder() const {
    Instance instance(cls("T_Holder"));
    EXPECT_TRUE(instance.set("K", Value("1")));
    EXPECT_TRUE(instance.set("E", inner(Type::kEmbeddedInstance)));
    return instance;
  }
};

TEST(StoredSchema, RefusesDefaultsOutOfTheirBounds) {
  MemoryObjectStore store;
  Embedding started(store);
  const ClassDeclaration wrong = parsed("class T_New { [Key] string K; [MaxLen(2)] string S = \"abc\"; };");
  EXPECT_EQ(started.create(started.interop, wrong), "INVALID_PARAMETER");
  EXPECT_EQ(started.create(started.interop, parsed("class T_New { [Key] string K; string S = \"abc\"; };")), "ok");
  EXPECT_EQ(started.modify(started.interop, wrong), "INVALID_PARAMETER");
}

TEST(StoredSchema, MakesNoStructureOfAClassThatHasInstances) {
  MemoryObjectStore store;
  Embedding started(store);
  started.insert("1", started.holder());
  EXPECT_EQ(started.modify(started.interop, parsed("[Structure] class T_Inner { uint8 A; string B; };")), "ok")
      << "being embedded is what structures are for";
  EXPECT_EQ(started.modify(started.interop, parsed("[Structure] class T_Holder { [Key] string K; "
                                                   "[EmbeddedInstance(\"T_Inner\")] string E; string N; };")),
            "CLASS_HAS_INSTANCES");
}

TEST(StoredSchema, LooksIntoInstancesForWhatTheyEmbed) {
  MemoryObjectStore store;
  Embedding started(store);
  const auto less = parsed("class T_Inner { uint8 A; };");
  const auto more = parsed("class T_Inner { uint8 A; string B; string C; };");
  started.insert("k", started.holder());
  EXPECT_EQ(started.remove(started.interop, "T_Inner"), "CLASS_HAS_INSTANCES");
  EXPECT_EQ(started.modify(started.interop, less), "CLASS_HAS_INSTANCES");
  EXPECT_EQ(started.modify(started.interop, parsed("class T_Inner { uint8 A; [MaxLen(4)] string B; };")),
            "CLASS_HAS_INSTANCES");
  EXPECT_EQ(started.modify(started.interop, more), "ok");
  EXPECT_EQ(started.remove(started.interop, "T_Unused"), "ok");
  ASSERT_TRUE(*run(store.erase({started.interop, "T_Holder"}, "k")));
  Instance list(started.cls("T_List"));
  EXPECT_TRUE(list.set("K", Value("1")));
  EXPECT_TRUE(list.set("E", Value::array(Type::kEmbeddedObject,
                                         {Value::null(Type::kEmbeddedObject), started.inner(Type::kEmbeddedObject)})));
  started.insert("k", list);
  EXPECT_EQ(started.remove(started.interop, "T_Inner"), "CLASS_HAS_INSTANCES");
  ASSERT_TRUE(*run(store.erase({started.interop, "T_List"}, "k")));
  EXPECT_EQ(started.modify(started.interop, less), "ok");
  EXPECT_EQ(started.remove(started.interop, "T_Inner"), "ok");
}

TEST(StoredSchema, LooksIntoInstancesForNewBounds) {
  MemoryObjectStore store;
  Embedding started(store);
  Instance holder = started.holder();
  EXPECT_TRUE(holder.set("N", Value("abc")));
  started.insert("k", holder);
  const auto with = [&started](const char* embedded, const char* name) {
    return started.modify(started.interop, parsed(std::string("class T_Holder { [Key] string K; [") + embedded +
                                                  "] string E; " + name + "string N; };"));
  };
  EXPECT_EQ(with("EmbeddedInstance(\"T_Unused\")", ""), "CLASS_HAS_INSTANCES");
  EXPECT_EQ(with("EmbeddedInstance(\"T_Inner\")", "[MaxLen(2)] "), "CLASS_HAS_INSTANCES");
  EXPECT_EQ(with("EmbeddedInstance(\"T_Inner\")", "[MaxLen(3)] "), "ok");
  EXPECT_EQ(with("EmbeddedInstance(\"T_Inner\")", "[Required] "), "ok");
  EXPECT_EQ(with("EmbeddedInstance(\"T_Inner\")", ""), "ok");
  ASSERT_TRUE(*run(store.erase({started.interop, "T_Holder"}, "k")));
  started.insert("k", started.holder());
  EXPECT_EQ(with("EmbeddedInstance(\"T_Inner\")", "[Required] "), "CLASS_HAS_INSTANCES");
  Instance link(started.cls("T_Link"));
  EXPECT_TRUE(link.set("From", Value(started.holder().path(started.interop))));
  EXPECT_TRUE(link.set("To", Value(started.holder().path(started.interop))));
  started.insert("k", link);
  EXPECT_EQ(started.modify(started.interop,
                           parsed("[Association] class T_Link { [Key] T_Holder REF From; [Key] T_List REF To; };")),
            "CLASS_HAS_INSTANCES");
}

TEST(StoredSchema, ChangesNothingWhenTheStoreFails) {
  MemoryObjectStore store;
  Started started(store);
  store.fail_with(Error(Status::kFailed, "the disk is full"));
  EXPECT_EQ(started.create(started.interop, Started::declared("T_Below", "T_Base", {})), "FAILED");
  EXPECT_FALSE(started.repository.find_class(started.interop, "T_Below"));
  EXPECT_EQ(started.create_namespace("root/mine"), "FAILED");
  EXPECT_FALSE(started.repository.has_namespace(NamespaceName("root/mine")));
}

TEST(StoredSchema, TellsWhatDoesNotFitAnyMore) {
  MemoryObjectStore store;
  ASSERT_TRUE(run(
      store.put_schema({SchemaElementKind::kClass, NamespaceName("root/interop"), "T_A", "class T_A : T_Gone { };"})));
  ASSERT_TRUE(run(
      store.put_schema({SchemaElementKind::kClass, NamespaceName("root/interop"), "T_B", "class T_B : T_Base { };"})));
  Started started(store);
  EXPECT_TRUE(started.log.contains("no superclass T_Gone"));
  EXPECT_TRUE(started.is_served(started.interop, "T_B"));
  EXPECT_EQ(started.remove(started.interop, "T_A"), "ok");
  EXPECT_EQ(started.remove(started.interop, "T_A"), "NOT_FOUND");
  EXPECT_EQ(store.schema().size(), 1U);
}

TEST(StoredSchema, TakesNoNamespaceForEmptyThatHasUnreadableClasses) {
  MemoryObjectStore store;
  const NamespaceName mine("root/mine");
  ASSERT_TRUE(run(store.put_schema({SchemaElementKind::kNamespace, mine, "", ""})));
  ASSERT_TRUE(run(store.put_schema({SchemaElementKind::kClass, mine, "T_A", "class T_A { real32 A = INF; };"})));
  ASSERT_TRUE(run(store.put_schema({SchemaElementKind::kClass, mine, "T_B", "class T_B { };"})));
  Started started(store);
  EXPECT_TRUE(started.log.contains("a constant expected, in line 1 of its MOF"));
  EXPECT_TRUE(started.repository.find_class(mine, "T_B"));
  EXPECT_EQ(started.remove(mine, "T_B"), "ok");
  EXPECT_EQ(started.delete_namespace("root/mine"), "NAMESPACE_NOT_EMPTY");
  EXPECT_EQ(started.create(mine, Started::declared("T_A", "", {"A"})), "ok");
  EXPECT_EQ(started.remove(mine, "T_A"), "ok");
  EXPECT_EQ(started.delete_namespace("root/mine"), "ok");
}

/// "+root/a" and "-root/a".
class NamespaceEvents final : public NamespaceListener {
 public:
  void on_namespace_created(const NamespaceName& name) override { events.push_back('+' + name.text()); }
  void on_namespace_deleted(const NamespaceName& name) override { events.push_back('-' + name.text()); }
  std::vector<std::string> events;
};

TEST(StoredSchema, TellsOfNamespacesThatCameAndWent) {
  MemoryObjectStore store;
  Started first(store);
  NamespaceEvents listener;
  first.schema.tell_of_namespaces(&listener);
  EXPECT_EQ(first.create_namespace("root/mine"), "ok");
  EXPECT_EQ(first.create_namespace("root/mine"), "ALREADY_EXISTS");
  EXPECT_EQ(first.create_namespace("root/ m"), "INVALID_PARAMETER");
  EXPECT_EQ(first.delete_namespace("root/interop"), "NOT_SUPPORTED");
  store.fail_with(Error(Status::kFailed, "no space"));
  EXPECT_EQ(first.create_namespace("root/more"), "FAILED");
  EXPECT_EQ(first.delete_namespace("root/mine"), "FAILED");
  store.fail_with(Error());
  EXPECT_EQ(listener.events, (std::vector<std::string>{"+root/mine"})) << "what failed did not happen";
  EXPECT_EQ(first.delete_namespace("root/mine"), "ok");
  first.schema.tell_of_namespaces(nullptr);
  EXPECT_EQ(first.create_namespace("root/quiet"), "ok");
  EXPECT_EQ(listener.events, (std::vector<std::string>{"+root/mine", "-root/mine"}));
}

}  // namespace
}  // namespace lunaria::cim
