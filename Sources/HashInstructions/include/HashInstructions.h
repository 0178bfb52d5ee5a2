#ifndef HASH_INSTRUCTIONS_H
#define HASH_INSTRUCTIONS_H

// SHA-256 by the processor's own instructions, which Swift cannot name. Pure functions of their
// arguments: no system calls, no memory of their own.

#include <stddef.h>
#include <stdint.h>

/// Whether this processor has the instructions: 1, else 0.
int stepvisor_has_sha256_instructions(void);

/// Takes whole blocks of 64 bytes into a state of eight words; only where the processor can.
void stepvisor_sha256_blocks(uint32_t state[8], const void *blocks, size_t count);

#endif
