// SPDX-License-Identifier: MIT OR Apache-2.0

//! Everything of cxx that both libraries bring along: its strings, its boxes, its exceptions.

#[cxx::bridge(namespace = "other")]
mod ffi {
    extern "Rust" {
        type Counter;

        fn counter() -> Box<Counter>;
        fn count(self: &mut Counter) -> u32;
        fn greeting(name: &str) -> String;
        fn refuse() -> Result<u32>;
    }
}

struct Counter(u32);

fn counter() -> Box<Counter> {
    Box::new(Counter(0))
}

impl Counter {
    fn count(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

fn greeting(name: &str) -> String {
    format!("hello {name}")
}

fn refuse() -> Result<u32, std::num::ParseIntError> {
    "no number".parse()
}
