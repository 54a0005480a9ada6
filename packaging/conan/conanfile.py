# SPDX-License-Identifier: MIT OR Apache-2.0
"""QKeepAlive as a Conan 2 package, made of the tree in which this recipe lies:

    conan create packaging/conan

Qt and cargo are taken from the machine, not from Conan; which Qt is said by the option. Who uses the
package needs that Qt and no cargo. The package brings its own CMake files: find_package(QKeepAlive)
works with Conan's CMakeToolchain alone.
"""
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load


class QKeepAlive(ConanFile):
    name = "qkeepalive"
    description = "A Qt program learns that its TCP peer is gone within the time it asked for, and why"
    license = "MIT OR Apache-2.0"
    topics = ("qt", "tcp", "keepalive", "network")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "qt": [6, 5, False]}
    default_options = {"shared": True, "qt": 6}

    def set_version(self):
        manifest = load(self, os.path.join(self.recipe_folder, "..", "..", "Cargo.toml"))
        self.version = re.search(r'^version = "(.*)"', manifest, re.MULTILINE).group(1)

    def export_sources(self):
        tree = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "Cargo.toml", "Cargo.lock", "build.rs", "README.md",
                        "LICENSE-*", "cmake/*", "cpp/*", "qml/*", "src/*",
                        # Cargo wants every member of the workspace, whatever it builds.
                        "examples/rust*",
                        # Only in the source archive: the crates.
                        ".cargo/*", "vendor/*"):
            copy(self, pattern, src=tree, dst=self.export_sources_folder)

    def validate(self):
        if self.settings.os in ("Windows", "Macos", "iOS", "watchOS", "tvOS", "visionOS"):
            raise ConanInvalidConfiguration("the C++ libraries are made for Linux and its like (ELF)")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False
        toolchain.cache_variables["QKEEPALIVE_QT"] = bool(self.options.qt)
        if self.options.qt:
            toolchain.cache_variables["QKEEPALIVE_QT_MAJOR"] = str(self.options.qt)
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE-*", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "QKeepAlive")]
        if self.options.qt and self.options.shared:
            qml = os.path.join(self.package_folder, "lib", f"qt{self.options.qt}", "qml")
            self.runenv_info.prepend_path("QML_IMPORT_PATH", qml)
            self.runenv_info.prepend_path("QML2_IMPORT_PATH", qml)  # its name in Qt 5
