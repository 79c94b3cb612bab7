#pragma once

/// How a process that is idle most of its life keeps its memory (docs/decisions/0050-idle-memory.md).
namespace slipway {

/// For all threads together: two heaps instead of up to eight a processor, and blocks from 128 KiB on go back to the
/// system when they are freed. Before any thread is started.
void use_memory_sparingly();

/// Gives the system what has been freed. Takes milliseconds: for times when nothing else is to be done.
void give_memory_back();

}  // namespace slipway
