# Which compiler, before project() asks for one. clang 19 compiles slipway in half of g++ 12's time and lays coroutines out
# rightly (docs/decisions/0114); CXX, or -DCMAKE_CXX_COMPILER, still chooses another.
if(NOT DEFINED CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX})
  find_program(SLIPWAY_CLANG NAMES clang++-19)
  if(SLIPWAY_CLANG)
    set(CMAKE_CXX_COMPILER ${SLIPWAY_CLANG})
  endif()
endif()
