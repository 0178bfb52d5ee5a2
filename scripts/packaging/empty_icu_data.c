// An empty table of ICU data, in place of the 30 MB one that comes with Foundation. stepvisor asks
// for nothing that needs the table (locales, calendars, collation, regular expressions of
// Foundation), so ICU has nothing to find in it. `scripts/package` links this file and gives
// ICU_DATA, the symbol's name, whose number is ICU's version in the toolchain.
//
// The layout is that of ICU's common data file: https://unicode-org.github.io/icu/userguide/icu_data

#include <stdint.h>

struct header {
    uint16_t size;
    uint8_t magic[2];
    // What ICU calls UDataInfo.
    uint16_t info_size;
    uint16_t reserved;
    uint8_t is_big_endian;
    uint8_t character_set;
    uint8_t size_of_character;
    uint8_t padding;
    uint8_t format[4];
    uint8_t format_version[4];
    uint8_t data_version[4];
};

struct table {
    struct header header;
    uint8_t alignment[8];
    uint32_t entry_count;
};

extern const struct table ICU_DATA;

const struct table ICU_DATA = {
    .header =
        {
            .size = 32,
            .magic = {0xda, 0x27},
            .info_size = 20,
            .is_big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
            .size_of_character = 2,
            .format = {'C', 'm', 'n', 'D'},
            .format_version = {1, 0, 0, 0},
        },
    .entry_count = 0,
};

_Static_assert(sizeof(struct header) == 24, "the header of ICU's files has 24 bytes");
