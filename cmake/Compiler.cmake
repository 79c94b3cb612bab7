# Which compiler, before project() asks for one (docs/decisions/0114): clang 19, unless CXX or -DCMAKE_CXX_COMPILER names
# another.
if(NOT DEFINED CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX})
  set(CMAKE_CXX_COMPILER clang++-19)
  set(CMAKE_C_COMPILER clang-19)
endif()
