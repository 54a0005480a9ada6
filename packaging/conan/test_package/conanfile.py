# SPDX-License-Identifier: MIT OR Apache-2.0
"""The outside project of tests/consumer, built with the package and run."""
import os

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout


class Consumer(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    generators = "VirtualRunEnv"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False
        toolchain.generate()

    @property
    def project(self):
        return "app" if self.dependencies["qkeepalive"].options.qt else "core"

    def build(self):
        outside = os.path.join(self.recipe_folder, "..", "..", "..", "tests", "consumer")
        cmake = CMake(self)
        cmake.configure(build_script_folder=os.path.join(outside, self.project))
        cmake.build()

    def test(self):
        if can_run(self):
            program = "app" if self.project == "app" else "throwing"
            self.run(os.path.join(self.cpp.build.bindir, program), env="conanrun")
