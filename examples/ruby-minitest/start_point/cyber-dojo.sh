set -e

for file in test_*.rb; do
  ruby "${file}"
done
