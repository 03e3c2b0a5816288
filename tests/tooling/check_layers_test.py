import sample
import check_layers


class CheckLayers(sample.SampleTest):
    def check(self, name, text):
        return self.findings(check_layers.check, {"src/layers.txt": sample.LAYERS, name: text})

    def test_allows_lower_folders_and_itself(self):
        self.assertEqual(self.check("src/block/a.cc", '#include "base/a.h"\n#include "block/a.h"\n#include <span>\n'), [])

    def test_refuses_a_higher_folder(self):
        self.assert_refused(self.check("src/wire/a.h", '#pragma once\n#include "block/a.h"\n'), "src/wire/a.h:2",
                            "wire may not include block")

    def test_refuses_a_lower_folder_that_is_not_listed(self):
        self.assert_refused(self.check("src/block/a.cc", '#include "sim/a.h"\n'), "src/block/a.cc:1",
                            "block may not include sim")

    def test_allows_sim_in_tests_only(self):
        self.assertEqual(self.check("src/block/a_test.cc", '#include "sim/a.h"\n#include <gtest/gtest.h>\n'), [])

    def test_allows_sim_in_what_tests_share(self):
        self.assertEqual(self.check("src/block/testing/a.h", '#include "sim/a.h"\n'), [])

    def test_refuses_a_name_without_folder(self):
        self.assert_refused(self.check("src/wire/a.cc", '\n#include "a.h"\n'), "src/wire/a.cc:2", '"wire/a.h"')

    def test_refuses_unknown_folders(self):
        self.assert_refused(self.check("src/wire/a.cc", '#include "utils/a.h"\n'), "src/wire/a.cc:1", "in no folder")
        self.assert_refused(self.check("src/utils/a.cc", "\n"), "src/utils/a.cc:1", "not in src/layers.txt")

    def test_ignores_includes_in_comments(self):
        self.assertEqual(self.check("src/wire/a.h", '// #include "block/a.h"\n/* #include "block/b.h" */\n'), [])

    def test_refuses_a_library_of_another_folder(self):
        self.assert_refused(self.check("src/block/a.cc", "#include <liburing.h>\n"), "src/block/a.cc:1", "only reactor")

    def test_refuses_a_cycle_in_the_list(self):
        self.assert_refused(self.findings(check_layers.check, {"src/layers.txt": "base: wire\nwire: base\n"}),
                            "src/layers.txt:1", "base lists wire")

    def test_refuses_a_missing_list(self):
        self.assert_refused(self.findings(check_layers.check, {"README.md": ""}), "src/layers.txt:1", "no layers")

    def test_refuses_a_link_that_the_list_does_not_allow(self):
        bad = "lunaria_folder(wire\n  HEADERS a.h\n  DEPENDS lunaria_base\n          lunaria_block)\n"
        self.assert_refused(self.check("src/wire/CMakeLists.txt", bad), "src/wire/CMakeLists.txt:4",
                            "wire may not link lunaria_block")
        self.assertEqual(self.check("src/wire/CMakeLists.txt", "lunaria_folder(wire\n  TEST_DEPENDS lunaria_sim)\n"), [])
