#pragma once
// What nearly every test needs beside what base precompiles.
#include <catch2/catch.hpp>

#include "base/precompiled.hpp"
