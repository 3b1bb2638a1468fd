# SPDX-License-Identifier: GPL-3.0-or-later
# Makes OUT, a C++ file with the files of the folder FROM inside it, as src/web/assets.hpp declares them. Run at build time:
#   cmake -DFROM=web -DFILES=index.html,style.css -DOUT=assets.cpp -P Embed.cmake
# index.html is served as /, all others below /web/. The ETag is the SHA-256 of the content, so that it changes with every byte.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")

string(REPLACE "," ";" files "${FILES}")
set(bytes "")
set(rows "")
foreach(file IN LISTS files)
  string(REGEX REPLACE "^.*\\." "" extension "${file}")
  if(NOT DEFINED type_${extension})
    message(FATAL_ERROR "Embed.cmake knows no content type for ${file}; add type_${extension}")
  endif()
  file(READ ${FROM}/${file} hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  file(SHA256 ${FROM}/${file} hash)
  string(MAKE_C_IDENTIFIER "k_${file}" name)
  set(path "/web/${file}")
  if(file STREQUAL "index.html")
    set(path "/")
  endif()
  string(APPEND bytes "constexpr std::uint8_t ${name}[] = {\n${hex}};\n")
  string(APPEND rows "    {\"${path}\", \"${type_${extension}}\", \"\\\"${hash}\\\"\", ${name}},\n")
endforeach()
file(WRITE ${OUT} "// Made by cmake/Embed.cmake; do not edit.
#include \"web/assets.hpp\"

namespace qeaas::web {
namespace {

${bytes}
constexpr Asset kAssets[] = {
${rows}};

}  // namespace

std::span<const Asset> assets() noexcept { return kAssets; }

}  // namespace qeaas::web
")
