source ./towel.sh

expected=3
actual="$(towels 3)"

if [ "${actual}" == "${expected}" ]; then
  echo 'PASSED towels'
else
  echo "FAILED towels: expected ${expected}, got ${actual}"
  exit 1
fi
