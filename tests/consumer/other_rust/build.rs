//! Compiles the C++ side of the bridge into the archive.

fn main() {
    cxx_build::bridge("lib.rs").std("c++17").compile("other_rust_bridge");
}
