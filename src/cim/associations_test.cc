#include "cim/associations.h"

#include <string>

#include "cim/enumeration_world_for_test.h"

namespace lunaria::cim {
namespace {

using Kind = EnumerationRequest::Kind;

/// System "s" has disks 1 and 2 (a fast one) here and disk 9 elsewhere; 1 is mirrored by 2, and 2 by itself.
class Associations : public EnumerationWorld {
 protected:
  Associations() {
    objects.add(system("s"));
    objects.add(system("t"));
    objects.add(disk(1));
    objects.add(disk(2, "A_FastDisk"));
    other_objects.add(disk(9, "A_Disk", &other_space));
    links.add(link("A_Has", path("A_System.Name=\"s\""), path("A_Disk.Id=1")));
    links.add(link("A_Has", path("root/test:A_System.Name=\"s\""), path("root/test:A_FastDisk.Id=2")));
    links.add(link("A_Has", path("root/test:A_System.Name=\"s\""), path("root/elsewhere:A_Disk.Id=9")));
    links.add(link("A_Has", path("A_System.Name=\"s\""), path("A_Disk.Id=77")));  // has gone
    links.add(link("A_Mirrors", path("A_Disk.Id=1"), path("A_FastDisk.Id=2")));
    links.add(link("A_Mirrors", path("A_FastDisk.Id=2"), path("A_FastDisk.Id=2")));
  }

  EnumerationRequest request(Kind kind, std::string_view object, AssociationFilter filter = {}) const {
    return {.kind = kind, .name_space = space, .object = path(object), .filter = std::move(filter)};
  }
  /// The paths of what the request lists, or the status that it fails with.
  std::string list(const EnumerationRequest& wanted) {
    CollectingSink sink;
    const auto outcome = finish(enumerator.produce(context, wanted, sink, nullptr));
    std::string text = outcome ? "" : status_of(outcome);
    for (const Instance& instance : sink.instances()) {
      ObjectPath found = instance.path(instance.name_space() != nullptr ? *instance.name_space() : NamespaceName());
      text += (text.empty() ? "" : " ") + found.to_string();
    }
    return text;
  }
  std::string associators(std::string_view object, AssociationFilter filter = {}) {
    return list(request(Kind::kAssociators, object, std::move(filter)));
  }
  std::string references(std::string_view object, AssociationFilter filter = {}) {
    return list(request(Kind::kReferences, object, std::move(filter)));
  }
};

TEST_F(Associations, AreFollowedToTheirOtherEnds) {
  EXPECT_EQ(associators("A_System.Name=\"s\""), "A_Disk.Id=1 A_FastDisk.Id=2 root/elsewhere:A_Disk.Id=9");
  EXPECT_EQ(associators("A_Disk.Id=1"), "A_System.Name=\"s\" A_FastDisk.Id=2");
  EXPECT_EQ(associators("A_System.Name=\"t\""), "");
  EXPECT_EQ(associators("A_System.Name=\"nobody\""), "") << "the plain operations do not ask whether it is there";
}

TEST_F(Associations, NameAlsoWhatHasGone) {
  EXPECT_EQ(list(request(Kind::kAssociatorNames, "A_System.Name=\"s\"")),
            "A_Disk.Id=1 A_FastDisk.Id=2 root/elsewhere:A_Disk.Id=9 A_Disk.Id=77");
}

TEST_F(Associations, ListEachObjectOnce) {
  EXPECT_EQ(associators("A_FastDisk.Id=2"), "A_System.Name=\"s\" A_Disk.Id=1 A_FastDisk.Id=2")
      << "2 mirrors itself, seen from both ends";
}

TEST_F(Associations, AreFilteredByClassesAndRoles) {
  EXPECT_EQ(associators("A_Disk.Id=1", {.association_class = "a_has"}), "A_System.Name=\"s\"");
  EXPECT_EQ(associators("A_Disk.Id=1", {.result_class = "A_FASTDISK"}), "A_FastDisk.Id=2");
  EXPECT_EQ(associators("A_Disk.Id=1", {.result_class = "A_Disk"}), "A_FastDisk.Id=2") << "subclasses count";
  EXPECT_EQ(associators("A_Disk.Id=1", {.role = "source"}), "A_FastDisk.Id=2");
  EXPECT_EQ(associators("A_Disk.Id=1", {.role = "Copy"}), "");
  EXPECT_EQ(associators("A_FastDisk.Id=2", {.result_role = "SOURCE"}), "A_Disk.Id=1 A_FastDisk.Id=2");
  EXPECT_EQ(associators("A_FastDisk.Id=2", {.role = "Copy", .result_role = "Part"}), "");
  EXPECT_EQ(associators("A_System.Name=\"s\"", {.association_class = "A_Mirrors"}), "");
  EXPECT_EQ(associators("A_Disk.Id=1", {.association_class = "A_Disk"}), "") << "no association, no result";
}

TEST_F(Associations, AreListedThemselves) {
  EXPECT_EQ(references("A_Disk.Id=1"),
            "A_Has.Whole=\"A_System.Name=\\\"s\\\"\",Part=\"A_Disk.Id=1\" "
            "A_Mirrors.Source=\"A_Disk.Id=1\",Copy=\"A_FastDisk.Id=2\"");
  EXPECT_EQ(references("A_Disk.Id=1", {.result_class = "A_Mirrors"}),
            "A_Mirrors.Source=\"A_Disk.Id=1\",Copy=\"A_FastDisk.Id=2\"");
  EXPECT_EQ(references("A_Disk.Id=1", {.role = "part"}),
            "A_Has.Whole=\"A_System.Name=\\\"s\\\"\",Part=\"A_Disk.Id=1\"");
  EXPECT_EQ(references("A_Disk.Id=1", {.role = "nothing"}), "");
  EXPECT_EQ(references("A_System.Name=\"t\""), "");
}

TEST_F(Associations, ShowTheListedProperties) {
  EnumerationRequest wanted = request(Kind::kAssociators, "A_Disk.Id=1", {.association_class = "A_Mirrors"});
  wanted.options.properties = PropertyList(std::vector<std::string>{"Label"});
  CollectingSink sink;
  ASSERT_TRUE(finish(enumerator.produce(context, wanted, sink, nullptr)));
  ASSERT_EQ(sink.instances().size(), 1U);
  const Instance& found = sink.instances()[0];
  EXPECT_TRUE(found.is_selected(*found.cls()->find_property("Label")));
  EXPECT_FALSE(found.is_selected(*found.cls()->find_property("Speed")));
}

TEST_F(Associations, RefuseWrongRequests) {
  EXPECT_EQ(associators("A_Disk"), "INVALID_PARAMETER");
  EXPECT_EQ(associators("A_None.Id=1"), "INVALID_PARAMETER");
  EXPECT_EQ(associators("A_Disk.Id=\"1\""), "INVALID_PARAMETER");
  EXPECT_EQ(associators("A_Disk.Name=1"), "INVALID_PARAMETER");
  EXPECT_EQ(associators("A_Disk.Id=1", {.association_class = "A_None"}), "INVALID_PARAMETER");
  EXPECT_EQ(associators("A_Disk.Id=1", {.result_class = "A_None"}), "INVALID_PARAMETER");
  EXPECT_EQ(references("A_Disk.Id=1", {.result_class = "A_None"}), "INVALID_PARAMETER");
  EnumerationRequest nowhere = request(Kind::kAssociators, "A_Disk.Id=1");
  nowhere.name_space = NamespaceName("root/none");
  EXPECT_EQ(list(nowhere), "INVALID_NAMESPACE");
}

TEST_F(Associations, AskForTheObjectWhereItMustBeThere) {
  EnumerationRequest wanted = request(Kind::kReferenceNames, "A_Disk.Id=5");
  wanted.object_must_exist = true;
  EXPECT_EQ(list(wanted), "NOT_FOUND");
  wanted.object = path("A_Lonely.Name=\"x\"");
  EXPECT_EQ(list(wanted), "NOT_FOUND") << "nobody provides that class";
  wanted.object = path("A_System.Name=\"t\"");
  EXPECT_EQ(list(wanted), "");
}

TEST_F(Associations, EndWithTheErrorOfAProvider) {
  links.fail_with(Error(Status::kFailed, "disk on fire"));
  EXPECT_EQ(references("A_System.Name=\"t\""), "FAILED");
  links.fail_with({});
  objects.fail_with(Error(Status::kFailed, "disk on fire"));
  EXPECT_EQ(associators("A_Disk.Id=1"), "FAILED");
}

TEST_F(Associations, OfClassesFollowTheSchema) {
  const auto names = [](const std::vector<ClassPtr>& classes) {
    std::string text;
    for (const ClassPtr& cls : classes) {
      text += cls->name() + ' ';
    }
    return text;
  };
  const Class& fast = *repository.find_class(space, "A_FastDisk");
  const Class& owner = *repository.find_class(space, "A_System");
  EXPECT_EQ(names(referencing_classes(repository, space, fast, {})), "A_Has A_Mirrors ");
  EXPECT_EQ(names(referencing_classes(repository, space, owner, {})), "A_Has ");
  EXPECT_EQ(names(referencing_classes(repository, space, fast, {.role = "Part"})), "A_Has ");
  EXPECT_EQ(names(associated_classes(repository, space, fast, {})), "A_System A_Disk ");
  EXPECT_EQ(names(associated_classes(repository, space, owner, {.result_role = "part"})), "A_Disk ");
  EXPECT_EQ(names(associated_classes(repository, space, owner, {.result_class = "A_System"})), "");
}

}  // namespace
}  // namespace lunaria::cim
