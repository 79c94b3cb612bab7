# slipway_library(NAME [PUBLIC targets...] [PRIVATE targets...])
#   One static library from all .cpp files beside the calling CMakeLists.txt (sub-folders are their own targets).
# slipway_program(NAME targets...)   one program, likewise.
# slipway_test(NAME targets...)      one Catch2 program, run by ctest.
# slipway_test_on_hosts(NAME SET COST)   a program that needs hosts, run by ctest.
# deprecated-declarations: with a precompiled header clang takes libstdc++'s own use of what C++17 deprecated for ours.
# Errors where contributors and CI build, so that another compiler's new warning keeps nobody from a release.
set(SLIPWAY_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-deprecated-declarations
  $<$<CONFIG:Debug>:-Werror>)

# Its precompiled header is base's, unless another target's or NO_PCH is named.
function(slipway_settings target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_options(${target} PRIVATE ${SLIPWAY_WARNINGS})
  set(headers ${ARGN})
  if(NOT headers)
    set(headers slipway_base)
  endif()
  if(NOT headers STREQUAL NO_PCH AND NOT headers STREQUAL target)
    target_precompile_headers(${target} REUSE_FROM ${headers})
  endif()
endfunction()

function(slipway_library name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  slipway_settings(${name})
endfunction()

function(slipway_executable name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARGN})
endfunction()

function(slipway_program name)
  slipway_executable(${name} ${ARGN})
  slipway_settings(${name})
endfunction()

function(slipway_test name)
  slipway_executable(${name} ${ARGN} Catch2::Catch2WithMain)
  slipway_settings(${name} slipway_test_headers)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()

# The rig's set of hosts that a test program has for itself while it runs (tests/support/rig/host_set.sh), and its COST:
# seconds it takes, by which ctest starts the longest first.
function(slipway_test_on_hosts name set cost)
  add_test(NAME ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    COMMAND ${CMAKE_SOURCE_DIR}/tests/support/rig/host_set.sh ${set} $<TARGET_FILE:${name}>)
  set_tests_properties(${name} PROPERTIES RESOURCE_LOCK hosts_${set} COST ${cost})
endfunction()
