/* A leak as C has it: what malloc gave is never given back. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    for (;;) {
        char *forgotten = malloc(8192);
        if (forgotten)
            memset(forgotten, 1, 8192);
        usleep(5000);
    }
}
