#include "cim/query_walk.h"

#include <fmt/format.h>

#include <string>

#include "cim/class_query.h"
#include "cim/enumeration_world_for_test.h"

namespace lunaria::cim {
namespace {

using Kind = EnumerationRequest::Kind;

class Queries : public EnumerationWorld {
 protected:
  Queries() {
    objects.add(system("s"));
    for (std::uint32_t id = 1; id <= 4; ++id) {
      objects.add(disk(id));
    }
    objects.add(disk(5, "A_FastDisk"));
    other_objects.add(disk(9, "A_Disk", &other_space));
    links.add(link("A_Has", path("A_System.Name=\"s\""), path("A_Disk.Id=1")));
    links.add(link("A_Has", path("A_System.Name=\"s\""), path("A_FastDisk.Id=5")));
  }

  /// The paths of what a request lists with the properties that it shows, or the status that it fails with.
  std::string list(const EnumerationRequest& wanted) {
    CollectingSink sink;
    const auto outcome = finish(enumerator.produce(context, wanted, sink, nullptr));
    std::string text = outcome ? "" : status_of(outcome);
    for (const Instance& instance : sink.instances()) {
      const NamespaceName place = instance.name_space() != nullptr ? *instance.name_space() : NamespaceName();
      text += (text.empty() ? "" : " ") + instance.path(place).to_string();
    }
    shown.clear();
    for (std::size_t i = 0; !sink.instances().empty() && i < sink.instances()[0].values().size(); ++i) {
      shown += sink.instances()[0].is_selected(i) ? sink.instances()[0].cls()->property(i).name + ' ' : "";
    }
    return text;
  }
  std::string query(std::string_view language, std::string_view text) {
    return list({.kind = Kind::kQuery,
                 .name_space = space,
                 .query = {.language = std::string(language), .text = std::string(text)}});
  }
  std::string filter(EnumerationRequest wanted, std::string_view text, std::string_view language = "DMTF:FQL") {
    wanted.name_space = space;
    wanted.query = {.language = std::string(language), .text = std::string(text)};
    return list(wanted);
  }

  std::string shown;
};

TEST_F(Queries, SelectFromAClassAndThoseBelow) {
  EXPECT_EQ(query("WQL", "SELECT Label FROM A_Disk WHERE Id > 3"), "A_Disk.Id=4 A_FastDisk.Id=5");
  EXPECT_EQ(shown, "Label ");
  EXPECT_EQ(query("DMTF:CQL", "SELECT * FROM A_Disk WHERE A_Disk ISA A_FastDisk"), "A_FastDisk.Id=5");
  EXPECT_EQ(query("DMTF:CQL", "SELECT * FROM A_System"), "A_System.Name=\"s\"");
}

TEST_F(Queries, JoinClassesOfSeveralNamespaces) {
  EXPECT_EQ(query("DMTF:CQL",
                  "SELECT d.* FROM A_System s, A_Disk d, A_Has h "
                  "WHERE h.Whole = ObjectPath(s) AND h.Part = ObjectPath(d) AND s.Name = 's'"),
            "A_Disk.Id=1 A_FastDisk.Id=5");
  EXPECT_EQ(query("DMTF:CQL",
                  "SELECT d.* FROM A_System s, A_Disk d, A_Has h "
                  "WHERE InstanceToReference(s) = h.Whole AND h.Part = InstanceToReference(d)"),
            "A_Disk.Id=1 A_FastDisk.Id=5");
  EXPECT_EQ(query("DMTF:CQL", "SELECT o.* FROM A_Disk d, 'root/elsewhere'::A_Disk o WHERE d.Id + 5 = o.Id"),
            "root/elsewhere:A_Disk.Id=9");
  EXPECT_EQ(query("DMTF:CQL", "SELECT d.Id FROM A_Disk d, A_Lonely l"), "") << "which has no provider";
  EXPECT_EQ(query("DMTF:CQL", "SELECT d.Id FROM A_Disk d, A_None l"), "INVALID_QUERY");
  EXPECT_EQ(query("WQL", "SELECT * FROM A_Disk, A_System"), "INVALID_QUERY");
  const auto cls = query_result_class(
      repository, space, {.language = "DMTF:CQL", .text = "SELECT h.* FROM A_System s, A_Has h WHERE s.Name = 's'"});
  ASSERT_TRUE(cls);
  EXPECT_EQ((*cls)->name(), "A_Has");
}

TEST_F(Queries, MakeUpRowsOfAClassThatIsKnownBeforehand) {
  const auto cls = [this](std::string text) {
    const auto found = query_result_class(repository, space, {.language = "DMTF:CQL", .text = std::move(text)});
    std::string shown = found ? (*found)->name() : std::string(status_name(found.error().status));
    for (const PropertyPtr& each : found ? (*found)->properties() : std::vector<PropertyPtr>()) {
      shown += ' ' + each->name + ':' + std::string(type_name(each->type));
    }
    return shown;
  };
  EXPECT_EQ(cls("SELECT Label || 'x' AS L, COUNT(*) FROM A_Disk"), "CIM_ERR_INVALID_QUERY");
  EXPECT_EQ(cls("SELECT Label || 'x' AS L, Id AS I FROM A_Disk"), "CIM_QueryResult L:string I:uint32");
  EXPECT_EQ(cls("SELECT MAX(Id) AS Last FROM A_Disk"), "CIM_QueryResult Last:uint32");
  EXPECT_EQ(cls("SELECT * FROM (SELECT MAX(Id) AS Last FROM A_Disk) m"), "CIM_QueryResult Last:uint32");
  EXPECT_EQ(cls("SELECT d.Id, s.Name FROM A_Disk d, A_System s"), "CIM_QueryResult Id:uint32 Name:string");
  EXPECT_EQ(cls("SELECT Id + 1 FROM A_Disk"), "CIM_ERR_NOT_SUPPORTED");
  EXPECT_EQ(cls("SELECT Nothing || 'x' FROM A_Disk"), "CIM_ERR_INVALID_QUERY");
  EXPECT_EQ(query("DMTF:CQL", "SELECT MAX(Label) AS M, MIN(Id) AS I FROM A_Disk WHERE Id > 100"), "CIM_QueryResult=@");
  EXPECT_EQ(shown, "M I ");
}

TEST_F(Queries, NameTheTypeOfNamespacesByWhichTheClientComes) {
  const std::string_view text = "SELECT Id FROM A_Disk WHERE Id = 1 AND NameSpaceType() = 'https'";
  EXPECT_EQ(query("DMTF:CQL", text), "");
  context.transport = "https";
  EXPECT_EQ(query("DMTF:CQL", text), "A_Disk.Id=1");
  context.peer = Peer::kLocalSocket;
  context.transport = "unix";
  EXPECT_EQ(query("DMTF:CQL", "SELECT Id FROM A_Disk WHERE Id = 1 AND NameSpaceType() IS NULL"), "A_Disk.Id=1");
}

TEST_F(Queries, AskTheRowsOfOthers) {
  EXPECT_EQ(query("DMTF:CQL", "SELECT * FROM (SELECT Id FROM A_Disk WHERE Id > 2) AS d WHERE d.Id < 5"),
            "A_Disk.Id=3 A_Disk.Id=4");
  EXPECT_EQ(shown, "Id ");
  EXPECT_EQ(query("DMTF:CQL",
                  "SELECT h.* FROM A_Has h, (SELECT FIRST 1 * FROM A_Disk ORDER BY Id DESC) last "
                  "WHERE h.Part = ObjectPath(last)"),
            "A_Has.Whole=\"A_System.Name=\\\"s\\\"\",Part=\"A_FastDisk.Id=5\"");
  EXPECT_EQ(query("DMTF:CQL",
                  "SELECT d.* FROM A_Disk d, (SELECT MAX(Id) AS Last FROM (SELECT * FROM A_Disk) x) m "
                  "WHERE d.Id = m.Last"),
            "A_FastDisk.Id=5");
  EXPECT_EQ(query("DMTF:CQL", "SELECT o.* FROM (SELECT * FROM 'root/elsewhere'::A_Disk) o"),
            "root/elsewhere:A_Disk.Id=9");
  EXPECT_EQ(query("DMTF:CQL", "SELECT d.Label FROM (SELECT Id FROM A_Disk) d"), "INVALID_QUERY");
  EXPECT_EQ(query("DMTF:CQL", "SELECT * FROM (SELECT * FROM A_None) d"), "INVALID_QUERY");
  EXPECT_EQ(query("DMTF:CQL", "SELECT * FROM (SELECT * FROM A_Disk)"), "INVALID_QUERY") << "without a name";
  const auto cls = query_result_class(repository, space,
                                      {.language = "DMTF:CQL", .text = "SELECT * FROM (SELECT Id FROM A_FastDisk) d"});
  ASSERT_TRUE(cls);
  EXPECT_EQ((*cls)->name(), "A_FastDisk");
}

TEST_F(Queries, FollowAssociations) {
  EXPECT_EQ(query("WQL", "ASSOCIATORS OF {A_System.Name=\"s\"}"), "A_Disk.Id=1 A_FastDisk.Id=5");
  EXPECT_EQ(query("WQL", "ASSOCIATORS OF {A_System.Name=\"s\"} WHERE ResultClass = A_FastDisk"), "A_FastDisk.Id=5");
  EXPECT_EQ(query("WQL", "ASSOCIATORS OF {A_Disk.Id=1} WHERE RequiredAssocQualifier = Association"),
            "A_System.Name=\"s\"");
  EXPECT_EQ(query("WQL", "ASSOCIATORS OF {A_Disk.Id=1} WHERE RequiredAssocQualifier = Nothing"), "");
  for (const char* path : {"A_System.Name='s'", "A_System='s'", "A_System=\"s\""}) {
    EXPECT_EQ(query("WQL", "ASSOCIATORS OF {" + std::string(path) + "}"), "A_Disk.Id=1 A_FastDisk.Id=5") << path;
  }
  EXPECT_EQ(query("WQL", "ASSOCIATORS OF {A_Disk=1}"), "A_System.Name=\"s\"");
  EXPECT_EQ(query("WQL", "REFERENCES OF {A_Disk.Id=1}"),
            "A_Has.Whole=\"A_System.Name=\\\"s\\\"\",Part=\"A_Disk.Id=1\"");
}

TEST_F(Queries, RefuseWhatCannotBeAsked) {
  EXPECT_EQ(query("SQL", "SELECT * FROM A_Disk"), "QUERY_LANGUAGE_NOT_SUPPORTED");
  EXPECT_EQ(query("WQL", "SELEKT * FROM A_Disk"), "INVALID_QUERY");
  EXPECT_EQ(query("WQL", "SELECT * FROM A_None"), "INVALID_QUERY");
  EXPECT_EQ(query("WQL", "ASSOCIATORS OF {A_Disk}"), "INVALID_QUERY");
  EXPECT_EQ(query("WQL", "ASSOCIATORS OF {A_System.Name='s}"), "INVALID_QUERY");
  EXPECT_EQ(query("WQL", "ASSOCIATORS OF {A_None='s'}"), "INVALID_QUERY");
  EXPECT_EQ(query("DMTF:FQL", "Id = 1"), "INVALID_QUERY");
}

TEST_F(Queries, FilterInstancesByWhatTheAnswerNeedNotShow) {
  EnumerationRequest wanted{.kind = Kind::kInstances, .class_name = "A_Disk"};
  wanted.options.properties = PropertyList(std::vector<std::string>{"Id"});
  EXPECT_EQ(filter(wanted, "Label = 'disk 2'"), "A_Disk.Id=2");
  EXPECT_EQ(shown, "Id ");
  wanted.options.properties = std::nullopt;
  EXPECT_EQ(filter(wanted, "Id >= 4"), "A_Disk.Id=4 A_FastDisk.Id=5");
  EXPECT_EQ(shown, "Id Label ");
}

TEST_F(Queries, FetchTheInstancesThatReferencesName) {
  const std::string fast = "A_Has.Whole=\"A_System.Name=\\\"s\\\"\",Part=\"A_FastDisk.Id=5\"";
  EXPECT_EQ(query("DMTF:CQL", "SELECT * FROM A_Has WHERE InstanceOf(Part).Label = 'disk 5'"), fast);
  EXPECT_EQ(query("DMTF:CQL", "SELECT * FROM A_Has WHERE InstanceOf(Part) ISA A_FastDisk"), fast);
  EXPECT_EQ(query("WQL", "SELECT * FROM A_Has WHERE InstanceOf(Part).Label = 'DISK 5'"), fast);
  EXPECT_EQ(
      query("DMTF:CQL", "SELECT d.* FROM A_Disk d, A_Has h WHERE InstanceOf(h.Part).Label = d.Label AND d.Id > 1"),
      "A_FastDisk.Id=5");
  EXPECT_EQ(query("DMTF:CQL", "SELECT d.* FROM A_Disk d, A_System s WHERE InstanceOf('A_Disk.Id=3').Id = d.Id"),
            "A_Disk.Id=3");
  EXPECT_EQ(
      query("DMTF:CQL",
            "SELECT d.* FROM A_Disk d, (SELECT InstanceOf(Part).Id AS Id FROM A_Has WHERE InstanceOf(Whole).Name = "
            "'s') p WHERE p.Id = d.Id"),
      "A_Disk.Id=1 A_FastDisk.Id=5");
  EXPECT_EQ(query("DMTF:CQL",
                  "SELECT p.Id FROM (SELECT * FROM A_Disk) p WHERE "
                  "InstanceOf('root/elsewhere:A_Disk.Id=' || NumericToString(p.Id + 5)).Id = 9"),
            "A_Disk.Id=4")
      << "of another namespace";
  EXPECT_EQ(query("DMTF:CQL",
                  "SELECT Id FROM A_Disk WHERE "
                  "NameSpaceName(InstanceOf('root/elsewhere:A_Disk.Id=9')) = 'root/elsewhere' AND Id = 1"),
            "A_Disk.Id=1");
  for (const char* path : {"A_Disk.Id=77", "A_None.Id=1", "A_Lonely.Name=\"x\"", "A_Disk.Nr=1", "root/no:A_Disk.Id=1",
                           "A_Disk.Id=\"one\"", "A_Disk.Id=5"}) {
    EXPECT_EQ(query("DMTF:CQL", fmt::format("SELECT * FROM A_System WHERE InstanceOf('{}') IS NULL", path)),
              "A_System.Name=\"s\"")
        << path << " names none";
  }
}

TEST_F(Queries, FailWhenWhatAReferenceNamesCannotBeFetched) {
  other_objects.fail_with(Error(Status::kAccessDenied, "not for you"));
  const std::string_view condition = "Id = 1 AND InstanceOf('root/elsewhere:A_Disk.Id=9').Id = 9";
  EXPECT_EQ(query("DMTF:CQL", fmt::format("SELECT * FROM A_Disk WHERE {}", condition)), "ACCESS_DENIED");
  EXPECT_EQ(query("DMTF:CQL", fmt::format("SELECT d.* FROM A_Disk d, A_System s WHERE d.{}", condition)),
            "ACCESS_DENIED");
  EXPECT_EQ(filter({.kind = Kind::kInstances, .class_name = "A_Disk"}, condition), "ACCESS_DENIED");
  EXPECT_EQ(query("DMTF:CQL", fmt::format("SELECT * FROM A_Disk WHERE Id = 2 AND {}", condition)), "")
      << "never asked for";
}

TEST_F(Queries, FilterByWhatReferencesName) {
  EXPECT_EQ(filter({.kind = Kind::kReferenceNames, .object = path("A_System.Name=\"s\"")}, "InstanceOf(Part).Id = 1"),
            "A_Has.Whole=\"A_System.Name=\\\"s\\\"\",Part=\"A_Disk.Id=1\"");
  EXPECT_EQ(filter({.kind = Kind::kInstanceNames, .class_name = "A_Has"}, "InstanceOf(Part).Label LIKE '.*9'"), "");
}

TEST_F(Queries, FilterNamesAndAssociations) {
  EXPECT_EQ(filter({.kind = Kind::kInstanceNames, .class_name = "A_Disk"}, "Label = 'disk 3'"), "A_Disk.Id=3");
  EXPECT_EQ(filter({.kind = Kind::kAssociatorNames, .object = path("A_System.Name=\"s\"")}, "Label = 'disk 5'"),
            "A_FastDisk.Id=5");
  EXPECT_EQ(filter({.kind = Kind::kAssociators, .object = path("A_System.Name=\"s\"")}, "Id = 1"), "A_Disk.Id=1");
}

TEST_F(Queries, RefuseFiltersThatAreNone) {
  const EnumerationRequest wanted{.kind = Kind::kInstances, .class_name = "A_Disk"};
  EXPECT_EQ(filter(wanted, "Id ="), "INVALID_QUERY");
  EXPECT_EQ(filter(wanted, "Id = 1", "SQL"), "QUERY_LANGUAGE_NOT_SUPPORTED");
  EXPECT_EQ(filter(wanted, "SELECT * FROM A_Disk", "WQL"), "QUERY_LANGUAGE_NOT_SUPPORTED");
}

TEST_F(Queries, SayWhereInstancesAreThatAnAssociationLeadsToElsewhere) {
  links.add(link("A_Has", path("A_System.Name=\"s\""), path("root/elsewhere:A_Disk.Id=9")));
  const QueryText wanted{.language = "WQL",
                         .text = "ASSOCIATORS OF {root/test:A_System.Name='s'} WHERE ResultClass=A_Disk"};
  EXPECT_EQ(list({.kind = Kind::kQuery, .name_space = other_space, .query = wanted}),
            "root/test:A_Disk.Id=1 root/test:A_FastDisk.Id=5 root/elsewhere:A_Disk.Id=9");
}

TEST_F(Queries, WithClassDefsOnlyAnswerTheClassesOfTheirInstances) {
  const auto classes = [this](std::string text, const NamespaceName& place) {
    const QueryText wanted{.language = "WQL", .text = std::move(text)};
    EXPECT_TRUE(asks_for_classes(wanted));
    const auto found = finish(query_classes(repository, enumerator, context, place, wanted));
    std::string names = found ? "" : status_of(found);
    for (const PlacedClass& each : found ? *found : std::vector<PlacedClass>()) {
      names += (names.empty() ? "" : " ") + ObjectPath(each.name_space, each.cls->name()).to_string();
    }
    return names;
  };
  links.add(link("A_Has", path("A_System.Name=\"s\""), path("A_Disk.Id=2")));
  EXPECT_EQ(classes("ASSOCIATORS OF {A_System.Name='s'} WHERE ClassDefsOnly", space),
            "root/test:A_Disk root/test:A_FastDisk")
      << "each once";
  EXPECT_EQ(classes("ASSOCIATORS OF {A_System.Name='s'} WHERE ResultClass=A_FastDisk ClassDefsOnly", space),
            "root/test:A_FastDisk");
  EXPECT_EQ(classes("REFERENCES OF {root/test:A_System.Name='s'} WHERE ClassDefsOnly", other_space), "root/test:A_Has");
  EXPECT_EQ(classes("ASSOCIATORS OF {A_System.Name='s'} WHERE ClassDefsOnly RequiredQualifier=Nope", space), "");
  EXPECT_EQ(classes("ASSOCIATORS OF {A_System.Name='gone'} WHERE ClassDefsOnly", space), "");
  EXPECT_EQ(classes("ASSOCIATORS OF {A_System} WHERE ClassDefsOnly", space), "INVALID_QUERY");
}

TEST_F(Queries, ForClassesListThem) {
  const QueryText schema{.language = "WQL", .text = "SELECT * FROM meta_class WHERE __this ISA \"A_Disk\""};
  EXPECT_TRUE(asks_for_classes(schema));
  const auto classes = finish(query_classes(repository, enumerator, context, space, schema));
  ASSERT_TRUE(classes) << classes.error().to_string();
  EXPECT_EQ(classes->size(), 2U);
  const auto around =
      finish(query_classes(repository, enumerator, context, other_space,
                           {.language = "WQL", .text = "REFERENCES OF {root/test:A_System} WHERE SchemaOnly"}));
  ASSERT_TRUE(around) << around.error().to_string();
  ASSERT_FALSE(around->empty());
  EXPECT_EQ(around->front().name_space, space) << "the namespace of the path";
  EXPECT_FALSE(asks_for_classes({.language = "WQL", .text = "SELECT * FROM A_Disk"}));
  EXPECT_FALSE(asks_for_classes({.language = "WQL", .text = "nonsense"}));
}

}  // namespace
}  // namespace lunaria::cim
