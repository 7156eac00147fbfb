/* glibc's heap with holes: every round frees all but one small block in forty, so nothing can be given back to the
 * kernel, and the next round's blocks are a little bigger than the holes. What is in use grows by little, the heap by a lot. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCKS 400

int main(void)
{
    static char *blocks[BLOCKS];
    size_t size = 4000;

    for (;;) {
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = malloc(size);
            memset(blocks[i], 1, size);
        }
        for (int i = 0; i < BLOCKS; i++)
            if (i % 40)
                free(blocks[i]);
        size += 48;
        usleep(800000);
    }
}
