# Compiler and linker settings that hold for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(SLIPWAY_TESTS "Build the tests" ON)
option(SLIPWAY_UNITY "Compile several files of a folder as one: half the time, for a build that is made once" OFF)
option(SLIPWAY_BENCH "Build the program that ./dev bench times against curl" OFF)
set(SLIPWAY_SANITIZE "" CACHE STRING "Sanitizers to compile in, as -fsanitize= takes them")

if(SLIPWAY_UNITY)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT SLIPWAY_UNITY)
  # A PCH defeats ccache unless it may trust the PCH's own hash; base_dir lets several checkouts share one cache; depend
  # takes the includes from the compiler's own list instead of preprocessing first, a tenth of a cold build.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-fuse-ld=mold)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  # Line tables are enough for a backtrace and halve compile and link time against full -g.
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
else()
  # For size: what waits for others gets no faster by more, and an idle daemon holds less code (0050). The whole program is
  # optimised at once, and functions that came out alike are one: clang makes half as much again without (0114).
  set(CMAKE_CXX_FLAGS_RELEASE "-Oz -DNDEBUG")
  add_compile_options(-ffunction-sections -fdata-sections $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-flto=full>)
  add_link_options($<$<LINK_LANG_AND_ID:CXX,Clang>:-flto=full> -fuse-ld=lld-19 -Wl,--icf=all -Wl,--gc-sections)
  # Code for errors and for the start lies apart from the rest, so an idle daemon has fewer pages of it in memory.
  add_link_options(-Wl,-z,keep-text-section-prefix)
endif()

if(SLIPWAY_SANITIZE)
  add_compile_options(-fsanitize=${SLIPWAY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLIPWAY_SANITIZE})
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
endif()
if(SLIPWAY_SANITIZE MATCHES "thread")
  # ThreadSanitizer does not know fences; Asio's locks order what they would.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
