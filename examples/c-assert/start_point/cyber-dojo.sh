set -e

make --silent tests
./tests
