#include "improbability.h"

long odds(int power)
{
    return 2L * power;
}
