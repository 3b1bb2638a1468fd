// SPDX-License-Identifier: GPL-3.0-or-later
// The test frame on a bare Cortex-M3: the part of GoogleTest's macros that host/frame/test.hpp names. Cases stand in a linker section of
// their own, so that nothing runs before main. The text streamed to an expectation is dropped; a failure prints the expression.
#pragma once

namespace frame {

struct Case {
  const char* suite;
  const char* name;
  void (*body)();
};

// check notes a failure of the case that runs, and prints it.
bool check(bool good, const char* text, const char* file, int line) noexcept;

struct Sink {
  template <class T>
  Sink& operator<<(const T&) noexcept {
    return *this;
  }
};
inline Sink expect(bool good, const char* text, const char* file, int line) noexcept {
  check(good, text, file, line);
  return {};
}

}  // namespace frame

#define TEST(suite, name)                                                                                                      \
  static void suite##_##name();                                                                                                \
  [[gnu::used, gnu::section("test_cases")]] static constexpr frame::Case suite##_##name##_case{#suite, #name, suite##_##name}; \
  static void suite##_##name()
#define EXPECT_TRUE(x) frame::expect(static_cast<bool>(x), #x, __FILE__, __LINE__)
#define EXPECT_FALSE(x) frame::expect(!static_cast<bool>(x), "not " #x, __FILE__, __LINE__)
#define EXPECT_EQ(a, b) frame::expect((a) == (b), #a " == " #b, __FILE__, __LINE__)
#define EXPECT_NE(a, b) frame::expect(!((a) == (b)), #a " != " #b, __FILE__, __LINE__)
#define EXPECT_LT(a, b) frame::expect((a) < (b), #a " < " #b, __FILE__, __LINE__)
#define EXPECT_GT(a, b) frame::expect((a) > (b), #a " > " #b, __FILE__, __LINE__)
#define ASSERT_TRUE(x) \
  if (!frame::check(static_cast<bool>(x), #x, __FILE__, __LINE__)) return
