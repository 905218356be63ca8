#include "improbability.h"
#include <assert.h>
#include <stdio.h>

static void odds_double_with_each_power(void)
{
    assert(odds(1) == 2);
    assert(odds(5) == 32);
}

int main(void)
{
    odds_double_with_each_power();
    puts("All tests passed");
    return 0;
}
