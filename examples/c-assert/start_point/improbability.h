#ifndef IMPROBABILITY_INCLUDED
#define IMPROBABILITY_INCLUDED

/* How many to one against: two raised to a power. */
long odds(int power);

#endif
