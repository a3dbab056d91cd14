/* Runs files through the fuzz target, for compilers without libFuzzer. */
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int count, char **paths)
{
    static uint8_t content[1 << 16];
    int index;
    for (index = 1; index < count; index++) {
        FILE *file = fopen(paths[index], "rb");
        if (!file) {
            fprintf(stderr, "cannot read %s\n", paths[index]);
            return 2;
        }
        (void)LLVMFuzzerTestOneInput(content, fread(content, 1, sizeof content, file));
        (void)fclose(file);
    }
    printf("%d inputs: no complaint\n", count - 1);
    return 0;
}
