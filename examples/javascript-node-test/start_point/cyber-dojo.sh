set -e

node --test --test-reporter=tap
